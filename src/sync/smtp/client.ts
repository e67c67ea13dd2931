// One connection to a submission server (RFC 6409): signs in, hands over messages, and says of each what became of it:
// taken, refused, or unknown. Never decides to try again, never writes a disk.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { ServerSettings } from '../../config/types.ts';
import { cancelled, TmailError } from '../../util/errors.ts';
import {
  CONNECT_TIMEOUT_MS,
  SMTP_COMMAND_MS,
  SMTP_END_MS,
  SMTP_MESSAGE_MS,
  SMTP_SET_UP_MS,
} from '../../util/limits.ts';
import type { Peer } from '../errors.ts';
import { createDialer, type Dialer } from '../tls.ts';
import { envelopeFor, wireAddress } from './envelope.ts';
import {
  messageRefused,
  refusalStatus,
  refusedCommand,
  replyText,
  responseOf,
  type Stage,
  translateSmtp,
} from './errors.ts';

/** Bounds in milliseconds; tests make them small. */
export interface SmtpLimits {
  readonly connectMs: number;
  readonly setUpMs: number;
  readonly commandMs: number;
  readonly endMs: number;
  readonly messageMs: number;
}

type SmtpLibrary = typeof import('./connection.ts');

export const SMTP_LIMITS: SmtpLimits = {
  connectMs: CONNECT_TIMEOUT_MS,
  setUpMs: SMTP_SET_UP_MS,
  commandMs: SMTP_COMMAND_MS,
  endMs: SMTP_END_MS,
  messageMs: SMTP_MESSAGE_MS,
};

export interface SmtpOptions {
  readonly server: ServerSettings;
  /** Asked for only where the server wants one. */
  readonly password: () => Promise<string>;
  readonly limits?: SmtpLimits;
}

export interface SmtpMessage {
  /** Addresses alone. */
  readonly from: string;
  readonly to: readonly string[];
  readonly bytes: Buffer;
  readonly eightBit: boolean;
  /** Asks for delivery notices (RFC 3461). */
  readonly dsn: boolean;
  /** Before the last piece goes out: from then on the server may have the message. What it throws stops the message. */
  readonly ending: () => Promise<void>;
}

export interface SmtpRecipient {
  readonly address: string;
  /** `pending`: nothing was said about it, or it was accepted and then nothing was sent. */
  readonly outcome: 'pending' | 'accepted' | 'deferred' | 'refused';
  /** The server's words. Hostile text. */
  readonly reply: string;
}

export type SmtpOutcome =
  | { readonly t: 'sent'; readonly reply: string }
  /** An answer: nobody got it. `error.retry` is `auto` where a later try may do. */
  | { readonly t: 'refused'; readonly error: TmailError; readonly recipients: readonly SmtpRecipient[] }
  /** All of it was sent, and no answer came. */
  | { readonly t: 'unknown'; readonly error: TmailError };

export interface SmtpClient {
  /**
   * One at a time. Nothing of the message is sent unless every recipient was accepted.
   * @throws TmailError what kept it from being sent: nobody got it; and whatever `ending` threw
   */
  send(message: SmtpMessage): Promise<SmtpOutcome>;
  /** Another message can be sent. */
  readonly usable: boolean;
  /** QUIT, for politeness; waits for nobody. */
  quit(): void;
  /** Cuts the line: what is being sent ends as it would if the line broke. Repeatable. */
  close(): void;
}

