// The connections of one account: one for the folder on the screen, a second on demand for everything else, never a
// third (sending has one of its own). Knows no folder and no mail.
import { cancelled, TmailError } from '../../util/errors.ts';
import type { Clock } from '../clock.ts';
import type { ImapClient } from './client-types.ts';
import { Line } from './line.ts';

/** The second connection is let go after this long without work. */
const SPARE_LINGER_MS = 20_000;
/** After a refusal ("too many connections") the server is not asked for a second one again for this long. */
const SPARE_RETRY_MS = 60_000;

export interface LinesHost {
  readonly clock: Clock;
  readonly dial: () => Promise<ImapClient>;
  /** The session has ended. */
  readonly gone: () => boolean;
}

export class Lines {
  readonly #host: LinesHost;
  #main: Line | null = null;
  #spare: Promise<Line> | null = null;
  #refusedUntil = 0;

  constructor(host: LinesHost) {
    this.#host = host;
  }

  /** The first one. @throws TmailError */
  async open(): Promise<Line> {
    this.#main = new Line(await this.#host.dial());
    return this.#main;
  }

  main(): Line {
    if (!this.#main || this.#host.gone()) throw cancelled();
    return this.#main;
  }

  /** What the server calls the folder that the first one has selected. */
  get selected(): string | null {
    return this.#main?.selectedName ?? null;
  }

  /** The second connection, or the first where the server grants no second one: then they take turns. */
  async spare(): Promise<Line> {
    const main = this.main();
    const now = this.#host.clock.now();
    if (now < this.#refusedUntil) return main;
    try {
      this.#spare ??= this.#dialSpare();
      return await this.#spare;
    } catch (error) {
      if (!(error instanceof TmailError) || error.kind !== 'network') throw error;
      this.#refusedUntil = now + SPARE_RETRY_MS;
      return main;
    }
  }

  /** None has this folder, or one below it, selected. */
  async release(wire: string): Promise<void> {
    await this.main().release(wire);
    const spare = await this.#spare?.catch(() => null);
    await spare?.release(wire);
  }

  async close(): Promise<void> {
    this.#main?.client.close();
    const spare = this.#spare;
    this.#spare = null;
    await spare?.then(line => line.client.close()).catch(() => undefined);
  }

  async #dialSpare(): Promise<Line> {
    try {
      const line = new Line(await this.#host.dial());
      void line.client.closed.then(() => {
        this.#spare = null;
      });
      this.#letGoWhenIdle(line);
      return line;
    } catch (error) {
      this.#spare = null;
      throw error;
    }
  }

  #letGoWhenIdle(line: Line): void {
    let bytes = line.client.received();
    const check = (): void => {
      const now = line.client.received();
      if (line.free && now === bytes) {
        line.client.close();
        return;
      }
      bytes = now;
      if (this.#spare !== null) this.#host.clock.after(SPARE_LINGER_MS, check);
    };
    this.#host.clock.after(SPARE_LINGER_MS, check);
  }
}
