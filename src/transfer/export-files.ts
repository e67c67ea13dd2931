// A folder as a directory of message files: a Maildir, or .eml files. What is there already is compared, not written
// again; what a name promises is on the disk before it has the name.
import { basename, join } from 'node:path';
import {
  emlBase,
  flagLetters,
  keywordLines,
  maildirBase,
  ownName,
  readKeywordLines,
  splitName,
  uidlLine,
} from '../mail/maildir.ts';
import { TmailError } from '../util/errors.ts';
import { temporaryName } from '../util/fsync.ts';
import type { FolderJob } from './export.ts';
import type { Checked } from './file-work.ts';
import { type Item, itemsOf, uidsOf } from './messages.ts';
import { checksumOf, onTarget, removeLeft, writeOwn } from './target.ts';

/** Messages that share one wait for the disk and one sync of their directory. */
const BATCH = 200;
/** Batches under way: one is written while another waits for the disk. */
const AT_ONCE = 2;
/** Changed copies of one message before it is given up. */
const COPIES = 999;
/** Where keywords' letters are explained; Dovecot's name and format. */
const KEYWORDS = 'dovecot-keywords';
/** What of this folder is known from a POP3 server, so that it does not come from there again once imported. */
export const UIDLS = 'tmail-uidl';
export const UIDLS_BYTES = 256 * 1024 * 1024;

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
  const { disk, path, signal } = job;
  const layout = layoutOf(job);
  const parts = job.format === 'maildir' ? ['tmp', 'new', 'cur'] : ['.'];
  for (const part of parts) await onTarget(path, () => disk.makeDirectory(join(path, part)));
  await removeLeft(disk, layout.beside);
  // Maildir++ marks its folders so.
  const mark = join(path, 'maildirfolder');
  if (job.format === 'maildir' && basename(path).startsWith('.') && !(await disk.exists(mark)))
    await writeOwn(disk, mark, '');
  const uidls: string[] = [];
  const there = await thereIn(job, layout);
  const target: Target = { job, layout, there, keywords: await keywordsOf(job), uidls };
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const begin = async (items: readonly Item[]) => {
    if (running.size >= AT_ONCE) await Promise.race(running);
    if (failures.length > 0 || items.length === 0) return;
    // What the letters mean comes first.
    const known = target.keywords.length;
    const wanted = items.map(item => ({ item, letters: flagLetters(item.flags, target.keywords) }));
    if (target.keywords.length > known)
      await writeOwn(disk, join(path, KEYWORDS), keywordLines(target.keywords));
    const batch: Promise<void> = commit(target, wanted)
      .catch(error => void failures.push(error))
      .finally(() => running.delete(batch));
    running.add(batch);
  };
  try {
    let items: Item[] = [];
    for await (const item of itemsOf(job.folder, job.absent, job.skip)) {
      if (signal.aborted || failures.length > 0) break;
      if (items.push(item) < BATCH) continue;
      await begin(items);
      items = [];
    }
    if (!signal.aborted) await begin(items);
  } finally {
    await Promise.all(running);
  }
  if (failures.length > 0) throw failures[0];
  signal.throwIfAborted();
  await rememberNames(job, uidls);
}

/** Those of mail that was here at an earlier time stay, as its files do. */
async function rememberNames({ disk, path }: FolderJob, lines: readonly string[]): Promise<void> {
  const file = join(path, UIDLS);
  const bytes = await onTarget(path, () => disk.read(file, UIDLS_BYTES));
  const before = Buffer.isBuffer(bytes) ? bytes.toString('utf8') : '';
  const known = new Set(before.split('\n'));
  const added = lines.filter(line => !known.has(line.trimEnd()));
  if (added.length > 0) await writeOwn(disk, file, before + added.join(''));
}

interface Target {
  readonly job: FolderJob;
  readonly layout: Layout;
  readonly there: There;
  readonly keywords: string[];
  /** Lines of UIDLS. */
  readonly uidls: string[];
}

/** What an earlier export left, by base; and what no message of the folder is any more, by the hash in its name. */
interface There {
  readonly names: Map<string, string>;
  readonly unclaimed: Map<string, string[]>;
}

async function thereIn({ disk, folder, raw }: FolderJob, { final }: Layout): Promise<There> {
  const names = new Map<string, string>();
  for (const name of await disk.list(final)) names.set(splitName(name).base, name);
  const unclaimed = new Map<string, string[]>();
  if (names.size === 0) return { names, unclaimed };
  const here = new Set<string>();
  for (const uid of uidsOf(folder)) {
    const ref = folder.raw(uid);
    const checksum = ref ? await raw.checksum(ref) : null;
    if (checksum) here.add(`${uid} ${checksum.sha256.slice(0, 16)}`);
  }
  for (const base of names.keys()) {
    const own = ownName(base);
    if (own && !here.has(`${own.uid} ${own.hash}`)) {
      unclaimed.set(own.hash, [...(unclaimed.get(own.hash) ?? []), base]);
    }
  }
  return { names, unclaimed };
}

