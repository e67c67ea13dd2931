// Reads JSON into nodes that remember where they stood. Comments and trailing commas are allowed, because a
// person edits the file by hand. Knows nothing of what the configuration means.
import { TmailError } from '../util/errors.ts';

interface Placed {
  /** Offset of the first character in the text, in UTF-16 units. */
  readonly at: number;
  /** Behind its last character. */
  readonly end: number;
}
export interface JsonEntry {
  readonly key: string;
  readonly at: number;
  readonly value: JsonNode;
}
export interface JsonObject extends Placed {
  readonly t: 'object';
  /** In the file's order; a key may appear twice. A list, so that `__proto__` is a key like any other. */
  readonly entries: readonly JsonEntry[];
}
export type JsonNode =
  | JsonObject
  | (Placed & { readonly t: 'array'; readonly items: readonly JsonNode[] })
  | (Placed & { readonly t: 'string'; readonly value: string })
  | (Placed & { readonly t: 'number'; readonly value: number })
  | (Placed & { readonly t: 'boolean'; readonly value: boolean })
  | (Placed & { readonly t: 'null' });

/** Deeper than any configuration; keeps a hostile file from exhausting the stack. */
const DEPTH = 50;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z_$][\w$]*/y;
const SPACE = /(?:[ \t\r\n]+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;

/** 1-based line and column (in characters, as editors count) of an offset. */
export function lineAndColumn(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at);
  const start = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: [...before.slice(start)].length + 1 };
}

/** @throws TmailError `config.syntax` with `line`, `column`, `expected` and `found`. */
export function parseJson(text: string): JsonNode {
  const reader = new Reader(text);
  const node = reader.value(0);
  reader.end();
  return node;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    if (text.startsWith('\uFEFF')) this.#at = 1;
  }

  value(depth: number): JsonNode {
    this.#space();
    const at = this.#at;
    if (depth > DEPTH) this.#fail('fewer levels');
    const char = this.#text[at];
    if (char === '{') return this.#object(depth);
    if (char === '[') return this.#array(depth);
    if (char === '"') {
      const value = this.#string('a value');
      return { t: 'string', at, end: this.#at, value };
    }
    const number = this.#match(NUMBER);
    if (number !== '') return { t: 'number', at, end: this.#at, value: Number(number) };
    const word = this.#match(WORD);
    if (word === 'true' || word === 'false')
      return { t: 'boolean', at, end: this.#at, value: word === 'true' };
    if (word === 'null') return { t: 'null', at, end: this.#at };
    this.#at = at;
    return this.#fail('a value');
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) this.#fail('the end of the file');
  }

  #object(depth: number): JsonNode {
    const at = this.#at++;
    const entries: JsonEntry[] = [];
    for (;;) {
      this.#space();
      if (this.#take('}')) return { t: 'object', at, end: this.#at, entries };
      const keyAt = this.#at;
      const key = this.#string(
        entries.length === 0 ? 'a key in double quotes or "}"' : 'a key in double quotes',
      );
      this.#space();
      if (!this.#take(':')) this.#fail('":"');
      entries.push({ key, at: keyAt, value: this.value(depth + 1) });
      this.#space();
      if (!this.#take(',') && this.#text[this.#at] !== '}') this.#fail('"," or "}"');
    }
  }

  #array(depth: number): JsonNode {
    const at = this.#at++;
    const items: JsonNode[] = [];
    for (;;) {
      this.#space();
      if (this.#take(']')) return { t: 'array', at, end: this.#at, items };
      items.push(this.value(depth + 1));
      this.#space();
      if (!this.#take(',') && this.#text[this.#at] !== ']') this.#fail('"," or "]"');
    }
  }

  #string(expected: string): string {
    const start = this.#at;
    if (this.#text[start] !== '"') this.#fail(expected);
    let end = start + 1;
    for (;;) {
      const char = this.#text[end];
      if (char === '"') break;
      // A missing quote would otherwise be blamed on a line far below.
      if (char === undefined || char === '\n') {
        this.#at = end;
        this.#fail('a closing double quote');
      }
      end += char === '\\' ? 2 : 1;
    }
    this.#at = end + 1;
    try {
      return String(JSON.parse(this.#text.slice(start, end + 1)));
    } catch {
      this.#at = start;
      return this.#fail('a string without tabs or unknown \\ escapes');
    }
  }

  #space(): void {
    this.#match(SPACE);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #fail(expected: string): never {
    // One character only: the text around it may be a password.
    const code = this.#text.codePointAt(this.#at);
    throw new TmailError('config', 'config.syntax', {
      facts: {
        ...lineAndColumn(this.#text, this.#at),
        expected,
        found: code === undefined ? '' : String.fromCodePoint(code),
      },
    });
  }
}
