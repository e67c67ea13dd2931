// Gets a password from where the configuration says it is. What it finds goes to the caller and nowhere else:
// never into an error, a log or a cause.
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { cancelled, TmailError } from '../util/errors.ts';
import { PASSWORD_COMMAND_TIMEOUT_MS } from '../util/limits.ts';
import type { Environment } from './paths.ts';
import type { AuthSettings } from './types.ts';

/** A password has one line; more output than this is something else. */
const SECRET_BYTES = 64 * 1024;
/** Characters of a command's complaint that are kept. */
const COMPLAINT = 200;

export interface SecretOptions {
  readonly env: Environment;
  /** For a command; PASSWORD_COMMAND_TIMEOUT_MS unless told. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * @throws TmailError of kind `auth`: `secret.command-failed`, `secret.timeout`, `secret.env-missing`,
 * `secret.file-missing`, `secret.file-mode`, `secret.empty`, `secret.malformed`, `auth.not-supported-yet`;
 * `cancelled` when the signal says so.
 */
export async function password(auth: AuthSettings, options: SecretOptions): Promise<string> {
  switch (auth.t) {
    case 'plain':
      return usable(auth.password, {});
    case 'env':
      return fromEnvironment(auth.variable, options.env);
    case 'file':
      return fromFile(auth.path);
    case 'command':
      return fromCommand(auth.command, options);
    case 'unsupported':
      throw new TmailError('auth', 'auth.not-supported-yet', { facts: { what: auth.what } });
  }
}

/** No protocol can carry these, and a line break would end the command and start another. */
function usable(secret: string, facts: Readonly<Record<string, string>>): string {
  if (secret === '') throw new TmailError('auth', 'secret.empty', { facts });
  if (/[\0\r\n]/.test(secret)) throw new TmailError('auth', 'secret.malformed', { facts });
  return secret;
}

function fromEnvironment(variable: string, env: Environment): string {
  const value = Object.hasOwn(env, variable) ? env[variable] : undefined;
  if (value === undefined) throw new TmailError('auth', 'secret.env-missing', { facts: { variable } });
  return usable(value, { from: 'env', variable });
}

async function fromFile(path: string): Promise<string> {
  try {
    // Without O_NONBLOCK a named pipe would wait for a writer for ever.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (!stat.isFile())
      throw new TmailError('auth', 'secret.file-missing', { facts: { path, reason: 'EISDIR' } });
    if ((stat.mode & 0o077) !== 0 && process.platform !== 'win32') {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
      throw new TmailError('auth', 'secret.file-mode', { facts: { path, mode } });
    }
    if (stat.size > SECRET_BYTES)
      throw new TmailError('auth', 'secret.malformed', { facts: { from: 'file', path } });
    const text = await file.readFile('utf8');
    return usable(text.replace(/\r?\n$/, ''), { from: 'file', path });
  } catch (error) {
    if (error instanceof TmailError) throw error;
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new TmailError('auth', 'secret.file-missing', { facts: { path, reason } });
  }
}

interface Outcome {
  readonly exit: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function fromCommand(command: string | readonly string[], options: SecretOptions): Promise<string> {
  const [program = '', ...words] = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  // The words of a command line may be secrets themselves; the program's name is not.
  const facts = { from: 'command', program: typeof command === 'string' ? 'sh' : basename(program) };
  const done = await run(program, words, options, facts);
  const line = (done.stdout.split('\n', 1)[0] ?? '').replace(/\r$/, '');
  if (done.exit === 0) return usable(line, facts);
  throw new TmailError('auth', 'secret.command-failed', {
    facts: {
      ...facts,
      exit: done.exit ?? undefined,
      signal: done.signal ?? undefined,
      // A shell that can't find a command prints it, and it may be a password that somebody put there.
      stderr: done.exit === 127 ? 'command not found' : complaint(done.stderr, done.stdout),
    },
  });
}

function run(
  program: string,
  words: readonly string[],
  options: SecretOptions,
  facts: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const { signal, timeoutMs = PASSWORD_COMMAND_TIMEOUT_MS } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(cancelled());
    // A group of its own: a prompt can't draw over the screen, and all of it can be ended.
    const child = spawn(program, words, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...options.env },
    });
    const stdout = collect();
    const stderr = collect();
    child.stdout.on('data', stdout.add);
    child.stderr.on('data', stderr.add);
    const settle = (how: () => void) => {
      clearTimeout(timer);
      clearTimeout(grace);
      signal?.removeEventListener('abort', abort);
      process.off('exit', kill);
      // A grandchild may hold the pipes open for ever.
      child.stdout.destroy();
      child.stderr.destroy();
      how();
    };
    const kill = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended by itself in this very moment.
      }
    };
    const abort = () => {
      kill();
      settle(() => reject(cancelled()));
    };
    const timer = setTimeout(() => {
      kill();
      const seconds = Math.round(timeoutMs / 100) / 10;
      settle(() => reject(new TmailError('auth', 'secret.timeout', { facts: { ...facts, seconds } })));
    }, timeoutMs);
    let grace: NodeJS.Timeout | undefined;
    signal?.addEventListener('abort', abort);
    // In a group of its own it does not hear the terminal's Ctrl-C.
    process.on('exit', kill);
    child.on('error', error => {
      const reason = 'code' in error ? String(error.code) : 'unknown';
      // No cause: Node's error carries the whole command line.
      settle(() => reject(new TmailError('auth', 'secret.command-failed', { facts: { ...facts, reason } })));
    });
    const end = (exit: number | null, by: NodeJS.Signals | null) =>
      settle(() => resolve({ exit, signal: by, stdout: stdout.text(), stderr: stderr.text() }));
    child.on('close', end);
    // `close` waits for the pipes, which a program left in the background may keep.
    child.on('exit', (exit, by) => {
      grace = setTimeout(() => end(exit, by), 200);
    });
  });
}

function collect(): { add: (chunk: Buffer) => void; text: () => string } {
  const decoder = new StringDecoder('utf8');
  let text = '';
  return {
    add: chunk => {
      if (text.length < SECRET_BYTES) text += decoder.write(chunk);
    },
    text: () => text,
  };
}

/** The last words of a failed command, without control characters and without what it printed as the secret. */
function complaint(stderr: string, stdout: string): string {
  let text = stderr;
  for (const line of stdout.split('\n')) {
    if (line.trim() !== '') text = text.replaceAll(line.trim(), '***');
  }
  return text
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(-COMPLAINT);
}