interface Wanted {
  readonly item: Item;
  readonly letters: string;
}

interface Missing extends Wanted {
  readonly checked: Checked;
  /** Of several files with the same bytes and number: somebody changed those before. */
  readonly copy: number;
}

/** A file that is there, perhaps with the wrong name; its bytes have to be compared. */
interface Claimed extends Wanted {
  readonly checked: Checked;
  /** -1: another message's. */
  readonly copy: number;
  readonly present: string;
}

/** All of the batch, whatever is there in place of it. Counts what is durable and compared. */
async function commit(target: Target, wanted: readonly Wanted[]): Promise<void> {
  const { job, layout, there } = target;
  const claimed: Claimed[] = [];
  const missing: Missing[] = [];
  for (const one of wanted) {
    const checked = await checkedOf(job, one.item);
    if (!checked) continue;
    const { uid, uidl } = one.item;
    if (uidl !== null) target.uidls.push(uidlLine(uid, checked.sha256.slice(0, 16), uidl));
    const own = there.names.get(layout.base(one.item, checked, 0));
    const present = own ?? claim(there, checked);
    if (present === undefined) missing.push({ ...one, checked, copy: 0 });
    else claimed.push({ ...one, checked, copy: own === undefined ? -1 : 0, present });
  }
  if (claimed.length > 0) missing.push(...(await compare(target, claimed)));
  const files = missing.map(({ item, letters, checked, copy }) => {
    const base = layout.base(item, checked, copy);
    const name = layout.name(base, letters);
    // From now on: the next batch may hold the same bytes.
    there.names.set(base, name);
    return {
      from: job.raw.path(item.ref),
      temporary: temporaryName(join(layout.beside, base)),
      to: join(layout.final, name),
      expected: checked,
      seconds: Math.max(0, Number.isFinite(item.arrival) ? item.arrival : 0) / 1000,
    };
  });
  const outcomes = files.length === 0 ? [] : await job.files.copy(files);
  if (outcomes.some(outcome => !(outcome instanceof TmailError))) {
    await onTarget(job.path, () => job.disk.syncDirectory(layout.final));
  }
  let failed: TmailError | null = null;
  for (const [n, { item, checked }] of missing.entries()) {
    const outcome = outcomes[n];
    if (!(outcome instanceof TmailError)) job.count(item, 'written', checked.size);
    else if (job.lost(item, outcome)) job.count(item, 'lost', 0);
    else failed ??= outcome;
  }
  if (failed) throw failed;
}

/** A name of the same bytes whose message has another number now: moved away and back, or of another computer. */
function claim(there: There, { sha256 }: Checked): string | undefined {
  const base = there.unclaimed.get(sha256.slice(0, 16))?.pop();
  const present = base === undefined ? undefined : there.names.get(base);
  if (base !== undefined) there.names.delete(base);
  return present;
}

/** Null: it can't be read, and that was said. */
async function checkedOf(job: FolderJob, item: Item): Promise<Checked | null> {
  try {
    return (await job.raw.checksum(item.ref)) ?? (await measured(job, item));
  } catch (error) {
    if (!job.lost(item, error)) throw error;
    job.count(item, 'lost', 0);
    return null;
  }
}

/** Returns what has to be written after all: somebody changed that copy. It stays, and a good one comes beside it. */
async function compare(target: Target, claimed: readonly Claimed[]): Promise<Missing[]> {
  const { job, layout, there } = target;
  const changed: Missing[] = [];
  let renamed = false;
  for (let rest = claimed; rest.length > 0; ) {
    const found = await job.files.check(rest.map(({ present }) => join(layout.final, present)));
    const again: Claimed[] = [];
    const good: Claimed[] = [];
    for (const [n, one] of rest.entries()) {
      const base = (copy: number) => layout.base(one.item, one.checked, copy);
      if (found[n]?.sha256 === one.checked.sha256) {
        const name = layout.name(base(Math.max(0, one.copy)), one.letters);
        if (one.present !== name) {
          await rename(job, layout, one.present, name);
          renamed = true;
        }
        there.names.set(base(Math.max(0, one.copy)), name);
        good.push(one);
        continue;
      }
      const copy = one.copy + 1;
      if (copy > COPIES) throw new TmailError('storage', 'export.verify', { facts: { path: layout.final } });
      const present = there.names.get(base(copy));
      if (present === undefined) changed.push({ ...one, copy });
      else again.push({ ...one, copy, present });
    }
    if (renamed) await onTarget(job.path, () => job.disk.syncDirectory(layout.final));
    for (const { item, checked } of good) job.count(item, 'there', checked.size);
    rest = again;
  }
  return changed;
}

/** The flags have changed here since the last export, or the number has. */
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
