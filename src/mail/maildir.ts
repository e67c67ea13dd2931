// Names of message files in a Maildir (https://cr.yp.to/proto/maildir.html), and flags as letters in them. The same
// letters serve for .eml files, without the colon that some disks refuse. Pure.

import { decodeMailboxName, encodeMailboxName } from './mailbox-name.ts';
import type { LocalUid } from './types.ts';

const LETTERS: readonly (readonly [letter: string, flag: string])[] = [
  ['D', '\\Draft'],
  ['F', '\\Flagged'],
  ['P', '$Forwarded'],
  ['R', '\\Answered'],
  ['S', '\\Seen'],
  ['T', '\\Deleted'],
];

/** Longer is no name that was made here. */
const NAME_LENGTH = 300;
/** Keywords beyond the letters a to z find no place in a name (Dovecot's `dovecot-keywords`). */
const KEYWORD_LETTERS = 26;

/** Flags (wire names) as letters in ASCII order. New keywords are added to `keywords`, whose n-th is the n-th letter. */
export function flagLetters(flags: readonly string[], keywords: string[]): string {
  const lower = flags.map(flag => flag.toLowerCase());
  const letters = LETTERS.filter(([, flag]) => lower.includes(flag.toLowerCase())).map(([letter]) => letter);
  for (const flag of flags) {
    // $Forwarded as well: P means it to most programs, but nothing to Dovecot.
    if (flag.startsWith('\\') || !/^[\x21-\x7e]+$/.test(flag)) continue;
    let index = keywords.findIndex(keyword => keyword.toLowerCase() === flag.toLowerCase());
    if (index < 0 && keywords.length < KEYWORD_LETTERS) index = keywords.push(flag) - 1;
    if (index >= 0) letters.push(String.fromCharCode(97 + index));
  }
  return [...new Set(letters)].sort().join('');
}

/** The flags behind the letters, as wire names; letters that mean nothing are passed over. */
export function lettersFlags(letters: string, keywords: readonly string[]): string[] {
  const flags = new Set<string>();
  for (const letter of letters) {
    const named = LETTERS.find(([known]) => known === letter)?.[1];
    const keyword = /[a-z]/.test(letter) ? keywords[letter.charCodeAt(0) - 97] : undefined;
    const flag = named ?? keyword;
    if (flag) flags.add(flag);
  }
  return [...flags];
}

/** `dovecot-keywords`: a number and a keyword a line. */
export function keywordLines(keywords: readonly string[]): string {
  return keywords.map((keyword, n) => `${n} ${keyword}\n`).join('');
}

export function readKeywordLines(text: string): string[] {
  const keywords: string[] = [];
  for (const line of text.split('\n')) {
    const match = /^(\d{1,2}) ([\x21-\x7e]{1,100})$/.exec(line);
    if (match && Number(match[1]) < KEYWORD_LETTERS) keywords[Number(match[1])] = match[2] ?? '';
  }
  return Array.from(keywords, keyword => keyword ?? '');
}

/** What stands before the letters never changes; a name without letters is a message that nobody has seen. */
export function splitName(name: string): { readonly base: string; readonly letters: string } {
  const eml = /^(\d{6,15}-[0-9a-f]{16}(?:-\d{1,3})?),([A-Za-z]*)\.eml$/.exec(name);
  if (eml) return { base: eml[1] ?? '', letters: eml[2] ?? '' };
  // Where a colon can't stand in names, programs write ; or ! in its place.
  const maildir = /^(.+?)[:;!]2,([A-Za-z]*)$/.exec(name);
  return maildir ? { base: maildir[1] ?? '', letters: maildir[2] ?? '' } : { base: name, letters: '' };
}

/** The unique part of a Maildir name: delivery time, message, host, and Maildir++'s size. */
export function maildirBase(
  uid: number,
  sha256: string,
  size: number,
  arrival: number,
  copy: number,
): string {
  const seconds = Math.max(0, Math.floor(arrival / 1000));
  const again = copy === 0 ? '' : `_${copy}`;
  return `${seconds}.U${uid}H${sha256.slice(0, 16)}${again}.tmail,S=${size}`;
}

export function emlBase(uid: number, sha256: string, copy: number): string {
  return `${String(uid).padStart(6, '0')}-${sha256.slice(0, 16)}${copy === 0 ? '' : `-${copy}`}`;
}

/** What an export of ours wrote into a base: the message's number, and how its SHA-256 begins; null: not ours. */
export function ownName(base: string): { readonly uid: LocalUid; readonly hash: string } | null {
  const match =
    /^\d+\.U(\d+)H([0-9a-f]{16})(?:_\d+)?\.tmail(?:,|$)/.exec(base) ??
    /^(\d{6,15})-([0-9a-f]{16})(?:-\d{1,3})?$/.exec(base);
  return match ? { uid: Number(match[1]), hash: match[2] ?? '' } : null;
}

/** A server's name for a message as one word without spaces. */
export function encodeName(name: string): string {
  return encodeURIComponent(name.replace(/\p{Cs}/gu, '_'));
}

/** Null for what no name is. */
export function decodeName(word: string): string | null {
  try {
    const name = decodeURIComponent(word);
    return name.length > 0 && name.length <= NAME_LENGTH ? name : null;
  } catch {
    return null;
  }
}

/** The names by which a POP3 server knows messages: number, how the SHA-256 begins, name; one a line. */
export function uidlLine(uid: LocalUid, hash: string, uidl: string): string {
  return `${uid} ${hash} ${encodeName(uidl)}\n`;
}

/** By `NUMBER HASH`. */
export function readUidlLines(text: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^(\d+ [0-9a-f]{16}) (\S{1,1000})$/.exec(line);
    const name = match?.[2] === undefined ? null : decodeName(match[2]);
    if (match?.[1] && name !== null) names.set(match[1], name);
  }
  return names;
}

/** Seconds since 1970 as the name says it, in milliseconds; null where it does not. */
export function nameTime(name: string): number | null {
  const match = /^(\d{8,11})\./.exec(name);
  return match ? Number(match[1]) * 1000 : null;
}

/** A folder's path as a Maildir++ directory: `.Archive.2026`. What can't stand in it becomes `_`. */
export function maildirFolder(levels: readonly string[]): string {
  const names = levels.map(level => encodeMailboxName(level.replace(/[./\0]/g, '_')) || '_');
  return `.${names.join('.')}`;
}

/** The levels behind a Maildir++ directory's name. */
export function maildirLevels(directory: string): string[] {
  return directory
    .replace(/^\./, '')
    .split('.')
    .filter(level => level !== '')
    .map(decodeMailboxName);
}
