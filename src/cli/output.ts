// Standard output and standard error as the commands see them: awaited writes, and a reader that went away
// (`tmail list | head`) ends the command without being an error.
import { sanitize } from '../mail/sanitize.ts';
import { TmailError } from '../util/errors.ts';

export interface Output {
  /** Both: results go to `out`, everything else to `err`. */
  readonly out: Sink;
  readonly err: Sink;
}

export interface Sink {
  readonly terminal: boolean;
  /** Cells in a row; Infinity where nobody looks at rows. */
  readonly columns: number;
  /** One line of text, made safe for a terminal. */
  line(text: string): Promise<void>;
  /** Exactly these bytes. */
  bytes(bytes: Uint8Array | string): Promise<void>;
}

/** @throws TmailError (from the writes) `output.closed` when nobody reads any more, `output.failed`. */
export function sink(stream: NodeJS.WriteStream): Sink {
  // A broken pipe is also emitted; without a listener it would end the process.
  stream.on('error', () => undefined);
  const bytes = (data: Uint8Array | string) =>
    new Promise<void>((resolve, reject) => {
      stream.write(data, error => (error ? reject(translated(error)) : resolve()));
    });
  return {
    terminal: stream.isTTY === true,
    columns: stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY,
    bytes,
    line: text => bytes(`${sanitize(text)}\n`),
  };
}

function translated(error: Error): TmailError {
  const reason = 'code' in error ? String(error.code) : 'unknown';
  if (['EPIPE', 'EOF', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END'].includes(reason)) {
    return new TmailError('cancelled', 'output.closed', { retry: 'never' });
  }
  return new TmailError('storage', 'output.failed', { facts: { reason } });
}

/** One line of JSON that is also safe on a terminal: what could steer it is escaped, the value is the same. */
export function jsonLine(value: unknown): string {
  const escaped = JSON.stringify(value).replace(
    // C1, DEL, zero-width, bidi, line separators, unpaired surrogates are already escaped by JSON.stringify.
    /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${escaped.replace(/[\u{e0000}-\u{e0fff}]/gu, surrogates)}\n`;
}

function surrogates(char: string): string {
  return [0, 1].map(n => `\\u${char.charCodeAt(n).toString(16)}`).join('');
}
