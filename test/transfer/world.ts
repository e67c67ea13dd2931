// Two computers and a disk between them: stores with mail that no parser would like, and their content as hashes.
import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import { envelopeOf } from '../../src/mail/headers.ts';
import { flagNames } from '../../src/store/flags.ts';
import { type LocalStore, openStore } from '../../src/store/store.ts';
import type { FolderInfo } from '../../src/store/types.ts';
import { ensureFolders } from '../../src/sync/pop3/folders.ts';
import { type ExportOptions, exportMail } from '../../src/transfer/export.ts';
import { importMail } from '../../src/transfer/import.ts';
import type { Format } from '../../src/transfer/marker.ts';
import { temporaryDirectory } from '../store/harness.ts';

export interface Letter {
  readonly bytes: Buffer;
  readonly flags?: readonly string[];
  /** Milliseconds since 1970, whole seconds. */
  readonly arrival?: number;
  /** It came from a POP3 server, under this name. */
  readonly uidl?: string;
}

const head = 'From: Ada <ada@example.org>\r\nSubject: one\r\nDate: Mon, 23 Nov 2026 09:42:00 +0000\r\n';

/** What mail can hold that breaks programs. */
export const oddLetters: readonly Letter[] = [
  `${head}\r\nplain\r\n`,
  `${head}\r\nno final newline`,
  `${head}\r\n8-bit \xe9\xff and NUL \0 and a lone \r and a lone \n in it\r\n`,
  `${head}\r\nFrom the start\r\n>From quoted\n>>From twice\nFrom ada@example.org Mon Nov 23 09:42:00 2026\nnext\n`,
  `From nobody at all\r\nSubject: begins like an mbox\r\n\r\nx\r\n`,
  `From ada@example.org Mon Nov 23 09:42:00 2026\nSubject: a From_ line of its own\n\nx\n`,
  head,
  `${head}\r\n`,
  `Status: of the message\nX-Status: its own\nX-Keywords: mine\nX-Keywords: twice\n\nbody\n`,
  'X-Tmail-Mbox: rd cut\nStatus: RO\nSubject: pretends\n\nbody\n',
  'Content-Length: 3\nSubject: lies\n\nlonger than three\n\nFrom x@y Mon Nov 23 09:42:00 2026\n\n',
  'Content-Length: 4\nSubject: true\n\nabc\n',
  '',
  '\n',
  '\r\n',
  '\n\n\n',
  '\r\n\r\n',
  '\r\n\r',
  'no header at all, only a line',
  'ends with a quote >',
  'ends in the middle of From',
  `${head}\r\n${'>'.repeat(70_000)}From far away\r\n${'x'.repeat(300_000)}`,
  `${head}\r\n${'From \n'.repeat(50_000)}`,
  `${`X-Filler: ${'y'.repeat(70)}\r\n`.repeat(20_000)}\r\nafter a header of more than a megabyte\r\n`,
].map((text, n) => ({
  bytes: Buffer.from(text, 'latin1'),
  arrival: Date.UTC(2020, 0, 1 + n, 12, 0, n),
  flags:
    [
      [],
      ['\\Seen'],
      ['\\Seen', '\\Answered', '$Forwarded'],
      ['\\Flagged', '\\Draft', 'todo'],
      ['\\Deleted', '\\Seen', 'Später', 'later'],
    ][n % 5] ?? [],
}));

export const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

export async function computer(t: TestContext, dir?: string): Promise<LocalStore> {
  // Closed before its directory goes: what is to be done after a test is done in this order.
  let opened: LocalStore | null = null;
  t.after(() => opened?.close().catch(() => undefined));
  const store = await openStore({ dir: dir ?? (await temporaryDirectory(t)), mode: 'owner' });
  opened = store;
  await ensureFolders(await store.account('home'));
  return store;
}

/** Puts letters into a folder of the account `home`, made where it is missing. */
export async function fill(
  store: LocalStore,
  path: string,
  letters: readonly Letter[],
  more: Partial<FolderInfo> = {},
): Promise<void> {
  const account = await store.account('home');
  const there = () => account.folders().find(folder => folder.path === path);
  if (!there()) {
    const info = { path, name: path, delimiter: '/', role: null, subscribed: true, selectable: true };
    await account.setFolders([...account.folders(), { ...info, remote: false, ...more }]);
  }
  const folder = await account.folder(there()?.id ?? 'home:0');
  const first = folder.reserve(letters.length);
  const put = await Promise.all(
    letters.map(async ({ bytes, flags = [], arrival = Date.UTC(2021, 0, 1), uidl }, n) => {
      const remote = uidl === undefined ? null : { t: 'pop3' as const, uidl };
      const owner = { folder: folder.record.id, uid: first + n, remote, partial: false };
      const raw = await account.raw.write(bytes, owner);
      const envelope = envelopeOf(bytes, { size: bytes.length, arrival });
      return { uid: first + n, remote, flags, envelope, raw };
    }),
  );
  await folder.apply({ put }, 'now');
}

/** What a folder holds, oldest first: checksum, flags and arrival of each message. */
export type Content = Record<string, string[]>;

export async function contentOf(store: LocalStore, options: { arrival?: boolean } = {}): Promise<Content> {
  const account = await store.account('home');
  const content: Content = {};
  for (const record of account.folders()) {
    const folder = await account.folder(record.id);
    const rows: string[] = [];
    for await (const { uid, flags, envelope } of folder.scan()) {
      const raw = folder.raw(uid);
      const hash = raw ? sha256(await account.raw.read(raw)) : 'none';
      // A keyword that can't be written as an atom has no place in a name.
      const names = flagNames(flags, folder.keywords).filter(name => /^[\x21-\x7e]+$/.test(name));
      rows.push([hash, ...names.sort(), ...(options.arrival === false ? [] : [envelope.arrival])].join(' '));
    }
    if (rows.length > 0) content[record.path] = rows.reverse();
  }
  return content;
}

/** Which message is known from the server under which name: checksum by name, in all folders. */
export async function namesOf(store: LocalStore): Promise<Record<string, string>> {
  const account = await store.account('home');
  const names: Record<string, string> = {};
  for (const record of account.folders()) {
    const folder = await account.folder(record.id);
    for await (const { uid } of folder.scan()) {
      const remote = folder.remote(uid);
      const raw = folder.raw(uid);
      if (remote?.t === 'pop3' && raw) names[remote.uidl] = sha256(await account.raw.read(raw));
    }
  }
  return names;
}

export async function exported(
  store: LocalStore,
  format: Format,
  to: string,
  more: Partial<ExportOptions> = {},
) {
  return exportMail({
    account: () => store.account('home'),
    folder: null,
    format,
    to,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...more,
  });
}

export async function imported(store: LocalStore, path: string, folder: string | null = null) {
  const account = await store.account('home');
  return importMail({
    account,
    path,
    folder: account.folders().find(record => record.path === folder) ?? folder,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    now: Date.now,
  });
}

/** Numbers are given in the order of arrival here, which a crash may change. */
export function sorted(content: Content): Content {
  return Object.fromEntries(Object.entries(content).map(([path, rows]) => [path, [...rows].sort()]));
}
