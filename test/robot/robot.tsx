// Drives the real program in this process: presses keys, waits until it is settled, looks at the screen. Never
// sleeps: every wait ends with a frame, with the app's word that it is settled, or with the time limit.
import assert from 'node:assert/strict';
import type { ReactNode } from 'react';
import type { App, Key, Terminal } from '../../src/app/types.ts';
import { createScreenTerminal, startScreen } from '../../src/ui/start.tsx';
import type { SeenCell } from './emulator.ts';
import { bytesOfKey } from './key-bytes.ts';
import { createFakeTerminal, type FakeTerminal } from './streams.ts';

/** A wait longer than this is a failure, with the screen in its message. */
const LIMIT_MS = 10_000;

export interface RobotOptions<A> {
  readonly columns?: number;
  readonly rows?: number;
  /** TERM, LANG, NO_COLOR …; a Unicode terminal with true colour when absent. */
  readonly env?: NodeJS.ProcessEnv;
  /** Makes the app, given the terminal that its dependencies need. */
  readonly app: (terminal: Terminal) => A;
  readonly element: (app: A) => ReactNode;
}

export interface Robot<A> {
  readonly app: A;
  readonly terminal: FakeTerminal;
  /** Key words (`j`, `enter`, `C-d`), sent as a terminal sends them; settled after each. */
  press(...keys: readonly Key[]): Promise<void>;
  /** Each character as a key; settled at the end. */
  type(text: string): Promise<void>;
  /** A bracketed paste; settled. */
  paste(text: string): Promise<void>;
  /** Bytes as they are; settled. */
  send(bytes: string | Uint8Array): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
  /** The app has nothing more to do, everything is drawn, and the emulator shows it. */
  settled(): Promise<void>;
  /** Waits, frame by frame, until this holds. For what comes from outside: pushed mail, a server's answer. */
  waitFor(what: string, holds: () => boolean): Promise<void>;
  /** The screen, row by row, without trailing spaces. */
  rows(): string[];
  row(y: number): string;
  cell(x: number, y: number): SeenCell;
  cursor(): { readonly x: number; readonly y: number; readonly shown: boolean };
  /** Some row contains this (string) or matches it; waits for it. Returns the row's number. */
  expectRow(wanted: string | RegExp): Promise<number>;
  /** No row has it once everything is settled. */
  expectNoRow(unwanted: string | RegExp): Promise<void>;
  /** Bytes written to the terminal since the last call. */
  bytesSince(): number;
  /** The exit status once the program has ended; rejects with what it crashed of. */
  readonly ended: Promise<number>;
  /** Ends the program as `q` does and waits for it. Repeatable. */
  quit(): Promise<number>;
}

type Driven = Pick<App<unknown>, 'press' | 'paste' | 'resize' | 'quit' | 'ended' | 'settled' | 'state'>;

const ENV = { TERM: 'xterm-256color', COLORTERM: 'truecolor', LANG: 'C.UTF-8' };

/** Starts the program and resolves when its first screen is settled. */
export async function createRobot<A extends Driven>(options: RobotOptions<A>): Promise<Robot<A>> {
  const fake = createFakeTerminal(options.columns ?? 80, options.rows ?? 24);
  const terminal = createScreenTerminal(fake.streams, options.env ?? ENV);
  const app = options.app(terminal);
  const ended = startScreen({ app, element: options.element(app), terminal });
  // Whoever awaits `ended` gets the rejection; a test that does not must not end for it alone.
  ended.catch(() => undefined);
  let counted = 0;

  const screen = () => fake.emulator.lines();
  const has = (wanted: string | RegExp) =>
    screen().findIndex(row => (typeof wanted === 'string' ? row.includes(wanted) : wanted.test(row)));

  /** Everything that is on its way to the screen has arrived there. */
  async function drawn() {
    // React commits in a microtask, Ink's resize in an immediate.
    await new Promise(resolve => setImmediate(resolve));
    await terminal.idle();
    await fake.drained();
  }

  async function settled() {
    await within('settled', Promise.race([app.settled(), ended]));
    await drawn();
  }

  function within<T>(what: string, promise: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new assert.AssertionError({ message: `not ${what} in time:\n${picture(screen())}` })),
        LIMIT_MS,
      );
    });
    return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
  }

  async function waitFor(what: string, holds: () => boolean) {
    await drawn();
    if (holds()) return;
    let unsubscribe: () => void = () => undefined;
    try {
      await within(
        what,
        new Promise<void>((resolve, reject) => {
          const look = () => void drawn().then(() => holds() && resolve(), reject);
          unsubscribe = app.state.subscribe(look);
          look();
        }),
      );
    } finally {
      unsubscribe();
    }
  }

  const robot: Robot<A> = {
    app,
    terminal: fake,
    async press(...keys) {
      for (const key of keys) {
        fake.send(bytesOfKey(key));
        // A lone Esc is known as such only after its time-out.
        if (key === 'esc') await new Promise(resolve => setTimeout(resolve, 40));
        await inputTaken();
        await settled();
      }
    },
    async type(text) {
      fake.send(text);
      await inputTaken();
      await settled();
    },
    async paste(text) {
      fake.send(`\x1b[200~${text}\x1b[201~`);
      await inputTaken();
      await settled();
    },
    async send(bytes) {
      fake.send(bytes);
      await inputTaken();
      await settled();
    },
    async resize(columns, rows) {
      fake.resize(columns, rows);
      await settled();
    },
    settled,
    waitFor,
    rows: screen,
    row: y => fake.emulator.row(y),
    cell: (x, y) => fake.emulator.cell(x, y),
    cursor: () => fake.emulator.cursor(),
    async expectRow(wanted) {
      await waitFor(`a row with ${String(wanted)}`, () => has(wanted) >= 0);
      return has(wanted);
    },
    async expectNoRow(unwanted) {
      await settled();
      const y = has(unwanted);
      assert.ok(y < 0, `row ${y} has ${String(unwanted)}:\n${picture(screen())}`);
    },
    bytesSince() {
      const since = fake.bytes() - counted;
      counted = fake.bytes();
      return since;
    },
    ended,
    async quit() {
      app.quit();
      return within('ended', ended);
    },
  };
  await settled();
  return robot;
}

/** The input stream hands its bytes on in a later turn. */
function inputTaken(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

function picture(rows: readonly string[]): string {
  return rows.map(row => `| ${row}`).join('\n');
}
