// A folder as a directory of message files: a Maildir, or .eml files. What is there already is compared, not written
// again; what a name promises is on the disk before it has the name.
import { basename, join } from 'node:path';
import {
  emlBase,
  flagLetters,
  keywordLines,
  maildirBase,
  readKeywordLines,
  splitName,
} from '../mail/maildir.ts';
import { TmailError } from '../util/errors.ts';
import type { FolderJob } from './export.ts';
import { type Item, itemsOf } from './messages.ts';
import { type Checked, checksumOf, onTarget, removeLeft, writeOwn, writeVerified } from './target.ts';

/** Messages written at once, and those that share one sync of their directory. */
const AT_ONCE = 8;
const BATCH = 64;
/** Where keywords' letters are explained; Dovecot's name and format. */
const KEYWORDS = 'dovecot-keywords';

interface Layout {
  /** Where messages are, and where they are written. */
  readonly final: string;
  readonly beside: string;
  base(item: Item, checked: Checked, copy: number): string;
  name(base: string, letters: string): string;
}

function layoutOf(job: FolderJob): Layout {
  if (job.format === 'maildir') {
    return {
      final: join(job.path, 'cur'),
      beside: join(job.path, 'tmp'),
      base: (item, { sha256, size }, copy) => maildirBase(item.uid, sha256, size, item.arrival, copy),
      name: (base, letters) => `${base}:2,${letters}`,
    };
  }
  return {
    final: job.path,
    beside: job.path,
    base: (item, { sha256 }, copy) => emlBase(item.uid, sha256, copy),
    name: (base, letters) => `${base},${letters}.eml`,
  };
}

export async function exportFiles(job: FolderJob): Promise<void> {
  const { disk, path } = job;
  const layout = layoutOf(job);
  const parts = job.format === 'maildir' ? ['tmp', 'new', 'cur'] : ['.'];
  for (const part of parts) await onTarget(path, () => disk.makeDirectory(join(path, part)));
  await removeLeft(disk, layout.beside);
  // Maildir++ marks its folders so.
  const mark = join(path, 'maildirfolder');
  if (job.format === 'maildir' && basename(path).startsWith('.') && !(await disk.exists(mark)))
    await writeOwn(disk, mark, '');
  const there = new Map<string, string>();
  for (const name of await disk.list(layout.final)) there.set(splitName(name).base, name);
  const keywords = await keywordsOf(job);
  const known = keywords.length;
  let batch: Item[] = [];
  const commit = async () => {
    const items = batch;
    batch = [];
    // What the letters mean comes first.
    const letters = items.map(item => flagLetters(item.flags, keywords));
    if (keywords.length > known) await writeOwn(disk, join(path, KEYWORDS), keywordLines(keywords));
    const outcomes: Outcome[] = [];
    const failed: unknown[] = [];
    for (let at = 0; at < items.length && failed.length === 0; at += AT_ONCE) {
      const some = items.slice(at, at + AT_ONCE);
      const settled = await Promise.allSettled(
        some.map((item, n) => exportOne(job, layout, there, item, letters[at + n] ?? '')),
      );
      for (const one of settled) {
        if (one.status === 'fulfilled') outcomes.push(one.value);
        else failed.push(one.reason);
      }
    }
    await onTarget(path, () => disk.syncDirectory(layout.final));
    for (const outcome of outcomes) job.count(outcome.item, outcome.how, outcome.size);
    if (failed.length > 0) throw failed[0];
  };
  for await (const item of itemsOf(job.folder, job.absent, job.skip)) {
    if (job.signal.aborted) break;
    batch.push(item);
    if (batch.length >= BATCH) await commit();
  }
  await commit();
  job.signal.throwIfAborted();
}

interface Outcome {
  readonly item: Item;
  readonly how: 'written' | 'there' | 'lost';
  readonly size: number;
}

async function exportOne(
  job: FolderJob,
  layout: Layout,
  there: Map<string, string>,
  item: Item,
  letters: string,
): Promise<Outcome> {
  const { disk, raw } = job;
  try {
    const checked = (await raw.checksum(item.ref)) ?? (await measured(job, item));
    for (let copy = 0; copy < 1000; copy++) {
      const base = layout.base(item, checked, copy);
      const name = layout.name(base, letters);
      const present = there.get(base);
      if (present !== undefined) {
        const found = await onTarget(job.path, () => checksumOf(disk, join(layout.final, present)));
        // Somebody changed that copy: it stays, and a good one comes beside it.
        if (found?.sha256 !== checked.sha256) continue;
        if (present !== name) await rename(job, layout, present, name);
        there.set(base, name);
        return { item, how: 'there', size: checked.size };
      }
      const place = { path: join(layout.final, name), beside: layout.beside, modified: item.arrival };
      await writeVerified(disk, place, raw.stream(item.ref), checked);
      there.set(base, name);
      return { item, how: 'written', size: checked.size };
    }
    throw new TmailError('storage', 'export.verify', { facts: { path: layout.final } });
  } catch (error) {
    if (!job.lost(item, error)) throw error;
    return { item, how: 'lost', size: 0 };
  }
}

/** The flags have changed here since the last export. */
async function rename(job: FolderJob, { final }: Layout, from: string, to: string): Promise<void> {
  const { disk } = job;
  await onTarget(job.path, async () => {
    if (!(await disk.exists(join(final, to)))) await disk.rename(join(final, from), join(final, to));
  });
}

/** Of a message whose manifest was lost. */
async function measured({ disk, raw }: FolderJob, { ref }: Item): Promise<Checked> {
  const checked = await checksumOf(disk, raw.path(ref));
  if (!checked) throw new TmailError('storage', 'raw.missing', { facts: { n: ref.n, path: raw.path(ref) } });
  return checked;
}

async function keywordsOf({ disk, path }: FolderJob): Promise<string[]> {
  const bytes = await onTarget(path, () => disk.read(join(path, KEYWORDS), 64 * 1024));
  return Buffer.isBuffer(bytes) ? readKeywordLines(bytes.toString('utf8')) : [];
}
