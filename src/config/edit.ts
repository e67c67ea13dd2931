// Changes one value of the configuration file and nothing else in it: comments, layout, order and access rights stay.
// The new file is durable before it takes the old one's place; one that somebody else changed meanwhile is left alone.
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TmailError } from '../util/errors.ts';
import { type JsonNode, type JsonObject, parseJson } from './json.ts';
import { checkConfig } from './load.ts';
import type { Environment } from './paths.ts';
import type { Offline } from './types.ts';

/**
 * Sets what of an IMAP account is kept here. Durable when it resolves; repeatable.
 * @throws TmailError `config.unwritable` (file, reason), `config.changed` (file), `config.edit-lost` (file, path), and
 * what `loadConfig` throws for a file that is wrong
 */
export async function setOffline(
  file: string,
  account: string,
  offline: Offline,
  env: Environment,
): Promise<void> {
  await editFile(file, text => {
    const changed = withValue(text, ['accounts', account, 'offline'], offline, file);
    // What is written must be what was meant: the program would not start with anything else.
    const { config } = checkConfig(changed, file, env);
    const there = config.accounts.find(({ id }) => id === account);
    if (there?.protocol !== 'imap' || JSON.stringify(there.offline) !== JSON.stringify(offline))
      throw lost(file, ['accounts', account, 'offline']);
    return changed;
  });
}

/** The text with another value at the path; a missing last key is added to its object. @throws `config.edit-lost` */
export function withValue(text: string, path: readonly string[], value: unknown, file = ''): string {
  let node: JsonNode = parseJson(text);
  for (const [level, key] of path.entries()) {
    if (node.t !== 'object') throw lost(file, path);
    const entry = node.entries.find(one => one.key === key);
    if (entry) node = entry.value;
    else if (level === path.length - 1) return withEntry(text, node, key, value);
    else throw lost(file, path);
  }
  return text.slice(0, node.at) + written(value) + text.slice(node.end);
}

/** `{ "days": 90 }`, as a person writes it. */
function written(value: unknown): string {
  return JSON.stringify(value, null, 1)
    .replace(/\n\s*/g, ' ')
    .replace(/^\{\}$/, '{}');
}

/** What may stand behind a value on its line. */
const REST_OF_LINE = /[ \t]*(?:\/\/[^\n\r]*|(?:\/\*(?:(?!\*\/)[^\n\r])*\*\/[ \t]*)*)(?=\r?\n)/y;
const GAP = /(?:[ \t\r\n]+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;

function withEntry(text: string, object: JsonObject, key: string, value: unknown): string {
  const entry = `${JSON.stringify(key)}: ${written(value)}`;
  const last = object.entries.at(-1);
  if (!last) return `${text.slice(0, object.at + 1)} ${entry} ${text.slice(object.at + 1)}`;
  const comma = matchAt(GAP, text, last.value.end);
  const trailing = text[comma] === ',';
  const behind = trailing ? comma + 1 : last.value.end;
  const lineEnd = matchAt(REST_OF_LINE, text, behind);
  const alone = lineEnd > behind || /[\r\n]/.test(text[behind] ?? '');
  const lineStart = text.lastIndexOf('\n', last.at) + 1;
  const indent = text.slice(lineStart, last.at);
  const own = alone && /^[ \t]*$/.test(indent);
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const glue = own ? newline + indent : ' ';
  const at = own ? lineEnd : behind;
  const before = trailing ? text.slice(0, at) : `${text.slice(0, behind)},${text.slice(behind, at)}`;
  return `${before}${glue}${entry}${trailing ? ',' : ''}${text.slice(at)}`;
}

/** Behind what the pattern matches there; the place itself when it does not. */
function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** Gives the file the text that `edit` makes of its own. @throws as `setOffline` */
export async function editFile(file: string, edit: (text: string) => string): Promise<void> {
  try {
    // A link into somebody's collection of such files stays a link.
    const path = await realpath(file);
    const bytes = await readFile(path);
    const text = bytes.toString('utf8');
    // Bytes that are no UTF-8 would be lost in writing it again.
    if (!Buffer.from(text, 'utf8').equals(bytes)) throw unwritable(file, 'encoding');
    const changed = edit(text);
    if (changed !== text) await replaceFile(file, path, bytes, Buffer.from(changed, 'utf8'));
  } catch (error) {
    throw error instanceof TmailError ? error : unwritable(file, codeOf(error));
  }
}

async function replaceFile(file: string, path: string, before: Buffer, after: Buffer): Promise<void> {
  const { mode, uid, gid } = await stat(path);
  const temporary = join(dirname(path), `.config.${process.pid}.${randomBytes(4).toString('hex')}.tmp`);
  let handle: FileHandle | null = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(after);
    await handle.chmod(mode & 0o777);
    const own = await handle.stat();
    if (own.uid !== uid || own.gid !== gid) await handle.chown(uid, gid);
    await handle.sync();
    await handle.close();
    handle = null;
    if (!(await readFile(path)).equals(before))
      throw new TmailError('config', 'config.changed', { facts: { file } });
    await rename(temporary, path);
  } catch (error) {
    await handle?.close().catch(() => undefined);
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}

function unwritable(file: string, reason: string): TmailError {
  return new TmailError('config', 'config.unwritable', { facts: { file, reason } });
}

function lost(file: string, path: readonly string[]): TmailError {
  return new TmailError('config', 'config.edit-lost', { facts: { file, path: path.join('.') } });
}
