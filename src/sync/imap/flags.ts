// IMAP flags between wire names and the bits of the index. Pure.
import {
  ANSWERED,
  DELETED,
  DRAFT,
  FLAGGED,
  type Flags,
  FORWARDED,
  KEYWORD_BIT,
  MAX_KEYWORDS,
  SEEN,
} from '../../mail/types.ts';

const SYSTEM: ReadonlyMap<string, Flags> = new Map([
  ['\\seen', SEEN],
  ['\\answered', ANSWERED],
  ['\\flagged', FLAGGED],
  ['\\draft', DRAFT],
  ['\\deleted', DELETED],
  ['$forwarded', FORWARDED],
]);

/** Whether the server's flags are what the index has. Keywords that the index had no room for are not compared. */
export function sameFlags(wire: Iterable<string>, bits: Flags, keywords: readonly string[]): boolean {
  let there = 0;
  for (const name of wire) {
    const folded = name.toLowerCase();
    if (folded === '\\recent') continue;
    const bit = SYSTEM.get(folded) ?? keywordBit(folded, keywords);
    if (bit === 0 && keywords.length < MAX_KEYWORDS) return false;
    there |= bit;
  }
  return there === bits;
}

function keywordBit(folded: string, keywords: readonly string[]): Flags {
  const at = keywords.findIndex(keyword => keyword.toLowerCase() === folded);
  return at < 0 ? 0 : 1 << (KEYWORD_BIT + at);
}

/** System flags start with a backslash; everything else a server may refuse to keep. */
export function isKeyword(name: string): boolean {
  return !name.startsWith('\\');
}
