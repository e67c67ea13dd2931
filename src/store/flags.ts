// Flags between their names on the wire and the small integers of the index. Pure.
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
} from '../mail/types.ts';

const SYSTEM: ReadonlyMap<string, Flags> = new Map([
  ['\\seen', SEEN],
  ['\\answered', ANSWERED],
  ['\\flagged', FLAGGED],
  ['\\draft', DRAFT],
  ['\\deleted', DELETED],
  ['$forwarded', FORWARDED],
]);
const SYSTEM_NAMES = ['\\Seen', '\\Answered', '\\Flagged', '\\Draft', '$Forwarded', '\\Deleted'];

/** Longer keywords are not kept: servers allow what they like. */
const KEYWORD_TEXT = 100;

/**
 * The bits for these names (RFC 9051 section 2.3.2: compared without case). New keywords are added to `keywords`
 * unless `known`; beyond MAX_KEYWORDS they are dropped, as is \Recent and every other system flag.
 */
export function flagBits(names: readonly string[], keywords: string[], known = false): Flags {
  let bits = 0;
  for (const name of names) {
    const lower = name.toLowerCase();
    const system = SYSTEM.get(lower);
    if (system !== undefined) {
      bits |= system;
    } else if (!lower.startsWith('\\') && lower !== '' && lower.length <= KEYWORD_TEXT) {
      let index = keywords.findIndex(keyword => keyword.toLowerCase() === lower);
      if (index < 0 && !known && keywords.length < MAX_KEYWORDS) index = keywords.push(name) - 1;
      if (index >= 0) bits |= 1 << (KEYWORD_BIT + index);
    }
  }
  return bits;
}

/** The names behind the bits, system flags first. */
export function flagNames(bits: Flags, keywords: readonly string[]): string[] {
  const names = SYSTEM_NAMES.filter((_, index) => bits & (1 << index));
  keywords.forEach((keyword, index) => {
    if (bits & (1 << (KEYWORD_BIT + index))) names.push(keyword);
  });
  return names;
}
