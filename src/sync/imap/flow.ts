// How imapflow is set up, and how some of its habits are mended from outside. Sends nothing by itself.
import type { EventEmitter } from 'node:events';
import { isIP, type Socket } from 'node:net';
import type { ImapFlow, ImapFlowOptions, ImapTransportSocket } from 'imapflow';
import type { ServerSettings } from '../../config/types.ts';
import { COMMAND_TIMEOUT_MS, CONNECT_TIMEOUT_MS } from '../../util/limits.ts';
import type { Pace } from '../../util/pace.ts';
import { serverText } from '../errors.ts';
import type { Dialer } from '../tls.ts';
import { parseUidSet, type UidRange } from './uid-set.ts';

/** Bounds of one connection; tests make them small. Bytes and milliseconds. */
export interface LineLimits {
  readonly connectMs: number;
  /** Silence under a command. */
  readonly commandMs: number;
  /** A command as a whole: a server that trickles for ever is not waited out. */
  readonly commandTotalMs: number;
  readonly lineBytes: number;
  readonly literalBytes: number;
  readonly responseBytes: number;
}

export const LINE_LIMITS: LineLimits = {
  connectMs: CONNECT_TIMEOUT_MS,
  commandMs: COMMAND_TIMEOUT_MS,
  commandTotalMs: 10 * 60_000,
  // SEARCH of a million messages is 8 MB; bodies are asked for in pieces far smaller than this.
  lineBytes: 16 * 1024 * 1024,
  literalBytes: 32 * 1024 * 1024,
  responseBytes: 48 * 1024 * 1024,
};

export interface ClientOptions {
  readonly server: ServerSettings;
  readonly password: string;
  readonly version: string;
  readonly limits?: LineLimits;
  /** Between the rows of a long answer; without it: a turn of the event loop. */
  readonly pace?: Pick<Pace, 'turn'>;
  /** Called as soon as the connection stands, also before the sign-in. Must not throw. */
  readonly alert?: (alert: ServerAlert) => void;
}

/** Said by the server without being asked, in whatever it answers. The text is hostile. */
export type ServerAlert =
  /** ALERT: must be shown to the person (RFC 9051 section 7.1). */
  | { readonly t: 'alert'; readonly text: string }
  /** OVERQUOTA in an untagged NO: a soft limit is passed (RFC 9208 section 4.3.1). */
  | { readonly t: 'over-quota'; readonly text: string };

/** A response that may carry a code, which stands in the first attribute's section. */
export interface Coded {
  readonly attributes?: readonly {
    readonly type?: unknown;
    readonly value?: unknown;
    readonly section?: readonly { readonly value?: unknown }[];
  }[];
}

/** The tagged answer. */
export interface Answer {
  readonly response?: Coded;
  next(): void;
}

/** Handlers of untagged responses while a command runs, by keyword. */
export type UntaggedHandlers = Readonly<
  Record<string, (untagged: Coded & { readonly attributes?: readonly unknown[] }) => Promise<void>>
>;

/** Parts of imapflow 2.10.2 that its type declarations leave out; test/sync/imap/client.test.ts checks them. */
export interface Internals {
  exec(
    command: string,
    attributes: unknown,
    options?: { readonly untagged: UntaggedHandlers },
  ): Promise<Answer>;
  /** While IDLE is on: ends it. */
  preCheck: (() => Promise<void>) | false;
  untaggedVanished(untagged: { attributes?: unknown[] }): Promise<void>;
  /** By keyword, while no command has one of its own. */
  untaggedHandlers: Record<string, ((untagged: Coded) => Promise<void>) | null>;
  handleResponse(item: unknown): Promise<boolean>;
  initialPREAUTH(): Promise<void>;
  folders: Map<string, unknown>;
  namespace?: { prefix?: string } | false;
  byeReason?: string;
}

export function internals(flow: ImapFlow): Internals {
  // The type declarations hide these members.
  return flow as unknown as Internals;
}

