// JSON of objects with long arrays, made in spells: an operation on thousands of messages is megabytes of text, and a
// key that is pressed meanwhile must not wait for all of them.
import { nextTurn } from '../util/turn.ts';

/** Elements of one array turned into text at once: some 0.5 ms. */
const ELEMENTS_AT_ONCE = 200;
/** Text is made without a pause for this long, in milliseconds. */
const SPELL_MS = 4;
/** Characters gathered before they become bytes. */
const PIECE_CHARS = 64 * 1024;

/**
 * UTF-8 of what JSON.stringify would say, where `list`'s elements stand between the two texts, with commas. The objects
 * themselves, and their arrays, must not change until it resolves.
 */
export async function jsonBytes(before: string, list: readonly object[], after: string): Promise<Buffer> {
  const done: Buffer[] = [];
  let text = before;
  let since = performance.now();
  for (const piece of pieces(list)) {
    text += piece;
    if (text.length >= PIECE_CHARS) {
      done.push(Buffer.from(text));
      text = '';
    }
    if (performance.now() - since < SPELL_MS) continue;
    await nextTurn();
    since = performance.now();
  }
  done.push(Buffer.from(text + after));
  return Buffer.concat(done);
}

function* pieces(list: readonly object[]): Generator<string> {
  for (const [i, each] of list.entries()) {
    let mark = i === 0 ? '{' : ',{';
    for (const [key, value] of Object.entries(each)) {
      if (value === undefined) continue;
      yield `${mark}${JSON.stringify(key)}:`;
      mark = ',';
      if (Array.isArray(value)) yield* elements(value);
      else yield JSON.stringify(value);
    }
    yield mark === ',' ? '}' : `${mark}}`;
  }
}

function* elements(list: readonly unknown[]): Generator<string> {
  yield '[';
  for (let from = 0; from < list.length; from += ELEMENTS_AT_ONCE) {
    const text = JSON.stringify(list.slice(from, from + ELEMENTS_AT_ONCE));
    yield from === 0 ? text.slice(1, -1) : `,${text.slice(1, -1)}`;
  }
  yield ']';
}
