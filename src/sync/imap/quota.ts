// How full an account is on its server (RFC 9208): asks by GETQUOTAROOT which roots limit a folder, and believes only
// numbers that can be true. A server that has no quota, refuses to tell or talks nonsense "does not report one".
import { TmailError } from '../../util/errors.ts';
import type { QuotaRoot, QuotaUse } from '../types.ts';
import type { ImapClient, Untagged } from './client.ts';
import { nameOnWire } from './flow.ts';

/** STORAGE is counted in units of 1024 octets (RFC 9208 section 5.1). */
const STORAGE_UNIT = 1024;
/** Roots of one folder that are believed. */
const ROOTS_OF_FOLDER = 8;
/** Roots of an account that are asked for their numbers, a command each. */
const ROOTS = 32;
/** Folders that are asked for their roots in one session, a command each. */
const FOLDERS = 500;

/** A folder as it is called here and on the wire. */
interface Asked {
  readonly path: string;
  readonly wire: string;
}

/** What one session learns of the account's quota roots. One command at a time; the caller holds the line. */
export class QuotaRoots {
  /** Roots of the folders that were asked about, by path. */
  readonly #roots = new Map<string, readonly string[]>();
  /** What limits each root, as last told; null: nothing. */
  readonly #uses = new Map<string, QuotaUse | null>();

  /**
   * Of the inbox, and of what other folders are limited by as far as that is known; null: the server does not report
   * any. @throws TmailError when the line is gone
   */
  async read(client: ImapClient, inbox: Asked): Promise<readonly QuotaRoot[] | null> {
    if (!client.features.quota) return null;
    this.#uses.clear();
    if (!(await this.#ask(client, inbox))) return null;
    const all = [...new Set([...this.#roots.values()].flat())];
    for (const root of all.filter(name => !this.#uses.has(name)).slice(0, ROOTS))
      await this.#use(client, root);
    return this.#told();
  }

  /** Whether `more` would ask anything about it. */
  lacks(path: string): boolean {
    return !this.#roots.has(path) && this.#roots.size < FOLDERS;
  }

  /** Asks about one more folder; whether something limits it. */
  async more(client: ImapClient, folder: Asked): Promise<boolean> {
    const known = this.#uses.size;
    if (!(await this.#ask(client, folder))) this.#roots.set(folder.path, []);
    const roots = this.#roots.get(folder.path) ?? [];
    for (const root of roots.filter(name => !this.#uses.has(name))) {
      if (this.#uses.size < ROOTS) await this.#use(client, root);
    }
    return this.#uses.size > known || roots.length > 0;
  }

  /** As known now: without another command. Null where nothing limits anything. */
  get known(): readonly QuotaRoot[] | null {
    return this.#told();
  }

  /** Keeps what was told of these alone. */
  keepOnly(paths: ReadonlySet<string>): void {
    for (const path of this.#roots.keys()) if (!paths.has(path)) this.#roots.delete(path);
  }

  /** False: it does not want to tell. */
  async #ask(client: ImapClient, { path, wire }: Asked): Promise<boolean> {
    const answers = await willing(client.ask('GETQUOTAROOT', [nameOnWire(wire)], ['QUOTAROOT', 'QUOTA']));
    if (answers === null) return false;
    this.#roots.set(path, rootsOf(answers).slice(0, ROOTS_OF_FOLDER));
    this.#note(answers);
    return true;
  }

  async #use(client: ImapClient, root: string): Promise<void> {
    const answers = await willing(client.ask('GETQUOTA', [nameOnWire(root)], ['QUOTA']));
    this.#note(answers ?? []);
    if (!this.#uses.has(root)) this.#uses.set(root, null);
  }

  #note(answers: readonly Untagged[]): void {
    for (const answer of answers) {
      const name = answer.name === 'QUOTA' ? textOf(answer.attributes[0]) : undefined;
      if (name !== undefined) this.#uses.set(name, limitsOf(answer));
    }
  }

  #told(): readonly QuotaRoot[] | null {
    const told = [...this.#uses].flatMap(([name, use]): QuotaRoot[] => {
      if (use === null) return [];
      const folders = [...this.#roots].flatMap(([path, roots]) => (roots.includes(name) ? [path] : []));
      return [{ name, folders, ...use }];
    });
    return told.length === 0 ? null : told;
  }
}

/** NO or BAD: it does not want to tell. Anything else is about the line. */
async function willing(asked: Promise<Untagged[]>): Promise<Untagged[] | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof TmailError && (error.kind === 'rejected' || error.code === 'imap.bad')) return null;
    throw error;
  }
}

/** Each once, in the server's order: `* QUOTAROOT mailbox root root …`. */
function rootsOf(answers: readonly Untagged[]): string[] {
  const roots = answers
    .filter(({ name }) => name === 'QUOTAROOT')
    .flatMap(({ attributes }) => attributes.slice(1).flatMap(root => textOf(root) ?? []));
  return [...new Set(roots)];
}

/** `* QUOTA root (STORAGE used limit MESSAGE used limit)`; null where nothing of it limits anything. */
function limitsOf({ attributes }: Untagged): QuotaUse | null {
  const list = attributes[1];
  if (!Array.isArray(list)) return null;
  let use: QuotaUse = { usedBytes: 0, limitBytes: 0 };
  let limited = false;
  for (let i = 0; i + 2 < list.length; i += 3) {
    const resource = textOf(list[i])?.toUpperCase();
    const unit = resource === 'STORAGE' ? STORAGE_UNIT : 1;
    const used = countOf(list[i + 1], unit);
    const limit = countOf(list[i + 2], unit);
    // Some servers say "no limit" as 0.
    if (used === null || limit === null || limit === 0) continue;
    if (resource === 'STORAGE') use = { ...use, usedBytes: used, limitBytes: limit };
    else if (resource === 'MESSAGE') use = { ...use, usedMessages: used, limitMessages: limit };
    else continue;
    limited = true;
  }
  return limited ? use : null;
}

/** A whole number that can be calculated with, times `unit`; null: none. */
function countOf(attribute: unknown, unit: number): number | null {
  const text = textOf(attribute);
  if (text === undefined || !/^\d{1,16}$/.test(text)) return null;
  const count = Number(text) * unit;
  return Number.isSafeInteger(count) ? count : null;
}

function textOf(attribute: unknown): string | undefined {
  if (typeof attribute !== 'object' || attribute === null || !('value' in attribute)) return undefined;
  const { value } = attribute;
  if (Buffer.isBuffer(value)) return value.toString('utf8');
  return typeof value === 'string' ? value : undefined;
}
