// What the server writes, in order and with back-pressure; also where faults split, cut and silence it.
import type { Socket } from 'node:net';
import type { FaultPlan } from './faults.ts';
import type { Piece } from './syntax.ts';

export class Output {
  readonly #socket: Socket;
  readonly #plan: FaultPlan;
  #queue: Buffer[] = [];
  #pumping: Promise<void> | null = null;
  #sent = 0;
  /** Bytes that may still be written before the line is cut or falls silent. */
  #allowance = Number.POSITIVE_INFINITY;
  #then: 'drop' | 'reset' | 'hang' = 'drop';
  #closed = false;

  constructor(socket: Socket, plan: FaultPlan) {
    this.#socket = socket;
    this.#plan = plan;
    if (plan.current.dropAfter !== undefined) this.limit(plan.current.dropAfter, 'drop');
  }

  get closed(): boolean {
    return this.#closed;
  }

  get sent(): number {
    return this.#sent;
  }

  write(...pieces: readonly Piece[]): void {
    if (this.#closed) return;
    const bytes = pieces.map(piece => (typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece));
    this.#queue.push(bytes.length === 1 ? (bytes[0] ?? Buffer.alloc(0)) : Buffer.concat(bytes));
    this.#pumping ??= this.#pump();
  }

  /** Resolves when everything was handed to the socket and it can take more. */
  async flush(): Promise<void> {
    while (this.#pumping) await this.#pumping;
  }

  /** After `bytes` more bytes: cut the line, or say nothing any more. */
  limit(bytes: number, then: 'drop' | 'reset' | 'hang'): void {
    this.#allowance = bytes;
    this.#then = then;
    if (bytes === 0) this.#exhausted();
  }

  /** Flushes, then ends the connection in an orderly way. */
  async end(): Promise<void> {
    await this.flush();
    this.#closed = true;
    this.#socket.end();
    this.#socket.destroySoon();
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#socket.destroy();
  }

  async #pump(): Promise<void> {
    // A turn of the microtask queue gathers what one command writes in pieces.
    await null;
    while (this.#queue.length > 0 && !this.#closed) {
      const waiting = Buffer.concat(this.#queue);
      this.#queue = [];
      for (let at = 0; at < waiting.length && !this.#closed; ) {
        const { chunk } = this.#plan.current;
        const size = typeof chunk === 'function' ? Math.max(1, chunk()) : (chunk ?? waiting.length);
        await this.#send(waiting.subarray(at, at + size));
        at += size;
        if (chunk !== undefined) await new Promise(resolve => setImmediate(resolve));
      }
    }
    this.#pumping = null;
  }

  async #send(bytes: Buffer): Promise<void> {
    const part = bytes.subarray(0, this.#allowance);
    this.#allowance -= part.length;
    this.#sent += part.length;
    const roomy = this.#socket.write(part);
    if (this.#allowance === 0) this.#exhausted();
    if (!roomy && !this.#closed) await drained(this.#socket);
  }

  #exhausted(): void {
    this.#closed = true;
    if (this.#then === 'drop') {
      this.#socket.end();
      this.#socket.destroySoon();
    }
    if (this.#then === 'reset') this.#socket.resetAndDestroy();
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      for (const event of ['drain', 'close', 'error']) socket.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'close', 'error']) socket.on(event, done);
    if (socket.destroyed) done();
  });
}
