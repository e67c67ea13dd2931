// A scripted SMTP server on 127.0.0.1: remembers what it took, and at any step refuses, drops, stays silent or lies,
// as a test says. One behaviour for all its connections at a time.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import type { Certificate } from './certificates.ts';

export type SmtpStep =
  | 'greeting'
  | 'ehlo'
  | 'starttls'
  | 'auth'
  | 'mail'
  | 'rcpt'
  | 'data'
  | 'body' // the first bytes of the message have come
  | 'dot' // all of it has come, nothing is kept yet
  | 'kept' // it is kept, the answer is not given yet
  | 'rset'
  | 'quit';

/** A line in place of the usual answer, or what happens to the line. `wait`: the usual answer, later. */
export type SmtpAction = 'drop' | 'reset' | 'silence' | { readonly wait: number } | string;

export interface SmtpFault {
  readonly at: SmtpStep;
  readonly action: SmtpAction;
  /** Only for the nth time it comes there (0: the first) and `count` times from then on; always unless said. */
  readonly from?: number;
  readonly count?: number;
  /** Only for this recipient. */
  readonly recipient?: string;
}

export interface Taken {
  readonly from: string;
  readonly recipients: readonly string[];
  readonly bytes: Buffer;
  /** As given to MAIL and RCPT. */
  readonly parameters: readonly string[];
  readonly user: string | null;
}

export interface ScriptedSmtp {
  readonly port: number;
  /** What was kept, oldest first. */
  readonly taken: Taken[];
  /** Commands as they came; AUTH without what it carries. */
  readonly log: string[];
  /** How many connections there were, and how many there are. */
  readonly connections: () => number;
  readonly open: () => number;
  faults: SmtpFault[];
  /** What EHLO offers. */
  extensions: string[];
  dropAll(): void;
  stop(): Promise<void>;
}

export interface SmtpScript {
  readonly tls?: Certificate & { readonly mode: 'implicit' | 'starttls' };
  readonly extensions?: readonly string[];
  readonly faults?: readonly SmtpFault[];
  readonly user?: string;
  readonly password?: string;
  readonly port?: number;
}

export const SMTP_EXTENSIONS = ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'SIZE 30000000', 'DSN'];

