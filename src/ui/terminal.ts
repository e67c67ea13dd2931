// The terminal as the shell lent it: modes on, modes off on every way out, stop and continue, signals, input bytes.
// Draws nothing and knows no key.
import type { Readable, Writable } from 'node:stream';
import type { Size } from '../app/types.ts';

/** process.stdin, or something like it. */
export type TerminalInput = Readable & {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  ref?(): unknown;
  unref?(): unknown;
};

/** process.stdout, or something like it; emits 'resize'. */
export type TerminalOutput = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** The process as far as a terminal program has to do with it; process.on and friends, or a test's own. */
export interface ProcessSignals {
  on(event: NodeJS.Signals | 'exit', listener: () => void): void;
  off(event: NodeJS.Signals | 'exit', listener: () => void): void;
  /** What nobody caught, thrown or rejected. Returns the function that stops listening. */
  onUncaught(listener: (error: unknown) => void): () => void;
  /** Stops this process and its job, as Ctrl-Z in a shell does; returns after it was continued. */
  stop(): void;
}

export interface TerminalStreams {
  readonly input: TerminalInput;
  /** Where the size comes from. */
  readonly output: TerminalOutput;
  /** Where frames go; the output itself unless there is something better (tty.ts). */
  readonly sink: Writable;
  readonly signals: ProcessSignals;
  /** Writes at once and completely, in place of what still waits in the sink: for the way out. */
  writeNow(text: string): void;
}

/** Alternate screen, no automatic wrap (a glyph wider than thought must not break the next row), bracketed paste. */
const ENTER = '\x1b[?1049h\x1b[?7l\x1b[?2004h\x1b[m\x1b[H\x1b[2J';
/** A stop that we made ourselves is followed by a SIGCONT that says nothing new, within this time. */
const OWN_CONTINUE_MS = 100;
/** In reverse, and whatever a frame cut in two may have left on. */
const LEAVE = '\x1b[?2026l\x1b[m\x1b[r\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l';

export interface TerminalEvents {
  input(bytes: Buffer): void;
  resize(size: Size): void;
  /** The terminal is ours (again): everything must be drawn. */
  entered(): void;
  /** The terminal is about to be given back: nothing more may be drawn. */
  leaving(): void;
  /** SIGTERM, SIGINT, SIGHUP, or the terminal was closed. */
  end(cause: NodeJS.Signals | 'closed'): void;
}

export interface HeldTerminal {
  size(): Size;
  /** Gives the terminal back, stops the job, takes the terminal again when continued. */
  suspend(): void;
  bell(): void;
  /** A sequence that draws nothing, between two frames. */
  signal(sequence: string): void;
  /**
   * Gives the terminal to another program while `run` goes on, and takes it back whatever becomes of that. What is
   * typed meanwhile is the other one's, and so are Ctrl-C and Ctrl-Z.
   */
  lend<T>(run: () => Promise<T>): Promise<T>;
  /** Restores everything. Repeatable; also happens by itself when the process exits. */
  release(): void;
}

/** 80x24 where nobody says. */
export function sizeOf(output: TerminalOutput): Size {
  return { columns: output.columns || 80, rows: output.rows || 24 };
}

/** Takes the terminal. Everything it does is undone by `release`. */
export function holdTerminal(streams: TerminalStreams, events: TerminalEvents): HeldTerminal {
  const { input, output, sink, signals } = streams;
  let state: 'held' | 'lent' | 'released' = 'lent';
  let closed = false;
  let resumedAt = Number.NEGATIVE_INFINITY;

  function enter() {
    if (state !== 'lent' || closed) return;
    state = 'held';
    // Off and on: after a stop the shell has changed modes that libuv believes to be set.
    input.setRawMode?.(false);
    input.setRawMode?.(true);
    sink.write(ENTER);
    events.entered();
  }

  function leave() {
    if (state !== 'held') return;
    state = 'lent';
    events.leaving();
    if (closed) return;
    attempt(() => streams.writeNow(LEAVE));
    attempt(() => input.setRawMode?.(false));
  }

  function suspend() {
    if (state !== 'held') return;
    leave();
    signals.off('SIGTSTP', suspend);
    signals.stop();
    signals.on('SIGTSTP', suspend);
    resumedAt = performance.now();
    enter();
  }

  /** Continued after a stop that we were not asked about (SIGSTOP): the shell has changed the modes meanwhile. */
  function continued() {
    if (state !== 'held' || performance.now() - resumedAt < OWN_CONTINUE_MS) return;
    state = 'lent';
    events.leaving();
    enter();
  }

  /** Ctrl-C in a program that has the terminal in its ordinary mode: sent to all of the job, meant for that one. */
  const deaf = () => undefined;

  /** Nobody has released the terminal for good meanwhile. */
  const isLent = () => state === 'lent';

  async function lend<T>(run: () => Promise<T>): Promise<T> {
    if (state !== 'held') return run();
    leave();
    input.pause();
    // A program that stops itself (Ctrl-Z in an editor) stops its job, which is us as well: as long as nobody catches
    // the signal. Continued together, it goes on with its own screen.
    signals.off('SIGTSTP', suspend);
    signals.off('SIGINT', interrupted);
    signals.on('SIGINT', deaf);
    try {
      return await run();
    } finally {
      signals.off('SIGINT', deaf);
      if (isLent()) {
        signals.on('SIGINT', interrupted);
        signals.on('SIGTSTP', suspend);
        if (!closed) input.resume();
        resumedAt = performance.now();
        enter();
        // It may have been another size meanwhile.
        if (!closed) events.resize(sizeOf(output));
      }
    }
  }

  function close() {
    if (closed) return;
    closed = true;
    events.end('closed');
  }

  const onData = (bytes: Buffer) => {
    if (state === 'held') events.input(bytes);
  };
  const onResize = () => {
    if (state === 'held') events.resize(sizeOf(output));
  };
  const onExit = () => leave();
  const interrupted = () => events.end('SIGINT');
  const ends: readonly [NodeJS.Signals, () => void][] = [
    ['SIGTERM', () => events.end('SIGTERM')],
    ['SIGINT', interrupted],
    ['SIGHUP', () => events.end('SIGHUP')],
  ];

  input.on('data', onData);
  // A screen before this one has paused it.
  input.ref?.();
  input.resume();
  input.on('end', close);
  // EIO: the terminal is gone. Writing fails in the same way, and there is nobody to tell.
  input.on('error', close);
  sink.on('error', close);
  if (output !== sink) output.on('error', close);
  output.on('resize', onResize);
  signals.on('exit', onExit);
  signals.on('SIGTSTP', suspend);
  signals.on('SIGCONT', continued);
  for (const [signal, listener] of ends) signals.on(signal, listener);
  enter();

  return {
    size: () => sizeOf(output),
    suspend,
    lend,
    bell() {
      if (state === 'held') sink.write('\x07');
    },
    signal(sequence) {
      if (state === 'held') sink.write(sequence);
    },
    release() {
      if (state === 'released') return;
      leave();
      state = 'released';
      input.off('data', onData);
      input.off('end', close);
      input.pause();
      input.unref?.();
      output.off('resize', onResize);
      signals.off('exit', onExit);
      signals.off('SIGTSTP', suspend);
      signals.off('SIGCONT', continued);
      for (const [signal, listener] of ends) signals.off(signal, listener);
      // The error listeners stay: what still fails, fails silently.
    },
  };
}

/** On the way out a terminal that is gone is no reason to stop restoring the rest. */
function attempt(step: () => void) {
  try {
    step();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}
