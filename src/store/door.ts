// How a second process asks the owner: one JSON line in, JSON lines out, over the socket that is also the lock.
// Knows no request's meaning.
import type { Socket } from 'node:net';
import { asTmailError, type ErrorFacts, type ErrorKind, type Retry, TmailError } from '../util/errors.ts';
import { connectToOwner, ownerPid } from './lock.ts';

export type DoorHandler = (
  request: unknown,
  reply: (line: unknown) => void,
  /** Aborted when the asking process has gone. */
  signal: AbortSignal,
) => Promise<void>;

/** A request may carry a message to send. */
const REQUEST_BYTES = 64 * 1024 * 1024;
/** An owner that was stopped (Ctrl-Z) accepts the connection and then says nothing. */
const HELLO_MS = 2000;

type Answer =
  | { readonly hello: number }
  | { readonly line: unknown }
  | { readonly end: true }
  | { readonly error: StoredError };

interface StoredError {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly retry: Retry;
  readonly facts: ErrorFacts;
}

/** The owner's side of one connection. */
export function answer(socket: Socket, handler: () => DoorHandler | null): void {
  const gone = new AbortController();
  const send = (message: Answer) => {
    if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
  };
  socket.on('error', () => undefined);
  // `knock` never half-closes: an end is a hang-up.
  socket.on('end', () => gone.abort());
  socket.on('close', () => gone.abort());
  send({ hello: process.pid });
  readLine(socket)
    .then(async text => {
      // Whoever only wanted to know whether someone lives here.
      if (text === null) return;
      const serve = handler();
      if (!serve) throw new TmailError('storage', 'store.not-serving', { retry: 'auto' });
      await serve(JSON.parse(text), line => send({ line }), gone.signal);
      send({ end: true });
    })
    .catch((thrown: unknown) => {
      const { kind, code, retry, facts } = asTmailError(thrown);
      send({ error: { kind, code, retry, facts } });
    })
    .finally(() => socket.end());
}

/**
 * Asks the owner of `dir` and yields its answer's lines; ending early hangs up.
 * @throws TmailError `store.no-owner`, `store.owner-silent` (pid), `store.owner-gone`, and whatever the owner threw.
 */
export async function* knock(dir: string, request: unknown): AsyncGenerator<unknown> {
  const socket = await connectToOwner(dir);
  if (!socket) throw new TmailError('storage', 'store.no-owner');
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    const silent = setTimeout(() => socket.destroy(), HELLO_MS);
    let greeted = false;
    // Not imported: the owner, which never knocks, starts without it.
    const { createInterface } = process.getBuiltinModule('node:readline');
    for await (const text of createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })) {
      const message = JSON.parse(text) as Answer; // our own process on the other side, same user
      clearTimeout(silent);
      greeted = true;
      if ('end' in message) return;
      if ('error' in message) throw revive(message.error);
      if ('line' in message) yield message.line;
    }
    clearTimeout(silent);
    const facts = { pid: ownerPid(dir) };
    throw new TmailError('storage', greeted ? 'store.owner-gone' : 'store.owner-silent', { facts });
  } finally {
    socket.destroy();
  }
}

function revive({ kind, code, retry, facts }: StoredError): TmailError {
  return new TmailError(kind, code, { retry, facts });
}

/** The first line; null when the other side hung up without one. */
function readLine(socket: Socket): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const read = (chunk: Buffer) => {
      const end = chunk.indexOf(10);
      chunks.push(end < 0 ? chunk : chunk.subarray(0, end));
      size += chunk.length;
      if (end >= 0) {
        socket.off('data', read);
        socket.resume();
        resolve(Buffer.concat(chunks).toString('utf8'));
      } else if (size > REQUEST_BYTES) {
        socket.off('data', read);
        reject(new TmailError('storage', 'store.request-too-large', { facts: { size } }));
      }
    };
    socket.on('data', read);
    socket.on('end', () => resolve(null));
    socket.on('close', () => resolve(null));
  });
}