export function flowOptions(options: ClientOptions, dialer: Dialer): ImapFlowOptions {
  const { server } = options;
  const limits = options.limits ?? LINE_LIMITS;
  return {
    host: server.host,
    port: server.port,
    secure: server.security === 'tls',
    // Nothing is sent in clear where STARTTLS was asked for, and nothing is upgraded where it was not.
    ...(server.security === 'tls' ? {} : { doSTARTTLS: server.security === 'starttls' }),
    transport: {
      // The adapter's types ask for a Duplex with setTimeout, which both sockets are.
      connect: (to, onConnect) => (to.secure ? dialer.secure(onConnect) : dialer.plain(onConnect)),
      upgrade: (socket: ImapTransportSocket, _to, onSecure) => dialer.secure(onSecure, socket as Socket),
    },
    auth: { user: server.user, pass: options.password },
    // Name and version only: no vendor, no address, nothing about this computer.
    clientInfo: { name: 'tmail', version: options.version, vendor: '', 'support-url': '' },
    logger: false,
    disableAutoIdle: true,
    disableIMAP4rev2: true,
    disableBinary: true,
    // Compressing for a server on this computer would cost time and save nothing.
    disableCompression: isLoopback(server.host),
    qresync: true,
    connectionTimeout: limits.connectMs,
    greetingTimeout: limits.connectMs,
    socketTimeout: limits.commandMs,
    maxLineLength: limits.lineBytes,
    maxLiteralSize: limits.literalBytes,
    maxResponseSize: limits.responseBytes,
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** A folder's name as it was listed. */
export function nameOnWire(wire: string): WireAttribute {
  // A quoted string can't hold a line break; some servers have such names.
  return { type: /[\r\n\0]/.test(wire) ? 'LITERAL' : 'STRING', value: wire };
}

export interface WireAttribute {
  readonly type: string;
  readonly value: string;
}

/**
 * imapflow encodes a path again before it sends it, which does not give back every name that LIST can say
 * (broken modified UTF-7, other namespaces). The name as listed goes on the wire instead.
 */
export function sendNamesAsListed(inside: Internals, current: () => string | null): void {
  const exec = inside.exec.bind(inside);
  inside.exec = (command, attributes, options) => {
    const wire = current();
    if (wire !== null && /^(SELECT|EXAMINE|STATUS)$/.test(command) && Array.isArray(attributes)) {
      return exec(command, [nameOnWire(wire), ...attributes.slice(1)], options);
    }
    return exec(command, attributes, options);
  };
}

/** Responses are read without a pause for this long; a key pressed meanwhile waits (design.md §7: 25 ms at most). */
const READ_AT_A_TIME_MS = 2;

/**
 * imapflow reads all responses of a chunk (a thousand short ones, such as the echo of a STORE) in microtasks: without a
 * pause between them no key would be read meanwhile.
 */
export function pauseBetweenResponses(
  inside: Internals,
  turn: () => Promise<void>,
  now: () => number = () => performance.now(),
): void {
  const handle = inside.handleResponse.bind(inside);
  /** When this turn of the event loop began to read. */
  let since: number | null = null;
  inside.handleResponse = async item => {
    if (since === null) {
      since = now();
      setImmediate(() => {
        since = null;
      });
    }
    const goOn = await handle(item);
    if (since !== null && now() - since > READ_AT_A_TIME_MS) await turn();
    return goOn;
  };
}

/** imapflow walks a VANISHED set one UID at a time; `1:4294967295` would keep it busy for an hour. */
export function boundVanished(
  inside: Internals,
  tell: (uids: readonly UidRange[], earlier: boolean) => void,
): void {
  inside.untaggedVanished = async untagged => {
    const attributes = untagged.attributes ?? [];
    const last = attributes[attributes.length - 1] as { value?: unknown } | null | undefined;
    if (typeof last?.value !== 'string') return;
    const earlier = attributes.length > 1;
    tell(parseUidSet(last.value), earlier);
  };
}

/** Hears what the server wants the person to know, from the greeting on. */
export function hearAlerts(flow: ImapFlow, inside: Internals, tell: (alert: ServerAlert) => void): void {
  // imapflow 2.10 tells of ALERT in any status response; its type declarations leave the event out.
  const events: EventEmitter = flow;
  events.on('alert', (alert: { readonly message?: unknown }) =>
    tell({ t: 'alert', text: serverText(alert.message) }),
  );
  inside.untaggedHandlers.NO = async untagged => {
    const [first] = untagged.attributes ?? [];
    if (String(first?.section?.[0]?.value).toUpperCase() !== 'OVERQUOTA') return;
    const words = (untagged.attributes ?? []).flatMap(({ type, value }) => (type === 'TEXT' ? [value] : []));
    tell({ t: 'over-quota', text: serverText(words.join(' ').trim()) });
  };
}
