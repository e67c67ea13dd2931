// nodemailer's SMTPConnection with three of its habits mended: TLS is this program's own, bytes behind the answer to
// STARTTLS are an error, and nothing of a message is sent before every recipient was answered.
import type { Socket } from 'node:net';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { TmailError } from '../../util/errors.ts';
import type { Dialer } from '../tls.ts';

/** Parts of nodemailer 10.6 that its type declarations leave out; test/sync/smtp/client.test.ts checks them. */
interface Internals {
  _socket: Socket;
  _envelope: {
    pipelined?: boolean;
    accepted: string[];
    rejected: string[];
    rejectedErrors: unknown[];
    rcptQueue: string[];
  };
  _recipientQueue: string[];
  _responseActions: unknown[];
  _responseQueue: string[];
  _remainder: string;
  _supportedExtensions: string[];
  _supportedAuth: string[];
  _maxAllowedSize: number;
  _plaintextEhlo: unknown;
  _responsePartial: boolean;
  upgrading: boolean;
  secure: boolean;
  _destroyed: boolean;
  _onSocketData: (chunk: Buffer) => void;
  _onSocketError: (error: Error) => void;
  _onSocketClose: () => void;
  _onSocketEnd: () => void;
  _onSocketTimeout: () => void;
  _onError(error: Error, type: string, data: unknown, command: string): void;
  _startPhase(ms: number, error: Error): void;
  _clearPhase(): void;
  _sendCommand(text: string, logged?: string): void;
  _advanceEnvelope(reply: string, done: (error: unknown, info?: unknown) => void): void;
}

export function internals(connection: SMTPConnection): Internals {
  // The type declarations hide these members.
  return connection as unknown as Internals;
}

/** Some recipients were refused: the message was not sent to the others either. */
export class RecipientsRefused extends Error {}

export interface LineOptions {
  /** Connected, and secure where `security` is `tls`. */
  readonly socket: Socket;
  readonly security: 'tls' | 'starttls' | 'none';
  readonly dialer: Dialer;
  /** Silence on the line, and the whole of greeting and STARTTLS. Milliseconds. */
  readonly silenceMs: number;
  readonly setUpMs: number;
}

export function createLine({ socket, security, dialer, silenceMs, setUpMs }: LineOptions): SMTPConnection {
  const connection = new SMTPConnection({
    connection: socket,
    secure: security === 'tls',
    secured: security === 'tls',
    // Nothing is sent in clear where STARTTLS was asked for, and nothing is upgraded where it was not.
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    // RFC 5321 section 4.1.3; the name and address of this computer are nobody's business.
    name: '[127.0.0.1]',
    logger: false,
    connectionTimeout: setUpMs,
    greetingTimeout: setUpMs,
    socketTimeout: silenceMs,
    socketCloseTimeout: 1000,
    maxResponseSize: 64 * 1024,
  });
  secureBy(connection, dialer);
  waitForRecipients(connection);
  return connection;
}

/** In place of the library's upgrade: the same, with the dialer's judgement of the certificate. */
function secureBy(connection: SMTPConnection, dialer: Dialer): void {
  const inside = internals(connection);
  const upgrade = (done: (error: Error | null, secured?: boolean) => void): void => {
    if (inside._destroyed) return;
    if (inside._remainder !== '' || inside._responseQueue.some(line => line.trim() !== '')) {
      inside._onError(new TmailError('tls', 'tls.injection'), 'ETLS', false, 'STARTTLS');
      return;
    }
    inside._plaintextEhlo = false;
    const plain = inside._socket;
    plain.removeListener('data', inside._onSocketData);
    plain.removeListener('timeout', inside._onSocketTimeout);
    plain.setTimeout(0);
    inside.upgrading = true;
    inside._startPhase(connection.options.greetingTimeout ?? 0, timeout());
    const secured = dialer.secure(() => {
      inside._clearPhase();
      inside.secure = true;
      inside.upgrading = false;
      secured.on('data', inside._onSocketData);
      plain.removeListener('close', inside._onSocketClose);
      plain.removeListener('end', inside._onSocketEnd);
      plain.removeListener('error', inside._onSocketError);
      done(null, true);
    }, plain);
    inside._socket = secured;
    secured.on('error', inside._onSocketError);
    secured.once('close', inside._onSocketClose);
    secured.once('end', inside._onSocketEnd);
    secured.setTimeout(connection.options.socketTimeout ?? 0);
    secured.on('timeout', inside._onSocketTimeout);
    plain.resume();
  };
  Object.assign(connection, { _upgradeConnection: upgrade });
}

function timeout(): Error {
  return Object.assign(new Error('TLS handshake timed out'), { timeoutType: 'UPGRADE_TIMEOUT' });
}

/**
 * With PIPELINING the library sends DATA along with the recipients, and the message to those that were accepted. Here
 * DATA waits for all answers, and goes out only when each of them was a yes.
 */
function waitForRecipients(connection: SMTPConnection): void {
  const inside = internals(connection);
  const send = inside._sendCommand.bind(inside);
  const advance = inside._advanceEnvelope.bind(inside);
  inside._sendCommand = (text, logged) => {
    if (text === 'DATA' && inside._envelope.pipelined) return;
    send(text, logged);
  };
  inside._advanceEnvelope = (reply, done) => {
    const { _envelope: envelope } = inside;
    if (inside._recipientQueue.length > 0) return;
    if (envelope.pipelined) {
      // The reader that was put there for the answer to DATA; it comes back when DATA is sent.
      inside._responseActions.pop();
      envelope.pipelined = false;
    }
    const answered =
      envelope.rcptQueue.length === 0 && envelope.accepted.length + envelope.rejected.length > 0;
    if (answered && envelope.accepted.length > 0 && envelope.rejected.length > 0)
      done(new RecipientsRefused());
    else advance(reply, done);
  };
}
