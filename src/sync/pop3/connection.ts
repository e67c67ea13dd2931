// node-pop3's connection with its data path taken over: the library dials, we read. Its own reader ends messages at
// the wrong place, corrupts bytes and throws where nobody catches (docs/decisions/0010-pop3.md); none of it runs.
import { once } from 'node:events';
import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, connect as connectTls, type TLSSocket } from 'node:tls';
import Pop3Command from 'node-pop3';
import type { ServerSettings } from '../../config/types.ts';
import { cancelled, TmailError } from '../../util/errors.ts';
import { CONNECT_TIMEOUT_MS } from '../../util/limits.ts';
import { lineError } from './errors.ts';
import type { Line } from './exchange.ts';

export interface LineEvents {
  received(chunk: Buffer): void;
  /** At most once, also after an orderly end. */
  lost(error: TmailError): void;
}

export class Pop3Line extends Pop3Command implements Line {
  readonly #server: ServerSettings;
  readonly #tls: ConnectionOptions;
  readonly #events: LineEvents;
  #wire: Socket | TLSSocket | null = null;
  #ended = false;

  /** `ca`: the text of the file that the settings name, since a constructor reads no files. */
  constructor(server: ServerSettings, ca: string | undefined, events: LineEvents) {
    const options = tlsOptions(server, ca);
    super({
      user: server.user,
      password: '', // it never needs to know
      host: server.host,
      port: server.port,
      tls: server.security === 'tls',
      // The library's type is that of a TLS server; it passes this on to tls.connect.
      tlsOptions: options as Record<string, unknown>,
    });
    this.#server = server;
    this.#tls = options;
    this.#events = events;
  }

  /** Every command of the library begins with this; it signs in without STLS and reads by its own framing. */
  override async _connect(): Promise<string> {
    throw new TmailError('bug', 'bug.unreachable', { facts: { value: 'node-pop3 command' } });
  }

  /** Connects, and shakes hands where TLS comes first. @throws TmailError network, tls, cancelled */
  async dial(signal: AbortSignal, timeoutMs = CONNECT_TIMEOUT_MS): Promise<void> {
    const secure = this.#server.security === 'tls';
    // Its promise settles by its own reading of the greeting; ours waits for the socket itself.
    super.connect().catch(() => undefined);
    const wire = this._socket;
    if (!wire) throw this.#lineError(new Error('no socket'), secure);
    await this.#adopt(wire, secure ? 'secureConnect' : 'connect', signal, timeoutMs);
    wire.setNoDelay(true);
  }

  /** The handshake after STLS. Whatever came before it in clear is refused (RFC 2595 section 4). */
  async secure(signal: AbortSignal, timeoutMs = CONNECT_TIMEOUT_MS): Promise<void> {
    const plain = this.#wire;
    if (!plain) throw this.#lineError(new Error('no socket'), true);
    plain.removeAllListeners('data');
    if (plain.readableLength > 0) throw new TmailError('tls', 'pop3.stls-injection');
    const wire = connectTls({ ...this.#tls, host: this.#server.host, socket: plain });
    this._socket = wire;
    await this.#adopt(wire, 'secureConnect', signal, timeoutMs);
  }

  write(bytes: string): void {
    this.#wire?.write(bytes);
  }
  pause(): void {
    this.#wire?.pause();
  }
  resume(): void {
    this.#wire?.resume();
  }
  destroy(): void {
    this.#ended = true;
    this.#wire?.destroy();
  }

  async #adopt(
    wire: Socket | TLSSocket,
    ready: string,
    signal: AbortSignal,
    timeoutMs: number,
  ): Promise<void> {
    const secure = ready === 'secureConnect';
    this.#wire = wire;
    // Bytes that come before the certificate is checked wait for it: removing the library's listener leaves the
    // socket flowing, so without one of ours they would be lost.
    let early: Buffer[] | null = [];
    wire.removeAllListeners('data');
    wire.on('data', chunk => (early ? early.push(chunk) : this.#events.received(chunk)));
    wire.on('error', error => this.#lost(this.#lineError(error, false)));
    wire.once('close', () => this.#lost(this.#lineError(new Error('closed'), false)));
    wire.once('end', () => this.#lost(this.#lineError(new Error('ended'), false)));
    const late = AbortSignal.timeout(timeoutMs);
    const closed = once(wire, 'close', { signal: late }).then(() => {
      throw Object.assign(new Error('closed'), { code: 'ECONNRESET' });
    });
    try {
      // `once` rejects with an 'error' event by itself.
      await Promise.race([once(wire, ready, { signal: AbortSignal.any([signal, late]) }), closed]);
      if (secure) this.#checkPin(wire as TLSSocket); // it emitted secureConnect
    } catch (error) {
      this.#ended = true;
      wire.destroy();
      if (signal.aborted) throw cancelled();
      if (late.aborted)
        throw this.#lineError(Object.assign(new Error('late'), { code: 'ETIMEDOUT' }), secure);
      throw this.#lineError(error, secure);
    } finally {
      closed.catch(() => undefined);
    }
    const waiting = early;
    early = null;
    for (const chunk of waiting) this.#events.received(chunk);
  }

  /** A pinned certificate stands in place of the chain. */
  #checkPin(wire: TLSSocket): void {
    const wanted = this.#server.tls.fingerprint256;
    if (wanted === undefined) return;
    const found = wire.getPeerCertificate().fingerprint256;
    if (found === wanted) return;
    const { host, port } = this.#server;
    throw new TmailError('tls', 'tls.wrong-fingerprint', { facts: { host, port, found, wanted } });
  }

  #lost(error: TmailError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#wire?.destroy();
    this.#events.lost(error);
  }

  #lineError(error: unknown, secure: boolean): TmailError {
    return lineError(error, this.#server, secure);
  }
}

function tlsOptions(server: ServerSettings, ca: string | undefined): ConnectionOptions {
  const name = server.tls.servername ?? server.host;
  return {
    // An address is no server name (RFC 6066), but the certificate is checked against it all the same.
    servername: isIP(name) ? '' : name,
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    ...(ca !== undefined && { ca }),
    ...(server.tls.fingerprint256 !== undefined && { rejectUnauthorized: false }),
  };
}
