// A terminal's two ends and its process's signals, for the program in this process: an emulator reads what it
// writes, a test writes what it reads.
import { EventEmitter } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import type {
  ProcessSignals,
  TerminalInput,
  TerminalOutput,
  TerminalStreams,
} from '../../src/ui/terminal.ts';
import { createEmulator, type Emulator } from './emulator.ts';

export interface FakeTerminal {
  readonly streams: TerminalStreams;
  readonly emulator: Emulator;
  /** Every byte written so far. */
  bytes(): number;
  /** Everything written since the last call. */
  takeText(): string;
  /** Raw mode is on. */
  raw(): boolean;
  /** What the person's keyboard or terminal sends. */
  send(bytes: string | Uint8Array): void;
  /** The window changes its size; the program hears of it. */
  resize(columns: number, rows: number): void;
  signal(signal: NodeJS.Signals): void;
  /** An exception or rejection that nobody caught. */
  uncaught(error: unknown): void;
  /** What happens between stop and continue; nothing by default. */
  onStop(whileStopped: () => void): void;
  /** Listeners that the program still has on signals: 0 when it let go of everything. */
  listeners(): number;
  /** Resolves when the emulator has understood everything written. */
  drained(): Promise<void>;
}

export function createFakeTerminal(columns: number, rows: number): FakeTerminal {
  const emulator = createEmulator(columns, rows);
  const events = new EventEmitter();
  let size = { columns, rows };
  let raw = false;
  let bytes = 0;
  let text = '';
  let whileStopped: () => void = () => undefined;
  const accept = (chunk: string | Buffer): Promise<void> => {
    bytes += Buffer.byteLength(chunk);
    text += chunk.toString();
    return emulator.write(chunk);
  };

  const input: TerminalInput = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode(on: boolean) {
      raw = on;
    },
  });
  const output: TerminalOutput = Object.defineProperties(
    new Writable({ write: (chunk: Buffer, _encoding, done) => void accept(chunk).then(() => done()) }),
    { isTTY: { value: true }, columns: { get: () => size.columns }, rows: { get: () => size.rows } },
  );
  const signals: ProcessSignals = {
    on: (event, listener) => void events.on(event, listener),
    off: (event, listener) => void events.off(event, listener),
    onUncaught(listener) {
      events.on('uncaught', listener);
      return () => void events.off('uncaught', listener);
    },
    stop: () => whileStopped(),
  };

  return {
    streams: { input, output, sink: output, signals, writeNow: last => void accept(last) },
    emulator,
    bytes: () => bytes,
    takeText() {
      const taken = text;
      text = '';
      return taken;
    },
    raw: () => raw,
    send: sent => void input.push(typeof sent === 'string' ? Buffer.from(sent) : sent),
    resize(nextColumns, nextRows) {
      size = { columns: nextColumns, rows: nextRows };
      emulator.resize(nextColumns, nextRows);
      output.emit('resize');
    },
    signal: signal => void events.emit(signal),
    uncaught: error => void events.emit('uncaught', error),
    onStop(action) {
      whileStopped = action;
    },
    listeners: () => events.eventNames().reduce((sum, name) => sum + events.listenerCount(name), 0),
    drained: () => emulator.write(''),
  };
}
