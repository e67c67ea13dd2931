// Opens sockets for the protocols and decides whether the other side is who it should be, before a single byte
// of ours is sent. There is no "accept anything": a pinned fingerprint stands in place of the chain, never beside it.
import { readFile } from 'node:fs/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { ServerSettings } from '../config/types.ts';
import { TmailError } from '../util/errors.ts';

/** Longest certificate text kept as a fact. */
const FACT_TEXT = 300;

const CHAIN_CODES: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'tls.expired'],
  ['CERT_NOT_YET_VALID', 'tls.not-yet-valid'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls.self-signed'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls.self-signed'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls.unknown-issuer'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'tls.unknown-issuer'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls.unknown-issuer'],
  ['CERT_REVOKED', 'tls.revoked'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls.host'],
]);

export interface Dialer {
  plain(onConnect: () => void): Socket;
  /** `onSecure` is called only for a peer that was verified; otherwise the socket emits a TmailError. */
  secure(onSecure: () => void, over?: Socket): TLSSocket;
}

/** @throws TmailError `tls.ca` when the authorities' file can't be read. */
export async function createDialer(server: ServerSettings): Promise<Dialer> {
  const ca = server.tls.ca === undefined ? undefined : await readAuthorities(server.tls.ca);
  return {
    plain: onConnect => connectTcp({ host: server.host, port: server.port }, onConnect),
    secure: (onSecure, over) => dialTls(server, ca, onSecure, over),
  };
}

async function readAuthorities(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new TmailError('config', 'tls.ca', { facts: { path }, cause: error });
  }
}

function dialTls(
  server: ServerSettings,
  ca: string | undefined,
  onSecure: () => void,
  over: Socket | undefined,
): TLSSocket {
  const servername = server.tls.servername ?? (isIP(server.host) ? undefined : server.host);
  // Loaded with the first connection, which is later than the first frame.
  const socket = process.getBuiltinModule('node:tls').connect({
    host: server.host,
    port: server.port,
    minVersion: 'TLSv1.2',
    // Node's verdict is read in peerTrouble() and acted on there; this way the error can name the certificate.
    rejectUnauthorized: false,
    ...(over ? { socket: over } : {}),
    ...(servername === undefined ? {} : { servername }),
    ...(ca === undefined ? {} : { ca }),
  });
  socket.once('secureConnect', () => {
    const trouble = peerTrouble(socket, server);
    if (trouble) socket.destroy(trouble);
    else onSecure();
  });
  return socket;
}

function peerTrouble(socket: TLSSocket, server: ServerSettings): TmailError | null {
  const certificate = socket.getPeerCertificate();
  const pinned = server.tls.fingerprint256;
  if (pinned !== undefined) {
    if (certificate.fingerprint256?.toUpperCase() === pinned.toUpperCase()) return null;
    return new TmailError('tls', 'tls.fingerprint', {
      facts: { ...certificateFacts(server, certificate), expected: pinned },
    });
  }
  if (socket.authorized) return null;
  // Typed as Error, but it is the code as a string (node:tls onConnectSecure).
  const reason = String(socket.authorizationError);
  return new TmailError('tls', CHAIN_CODES.get(reason) ?? 'tls.certificate', {
    facts: { ...certificateFacts(server, certificate), reason },
  });
}

function certificateFacts(server: ServerSettings, certificate: PeerCertificate) {
  const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, FACT_TEXT) : '');
  return {
    host: server.tls.servername ?? server.host,
    port: server.port,
    subject: text(certificate.subject?.CN),
    names: text(certificate.subjectaltname),
    issuer: text(certificate.issuer?.CN) || text(certificate.issuer?.O),
    validFrom: text(certificate.valid_from),
    validTo: text(certificate.valid_to),
    fingerprint256: text(certificate.fingerprint256),
  };
}
