// Everything that a screen needs beside mail: terminal, parser, program, Ink. Loaded only when there is a screen.
import { createApp, type Program } from '../app/app.ts';
import { notes } from '../app/notes.ts';
import type { AppDeps } from '../app/types.ts';
import { App } from '../ui/App.tsx';
import { writeCrashReport } from '../ui/crash.ts';
import { createScreenTerminal, startScreen } from '../ui/start.tsx';
import { sizeOf } from '../ui/terminal.ts';
import { processTerminal } from '../ui/tty.ts';
import { createParser } from '../worker/client.ts';

export type ProgramOptions = Omit<AppDeps, 'parser' | 'terminal' | 'now'> & {
  readonly env: NodeJS.ProcessEnv;
  /** Where a crash is reported. */
  readonly dataDir: string;
};

export interface ScreenProgram {
  readonly app: Program;
  /** Until the person quits; `shown` is called when the first frame is out. Resolves with the exit status. */
  run(shown: () => void): Promise<number>;
  close(): Promise<void>;
}

/** After a mistake of our own: to make durable what is being written. */
const RESCUE_MS = 2000;

export function createProgram({ env, dataDir, ...deps }: ProgramOptions): ScreenProgram {
  const terminal = createScreenTerminal(processTerminal(), env);
  const parser = createParser();
  const app = createApp({ ...deps, env, terminal, parser, now: Date.now });
  // Which rows are read first depends on it.
  app.resize(sizeOf(terminal.streams.output));
  return {
    app,
    async run(shown) {
      const ended = startScreen({ app, terminal, element: <App app={app} traits={terminal.traits} /> });
      // Not before: loading what speaks to servers would hold the first frame back.
      setImmediate(() => void terminal.idle().then(shown));
      try {
        return await ended;
      } catch (error) {
        // The terminal is given back already; what was being written has this long.
        await Promise.race([app.rescue(), new Promise(resolve => setTimeout(resolve, RESCUE_MS).unref())]);
        process.stderr.write(`${notes.crashed(writeCrashReport(dataDir, error, new Date()))}\n`);
        return 1;
      }
    },
    close: () => parser.close(),
  };
}
