// Runs the built program as a child process, as a script would.
import { spawn } from 'node:child_process';

export interface Ran {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: Buffer;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Standard input; nothing when absent. */
  readonly input?: string | Buffer;
  /** Called with the process as soon as it runs. */
  readonly during?: (child: ReturnType<typeof spawn>) => void;
}

/** The environment is empty but for PATH and what is given: no test reads somebody's configuration. */
export function tmail(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const program = `${process.cwd()}/dist/tmail.js`;
  const child = spawn(process.execPath, [program, ...args], {
    cwd: options.cwd ?? process.cwd(),
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.on('error', () => undefined); // it may end before it has read all of it
  child.stdin?.end(options.input);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', data => out.push(data));
  child.stderr?.on('data', data => err.push(data));
  options.during?.(child);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      const bytes = Buffer.concat(out);
      resolve({ status, signal, bytes, stdout: bytes.toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}
