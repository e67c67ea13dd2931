// Changes one value of the configuration file and nothing else in it: comments, layout, order and access rights stay.
// The new file is durable before it takes the old one's place; one that somebody else changed meanwhile is left alone.
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TmailError } from '../util/errors.ts';
import { type JsonNode, type JsonObject, parseJson } from './json.ts';
import { checkConfig } from './load.ts';
import { ownOffline, sameOffline } from './offline.ts';
import type { Environment } from './paths.ts';
import type { Offline } from './types.ts';

/** Of which folder; the account itself where it is absent. */
export interface OfflinePlace {
  readonly account: string;
  readonly folder?: string;
}

/**
 * Sets what of an IMAP account, or of one of its folders, is kept here; null: of the folder what is kept of its account.
 * Durable when it resolves; repeatable.
 * @throws TmailError `config.unwritable` (file, reason), `config.changed` (file), `config.edit-lost` (file, path), and
 * what `loadConfig` throws for a file that is wrong
 */
export async function setOffline(
  file: string,
  { account, folder }: OfflinePlace,
  offline: Offline | null,
  env: Environment,
): Promise<void> {
  const own = ['accounts', account];
  const path = folder === undefined ? [...own, 'offline'] : [...own, 'offlineFolders', folder];
  await editFile(file, text => {
    const changed = offline === null ? withoutValue(text, path) : withValue(text, path, offline, file);
    // What is written must be what was meant: the program would not start with anything else.
    const { config } = checkConfig(changed, file, env);
    const there = config.accounts.find(({ id }) => id === account);
    const now = folder === undefined ? there?.offline : ownOffline(there?.offlineFolders, folder);
    const meant = offline === null ? now === undefined : now !== undefined && sameOffline(now, offline);
    if (there?.protocol !== 'imap' || !meant) throw lost(file, path);
    return changed;
  });
}

/**
 * The text with another value at the path; what is missing at its end is added: the last key, or the object that it
 * stands in as well. @throws `config.edit-lost`
 */
export function withValue(text: string, path: readonly string[], value: unknown, file = ''): string {
  let node: JsonNode = parseJson(text);
  for (const [level, key] of path.entries()) {
    if (node.t !== 'object') throw lost(file, path);
    const entry = node.entries.find(one => one.key === key);
    if (entry) node = entry.value;
    // Objects are made below an account, never an account.
    else if (level === path.length - 1 || level >= 2)
      return withEntry(text, node, key, nested(path.slice(level + 1), value));
    else throw lost(file, path);
  }
  return text.slice(0, node.at) + written(value) + text.slice(node.end);
}

/** The text without the entry at the path; unchanged where there is none. Its line goes with it, comments stay. */
export function withoutValue(text: string, path: readonly string[]): string {
  let node: JsonNode = parseJson(text);
  for (const key of path.slice(0, -1)) {
    const inner: JsonNode | undefined =
      node.t === 'object' ? node.entries.find(one => one.key === key)?.value : undefined;
    if (!inner) return text;
    node = inner;
  }
  if (node.t !== 'object') return text;
  const at = node.entries.findIndex(one => one.key === path.at(-1));
  const entry = node.entries[at];
  if (!entry) return text;
  const behind = matchAt(GAP, text, entry.value.end);
  if (text[behind] === ',') return withoutSpan(text, entry.at, entry.value.end, behind);
  const before = node.entries[at - 1];
  // The last one: the comma before it goes too, for a strict reader would stumble over it.
  const comma = before ? matchAt(GAP, text, before.value.end) : -1;
  const rest = withoutSpan(text, entry.at, entry.value.end, -1);
  return comma < 0 ? rest : rest.slice(0, comma) + rest.slice(comma + 1);
}

/** Without the entry and its comma; without the line, if nothing else is on it. */
function withoutSpan(text: string, from: number, to: number, comma: number): string {
  const entryEnd = comma < 0 ? to : comma + 1;
  const between = comma < 0 ? '' : text.slice(to, comma);
  const lineStart = text.lastIndexOf('\n', from - 1) + 1;
  const lineEnd = text.indexOf('\n', entryEnd);
  const alone =
    between === '' &&
    lineEnd >= 0 &&
    /^[ \t]*$/.test(text.slice(lineStart, from)) &&
    /^[ \t]*\r?$/.test(text.slice(entryEnd, lineEnd));
  if (alone) return text.slice(0, lineStart) + text.slice(lineEnd + 1);
  const gap = /^[ \t]*/.exec(text.slice(entryEnd))?.[0].length ?? 0;
  return text.slice(0, from) + between + text.slice(entryEnd + (between === '' ? gap : 0));
}

function nested(path: readonly string[], value: unknown): unknown {
  return path.reduceRight((inner, key) => Object.fromEntries([[key, inner]]), value);
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
