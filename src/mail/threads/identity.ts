// What tells a message and what it answers to: Message-IDs as numbers, the references that count, the base subject.
// Bounded, whatever a message says.
import { ENVELOPE_TEXT, REFERENCES } from '../../util/limits.ts';

/** What a thread needs of a message. */
export interface Threadable {
  /** Where it is: a safe integer, unique. The same message in two folders has two. */
  readonly place: number;
  /** Without angle brackets; '' when absent. Hostile text. */
  readonly messageId: string;
  readonly inReplyTo: string;
  readonly references: readonly string[];
  readonly subject: string;
  /** Milliseconds since 1970. */
  readonly date: number;
  /** It has attachments. */
  readonly files?: boolean;
}

/**
 * A Message-ID as a number below 2**53. `seed` is chosen anew for each run, so that nobody can write two ids that
 * meet; by chance, two of a million do once in 18,000 years of daily starts.
 */
export function idNumber(id: string, seed: number): number {
  let a = 0xdeadbeef ^ seed;
  let b = 0x41c6ce57 ^ Math.imul(seed, 0x9e3779b1);
  const length = Math.min(id.length, ENVELOPE_TEXT);
  for (let i = 0; i < length; i++) {
    const unit = id.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x9e3779b1);
    b = Math.imul(b ^ unit, 0x5f356495);
    // Rotated by what is secret: what meets under one seed does not under another.
    a = (a << 5) | (a >>> 27);
    b = (b << 7) | (b >>> 25);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return (b & 0x1fffff) * 0x1_0000_0000 + (a >>> 0);
}

/**
 * What the message answers to, oldest first, the parent last (RFC 5256, REFERENCES, step 1): References, else
 * In-Reply-To; without itself, each once (where it stands last), no more than REFERENCES: the first and the newest.
 */
export function referencesOf({
  messageId,
  references,
  inReplyTo,
}: Pick<Threadable, 'messageId' | 'references' | 'inReplyTo'>): string[] {
  const said = references.length > 0 ? references : [inReplyTo];
  const first = said[0] ?? '';
  // The end first: 10,000 references cost no more than these.
  const wanted = said.length <= REFERENCES ? said : [first, ...said.slice(said.length - REFERENCES + 1)];
  const seen = new Set<string>(['', messageId.slice(0, ENVELOPE_TEXT)]);
  const kept: string[] = [];
  for (let i = wanted.length - 1; i >= 0; i--) {
    const id = (wanted[i] ?? '').slice(0, ENVELOPE_TEXT);
    if (seen.has(id)) continue;
    seen.add(id);
    kept.push(id);
  }
  return kept.reverse();
}

const REPLY = /^\s*(?:(?:re|aw|sv|vs|antw|fwd?|wg|rv|tr|r)(?:\s*\[\d+\])?\s*:|\[[^\][]{1,100}\](?=\s*\S))/i;
const TRAILER = /\s*\(fwd\)\s*$/i;

/** The subject without what replies, forwards and lists put before and behind it (RFC 5256 section 2.1), folded. */
export function baseSubject(subject: string): string {
  let text = subject.slice(0, ENVELOPE_TEXT).replace(/\s+/g, ' ').trim();
  for (let before = ''; before !== text; ) {
    before = text;
    text = text.replace(TRAILER, '').replace(REPLY, '').trim();
  }
  return text.toLowerCase();
}
