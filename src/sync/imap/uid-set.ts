// Sets of UIDs (RFC 9051 sequence-set): reading, writing, testing. Ranges stay ranges: a server may name
// four thousand million messages in ten bytes.

/** Inclusive. */
export interface UidRange {
  readonly from: number;
  readonly to: number;
}

/** Reads `1:3,7`; what makes no sense is left out. Ascending and merged. */
export function parseUidSet(text: string): UidRange[] {
  const ranges: UidRange[] = [];
  for (const piece of text.split(',')) {
    const match = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(piece.trim());
    if (!match?.[1]) continue;
    const a = Number(match[1]);
    const b = match[2] === undefined ? a : Number(match[2]);
    ranges.push({ from: Math.min(a, b), to: Math.max(a, b) });
  }
  ranges.sort((x, y) => x.from - y.from);
  const merged: UidRange[] = [];
  for (const range of ranges) {
    const last = merged.at(-1);
    if (last && range.from <= last.to + 1) {
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    } else merged.push(range);
  }
  return merged;
}

/** By bisection in merged ascending ranges. */
export function inRanges(ranges: readonly UidRange[], uid: number): boolean {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (!range) return false;
    if (uid < range.from) high = middle - 1;
    else if (uid > range.to) low = middle + 1;
    else return true;
  }
  return false;
}

/** Writes UIDs as a set; input in any order, without repetition in the output. */
export function formatUidSet(uids: readonly number[]): string {
  const sorted = [...new Set(uids)].sort((a, b) => a - b);
  const pieces: string[] = [];
  let from = 0;
  sorted.forEach((uid, i) => {
    if (i === 0 || uid !== (sorted[i - 1] ?? 0) + 1) from = uid;
    if (sorted[i + 1] !== uid + 1) pieces.push(from === uid ? String(uid) : `${from}:${uid}`);
  });
  return pieces.join(',');
}

/** Sets of at most `size` UIDs each, highest first. */
export function uidSetsDescending(uids: readonly number[], size: number): number[][] {
  const sorted = [...uids].sort((a, b) => b - a);
  const sets: number[][] = [];
  for (let i = 0; i < sorted.length; i += size) sets.push(sorted.slice(i, i + size));
  return sets;
}

/** Every UID of a set in the order in which it stands there; null for more than `most` of them, and for what is no set. */
export function expandUidSet(text: string, most: number): number[] | null {
  const uids: number[] = [];
  for (const piece of text.split(',', most + 1)) {
    const match = /^([1-9]\d{0,9})(?::([1-9]\d{0,9}))?$/.exec(piece);
    if (!match?.[1]) return null;
    const a = Number(match[1]);
    const b = match[2] === undefined ? a : Number(match[2]);
    const [from, to] = [Math.min(a, b), Math.max(a, b)];
    if (uids.length + to - from + 1 > most) return null;
    for (let uid = from; uid <= to; uid++) uids.push(uid);
  }
  return uids;
}
