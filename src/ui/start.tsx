// Puts the program on the screen: mounts the component, feeds keys, pastes and sizes to the app, and gives the
// terminal back whatever happens. Decides nothing about mail or keys.

import { Readable, Writable } from 'node:stream';
import { render } from 'ink';
import type { ReactNode } from 'react';
import type { App, Size, Terminal } from '../app/types.ts';
import { TmailError } from '../util/errors.ts';
import { styling } from './ink-chalk.ts';
import { createKeyReader, type InputEvent } from './keys.ts';
import { noticeSequences } from './notice-sequence.ts';
import { Screen } from './output.ts';
import { type HeldTerminal, holdTerminal, sizeOf, type TerminalStreams } from './terminal.ts';
import { type TerminalTraits, terminalTraits } from './traits.ts';

/** After a signal the program has this long to end cleanly. */
const END_TIMEOUT_MS = 5000;

/** The terminal for AppDeps and startScreen: made before the app, taken by startScreen, inert in between. */
export interface ScreenTerminal extends Terminal {
  readonly traits: TerminalTraits;
  readonly streams: TerminalStreams;
  /** Resolves when nothing waits to be drawn and the terminal has taken everything. */
  idle(): Promise<void>;
  /** For startScreen. */
  attach(held: HeldTerminal | null, screen: Screen | null): void;
}

export function createScreenTerminal(streams: TerminalStreams, env: NodeJS.ProcessEnv): ScreenTerminal {
  let held: HeldTerminal | null = null;
  let screen: Screen | null = null;
  return {
    traits: terminalTraits(env),
    streams,
    suspend: () => held?.suspend(),
    redraw: () => screen?.redraw(),
    bell: () => held?.bell(),
    notify: (ways, text) => held?.signal(noticeSequences(ways, text, env)),
    lend: run => (held ? held.lend(run) : run()),
    idle: async () => screen?.idle(),
    attach(nextHeld, nextScreen) {
      held = nextHeld;
      screen = nextScreen;
    },
  };
}

export interface StartOptions {
  readonly app: Pick<App<unknown>, 'press' | 'paste' | 'resize' | 'quit' | 'ended'>;
  /** The root component, such as `<App app={app} />`. */
  readonly element: ReactNode;
  readonly terminal: ScreenTerminal;
}

/**
 * Runs until the app has ended and resolves with its exit status, the terminal restored.
 * @throws TmailError `terminal.none` when input or output is no terminal; whatever nobody caught while the screen was
 * up, after the terminal was restored: the caller reports it (crash.ts) and ends the process.
 */
export async function startScreen({ app, element, terminal }: StartOptions): Promise<number> {
  const { streams, traits } = terminal;
  if (streams.input.isTTY !== true || streams.output.isTTY !== true) {
    throw new TmailError('config', 'terminal.none');
  }
  const screen = new Screen({ sink: streams.sink, size: sizeOf(streams.output), traits });
  const inkOutput = standIn(streams);
  const input = keyInput(event => {
    screen.expedite();
    if (event.t === 'key') app.press(event.key);
    else app.paste(event.text);
  });
  const ending = endOf(app);

  const resize = (size: Size) => {
    screen.resize(size);
    app.resize(size);
    // For what is laid out by Ink alone; after the app's own frame, which is the right one already.
    setImmediate(() => inkOutput.emit('resize'));
  };
  app.resize(sizeOf(streams.output));
  const held = holdTerminal(streams, {
    input: bytes => input.push(bytes),
    resize,
    entered: () => screen.resume(),
    leaving: () => screen.pause(),
    end: ending.begin,
  });
  terminal.attach(held, screen);
  const unlisten = streams.signals.onUncaught(ending.fail);
  styling(true);
  try {
    const ink = render(element, inkOptions(inkOutput, screen));
    // An error inside a component ends Ink.
    ink.waitUntilExit().catch(ending.fail);
    try {
      return await ending.status;
    } finally {
      held.release();
      ink.unmount();
    }
  } finally {
    held.release();
    terminal.attach(null, null);
    input.stop();
    unlisten();
  }
}

/** The status that the program ends with: the app's own, or, when a signal came, at the latest after a while. */
function endOf(app: StartOptions['app']) {
  let fail: (error: unknown) => void = () => undefined;
  let end: (status: number) => void = () => undefined;
  let timer: NodeJS.Timeout | undefined;
  const status = new Promise<number>((resolve, reject) => {
    fail = reject;
    end = resolve;
    app.ended.then(resolve, reject);
  }).finally(() => clearTimeout(timer));
  return {
    status,
    fail: (error: unknown) => fail(error),
    begin(cause: NodeJS.Signals | 'closed') {
      if (timer !== undefined) {
        // Who asks twice does not want to wait; a terminal that closes says so twice by itself.
        if (cause === 'SIGINT' || cause === 'SIGTERM') end(1);
        return;
      }
      timer = setTimeout(() => end(1), END_TIMEOUT_MS);
      app.quit();
    },
  };
}

/** Bytes to events, with the time-out that tells a lone Esc from the beginning of a sequence. */
function keyInput(take: (event: InputEvent) => void) {
  const reader = createKeyReader();
  let timer: NodeJS.Timeout | undefined;
  return {
    push(bytes: Buffer) {
      clearTimeout(timer);
      for (const event of reader.push(bytes)) take(event);
      const wait = reader.pending();
      if (wait !== null) timer = setTimeout(() => reader.timeout().forEach(take), wait);
    },
    stop: () => clearTimeout(timer),
  };
}

/** Ink's idea of stdout: it asks for the size and says when it is done; what it would write goes nowhere. */
function standIn({ output }: TerminalStreams): NodeJS.WriteStream {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
  Object.defineProperties(stream, {
    isTTY: { value: true },
    columns: { get: () => sizeOf(output).columns },
    rows: { get: () => sizeOf(output).rows },
  });
  // The part of a WriteStream that Ink uses.
  return stream as unknown as NodeJS.WriteStream;
}

function inkOptions(stdout: NodeJS.WriteStream, canvas: Screen) {
  // `canvas` is the option that our patch of Ink adds; stdin has no raw mode, so that Ink leaves it alone.
  return {
    stdout,
    stdin: new Readable({ read: () => undefined }),
    stderr: stdout,
    interactive: true,
    exitOnCtrlC: false,
    patchConsole: false,
    canvas,
  };
}
