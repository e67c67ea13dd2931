// node-pop3's connection with its data path taken over: the library dials, we read. Its own reader ends messages at
// the wrong place, corrupts bytes and throws where nobody catches (docs/decisions/0010-pop3.md); none of it runs.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import Pop3Command from 'node-pop3';
import type { ServerSettings } from '../../config/types.ts';
import { cancelled, TmailError } from '../../util/errors.ts';
import { CONNECT_TIMEOUT_MS } from '../../util/limits.ts';
import { translate } from '../errors.ts';
import type { Dialer } from '../tls.ts';
import type { Line } from './exchange.ts';

export interface LineEvents {
  received(chunk: Buffer): void;
  /** At most once, also after an orderly end. */
  lost(error: TmailError): void;
}

export class Pop3Line extends Pop3Command implements Line {
  readonly #server: ServerSettings;
  readonly #dialer: Dialer;
  readonly #events: LineEvents;
  #wire: Socket | null = null;
  #ended = false;

  constructor(server: ServerSettings, dialer: Dialer, events: LineEvents) {
    // It never needs to know the password; TLS is put over its socket by the one place that checks certificates.
    super({ user: server.user, password: '', host: server.host, port: server.port, tls: false });
    this.#server = server;
    this.#dialer = dialer;
    this.#events = events;
  }

  /** Every command of the library begins with this; it signs in without STLS and reads by its own framing. */
  override async _connect(): Promise<string> {
    throw new TmailError('bug', 'bug.unreachable', { facts: { value: 'node-pop3 command' } });
  }

  /** Connects, and shakes hands where TLS comes first. @throws TmailError network, tls, cancelled */
  async dial(signal: AbortSignal, timeoutMs = CONNECT_TIMEOUT_MS): Promise<void> {
    // Its promise settles by its own reading of the greeting; ours waits for the socket itself.
    super.connect().catch(() => undefined);
    const plain = this._socket;
    if (!plain) throw this.#closed();
    plain.setNoDelay(true);
    await this.#adopt(plain, signal, timeoutMs, ready => plain.once('connect', ready));
    if (this.#server.security === 'tls') await this.secure(signal, timeoutMs);
  }

  /** The handshake, at once or after STLS. What came before it in clear is refused (RFC 2595 section 4). */
  async secure(signal: AbortSignal, timeoutMs = CONNECT_TIMEOUT_MS): Promise<void> {
    const plain = this.#wire;
    if (!plain) throw this.#closed();
    plain.removeAllListeners('data');
    if (plain.readableLength > 0) throw new TmailError('tls', 'tls.injection', { facts: this.#peer() });
    let ready: () => void = () => undefined;
    const wire = this.#dialer.secure(() => ready(), plain);
    this._socket = wire;
    await this.#adopt(wire, signal, timeoutMs, resolve => {
      ready = resolve;
    });
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

  /** Takes the socket over and waits until it may be used. */
  async #adopt(
    wire: Socket,
    signal: AbortSignal,
    timeoutMs: number,
    whenReady: (ready: () => void) => void,
  ): Promise<void> {
    this.#wire = wire;
    // Bytes that come before the certificate is checked wait for it: removing the library's listener leaves the
    // socket flowing, so without one of ours they would be lost.
    let early: Buffer[] | null = [];
    wire.removeAllListeners('data');
    wire.on('data', chunk => (early ? early.push(chunk) : this.#events.received(chunk)));
    wire.on('error', error => this.#lost(translate(error, this.#peer())));
    wire.once('close', () => this.#lost(this.#closed()));
    wire.once('end', () => this.#lost(this.#closed()));
    const late = AbortSignal.timeout(timeoutMs);
    const failed = Promise.race([
      once(wire, 'error', { signal: late }).then(([error]) => Promise.reject(error)),
      once(wire, 'close', { signal: AbortSignal.any([signal, late]) }).then(() =>
        Promise.reject(this.#closed()),
      ),
    ]);
    failed.catch(() => undefined);
    try {
      await Promise.race([new Promise<void>(whenReady), failed]);
    } catch (error) {
      this.#ended = true;
      wire.destroy();
      if (signal.aborted) throw cancelled();
      if (late.aborted) throw new TmailError('network', 'net.timeout', { facts: this.#peer() });
      throw translate(error, this.#peer());
    }
    const waiting = early;
    early = null;
    for (const chunk of waiting) this.#events.received(chunk);
  }

  #lost(error: TmailError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#wire?.destroy();
    this.#events.lost(error);
  }

  #peer() {
    return { host: this.#server.host, port: this.#server.port };
  }

  #closed(): TmailError {
    return new TmailError('network', 'net.closed', { facts: this.#peer() });
  }
}
