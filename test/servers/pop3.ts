// A POP3 server for tests that misbehaves on request: each answer can be replaced, cut, split, delayed or followed
// by something else. The maildrop outlives its sessions, so that what was really deleted can be looked at.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { stuffed } from './pop3-messages.ts';

export interface Pop3Message {
  readonly bytes: Buffer;
  /** Bytes as they go over the line; null: UIDL leaves this message out. Made from the content when absent. */
  readonly uidl?: string | null;
  /** What LIST says; the truth when absent. */
  readonly size?: number;
}

export interface Asked {
  readonly verb: string;
  readonly args: readonly string[];
  /** How often this verb came in this session, from 1. */
  readonly nth: number;
  /** Sessions so far, from 1. */
  readonly session: number;
}

/** What to do in place of (or with) the proper answer. */
export type Fault =
  | { readonly t: 'say'; readonly bytes: string | Buffer }
  | { readonly t: 'append'; readonly bytes: string | Buffer }
  /** The first bytes of the proper answer, then the end. `silence`: the line stays, nothing more comes. */
  | { readonly t: 'cut'; readonly after: number; readonly how: 'end' | 'reset' | 'silence' }
  /** The proper answer, then the end of the line. */
  | { readonly t: 'last' }
  /** This again and again, as fast as it is read. */
  | { readonly t: 'endless'; readonly start: string; readonly again: string }
  /** One byte each so many milliseconds. */
  | { readonly t: 'trickle'; readonly ms: number };

export interface Pop3ServerOptions {
  readonly messages?: readonly (Pop3Message | Buffer)[];
  readonly user?: string;
  readonly password?: string;
  /** Default `+OK ready`. With `<…@…>` in it APOP is understood. */
  readonly greeting?: string;
  /** Lines of CAPA; null: -ERR. The default has everything but STLS, which is added when there is a certificate. */
  readonly capabilities?: readonly string[] | null;
  readonly certificate?: { readonly cert: string; readonly key: string };
  /** TLS from the first byte. */
  readonly implicitTls?: boolean;
  /** Sent in clear together with the +OK to STLS. */
  readonly injected?: string;
  /** Milliseconds from a command's arrival to its answer's departure; commands overlap, as on a long line. */
  readonly delay?: number;
  /** Cuts each answer into the pieces that are written one by one. */
  readonly split?: (answer: Buffer) => readonly Buffer[];
  readonly fault?: (asked: Asked) => Fault | undefined;
  /** UIDLs that depend on the session; the message's own when absent. */
  readonly uidl?: (message: Pop3Message, position: number, session: number) => string | null;
  /** False: UIDL is an unknown command. */
  readonly hasUidl?: boolean;
  readonly hasTop?: boolean;
  /** When marks become deletions. `drop`: also when the line is lost. */
  readonly commits?: 'quit' | 'drop' | 'never';
}

