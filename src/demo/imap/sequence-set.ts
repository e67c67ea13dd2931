// Sequence sets (RFC 9051 section 9, sequence-set): read, resolved, and written compactly.
import { syntaxError } from './syntax.ts';

export type Ranges = readonly (readonly [number, number])[];

/** `*` becomes `largest`. Ranges are put in order. */
export function parseSet(text: string, largest: number): Ranges {
  return text.split(',').map(part => {
    const ends = /^(\d{1,10}|\*)(?::(\d{1,10}|\*))?$/.exec(part);
    if (!ends?.[1]) throw syntaxError('Bad sequence set');
    const [from, to] = [ends[1], ends[2] ?? ends[1]].map(end => (end === '*' ? largest : Number(end)));
    if (from === undefined || to === undefined) throw syntaxError('Bad sequence set');
    return from <= to ? [from, to] : [to, from];
  });
}

export function inRanges(ranges: Ranges, value: number): boolean {
  return ranges.some(([from, to]) => value >= from && value <= to);
}

/** Ascending numbers → `1:3,7`. */
export function formatSet(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < numbers.length; ) {
    const first = numbers[at] ?? 0;
    let last = first;
    for (at++; numbers[at] === last + 1; at++) last++;
    parts.push(first === last ? String(first) : `${first}:${last}`);
  }
  return parts.join(',');
}