export async function startScriptedSmtp(script: SmtpScript = {}): Promise<ScriptedSmtp> {
  const { tls } = script;
  const context = tls && { cert: await readFile(tls.cert), key: await readFile(tls.key) };
  const sockets = new Set<Socket>();
  const reached = new Map<string, number>();
  let accepted = 0;
  const server: ScriptedSmtp = {
    port: 0,
    taken: [],
    log: [],
    connections: () => accepted,
    open: () => sockets.size,
    faults: [...(script.faults ?? [])],
    extensions: [...(script.extensions ?? SMTP_EXTENSIONS)],
    dropAll() {
      for (const socket of sockets) socket.destroy();
    },
    async stop() {
      const closed = once(listener, 'close');
      listener.close();
      server.dropAll();
      await closed;
    },
  };

  function faultAt(step: SmtpStep, recipient = ''): SmtpAction | null {
    const times = reached.get(step) ?? 0;
    reached.set(step, times + 1);
    const hit = server.faults.find(({ at, from, count, recipient: only }) => {
      if (at !== step || (only !== undefined && only !== recipient)) return false;
      if (from === undefined && count === undefined) return true;
      return times >= (from ?? 0) && times < (from ?? 0) + (count ?? 1);
    });
    return hit?.action ?? null;
  }

  function serve(first: Socket): void {
    let socket = first;
    let secure = tls?.mode === 'implicit';
    let buffer = Buffer.alloc(0);
    let inData = false;
    let bodySeen = false;
    /** Refused while it came: the rest of it is read and thrown away, and not answered again. */
    let bodyRefused = false;
    let user: string | null = null;
    let login: string | null = null;
    let envelope: { from: string; recipients: string[]; parameters: string[] } | null = null;
    let stopped = false;
    const say = (line: string): void => {
      if (!stopped) socket.write(`${line}\r\n`);
    };
    /** True: the usual answer is due. */
    const passes = (step: SmtpStep, usual: string, recipient?: string): boolean => {
      const action = faultAt(step, recipient);
      if (action === null) {
        if (usual !== '') say(usual);
        return true;
      }
      if (action === 'drop') socket.destroy();
      else if (action === 'reset') socket.resetAndDestroy();
      else if (action === 'silence') stopped = true;
      else if (typeof action === 'object') {
        setTimeout(() => say(usual), action.wait);
        return true;
      } else say(action);
      return false;
    };

    function command(line: string): void {
      const verb = line.slice(0, 4).toUpperCase();
      server.log.push(verb === 'AUTH' ? line.split(' ').slice(0, 2).join(' ') : line);
      if (login !== null) {
        signIn(line);
        return;
      }
      switch (verb) {
        case 'EHLO': {
          const auth = script.user === undefined ? [] : ['AUTH PLAIN LOGIN'];
          const start = tls?.mode === 'starttls' && !secure ? ['STARTTLS'] : [];
          const lines = ['test.example', ...server.extensions, ...start, ...(start.length > 0 ? [] : auth)];
          passes(
            'ehlo',
            lines.map((each, i) => `250${i === lines.length - 1 ? ' ' : '-'}${each}`).join('\r\n'),
          );
          return;
        }
        case 'STAR':
          if (tls?.mode !== 'starttls') say('502 5.5.1 no such command');
          else if (passes('starttls', '220 go')) startTls();
          return;
        case 'AUTH':
          if (/^AUTH LOGIN$/i.test(line)) {
            login = '';
            say('334 VXNlcm5hbWU6');
          } else plain(line.slice('AUTH PLAIN '.length));
          return;
        case 'MAIL': {
          const from = /<([^>]*)>(.*)/.exec(line);
          if (!passes('mail', '250 ok')) return;
          envelope = { from: from?.[1] ?? '', recipients: [], parameters: [from?.[2]?.trim() ?? ''] };
          return;
        }
        case 'RCPT': {
          const to = /<([^>]*)>(.*)/.exec(line);
          if (!envelope) say('503 no sender');
          else if (passes('rcpt', '250 ok', to?.[1] ?? '')) envelope.recipients.push(to?.[1] ?? '');
          if (envelope && to?.[2]) envelope.parameters.push(to[2].trim());
          return;
        }
        case 'DATA':
          if (!envelope || envelope.recipients.length === 0) say('503 nobody to send it to');
          else if (passes('data', '354 go on')) inData = true;
          bodySeen = false;
          bodyRefused = false;
          return;
        case 'RSET':
          envelope = null;
          passes('rset', '250 ok');
          return;
        case 'QUIT':
          if (passes('quit', '221 bye')) socket.end();
          return;
        default:
          say('500 what');
      }
    }

    function plain(coded: string): void {
      const [, name = '', password = ''] = Buffer.from(coded, 'base64').toString().split('\0');
      check(name, password);
    }

    function signIn(line: string): void {
      const text = Buffer.from(line, 'base64').toString();
      if (login === '') {
        login = text;
        say('334 UGFzc3dvcmQ6');
        return;
      }
      const name = login ?? '';
      login = null;
      check(name, text);
    }

    function check(name: string, password: string): void {
      if (name !== script.user || password !== script.password) say('535 5.7.8 wrong');
      else if (passes('auth', '235 hello')) user = name;
    }

    function startTls(): void {
      const plainSocket = socket;
      plainSocket.removeAllListeners('data');
      const secured = new TLSSocket(plainSocket, { isServer: true, ...context });
      secured.on('error', () => secured.destroy());
      socket = secured;
      secure = true;
      envelope = null;
      secured.on('data', read);
    }

    function ended(): boolean {
      const end = buffer.indexOf('\r\n.\r\n');
      const empty = buffer.subarray(0, 3).equals(Buffer.from('.\r\n'));
      if (end < 0 && !empty) return false;
      const raw = empty ? Buffer.alloc(0) : buffer.subarray(0, end + 2);
      buffer = buffer.subarray(empty ? 3 : end + 5);
      inData = false;
      if (bodyRefused) {
        envelope = null;
        return true;
      }
      if (!passes('dot', '')) return true;
      const { from, recipients, parameters } = envelope ?? { from: '', recipients: [], parameters: [] };
      const bytes = Buffer.from(raw.toString('latin1').replace(/^\./gm, ''), 'latin1');
      server.taken.push({ from, recipients, bytes, parameters, user });
      envelope = null;
      passes('kept', `250 2.0.0 taken as ${server.taken.length}`);
      return true;
    }

    function read(chunk: Buffer): void {
      buffer = Buffer.concat([buffer, chunk]);
      for (;;) {
        if (stopped) return;
        if (inData) {
          if (!bodySeen && buffer.length > 0) {
            bodySeen = true;
            bodyRefused = !passes('body', '');
            if (stopped || socket.destroyed) return;
          }
          if (!ended()) return;
          continue;
        }
        const feed = buffer.indexOf('\r\n');
        if (feed < 0) return;
        const line = buffer.subarray(0, feed).toString();
        buffer = buffer.subarray(feed + 2);
        command(line);
      }
    }

    socket.on('data', read);
    passes('greeting', '220 test.example ESMTP');
  }

  const listener =
    tls?.mode === 'implicit' && context
      ? createTlsServer({ ...context }, socket => {
          socket.on('error', () => socket.destroy());
          serve(socket);
        })
      : createServer(serve);
  listener.on('connection', (socket: Socket) => {
    accepted++;
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  });
  listener.listen(script.port ?? 0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  return Object.assign(server, { port: typeof address === 'object' && address ? address.port : 0 });
}