export interface Pop3Server {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** What is in the maildrop now. */
  messages: Pop3Message[];
  readonly sessions: number;
  /** Every command line of every session, in order, as it came; `PASS` and `AUTH` included. */
  readonly commands: readonly string[];
  /** Everything that arrived before a TLS handshake, handshakes included. */
  readonly clear: Buffer;
  /** Most commands that were read and not yet answered. */
  readonly mostUnderWay: number;
  /** To every client, unasked; then the lines are closed if `end`. */
  say(bytes: string, end?: boolean): void;
  /** Changes how it behaves from the next command on. */
  set(change: Partial<Pop3ServerOptions>): void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const NORMAL = ['TOP', 'UIDL', 'USER', 'RESP-CODES', 'AUTH-RESP-CODE', 'PIPELINING', 'SASL PLAIN', 'UTF8'];

export async function startPop3Server(first: Pop3ServerOptions = {}): Promise<Pop3Server> {
  let options = first;
  const named = (message: Pop3Message | Buffer): Pop3Message =>
    Buffer.isBuffer(message) ? { bytes: message } : message;
  const state = {
    messages: (first.messages ?? []).map(named),
    sessions: 0,
    commands: [] as string[],
    clear: [] as Buffer[],
    mostUnderWay: 0,
  };
  const open = new Set<Socket>();
  const context = first.certificate
    ? createSecureContext({
        cert: await readFile(first.certificate.cert),
        key: await readFile(first.certificate.key),
      })
    : undefined;

  const server = createServer(socket => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => undefined); // clients come and go
    socket.setNoDelay(true);
    const session = ++state.sessions;
    let wire: Socket = socket;
    const secured = () => {
      const tls = new TLSSocket(socket, { isServer: true, ...(context && { secureContext: context }) });
      tls.on('error', () => undefined);
      return tls;
    };
    if (first.implicitTls) wire = secured();

    let inbox = '';
    let user = '';
    let signedIn = false;
    let expectSasl = false;
    let underWay = 0;
    let over = false; // nothing more is said
    const drop = [...state.messages];
    const marked = new Set<number>();
    const counts = new Map<string, number>();
    let turn = Promise.resolve();

    const commit = () => {
      state.messages = state.messages.filter(message => !marked.has(drop.indexOf(message)));
      marked.clear();
    };
    socket.once('close', () => options.commits === 'drop' && commit());

    function hear(): void {
      wire.on('data', (chunk: Buffer) => {
        if (wire === socket) state.clear.push(chunk);
        inbox += chunk.toString('latin1');
        for (let at = inbox.indexOf('\r\n'); at >= 0; at = inbox.indexOf('\r\n')) {
          const line = inbox.slice(0, at);
          inbox = inbox.slice(at + 2);
          underWay++;
          state.mostUnderWay = Math.max(state.mostUnderWay, underWay);
          const due = Date.now() + (options.delay ?? 0);
          turn = turn.then(() => serve(line, due)).catch(() => undefined);
        }
      });
      wire.on('end', () => wire.end());
    }

    async function serve(line: string, due: number): Promise<void> {
      if (over) return;
      state.commands.push(line);
      const [verb = '', ...args] = expectSasl ? ['(SASL)', line] : line.split(' ');
      const name = verb.toUpperCase();
      const nth = (counts.get(name) ?? 0) + 1;
      counts.set(name, nth);
      const fault = options.fault?.({ verb: name, args, nth, session });
      const { answer, after } = obey(name, args, line);
      const wait = due - Date.now();
      if (wait > 0) await new Promise(resolve => setTimeout(resolve, wait));
      underWay--;
      if (over) return;
      await send(Buffer.isBuffer(answer) ? answer : Buffer.from(answer, 'latin1'), fault);
      if (!over) after?.();
    }

    async function send(answer: Buffer, fault: Fault | undefined): Promise<void> {
      switch (fault?.t) {
        case undefined:
          return write(answer);
        case 'say':
          return write(Buffer.from(fault.bytes));
        case 'append':
          return write(Buffer.concat([answer, Buffer.from(fault.bytes)]));
        case 'last':
          await write(answer);
          over = true;
          wire.end();
          return;
        case 'cut':
          if (fault.after > 0) await write(answer.subarray(0, fault.after));
          over = true;
          if (fault.how === 'end') wire.end();
          if (fault.how === 'reset') socket.resetAndDestroy();
          return;
        case 'trickle':
          for (const byte of answer) {
            await write(Buffer.from([byte]));
            await new Promise(resolve => setTimeout(resolve, fault.ms));
            if (wire.destroyed) return;
          }
          return;
        case 'endless': {
          await write(Buffer.from(fault.start));
          const again = Buffer.from(fault.again);
          while (!wire.destroyed) {
            if (!wire.write(again)) await Promise.race([once(wire, 'drain'), once(wire, 'close')]);
            else await new Promise(resolve => setImmediate(resolve));
          }
        }
      }
    }

    async function write(bytes: Buffer): Promise<void> {
      if (!options.split) {
        wire.write(bytes);
        return;
      }
      for (const piece of options.split(bytes)) {
        wire.write(piece);
        await new Promise(resolve => setTimeout(resolve, 1)); // so that it travels alone
      }
    }

    type Obeyed = { answer: string | Buffer; after?: () => void };
    function obey(verb: string, args: readonly string[], line: string): Obeyed {
      const no = (why: string): Obeyed => ({ answer: `-ERR ${why}\r\n` });
      const ok = (text = ''): Obeyed => ({ answer: `+OK${text && ` ${text}`}\r\n` });
      const rightUser = options.user ?? 'ada';
      const rightPassword = options.password ?? 'secret';
      const enter = (right: boolean): Obeyed => {
        if (!right) return no('[AUTH] no');
        signedIn = true;
        return ok('welcome');
      };
      switch (verb) {
        case 'CAPA': {
          if (options.capabilities === null) return no('what?');
          const lines = [
            ...(options.capabilities ?? NORMAL),
            ...(context && wire === socket ? ['STLS'] : []),
          ];
          return { answer: `+OK\r\n${lines.map(one => `${one}\r\n`).join('')}.\r\n` };
        }
        case 'STLS': {
          if (!context || wire !== socket) return no('no TLS');
          return {
            answer: `+OK\r\n${options.injected ?? ''}`,
            after: () => {
              socket.removeAllListeners('data');
              wire = secured();
              inbox = '';
              hear();
            },
          };
        }
        case 'UTF8':
          return ok();
        case 'USER':
          user = args.join(' ');
          return ok();
        case 'PASS':
          return enter(
            user === rightUser && Buffer.from(line.slice(5), 'latin1').toString() === rightPassword,
          );
        case 'APOP': {
          const challenge = /<[^>]+>/.exec(options.greeting ?? '')?.[0];
          if (!challenge) return no('no APOP');
          const digest = createHash('md5')
            .update(challenge + rightPassword)
            .digest('hex');
          return enter(args[0] === rightUser && args[1] === digest);
        }
        case 'AUTH':
          if (args[1] === undefined) {
            expectSasl = true;
            return { answer: '+ \r\n' };
          }
          return enter(isPlain(args[1], rightUser, rightPassword));
        case '(SASL)':
          expectSasl = false;
          return enter(isPlain(args[0] ?? '', rightUser, rightPassword));
        case 'QUIT':
          if (signedIn && options.commits !== 'never') commit();
          return {
            answer: '+OK bye\r\n',
            after: () => {
              over = true;
              wire.end();
            },
          };
      }
      if (!signedIn) return no('sign in first');
      const number = Number(args[0]);
      const message = marked.has(number - 1) ? undefined : drop[number - 1];
      const left = [...drop.entries()].filter(([position]) => !marked.has(position));
      const sizeOf = (one: Pop3Message) => one.size ?? one.bytes.length;
      const list = (lines: readonly string[]): Obeyed => ({ answer: `+OK\r\n${lines.join('')}.\r\n` });
      switch (verb) {
        case 'STAT':
          return ok(`${left.length} ${left.reduce((sum, [, one]) => sum + sizeOf(one), 0)}`);
        case 'LIST':
          return list(left.map(([position, one]) => `${position + 1} ${sizeOf(one)}\r\n`));
        case 'UIDL': {
          if (options.hasUidl === false) return no('what?');
          const lines = left.map(([position, one]) => {
            const own = one.uidl === undefined ? sha256(one.bytes).slice(0, 32) : one.uidl;
            const uidl = options.uidl ? options.uidl(one, position, session) : own;
            return uidl === null ? '' : `${position + 1} ${uidl}\r\n`;
          });
          return list(lines);
        }
        case 'NOOP':
          return ok();
        case 'RSET':
          marked.clear();
          return ok();
      }
      if (!message) return no('no such message');
      switch (verb) {
        case 'RETR':
          return { answer: Buffer.concat([Buffer.from('+OK\r\n'), stuffed(message.bytes)]) };
        case 'TOP': {
          if (options.hasTop === false) return no('what?');
          const text = message.bytes.toString('latin1');
          const end = text.indexOf('\r\n\r\n');
          const head = end < 0 ? text : text.slice(0, end + 4);
          const body = end < 0 ? [] : text.slice(end + 4).split(/(?<=\r\n)/);
          const top = head + body.slice(0, Number(args[1])).join('');
          return { answer: Buffer.concat([Buffer.from('+OK\r\n'), stuffed(Buffer.from(top, 'latin1'))]) };
        }
        case 'DELE':
          marked.add(number - 1);
          return ok();
      }
      return no('what?');
    }

    hear();
    const greeting = Buffer.from(`${options.greeting ?? '+OK ready'}\r\n`);
    turn = turn.then(() =>
      send(greeting, options.fault?.({ verb: '(greeting)', args: [], nth: 1, session })),
    );
  });

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server listening on a TCP port has an address of this shape.
  const { port } = server.address() as AddressInfo;

  async function close(): Promise<void> {
    for (const socket of open) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  }

  return {
    host: '127.0.0.1',
    port,
    get messages() {
      return state.messages;
    },
    set messages(messages) {
      state.messages = messages;
    },
    get sessions() {
      return state.sessions;
    },
    commands: state.commands,
    get clear() {
      return Buffer.concat(state.clear);
    },
    get mostUnderWay() {
      return state.mostUnderWay;
    },
    say(bytes, end = false) {
      for (const socket of open) {
        socket.write(bytes);
        if (end) socket.end();
      }
    },
    set(change) {
      options = { ...options, ...change };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function isPlain(response: string, user: string, password: string): boolean {
  return Buffer.from(response, 'base64').toString('utf8') === `\0${user}\0${password}`;
}
