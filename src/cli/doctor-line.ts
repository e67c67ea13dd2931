// Looks at a server as a stranger would: its address, its greeting, its certificate. Sends no name and no password.
import { lookup } from 'node:dns/promises';
import { isIP, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ServerSettings } from '../config/types.ts';
import { translate } from '../sync/errors.ts';
import { createDialer, type Dialer } from '../sync/tls.ts';
import { cancelled, TmailError } from '../util/errors.ts';
import { CONNECT_TIMEOUT_MS } from '../util/limits.ts';

export type Protocol = 'imap' | 'pop3' | 'smtp';

/** Addresses of a host. @throws TmailError `net.dns` */
export async function addressesOf(host: string): Promise<readonly string[]> {
  if (isIP(host)) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw translate(error, { host, port: 0 });
  }
}

export interface TlsFacts {
  readonly protocol: string;
  readonly cipher: string;
  readonly subject: string;
  readonly issuer: string;
  readonly names: string;
  readonly validTo: string;
  readonly fingerprint256: string;
}

/** Null: connected, and no TLS was asked for. @throws TmailError as connecting for real would. */
export async function inspect(
  server: ServerSettings,
  protocol: Protocol,
  signal: AbortSignal,
): Promise<TlsFacts | null> {
  const dialer = await createDialer(server);
  const open: Socket[] = [];
  try {
    return await within(server, signal, open, async () => {
      if (server.security === 'tls') return factsOf(await secured(dialer, open));
      const plain = await connected(dialer, open);
      if (server.security === 'none') return null;
      const rest = await startTls(plain, protocol, server);
      // RFC 3207 section 6 and its like: what came before the handshake may be an attacker's.
      if (rest !== '') throw new TmailError('tls', 'tls.injection', { facts: peer(server) });
      return factsOf(await secured(dialer, open, plain));
    });
  } catch (error) {
    throw translate(error, peer(server));
  } finally {
    hangUp(open);
  }
}

/** The newest first: Node 20 crashes when the socket under a TLS socket is destroyed before it. */
function hangUp(open: Socket[]): void {
  for (let socket = open.pop(); socket; socket = open.pop()) socket.destroy();
}

function peer({ host, port }: ServerSettings) {
  return { host, port };
}

function within<T>(
  server: ServerSettings,
  signal: AbortSignal,
  open: Socket[],
  work: () => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (error: TmailError) => {
      hangUp(open);
      reject(error);
    };
    const abort = () => end(cancelled());
    if (signal.aborted) return abort();
    const late = () => end(new TmailError('network', 'net.timeout', { facts: peer(server) }));
    const timer = setTimeout(late, CONNECT_TIMEOUT_MS);
    signal.addEventListener('abort', abort);
    work()
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
      });
  });
}

function connected(dialer: Dialer, open: Socket[]): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = dialer.plain(() => resolve(socket));
    open.push(socket);
    socket.on('error', reject);
  });
}

function secured(dialer: Dialer, open: Socket[], over?: Socket): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = dialer.secure(() => resolve(socket), over);
    open.push(socket);
    socket.on('error', reject);
    socket.on('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
  });
}

function factsOf(socket: TLSSocket): TlsFacts {
  const certificate = socket.getPeerCertificate();
  return {
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher().standardName,
    subject: String(certificate.subject?.CN ?? ''),
    issuer: String(certificate.issuer?.O ?? certificate.issuer?.CN ?? ''),
    names: certificate.subjectaltname ?? '',
    validTo: certificate.valid_to ?? '',
    fingerprint256: certificate.fingerprint256 ?? '',
  };
}

/** What each side says until TLS begins: a reply that ends what is waited for, and what is said then. */
const TALK: Readonly<Record<Protocol, readonly { readonly until: RegExp; readonly say: string }[]>> = {
  imap: [
    { until: /^\* (OK|PREAUTH|BYE).*\r?\n/m, say: 'a STARTTLS\r\n' },
    { until: /^a (OK|NO|BAD).*\r?\n/m, say: '' },
  ],
  pop3: [
    { until: /^(\+OK|-ERR).*\r?\n/m, say: 'STLS\r\n' },
    { until: /^(\+OK|-ERR).*\r?\n/m, say: '' },
  ],
  smtp: [
    { until: /^(2|4|5)\d\d .*\r?\n/m, say: 'EHLO [127.0.0.1]\r\n' },
    { until: /^(2|4|5)\d\d .*\r?\n/m, say: 'STARTTLS\r\n' },
    { until: /^(2|4|5)\d\d .*\r?\n/m, say: '' },
  ],
};
const AGREED = /^(?:\* OK|a OK|\+OK|2\d\d )/m;
/** Longer greetings are somebody's joke. */
const REPLY = 16 * 1024;

/** Talks until the server agreed to begin TLS; returns what it said after that, which must be nothing. */
async function startTls(socket: Socket, protocol: Protocol, server: ServerSettings): Promise<string> {
  let buffered = '';
  for (const { until, say } of TALK[protocol]) {
    let match = until.exec(buffered);
    while (!match) {
      if (buffered.length > REPLY)
        throw new TmailError('protocol', 'imap.limit', { facts: { ...peer(server), limit: REPLY } });
      buffered += await chunk(socket);
      match = until.exec(buffered);
    }
    const end = match.index + match[0].length;
    if (!AGREED.test(match[0])) {
      throw new TmailError('tls', 'tls.starttls-missing', { facts: peer(server) });
    }
    buffered = buffered.slice(end);
    if (say !== '') socket.write(say);
  }
  return buffered;
}

function chunk(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    const closed = () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
    socket.once('close', closed);
    socket.once('data', data => {
      // What comes later belongs to the handshake.
      socket.pause();
      socket.off('close', closed);
      resolve(data.toString('latin1'));
    });
    socket.resume();
  });
}
