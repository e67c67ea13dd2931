// What an import finds under a path: messages in mbox files, Maildirs and .eml files, folder by folder. Everything in
// it may be hostile: only plain files are opened, no link below the path is followed, names are bytes.
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { maildirLevels } from '../mail/maildir.ts';
import { fromLineDate, looksLikeMessage } from '../mail/mbox.ts';
import type { Role } from '../mail/types.ts';
import { Disk } from '../store/disk.ts';
import { TmailError } from '../util/errors.ts';
import { realFileSystem } from '../util/fsync.ts';
import { IMPORT_DEPTH } from '../util/limits.ts';
import type { Files } from './files.ts';
import { MARKER, type Marker, readMarker } from './marker.ts';
import { emlMessages, type FoundMessage, maildirMessages, mboxMessages } from './source-messages.ts';
import { namesIn, type Passed, type Path, plainKind, refuse, under } from './source-paths.ts';

export interface FoundFolder {
  /** Levels of its path; [] is the place that was named. Hostile text. */
  readonly levels: readonly string[];
  readonly role: Role | null;
  /** Our own export names it. */
  readonly marked: boolean;
  /** Whose it was, by our own export. */
  readonly account: string | null;
  /** It is the very place that was named. */
  readonly root: boolean;
  /** What the messages came in, for where they go when nothing else says it. */
  readonly kind: 'maildir' | 'mbox' | 'eml';
  /** In the order in which they are to be numbered: our own exports' is the list's, else by arrival. */
  messages(): AsyncGenerator<FoundMessage>;
}

/**
 * The folders under `path`, an absolute path that a person gave, which may itself be a link.
 * @throws TmailError `import.not-found` (path), `import.not-mail` (path), `import.not-mbox` (path)
 */
export async function* foldersIn(path: string, passed: Passed, files: Files): AsyncGenerator<FoundFolder> {
  const facts = { path };
  const found = await stat(path).catch(() => null);
  if (!found) throw new TmailError('config', 'import.not-found', { facts });
  const root = Buffer.from(path);
  if (found.isDirectory()) {
    const marker = await readMarker(new Disk(realFileSystem, false), path);
    yield* walk({ root, marker, passed, files }, root, [], 0);
    return;
  }
  if (!found.isFile()) throw new TmailError('config', 'import.not-mail', { facts });
  const kind = await kindOf(root, path);
  if (kind === null) {
    const code = /\.mbo?x$/i.test(path) ? 'import.not-mbox' : 'import.not-mail';
    throw new TmailError('config', code, { facts });
  }
  const levels = kind === 'mbox' ? [mboxLevel(path.split('/').at(-1) ?? '')] : [];
  const messages =
    kind === 'mbox' ? mboxMessages(root, passed, false) : emlMessages({ passed, files }, root, null, false);
  yield { levels, role: null, marked: false, account: null, root: true, kind, messages: () => messages };
}

interface Walk {
  readonly root: Path;
  readonly marker: Marker | null;
  readonly passed: Passed;
  readonly files: Files;
}

async function* walk(
  to: Walk,
  dir: Path,
  levels: readonly string[],
  depth: number,
): AsyncGenerator<FoundFolder> {
  const { passed } = to;
  const names = await namesIn(dir, passed);
  const kinds = new Map<string, 'directory' | 'file'>();
  for (const name of names) {
    const kind = await plainKind(under(dir, name), passed);
    if (kind) kinds.set(name.toString('latin1'), kind);
  }
  const latin = (name: Buffer) => name.toString('latin1');
  const isDirectory = (name: string) => kinds.get(name) === 'directory';
  const isMaildir = isDirectory('cur') && (isDirectory('new') || isDirectory('tmp'));
  const own = ownFolder(to, dir, levels);
  if (isMaildir)
    yield {
      ...own,
      kind: 'maildir',
      messages: () => maildirMessages(to, dir, isDirectory('new'), own.marked),
    };
  const isEml = (name: Buffer) => kinds.get(latin(name)) === 'file' && /\.eml$/i.test(latin(name));
  const emls = names.filter(isEml);
  if (emls.length > 0 || (marked(to, dir) && to.marker?.format === 'eml'))
    yield { ...own, kind: 'eml', messages: () => emlMessages(to, dir, emls, own.marked) };
  for (const name of names) {
    const path = under(dir, name);
    const text = name.toString('utf8');
    if (kinds.get(latin(name)) === 'file') {
      if (isEml(name) || text === MARKER || /^dovecot|^maildirfolder$|^courierimap|^tmail-uidl$/.test(text))
        continue;
      if ((await kindOf(path, text)) !== 'mbox') {
        passed.otherFiles++;
        continue;
      }
      const folder = ownFolder(to, path, [...levels, mboxLevel(text)]);
      yield { ...folder, kind: 'mbox', messages: () => mboxMessages(path, passed, folder.marked) };
    } else if (kinds.get(latin(name)) === 'directory') {
      if (isMaildir && ['cur', 'new', 'tmp'].includes(text)) continue;
      if (depth >= IMPORT_DEPTH) refuse(passed, path, 'depth');
      else yield* walk(to, path, [...levels, ...childLevels(text, isMaildir || depth === 0)], depth + 1);
    }
  }
}

/** `.Archive.2026` beside a Maildir's messages is a folder of two levels. */
function childLevels(name: string, dots: boolean): string[] {
  return dots && /^\.[^.]/.test(name) ? maildirLevels(name) : [name];
}

function mboxLevel(name: string): string {
  return name.replace(/\.(?:mbox|mbx)$/i, '') || name;
}

/** What our own export says of this place, if anything. */
function marked({ root, marker }: Walk, path: Path) {
  const file = path.subarray(root.length + 1).toString('utf8');
  return marker?.folders.find(folder => folder.file === file);
}

/** That, else what the place's names say. */
function ownFolder(to: Walk, path: Path, levels: readonly string[]) {
  const known = marked(to, path);
  const root = path.length === to.root.length;
  return known
    ? { levels: known.levels, role: known.role, marked: true, account: to.marker?.account ?? null, root }
    : { levels, role: null, marked: false, account: null, root };
}

/** What a file that was named or lies about is, by its first bytes. */
async function kindOf(path: Path, name: string): Promise<'mbox' | 'eml' | null> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
  if (!handle) return null;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
    const head = buffer.subarray(0, bytesRead);
    const lines = head
      .toString('latin1')
      .replace(/^[\r\n]+/, '')
      .split('\n', 1);
    if (fromLineDate(lines[0] ?? '') !== null) return 'mbox';
    if (/\.mbo?x$/i.test(name)) return bytesRead === 0 ? 'mbox' : null;
    if (/\.eml$/i.test(name)) return 'eml';
    return looksLikeMessage(head) && !/[\x00]/.test(head.toString('latin1')) ? 'eml' : null;
  } finally {
    await handle.close();
  }
}
