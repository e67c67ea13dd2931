// Commands about the connection and who uses it (RFC 9051 sections 6.1 to 6.3.1; RFC 2971, 5161, 9208).

import { Output } from './output.ts';
import { LineReader } from './reader.ts';
import type { CommandDefinition, Session } from './session.ts';
import { refuse, string, type Token, textOf, wordOf } from './syntax.ts';

const done = (text: string, code?: string) => ({ status: 'OK' as const, text, ...(code ? { code } : {}) });

function signIn(session: Session, user: string, password: string) {
  if (session.context.users.get(user) !== password) {
    throw refuse('NO', 'Authentication failed', 'AUTHENTICATIONFAILED');
  }
  session.user = user;
  return done('Signed in', `CAPABILITY ${session.capabilities().join(' ')}`);
}

async function authenticate(session: Session, args: readonly Token[]) {
  if (wordOf(args[0], 'mechanism') !== 'PLAIN') throw refuse('NO', 'Unknown mechanism');
  let encoded = args[1] === undefined ? null : textOf(args[1]);
  if (encoded === null) {
    session.out.write('+ \r\n');
    encoded = (await session.reader.line())?.toString('latin1') ?? '*';
  }
  if (encoded === '*') throw refuse('BAD', 'Cancelled');
  const [, user = '', password = ''] = Buffer.from(encoded, 'base64').toString('utf8').split('\0');
  return signIn(session, user, password);
}

/** The answer is written here, in clear; what follows is TLS (RFC 9051 section 6.2.1). */
async function startTls(session: Session, tag: string): Promise<null> {
  const wrap = session.context.startTls;
  if (!wrap) throw refuse('BAD', 'No TLS here');
  session.out.write(`${tag} OK Begin TLS\r\n${session.context.plan.current.beforeHandshake ?? ''}`);
  await session.out.flush();
  session.reader.detach(); // what the client sent in clear after STARTTLS is not obeyed
  session.socket = wrap(session.socket);
  session.secure = true;
  session.out = new Output(session.socket, session.context.plan);
  session.reader = new LineReader(session.socket);
  return null;
}

function quotaLine(session: Session): string {
  const used = Math.ceil(session.context.store.size() / 1024);
  return `* QUOTA "User quota" (STORAGE ${used} ${session.context.quota ?? 0})\r\n`;
}

export const accountCommands: Readonly<Record<string, CommandDefinition>> = {
  CAPABILITY: {
    state: 'any',
    run(session) {
      session.out.write(`* CAPABILITY ${session.capabilities().join(' ')}\r\n`);
      return done('Capabilities listed');
    },
  },
  NOOP: { state: 'any', run: () => done('Nothing done') },
  ID: {
    state: 'any',
    needs: 'ID',
    run(session) {
      session.out.write('* ID ("name" "tmail demo server")\r\n');
      return done('Pleased to meet you');
    },
  },
  LOGOUT: {
    state: 'any',
    run(session) {
      session.out.write('* BYE Until next time\r\n');
      session.ending();
      return done('Signed out');
    },
  },
  LOGIN: {
    state: 'anonymous',
    run(session, args) {
      const [user, password] = args.map(arg => Buffer.from(textOf(arg), 'latin1').toString('utf8'));
      return signIn(session, user ?? '', password ?? '');
    },
  },
  AUTHENTICATE: { state: 'anonymous', run: authenticate },
  STARTTLS: {
    state: 'anonymous',
    needs: 'STARTTLS',
    run: (session, _args, call) => startTls(session, call.tag),
  },
  ENABLE: {
    state: 'authenticated',
    needs: 'ENABLE',
    run(session, args) {
      const names = args.map(arg => wordOf(arg)).filter(name => session.has(name));
      const known = names.filter(name => name === 'CONDSTORE' || name === 'QRESYNC');
      for (const name of known) session.enabled.add(name);
      if (known.includes('QRESYNC')) session.enabled.add('CONDSTORE');
      session.out.write(`* ENABLED${known.map(name => ` ${name}`).join('')}\r\n`);
      return done('Enabled');
    },
  },
  NAMESPACE: {
    state: 'authenticated',
    needs: 'NAMESPACE',
    run(session) {
      session.out.write('* NAMESPACE (("" "/")) NIL NIL\r\n');
      return done('Namespace listed');
    },
  },
  GETQUOTAROOT: {
    state: 'authenticated',
    needs: 'QUOTA',
    run(session, args) {
      session.out.write(`* QUOTAROOT ${string(textOf(args[0]))} "User quota"\r\n${quotaLine(session)}`);
      return done('Quota listed');
    },
  },
  GETQUOTA: {
    state: 'authenticated',
    needs: 'QUOTA',
    run(session, args) {
      if (textOf(args[0]) !== 'User quota') throw refuse('NO', 'No such quota root', 'NONEXISTENT');
      session.out.write(quotaLine(session));
      return done('Quota listed');
    },
  },
};