/** Connects and signs in. @throws TmailError network, tls, auth, protocol, rejected, cancelled */
export async function openSmtp(options: SmtpOptions, signal: AbortSignal): Promise<SmtpClient> {
  if (signal.aborted) throw cancelled();
  const limits = options.limits ?? SMTP_LIMITS;
  const { server } = options;
  const peer: Peer = { host: server.host, port: server.port };
  const dialer = await createDialer(server);
  const library = await import('./connection.ts');
  const socket = await dial(server, dialer, limits.connectMs, signal);
  const line = library.createLine({
    socket,
    security: server.security,
    dialer,
    silenceMs: limits.commandMs,
    setUpMs: limits.setUpMs,
  });
  const client = new Client(line, library, peer, limits);
  const abort = (): void => client.close();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await client.signIn(server.user, options.password);
    if (signal.aborted) throw cancelled();
    return client;
  } catch (error) {
    client.close();
    throw signal.aborted ? cancelled() : translateSmtp(error, peer);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function dial(
  server: ServerSettings,
  dialer: Dialer,
  ms: number,
  signal: AbortSignal,
): Promise<Socket> {
  let ready: () => void = () => undefined;
  const connected = new Promise<void>(resolve => {
    ready = resolve;
  });
  const socket = server.security === 'tls' ? dialer.secure(ready) : dialer.plain(ready);
  const timeout = new TmailError('network', 'net.timeout');
  const timer = setTimeout(() => socket.destroy(timeout), ms);
  const abort = (): void => void socket.destroy(cancelled());
  signal.addEventListener('abort', abort, { once: true });
  try {
    const failed = once(socket, 'error').then(([error]) => Promise.reject(error));
    const closed = once(socket, 'close').then(() => Promise.reject({ code: 'ECONNRESET' }));
    failed.catch(() => undefined);
    closed.catch(() => undefined);
    await Promise.race([connected, failed, closed]);
    return socket;
  } catch (error) {
    socket.destroy();
    throw signal.aborted ? cancelled() : translateSmtp(error, server);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

class Client implements SmtpClient {
  readonly #line: SMTPConnection;
  readonly #library: SmtpLibrary;
  readonly #peer: Peer;
  readonly #limits: SmtpLimits;
  #broken = false;
  /** A transaction that was begun and not ended. */
  #begun = false;
  #why: unknown = null;
  #failed: ((error: unknown) => void) | null = null;

  constructor(line: SMTPConnection, library: SmtpLibrary, peer: Peer, limits: SmtpLimits) {
    this.#line = line;
    this.#library = library;
    this.#peer = peer;
    this.#limits = limits;
    line.on('error', (error: unknown) => {
      this.#broken = true;
      this.#why ??= error;
      this.#failed?.(error);
    });
    line.on('end', () => {
      this.#broken = true;
      this.#failed?.(this.#why ?? { code: 'ECONNECTION' });
    });
  }

  get usable(): boolean {
    return !this.#broken;
  }

  async signIn(user: string, password: () => Promise<string>): Promise<void> {
    await this.#step(done => this.#line.connect(done));
    const inside = this.#library.internals(this.#line);
    if (!this.#line.allowsAuth) return;
    const ways = inside._supportedAuth.filter(method => method !== 'XOAUTH2');
    if (ways.length === 0) throw new TmailError('auth', 'auth.no-method', { facts: { ...this.#peer } });
    const pass = await password();
    await this.#step(done => this.#line.login({ user, pass, method: ways[0] ?? 'PLAIN' }, done));
  }

  async send(message: SmtpMessage): Promise<SmtpOutcome> {
    await this.#begin();
    const inside = this.#library.internals(this.#line);
    const offered = { extensions: inside._supportedExtensions, limit: inside._maxAllowedSize };
    const envelope = envelopeFor(message, offered, this.#peer);
    const sending = { ended: false, stopped: null as unknown };
    const content = Readable.from(this.#pieces(message, sending), { objectMode: false });
    const deadline = setTimeout(() => {
      this.#why = new TmailError('network', 'net.timeout', { facts: { ...this.#peer } });
      this.close();
    }, this.#limits.messageMs);
    try {
      const info = await this.#step<{ response: string }>(done =>
        this.#line.send(envelope, content, (error, result) => done(error, result)),
      );
      this.#begun = false;
      // An answer before the end of the message is an answer to something else.
      if (!sending.ended) return this.#unknown({ code: 'EPROTOCOL', response: info?.response });
      return { t: 'sent', reply: replyText(info?.response) };
    } catch (error) {
      if (sending.stopped !== null) throw sending.stopped;
      return this.#outcomeOf(error, sending.ended, message);
    } finally {
      clearTimeout(deadline);
      content.destroy();
    }
  }

  /** Ends a transaction that was given up. */
  async #begin(): Promise<void> {
    try {
      if (this.#begun) await this.#step(done => this.#line.reset(done));
    } catch (error) {
      throw translateSmtp(error, this.#peer);
    }
    this.#begun = true;
  }

  quit(): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#line.quit();
    // Whoever does not answer is not waited for.
    setTimeout(() => this.#line.close(), 1000).unref();
  }

  close(): void {
    this.#broken = true;
    const { _socket: socket } = this.#library.internals(this.#line);
    this.#line.close();
    socket?.destroy();
    this.#failed?.(this.#why ?? cancelled());
  }

  /** Small pieces, so that the end is a small one: what comes before it can't make a message. */
  async *#pieces(
    { bytes, ending }: SmtpMessage,
    sending: { ended: boolean; stopped: unknown },
  ): AsyncGenerator<Buffer> {
    const size = 64 * 1024;
    const last = Math.max(0, Math.ceil(bytes.length / size) - 1) * size;
    for (let at = 0; at < last; at += size) yield bytes.subarray(at, at + size);
    try {
      await ending();
    } catch (error) {
      sending.stopped = error;
      // Without its end the message is none (RFC 5321 section 4.1.1.4).
      this.close();
      throw error;
    }
    if (this.#broken) return;
    sending.ended = true;
    this.#library.internals(this.#line)._socket.setTimeout(this.#limits.endMs);
    yield bytes.subarray(last);
  }

  #outcomeOf(error: unknown, ended: boolean, message: SmtpMessage): SmtpOutcome {
    const recipients = this.#recipients(message);
    const status = refusalStatus(error);
    const command = refusedCommand(error);
    if (error instanceof this.#library.RecipientsRefused || command === 'RCPT TO') {
      const bad = worst(recipients);
      const code = bad ? Number(bad.reply.slice(0, 3)) : (status ?? 450);
      return this.#refused(code, 'recipients', bad?.reply ?? responseOf(error), recipients);
    }
    // Only an answer to the message itself tells what became of it.
    if (status !== null && (command === 'DATA' || (!ended && command === 'MAIL FROM'))) {
      return this.#refused(status, command === 'DATA' ? 'message' : 'sender', responseOf(error), recipients);
    }
    if (ended) return this.#unknown(error);
    throw translateSmtp(error, this.#peer);
  }

  #refused(status: number, stage: Stage, text: string, recipients: readonly SmtpRecipient[]): SmtpOutcome {
    return { t: 'refused', error: messageRefused(status, stage, text, this.#peer), recipients };
  }

  #unknown(error: unknown): SmtpOutcome {
    this.close();
    return { t: 'unknown', error: translateSmtp(error, this.#peer) };
  }

  /** What was said about each; the rest waits. */
  #recipients({ to }: SmtpMessage): SmtpRecipient[] {
    const { rejected = [], rejectedErrors = [] } = this.#library.internals(this.#line)._envelope || {};
    const said = new Map(rejected.map((address, i) => [address, rejectedErrors[i]]));
    return to.map(address => {
      const error = said.get(wireAddress(address));
      if (error === undefined) return { address, outcome: 'pending', reply: '' };
      const outcome = (refusalStatus(error) ?? 400) >= 500 ? 'refused' : 'deferred';
      return { address, outcome, reply: responseOf(error) };
    });
  }

  /** One command of the library; also ends when the line does, whatever the library does then. */
  async #step<T>(work: (done: (error?: unknown, result?: T) => void) => void): Promise<T | undefined> {
    try {
      return await new Promise<T | undefined>((resolve, reject) => {
        if (this.#broken) return reject(this.#why ?? { code: 'ECONNECTION' });
        // The library's own word first: it knows which command ended how.
        this.#failed = error => setImmediate(() => reject(error));
        work((error, result) => (error ? reject(error) : resolve(result)));
      });
    } finally {
      this.#failed = null;
    }
  }
}

/** Refused for good before refused for now. */
function worst(recipients: readonly SmtpRecipient[]): SmtpRecipient | undefined {
  return (
    recipients.find(({ outcome }) => outcome === 'refused') ??
    recipients.find(({ outcome }) => outcome === 'deferred')
  );
}
