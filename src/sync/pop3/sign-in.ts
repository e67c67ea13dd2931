// From a fresh connection to a signed-in one: greeting, STLS, CAPA, and the safest way of signing in that is offered.
// The password is asked for only when the line is as safe as the settings say; it is in no error.

import { createHash } from 'node:crypto';
import { shownUser } from '../../config/gmail.ts';
import type { ServerSettings } from '../../config/types.ts';
import { TmailError } from '../../util/errors.ts';
import { type Answer, apopChallenge, type Capabilities, NO_CAPA, parseCapabilities } from './answers.ts';
import { refusal } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { COMMAND_LINE_BYTES, LIST_LINE_BYTES } from './limits.ts';

export interface SignInOptions {
  readonly server: ServerSettings;
  readonly password: () => Promise<string>;
  /** Turns the connection into a TLS one, after STLS. */
  readonly secure: () => Promise<void>;
}

/** More capabilities than this are a server's joke. */
const CAPA_LINES = 200;

/**
 * @throws TmailError `pop3.greeting-refused`, `pop3.unexpected`, `tls.*`,
 * `auth.refused`, `auth.no-method`, `pop3.in-use`, `pop3.login-delay`, `pop3.server-*`, `net.*`
 */
export async function signIn(exchange: Exchange, options: SignInOptions): Promise<Capabilities> {
  const { server } = options;
  const greeting = await exchange.greeting();
  if (greeting.t !== 'ok') throw refusal(greeting, 'greeting', { host: server.host });
  if (server.security === 'starttls') await startTls(exchange, options);
  const capabilities = await askCapabilities(exchange);
  exchange.pipelining = capabilities.pipelining;
  const challenge = apopChallenge(greeting.text);
  const way = chooseWay(capabilities, challenge, server);
  const password = await options.password();
  // RFC 6856: before signing in, after TLS; without it a server may rewrite messages that have UTF-8 headers.
  const utf8 = capabilities.utf8 ? exchange.command(['UTF8']) : null;
  let answer = await authenticate(exchange, way, server.user, password, challenge ?? '');
  if (way === 'apop' && answer.t === 'err' && answer.code === '' && capabilities.user) {
    // A challenge in the greeting does not say that this user's password can be used with it.
    answer = await authenticate(exchange, 'user', server.user, password, '');
  }
  await utf8;
  if (answer.t !== 'ok') {
    const command = way === 'plain' ? 'AUTH' : way === 'apop' ? 'APOP' : 'PASS';
    // A server that repeats the password in its refusal must not bring it onto the screen.
    const text = password === '' ? answer.text : answer.text.replaceAll(password, '***');
    throw refusal({ ...answer, text }, command, { host: server.host, user: shownUser(server) });
  }
  return capabilities;
}

/** No fall-back: where STLS is refused, nothing more is said (RFC 2595, RFC 8314). */
async function startTls(exchange: Exchange, options: SignInOptions): Promise<void> {
  const { host, port } = options.server;
  // CAPA is not asked first: what it says in clear may be an attacker's.
  const answer = await exchange.command(['STLS'], { last: true });
  if (answer.t !== 'ok') {
    throw new TmailError('tls', 'tls.starttls-missing', { facts: { host, port, text: answer.text } });
  }
  if (exchange.beyond > 0) throw new TmailError('tls', 'tls.injection', { facts: { host, port } });
  await options.secure();
  exchange.restart();
}

export async function askCapabilities(exchange: Exchange): Promise<Capabilities> {
  const lines: string[] = [];
  const limits = { line: LIST_LINE_BYTES, lines: CAPA_LINES };
  const answer = await exchange.list(['CAPA'], limits, line => lines.push(line.toString('latin1')));
  return answer.t === 'ok' ? parseCapabilities(lines) : NO_CAPA;
}

export type Way = 'plain' | 'user' | 'apop';

/** How to sign in. @throws TmailError auth `auth.no-method` with what the server offers */
export function chooseWay(
  capabilities: Capabilities,
  challenge: string | undefined,
  server: Pick<ServerSettings, 'security' | 'host'>,
): Way {
  // In clear, APOP at least does not say the password; under TLS its MD5 adds nothing.
  if (server.security === 'none' && challenge !== undefined) return 'apop';
  if (capabilities.sasl.includes('PLAIN')) return 'plain';
  if (capabilities.user) return 'user';
  if (challenge !== undefined) return 'apop';
  throw new TmailError('auth', 'auth.no-method', {
    facts: { host: server.host, offered: capabilities.sasl.join(' ') },
  });
}

async function authenticate(
  exchange: Exchange,
  way: Way,
  user: string,
  password: string,
  challenge: string,
): Promise<Answer> {
  if (/[\0\r\n]/.test(user + password) || (way === 'apop' && /\s/.test(user))) {
    throw new TmailError('config', 'pop3.argument', { facts: { command: way } });
  }
  switch (way) {
    case 'plain':
      return saslPlain(exchange, user, password);
    case 'apop': {
      const digest = createHash('md5')
        .update(challenge + password, 'utf8')
        .digest('hex');
      return exchange.command(['APOP', user, digest], { slow: true });
    }
    case 'user': {
      const named = exchange.command(['USER', user]);
      if (!exchange.pipelining) {
        const answer = await named;
        if (answer.t !== 'ok') return answer;
      }
      const given = exchange.command(['PASS', password], { slow: true });
      const answer = await named;
      return answer.t === 'ok' ? given : answer;
    }
  }
}

async function saslPlain(exchange: Exchange, user: string, password: string): Promise<Answer> {
  const response = Buffer.from(`\0${user}\0${password}`, 'utf8').toString('base64');
  const initial = `AUTH PLAIN ${response}`.length + 2 <= COMMAND_LINE_BYTES;
  const words = initial ? ['AUTH', 'PLAIN', response] : ['AUTH', 'PLAIN'];
  const answer = await exchange.command(words, { slow: true });
  return answer.t === 'more' ? exchange.respond(response) : answer;
}
