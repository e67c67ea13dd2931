// A small honest IMAP4rev1 server in this process, on 127.0.0.1: the demo's, and with faults switched on the
// tests'. One mailbox store that all its users share. Keeps everything in memory; not for real mail.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import { decodeMailboxName, encodeMailboxName } from '../mail/mailbox-name.ts';
import { accountCommands } from './imap/commands-account.ts';
import { folderCommands } from './imap/commands-folders.ts';
import { messageCommands } from './imap/commands-messages.ts';
import { FaultPlan, type Faults } from './imap/faults.ts';
import { fetchCommands } from './imap/fetch.ts';
import { type MailFolder, MailStore } from './imap/mail-store.ts';
import { searchCommands } from './imap/search.ts';
import { type CommandDefinition, type ExtraItem, type ServerContext, Session } from './imap/session.ts';

export type { CommandFault, FaultAction, Faults } from './imap/faults.ts';
export { HOSTILE, HOSTILE_NAMES } from './imap/faults.ts';
export type { MailFolder, StoredMessage } from './imap/mail-store.ts';

export interface MailboxSpec {
  /** As people write it; `/` separates levels. */
  readonly name: string;
  /** SPECIAL-USE attribute such as `\\Sent` (RFC 6154). */
  readonly use?: string;
  readonly subscribed?: boolean;
}

export interface ImapServerOptions {
  /** User → password. */
  readonly users: Readonly<Record<string, string>>;
  /** INBOX is always there. */
  readonly mailboxes?: readonly MailboxSpec[];
  /** Names put on the wire as they are, such as HOSTILE_NAMES. */
  readonly rawMailboxes?: readonly string[];
  readonly faults?: Faults;
  /** In place of DEFAULT_CAPABILITIES. */
  readonly capabilities?: readonly string[];
  readonly tls?: { readonly cert: string; readonly key: string; readonly mode: 'implicit' | 'starttls' };
  /** Another server's ways, laid over this one's. */
  readonly extension?: ServerExtension;
  /** Limit in kilobytes. */
  readonly quota?: number;
  /** The port to listen on; a free one when absent. */
  readonly port?: number;
}

export interface ServerExtension {
  readonly commands: Readonly<Record<string, CommandDefinition>>;
  readonly items: ReadonlyMap<string, ExtraItem>;
  /** Before anybody connects. */
  begin(store: MailStore): void;
}

export interface ImapServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Drops all connections and stops listening. Repeatable. */
  stop(): Promise<void>;
  /** Listens again on the same port, after `stop()`. */
  restart(): Promise<void>;
  /** Adds a message, as a delivery agent would; clients are told. The bytes are not copied. The folder is made when missing. @returns its uid */
  deliver(folder: string, raw: Uint8Array | string, flags?: readonly string[], date?: Date): number;
  /** A folder to look into and to change as another client would. @throws RangeError when there is none */
  folder(name: string): MailFolder;
  /** Names as people write them. */
  folders(): string[];
  /** Deletes a folder as another client would. */
  deleteFolder(name: string): void;
  connections(): number;
  /** How many connections were ever made. */
  accepted(): number;
  /** Commands that arrived, oldest first; LOGIN and AUTHENTICATE without what they carry. */
  log(): readonly string[];
  /** Exceptions that this server should not have thrown; a test may insist that there are none. */
  defects(): readonly unknown[];
  /** Cuts every connection without a word. */
  dropAll(): void;
  /** Adds to the faults; a key that is given replaces that key. */
  setFault(patch: Faults): void;
  clearFaults(): void;
}

export const DEFAULT_CAPABILITIES: readonly string[] = [
  'IMAP4rev1',
  'AUTH=PLAIN',
  'SASL-IR',
  'LITERAL+',
  'ID',
  'ENABLE',
  'IDLE',
  'NAMESPACE',
  'CHILDREN',
  'LIST-EXTENDED',
  'LIST-STATUS',
  'STATUS=SIZE',
  'SPECIAL-USE',
  'UNSELECT',
  'UIDPLUS',
  'MOVE',
  'CONDSTORE',
  'QRESYNC',
  'ESEARCH',
  'QUOTA',
];

/** The newest commands that the log keeps. */
const LOGGED = 10_000;

export async function startImapServer(options: ImapServerOptions): Promise<ImapServer> {
  const store = new MailStore();
  for (const { name, use, subscribed } of options.mailboxes ?? []) {
    store.ensure(encodeMailboxName(name), use ?? null).subscribed = subscribed ?? true;
  }
  for (const name of options.rawMailboxes ?? []) store.ensure(name);
  options.extension?.begin(store);
  const plan = new FaultPlan(options.faults ?? {});
  const { tls } = options;
  const log: string[] = [];
  const defects: unknown[] = [];
  const context: ServerContext = {
    store,
    users: new Map(Object.entries(options.users)),
    plan,
    quota: options.quota ?? null,
    ...(options.extension && { items: options.extension.items }),
    capabilities: options.capabilities ?? DEFAULT_CAPABILITIES,
    startTls:
      tls?.mode === 'starttls'
        ? socket => quiet(new TLSSocket(socket, { isServer: true, cert: tls.cert, key: tls.key }))
        : null,
    implicitTls: tls?.mode === 'implicit',
    defect: error => void defects.push(error),
    seen(_name, line) {
      log.push(line);
      if (log.length > LOGGED) log.splice(0, LOGGED / 2);
    },
  };
  const commands = new Map(
    Object.entries({
      ...accountCommands,
      ...folderCommands,
      ...messageCommands,
      ...fetchCommands,
      ...searchCommands,
      ...options.extension?.commands,
    }),
  );
  const sockets = new Set<Socket>();
  let accepted = 0;

  function accept(socket: Socket): void {
    socket.setNoDelay(true);
    void new Session(quiet(socket), context, commands).serve();
  }

  const server =
    tls?.mode === 'implicit'
      ? createTlsServer({ cert: tls.cert, key: tls.key }, accept)
      : createServer(accept);
  // Also before the handshake, which a TLS server only reports when it is done.
  server.on('connection', (socket: Socket) => {
    accepted++;
    sockets.add(quiet(socket));
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;

  function dropAll(): void {
    for (const socket of sockets) socket.destroy();
  }

  function folder(name: string): MailFolder {
    const found = store.get(encodeMailboxName(name)) ?? store.get(name);
    if (!found) throw new RangeError(name);
    return found;
  }

  return {
    host: '127.0.0.1',
    port,
    async stop() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      dropAll();
      await closed;
    },
    async restart() {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    deliver(name, raw, flags, date) {
      const target = store.get(name) ?? store.ensure(encodeMailboxName(name));
      return target.append(typeof raw === 'string' ? Buffer.from(raw, 'utf8') : Buffer.from(raw), flags, date)
        .uid;
    },
    folder,
    folders: () => [...store.folders.keys()].map(decodeMailboxName),
    deleteFolder: name => store.delete(folder(name)),
    connections: () => sockets.size,
    accepted: () => accepted,
    log: () => log,
    defects: () => defects,
    dropAll,
    setFault: patch => plan.set(patch),
    clearFaults: () => plan.clear(),
  };
}

/** A client that resets its connection is no error of ours. */
function quiet<S extends Socket>(socket: S): S {
  socket.on('error', () => socket.destroy());
  return socket;
}
