// A crash report on disk. What was thrown may quote mail, server replies or a password, so only error names, codes
// and stack frames are kept, never a message or a value.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TmailError } from '../util/errors.ts';

/** Writes `crash-TIME.txt` (0600) into `dir` and returns its path; null when even that fails. Synchronous: the process is on its way out. */
export function writeCrashReport(dir: string, error: unknown, at: Date): string | null {
  const file = join(dir, `crash-${at.toISOString().replaceAll(':', '')}.txt`);
  const head = [at.toISOString(), `node ${process.version}`, `${process.platform} ${process.arch}`];
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    writeFileSync(file, `${[...head, '', ...describe(error)].join('\n')}\n`, { mode: 0o600, flag: 'wx' });
    return file;
  } catch {
    return null;
  }
}

function describe(error: unknown, depth = 0): string[] {
  if (!(error instanceof Error)) return [`thrown: ${typeof error}`];
  const code = error instanceof TmailError ? error.code : 'code' in error ? String(error.code) : '';
  const frames = (error.stack ?? '').split('\n').filter(line => /^\s+at /.test(line));
  const cause =
    error.cause === undefined || depth > 4 ? [] : ['caused by', ...describe(error.cause, depth + 1)];
  return [`${error.name} ${code}`.trim(), ...frames, ...cause];
}
