// The program's log file: one JSON line an event, secrets blacked out, never on the screen. Never throws: a full
// disk must not break what it reports on.
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export type LogFacts = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Log {
  info(event: string, facts?: LogFacts): void;
  warn(event: string, facts?: LogFacts): void;
  error(event: string, facts?: LogFacts): void;
  /** From now on this text (and its base64) is never written. */
  secret(text: string): void;
  close(): void;
}

/** The file is set aside as `FILE.1` when it is larger than this. */
const LOG_BYTES = 2 * 1024 * 1024;
/** Characters kept of one fact. */
const FACT_TEXT = 2000;

/** What protocols and configurations call their secrets, for those that nobody announced. */
const SECRET_PATTERNS: readonly RegExp[] = [
  /("?(?:pass(?:word|wd|phrase)?|secret|token)"?\s*[:=]\s*)(?:"[^"]*"|[^\s",;&}]+)/gi,
  /("?authorization"?\s*[:=]\s*).*/gi,
  /\b(AUTH(?:ENTICATE)?\s+[A-Z0-9-]+\s+)\S+/gi,
  /\b(PASS\s+).*/g,
  /\b(LOGIN\s+\S+\s+).*/g,
  /\b(Bearer\s+)\S+/gi,
];

/** A function that blacks out the given secrets and everything that looks like one. */
export function redactor(secrets: ReadonlySet<string>): (text: string) => string {
  return text => {
    const known = blackOut(text, secrets);
    return SECRET_PATTERNS.reduce((out, pattern) => out.replace(pattern, '$1[secret]'), known);
  };
}

function blackOut(text: string, secrets: ReadonlySet<string>): string {
  let out = text;
  for (const secret of secrets) out = out.replaceAll(secret, '[secret]');
  return out;
}

export const silentLog: Log = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  secret: () => undefined,
  close: () => undefined,
};

/** Appends to `file` (0600, its folder made 0700). What can't be written is dropped. */
export function openLog(file: string, now: () => number = Date.now): Log {
  const secrets = new Set<string>();
  const redact = redactor(secrets);
  let fd = openForAppending(file);

  const write = (level: string, event: string, facts: LogFacts = {}) => {
    if (fd === null) return;
    try {
      if (fstatSync(fd).size > LOG_BYTES) {
        closeSync(fd);
        fd = null;
        renameSync(file, `${file}.1`);
        fd = openForAppending(file);
        if (fd === null) return;
      }
      const line: Record<string, unknown> = { at: new Date(now()).toISOString(), level, event };
      for (const [key, value] of Object.entries(facts)) {
        line[key] = typeof value === 'string' ? redact(value).slice(0, FACT_TEXT) : value;
      }
      // Again as a whole: a secret may stand in the event or in a key.
      writeSync(fd, `${blackOut(JSON.stringify(line), secrets)}\n`);
    } catch {
      // Nobody is left to tell.
    }
  };
  return {
    info: (event, facts) => write('info', event, facts),
    warn: (event, facts) => write('warn', event, facts),
    error: (event, facts) => write('error', event, facts),
    secret: text => {
      // A secret of one or two characters would black out half of the log and hide nothing.
      if (text.length < 3) return;
      secrets.add(text);
      secrets.add(JSON.stringify(text).slice(1, -1));
      secrets.add(Buffer.from(text).toString('base64'));
      secrets.add(Buffer.from(text).toString('base64').replace(/=+$/, ''));
    },
    close: () => {
      if (fd !== null) closeSync(fd);
      fd = null;
    },
  };
}

function openForAppending(file: string): number | null {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    return openSync(file, 'a', 0o600);
  } catch {
    return null;
  }
}
