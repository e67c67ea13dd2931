// Graphemes and words of a line: where the caret may stand, and where it goes by words. Pure.
import { type Cluster, clusterAt } from '../../mail/width.ts';
import { boundary } from './line.ts';

const LETTER = /[\p{L}\p{N}\p{M}_]/u;
// Scripts that put no spaces between words.
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
/** So much of an unspaced run is looked at for one word. */
const RUN = 200;

/** The next place for the caret; the end of the text at its end. */
export function nextGrapheme(text: string, at: number): number {
  if (at >= text.length) return text.length;
  const cluster: Cluster = { end: 0, width: 0 };
  clusterAt(text, at, cluster);
  return cluster.end;
}

export function previousGrapheme(text: string, at: number): number {
  if (at <= 0) return 0;
  let from = boundary(text, at - 1);
  const cluster: Cluster = { end: 0, width: 0 };
  for (;;) {
    clusterAt(text, from, cluster);
    if (cluster.end >= at) return from;
    from = cluster.end;
  }
}

type Kind = 'space' | 'word' | 'unspaced' | 'other';

function kindAt(text: string, at: number): Kind {
  const char = String.fromCodePoint(text.codePointAt(at) ?? 32);
  if (/\s/.test(char)) return 'space';
  if (UNSPACED.test(char)) return 'unspaced';
  return LETTER.test(char) ? 'word' : 'other';
}

/** The end of the word that begins at or after this place. */
export function wordEnd(text: string, at: number): number {
  let to = at;
  while (to < text.length && kindAt(text, to) === 'space') to = nextGrapheme(text, to);
  if (to >= text.length) return to;
  const kind = kindAt(text, to);
  const from = to;
  while (to < text.length && kindAt(text, to) === kind && to - from < RUN * 20) to = nextGrapheme(text, to);
  return kind === 'unspaced'
    ? (wordBreaks(text, from, Math.min(to, from + RUN)).find(place => place > from) ?? to)
    : to;
}

/** The beginning of the word that ends at or before this place. */
export function wordStart(text: string, at: number): number {
  let to = at;
  while (to > 0 && kindAt(text, previousGrapheme(text, to)) === 'space') to = previousGrapheme(text, to);
  if (to === 0) return 0;
  const end = to;
  const kind = kindAt(text, previousGrapheme(text, to));
  while (to > 0 && end - to < RUN * 20) {
    const before = previousGrapheme(text, to);
    if (kindAt(text, before) !== kind) break;
    to = before;
  }
  if (kind !== 'unspaced') return to;
  return wordBreaks(text, Math.max(to, end - RUN), end).findLast(place => place < end) ?? to;
}

/** Where words begin and end in a run without spaces; needs ICU, so only where such a run is. */
function wordBreaks(text: string, from: number, to: number): readonly number[] {
  const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });
  const starts = [...segmenter.segment(text.slice(from, to))].map(({ index }) => from + index);
  return [...starts, to];
}
