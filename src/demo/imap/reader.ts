// The bytes of a connection as lines and literals (RFC 9051 section 2.2.1). Knows nothing of commands.
import type { Readable } from 'node:stream';
import { TmailError } from '../../util/errors.ts';
import { LINE_BYTES, LITERAL_BYTES, READ_AHEAD_BYTES } from './limits.ts';

/** A command as it was sent: text with literals between, so there is one line more than literals. */
export interface RawCommand {
  readonly lines: readonly Buffer[];
  readonly literals: readonly Buffer[];
}

/** One consumer at a time: a call may not start before the one before has ended. */
export class LineReader {
  #chunks: Buffer[] = [];
  #size = 0;
  #ended = false;
  #wake: (() => void) | null = null;
  readonly #stream: Readable;

  constructor(stream: Readable) {
    this.#stream = stream;
    stream.on('data', this.#take);
    for (const end of ['end', 'close', 'error']) stream.on(end, this.#end);
  }

  /** Lets go of the stream (before STARTTLS). @returns what was read and not used. */
  detach(): Buffer {
    this.#stream.off('data', this.#take);
    for (const end of ['end', 'close', 'error']) this.#stream.off(end, this.#end);
    return Buffer.concat(this.#chunks);
  }

  /** A line without its CRLF or LF; null at the end. @throws TmailError `demo.too-long` */
  async line(): Promise<Buffer | null> {
    const parts: Buffer[] = [];
    let size = 0;
    for (;;) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) {
        if (this.#ended) return null;
        await this.#more();
        continue;
      }
      const at = chunk.indexOf(10);
      const part = at < 0 ? chunk : chunk.subarray(0, at);
      size += part.length;
      if (size > LINE_BYTES) throw new TmailError('protocol', 'demo.too-long');
      parts.push(part);
      this.#drop(at < 0 ? chunk.length : at + 1);
      if (at < 0) continue;
      const line = parts.length === 1 ? part : Buffer.concat(parts);
      return line.at(-1) === 13 ? line.subarray(0, -1) : line;
    }
  }

  /** Exactly `count` bytes; null when the stream ends before. */
  async bytes(count: number): Promise<Buffer | null> {
    const parts: Buffer[] = [];
    let missing = count;
    while (missing > 0) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) {
        if (this.#ended) return null;
        await this.#more();
        continue;
      }
      const part = chunk.subarray(0, missing);
      missing -= part.length;
      parts.push(part);
      this.#drop(part.length);
    }
    return Buffer.concat(parts);
  }

  /** A whole command; `ready` is called where the client waits for leave to send a literal. */
  async command(ready: () => void): Promise<RawCommand | null> {
    const lines: Buffer[] = [];
    const literals: Buffer[] = [];
    let size = 0;
    for (;;) {
      const line = await this.line();
      if (line === null) return null;
      lines.push(line);
      const announced = /\{(\d{1,20})(\+?)\}$/.exec(line.toString('latin1'));
      if (!announced) return { lines, literals };
      size += Number(announced[1]) + line.length;
      if (size > LITERAL_BYTES) throw new TmailError('protocol', 'demo.too-long');
      if (announced[2] === '') ready();
      const literal = await this.bytes(Number(announced[1]));
      if (literal === null) return null;
      literals.push(literal);
    }
  }

  readonly #take = (chunk: Buffer) => {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size > READ_AHEAD_BYTES) this.#stream.pause();
    this.#wake?.();
  };

  readonly #end = () => {
    this.#ended = true;
    this.#wake?.();
  };

  #drop(count: number): void {
    const chunk = this.#chunks[0];
    if (chunk === undefined) return;
    this.#size -= count;
    if (count === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(count);
    if (this.#size <= READ_AHEAD_BYTES && this.#stream.isPaused()) this.#stream.resume();
  }

  async #more(): Promise<void> {
    await new Promise<void>(resolve => {
      this.#wake = resolve;
    });
    this.#wake = null;
  }
}
