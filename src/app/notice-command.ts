// Runs the program that a person named for notices: without a shell, facts on its standard input, a limit to its time.
// Shows nothing of what it prints.
import { spawn } from 'node:child_process';
import { TmailError } from '../util/errors.ts';

const LIMIT_MS = 10_000;

export interface NoticeCommand {
  readonly command: readonly string[];
  /** One line of JSON. */
  readonly input: string;
  readonly env: NodeJS.ProcessEnv;
  /** Ends it at once. */
  readonly signal: AbortSignal;
  readonly limitMs?: number;
}

/** Resolves when it has ended well, or was ended by the signal. @throws TmailError `notice.command` (program, reason) */
export function runNotice({ command, input, env, signal, limitMs = LIMIT_MS }: NoticeCommand): Promise<void> {
  const [program = '', ...args] = command;
  const failed = (reason: string) =>
    new TmailError('config', 'notice.command', { facts: { program, reason } });
  return new Promise((resolve, reject) => {
    // A process group of its own: whatever it has started ends with it.
    const child = spawn(program, args, { env, stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    const end = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself meanwhile.
      }
    };
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      end();
    }, limitMs).unref();
    signal.addEventListener('abort', end, { once: true });
    const over = () => {
      clearTimeout(limit);
      signal.removeEventListener('abort', end);
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      over();
      reject(failed(error.code ?? 'unknown'));
    });
    child.on('close', (status, killed) => {
      over();
      if (signal.aborted || status === 0) resolve();
      else reject(failed(late ? 'time' : killed ? String(killed) : `exit status ${status}`));
    });
    // One that does not read is as good.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    if (signal.aborted) end();
  });
}
