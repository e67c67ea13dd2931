// A program in a real pseudo-terminal, by util-linux `script` (no native module), with an emulator reading it: for
// what only a kernel can show, such as signals, job control, stty modes and the terminal that is left behind.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createEmulator, type Emulator } from './emulator.ts';

const LIMIT_MS = 15_000;

export interface Pty {
  readonly emulator: Emulator;
  send(bytes: string | Uint8Array): void;
  /** Waits, output by output, until this holds; fails with the screen after a while. */
  waitFor(what: string, holds: () => boolean): Promise<void>;
  waitForText(text: string | RegExp): Promise<void>;
  /** The first line of the screen that has this. */
  find(text: string | RegExp): string | undefined;
  /** Bytes that the program has written so far. */
  bytes(): number;
  resize(columns: number, rows: number): Promise<void>;
  /** The process that was started, not `script`. */
  pid(): number;
  signal(signal: NodeJS.Signals): void;
  /** The terminal stops taking output (XOFF) as a line that hangs does, or goes on. */
  stall(stalled: boolean): Promise<void>;
  /** `stty -a` of the terminal, from outside. */
  modes(): Promise<string>;
  /** Its exit status as a shell sees it. */
  readonly exited: Promise<number>;
  /** Closes the terminal and waits for the end. Repeatable. */
  close(): Promise<void>;
}

export interface PtyOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Called with every chunk, at once. */
  readonly onOutput?: (chunk: Buffer) => void;
}

/** Starts a command (words, not a shell's line) in a new pseudo-terminal. */
export async function createPty(command: readonly string[], options: PtyOptions = {}): Promise<Pty> {
  const { columns = 80, rows = 24 } = options;
  const emulator = createEmulator(columns, rows);
  // The size must be set before the program looks; its name and process are told in the first line.
  const line = `stty rows ${rows} cols ${columns}; echo "pty=$(tty) pid=$$"; exec ${command.map(quoted).join(' ')}`;
  const { CI: _, NO_COLOR: __, ...inherited } = process.env;
  const child = spawn('script', ['-qefc', line, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...inherited, SHELL: '/bin/sh', TERM: 'xterm-256color', LANG: 'C.UTF-8', ...options.env },
  });
  const exited = new Promise<number>(resolve => child.on('close', status => resolve(status ?? -1)));
  const looks = new Set<() => void>();
  let bytes = 0;
  let ended = false;
  void exited.then(() => {
    ended = true;
    for (const look of looks) look();
  });
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    options.onOutput?.(chunk);
    void emulator.write(chunk).then(() => {
      for (const look of looks) look();
    });
  });

  function waitFor(what: string, holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const finish = (error?: Error) => {
        clearTimeout(timer);
        looks.delete(look);
        if (error === undefined) resolve();
        else reject(error);
      };
      const fail = (why: string) =>
        finish(new assert.AssertionError({ message: `${why}: ${what}\n${emulator.lines().join('\n')}` }));
      const look = () => {
        if (holds()) finish();
        else if (ended) fail('the program ended before');
      };
      const timer = setTimeout(() => fail('not in time'), LIMIT_MS);
      looks.add(look);
    });
  }

  const find = (text: string | RegExp) =>
    emulator.lines().find(row => (typeof text === 'string' ? row.includes(text) : text.test(row)));
  await waitFor('the shell', () => find(/^pty=\S+ pid=\d+/) !== undefined);
  const [, tty = '', pid = '0'] = /^pty=(\S+) pid=(\d+)/.exec(find(/^pty=/) ?? '') ?? [];

  return {
    emulator,
    send: sent => void child.stdin.write(sent),
    waitFor,
    waitForText: text => waitFor(String(text), () => find(text) !== undefined),
    find,
    bytes: () => bytes,
    async resize(nextColumns, nextRows) {
      emulator.resize(nextColumns, nextRows);
      await stty(tty, 'rows', String(nextRows), 'cols', String(nextColumns));
    },
    pid: () => Number(pid),
    signal(signal) {
      try {
        process.kill(Number(pid), signal);
      } catch (error) {
        // It ended by itself a moment ago.
        if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
      }
    },
    async stall(stalled) {
      await stty(tty, 'ixon');
      child.stdin.write(stalled ? '\x13' : '\x11');
    },
    modes: () => stty(tty, '-a'),
    exited,
    async close() {
      // So that nothing of `script` lingers: the kernel tells the program that its terminal is gone.
      if (!ended) child.kill('SIGKILL');
      await exited;
      emulator.dispose();
    },
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function stty(tty: string, ...words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('stty', ['-F', tty, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', () => resolve(text));
  });
}

/** Kilobytes that a process holds in memory (VmRSS). */
export function residentKilobytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
}

/** Milliseconds of processor time that a process has used (10 ms steps). */
export function cpuMilliseconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
