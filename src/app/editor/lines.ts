// The lines of a text, so that changing one of a million copies a few thousand places and not all. Immutable.
import { type Line, lineOf } from './line.ts';

/** Lines in one block: copying one and the list of blocks cost the same for a million lines. */
const BLOCK = 1024;
const EMPTY = lineOf('');

interface Block {
  readonly lines: readonly Line[];
  readonly characters: number;
}

export class Lines {
  readonly length: number;
  /** UTF-16 units, with a line end each. */
  readonly characters: number;
  readonly #blocks: readonly Block[];
  /** The number of each block's first line. */
  readonly #starts: readonly number[];

  private constructor(blocks: readonly Block[]) {
    const starts: number[] = [];
    let length = 0;
    let characters = 0;
    for (const block of blocks) {
      starts.push(length);
      length += block.lines.length;
      characters += block.characters;
    }
    this.#blocks = blocks;
    this.#starts = starts;
    this.length = length;
    this.characters = characters;
  }

  static of(lines: readonly Line[]): Lines {
    return new Lines(blocksOf(lines));
  }

  /** An empty line outside. */
  at(n: number): Line {
    const block = this.#blockOf(n);
    return this.#blocks[block]?.lines[n - (this.#starts[block] ?? 0)] ?? EMPTY;
  }

  text(n: number): string {
    return this.at(n).text;
  }

  texts(from = 0, to = this.length): string[] {
    const out: string[] = [];
    for (let n = from; n < to; ) {
      const block = this.#blockOf(n);
      const start = this.#starts[block] ?? 0;
      const lines = this.#blocks[block]?.lines ?? [];
      const end = Math.min(to, start + lines.length);
      for (let i = n; i < end; i += 1) out.push(lines[i - start]?.text ?? '');
      if (end <= n) break;
      n = end;
    }
    return out;
  }

  /** With these in place of `count` lines from `from` on. */
  splice(from: number, count: number, made: readonly Line[]): Lines {
    const first = this.#blockOf(from);
    const last = this.#blockOf(Math.max(from, from + count - 1));
    const head = (this.#blocks[first]?.lines ?? []).slice(0, from - (this.#starts[first] ?? 0));
    const tail = (this.#blocks[last]?.lines ?? []).slice(from + count - (this.#starts[last] ?? 0));
    let middle = head.concat(made, tail);
    let next = last + 1;
    // Small blocks are joined, so that deleting a text line by line leaves no thousand of them.
    if (middle.length < BLOCK / 4 && next < this.#blocks.length) {
      middle = middle.concat(this.#blocks[next]?.lines ?? []);
      next += 1;
    }
    return new Lines([...this.#blocks.slice(0, first), ...blocksOf(middle), ...this.#blocks.slice(next)]);
  }

  #blockOf(n: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= n) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }
}

function blocksOf(lines: readonly Line[]): Block[] {
  if (lines.length <= BLOCK) return lines.length === 0 ? [] : [blockOf(lines)];
  const out: Block[] = [];
  for (let i = 0; i < lines.length; i += BLOCK / 2) out.push(blockOf(lines.slice(i, i + BLOCK / 2)));
  return out;
}

function blockOf(lines: readonly Line[]): Block {
  let characters = lines.length;
  for (const line of lines) characters += line.text.length;
  return { lines, characters };
}
