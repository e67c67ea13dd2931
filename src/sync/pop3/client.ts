// A signed-in POP3 session (RFC 1939) in the protocol's own words, several commands under way where the server
// allows it. Knows messages by number only: what is fetched or deleted, and why, is decided elsewhere.
import type { ServerSettings } from '../../config/types.ts';
import { cancelled, TmailError } from '../../util/errors.ts';
import { CONNECT_TIMEOUT_MS, MESSAGE_BYTES } from '../../util/limits.ts';
import { createDialer } from '../tls.ts';
import {
  type Capabilities,
  type MaildropStatus,
  parseListLine,
  parseStat,
  parseUidlLine,
} from './answers.ts';
import type { Body } from './body.ts';
import { Pop3Line } from './connection.ts';
import { refusal } from './errors.ts';
import { createExchange, type Exchange } from './exchange.ts';
import { EXCHANGE_TIMES, type ExchangeTimes } from './exchange-clock.ts';
import { asStored } from './framing.ts';
import { LIST_LINE_BYTES, LISTED_MESSAGES, PIPELINE_BYTES, PIPELINE_COMMANDS } from './limits.ts';
import { signIn } from './sign-in.ts';

export interface ClientOptions {
  readonly server: ServerSettings;
  /** Asked for once, when the line is as safe as the settings say. */
  readonly password: () => Promise<string>;
  /** Ends everything with `cancelled`, also after connecting. */
  readonly signal: AbortSignal;
  readonly times?: Partial<ExchangeTimes> & { readonly connect?: number };
  /** Largest message that is accepted; MESSAGE_BYTES unless told. */
  readonly messageBytes?: number;
  /** Messages in the maildrop; LISTED_MESSAGES unless told. */
  readonly listedMessages?: number;
}

export interface ListedMessage {
  readonly number: number;
  /** LIST's word for it, in bytes; null when LIST left it out. Servers lie by some bytes. */
  readonly size: number | null;
  /** Fit for the store (see parseUidlLine); null when the server has none for it. */
  readonly uidl: string | null;
}

export type Retrieved = { readonly number: number } & (
  | {
      /** Bytes as the server stores them, in pieces. To be read before the next message is asked for. */
      readonly bytes: AsyncIterable<Buffer>;
      readonly error: null;
    }
  | { readonly bytes: null; readonly error: TmailError }
);

export interface Pop3Client {
  readonly capabilities: Capabilities;
  /** Resolves with what ended the line, null after `quit` or `close`. Never rejects. */
  readonly closed: Promise<TmailError | null>;
  /** STAT. @throws TmailError `pop3.unexpected` when it makes no sense */
  stat(): Promise<MaildropStatus>;
  /** LIST and UIDL in one go, in the server's order; a number that it says twice counts once. */
  list(): Promise<ListedMessage[]>;
  /** RETR. Messages come in the order asked for; one that is refused comes with its error. */
  retrieve(
    wanted: Iterable<{ readonly number: number; readonly size: number | null }>,
  ): AsyncGenerator<Retrieved>;
  /** TOP: header block and the first `lines` of each, in the order asked for. */
  top(numbers: Iterable<number>, lines: number): AsyncGenerator<Retrieved>;
  /** DELE. Marks only: nothing is deleted before `quit` has resolved. Null, or why it was refused, for each. */
  dele(numbers: readonly number[]): Promise<(TmailError | null)[]>;
  /** RSET: takes the marks off again. */
  rset(): Promise<void>;
  noop(): Promise<void>;
  /**
   * Resolves when the server said +OK: only now is what was marked deleted. When it rejects, anything may have
   * happened to marked messages. The line is closed in both cases.
   */
  quit(): Promise<void>;
  /** Drops the line at once; marked messages stay. Repeatable. */
  close(): void;
}

/** Connects and signs in. @throws TmailError as connecting and signing in do; nothing is left open then */
export async function connectPop3(options: ClientOptions): Promise<Pop3Client> {
  const { server, signal } = options;
  if (signal.aborted) throw cancelled();
  const times = { ...EXCHANGE_TIMES, connect: CONNECT_TIMEOUT_MS, ...options.times };
  const line = new Pop3Line(server, await createDialer(server), {
    received: chunk => exchange.received(chunk),
    lost: error => exchange.fail(error),
  });
  const exchange = createExchange(line, times);
  const abort = () => exchange.fail(cancelled());
  signal.addEventListener('abort', abort, { once: true });
  exchange.closed.then(() => signal.removeEventListener('abort', abort));
  try {
    await line.dial(signal, times.connect);
    const secure = () => line.secure(signal, times.connect);
    const capabilities = await signIn(exchange, { server, password: options.password, secure });
    return createClient(exchange, capabilities, options);
  } catch (error) {
    exchange.fail(
      error instanceof TmailError ? error : new TmailError('bug', 'bug.unexpected', { cause: error }),
    );
    throw signal.aborted ? cancelled() : error;
  }
}

function createClient(exchange: Exchange, capabilities: Capabilities, options: ClientOptions): Pop3Client {
  const messageBytes = options.messageBytes ?? MESSAGE_BYTES;
  const listedMessages = options.listedMessages ?? LISTED_MESSAGES;

  async function simple(verb: string): Promise<string> {
    const answer = await exchange.command([verb]);
    if (answer.t !== 'ok') throw refusal(answer, verb);
    return answer.text;
  }

  return {
    capabilities,
    closed: exchange.closed,
    async stat() {
      const text = await simple('STAT');
      const status = parseStat(text);
      if (!status) throw new TmailError('protocol', 'pop3.unexpected', { facts: { command: 'STAT', text } });
      return status;
    },
    list: () => listMaildrop(exchange, capabilities, listedMessages),
    retrieve: wanted => inOrder(exchange, wanted, one => ['RETR', one.number], messageBytes),
    async *top(numbers, lines) {
      const wanted = (function* () {
        for (const number of numbers) yield { number, size: null };
      })();
      yield* inOrder(exchange, wanted, one => ['TOP', one.number, lines], messageBytes);
    },
    async dele(numbers) {
      const results: (TmailError | null)[] = [];
      // Not all at once: a server that stops reading while it answers must not fill the line's buffers.
      for (let from = 0; from < numbers.length; from += PIPELINE_COMMANDS) {
        const part = numbers.slice(from, from + PIPELINE_COMMANDS);
        const answers = await Promise.all(part.map(number => exchange.command(['DELE', number])));
        results.push(...answers.map(answer => (answer.t === 'ok' ? null : refusal(answer, 'DELE'))));
      }
      return results;
    },
    rset: async () => void (await simple('RSET')),
    noop: async () => void (await simple('NOOP')),
    async quit() {
      const answer = await exchange.command(['QUIT'], { slow: true });
      exchange.finish();
      if (answer.t !== 'ok') throw refusal(answer, 'QUIT');
    },
    close: () => (exchange.pending > 0 ? exchange.fail(cancelled()) : exchange.finish()),
  };
}

async function listMaildrop(
  exchange: Exchange,
  capabilities: Capabilities,
  most: number,
): Promise<ListedMessage[]> {
  const sizes = new Map<number, number>();
  const uidls = new Map<number, string | null>();
  const limits = { line: LIST_LINE_BYTES, lines: most };
  const listing = exchange.list(['LIST'], limits, line => {
    const listed = parseListLine(line);
    if (listed && !sizes.has(listed.number)) sizes.set(listed.number, listed.size);
  });
  const naming =
    capabilities.uidl || !capabilities.known
      ? exchange.list(['UIDL'], limits, (line, whole) => {
          const named = parseUidlLine(line, whole);
          // Two names for one message: neither can be relied on.
          if (named) uidls.set(named.number, uidls.has(named.number) ? null : named.uidl);
        })
      : null;
  const listed = await listing;
  if (listed.t !== 'ok') throw refusal(listed, 'LIST');
  const named = await naming;
  if (named === null || named.t !== 'ok') uidls.clear();
  const numbers = new Set([...sizes.keys(), ...uidls.keys()]);
  return [...numbers].map(number => ({
    number,
    size: sizes.get(number) ?? null,
    uidl: uidls.get(number) ?? null,
  }));
}

interface Wanted {
  readonly number: number;
  readonly size: number | null;
}

/** Messages of unknown size count as this much of what may be under way. */
const USUAL_MESSAGE = 32 * 1024;

/** Keeps as many commands under way as the window allows; hands their bodies out one after the other. */
async function* inOrder(
  exchange: Exchange,
  wanted: Iterable<Wanted>,
  words: (one: Wanted) => readonly (string | number)[],
  limit: number,
): AsyncGenerator<Retrieved> {
  const underWay: { one: Wanted; bytes: number; answer: ReturnType<Exchange['body']> }[] = [];
  const rest = wanted[Symbol.iterator]();
  let expected = 0;
  let exhausted = false;

  function fill(): void {
    const most = exchange.pipelining ? PIPELINE_COMMANDS : 1;
    // Many commands in one packet, rather than one each time that a message has come.
    if (underWay.length > most / 2 || (underWay.length > 1 && expected > PIPELINE_BYTES / 2)) return;
    while (!exhausted && underWay.length < most && (underWay.length === 0 || expected < PIPELINE_BYTES)) {
      const next = rest.next();
      if (next.done) {
        exhausted = true;
        return;
      }
      const bytes = next.value.size ?? USUAL_MESSAGE;
      expected += bytes;
      underWay.push({ one: next.value, bytes, answer: exchange.body(words(next.value), limit) });
    }
  }

  let current: Body | null = null;
  try {
    for (;;) {
      fill();
      const first = underWay.shift();
      if (!first) return;
      const { number, size } = first.one;
      const { answer, body } = await first.answer;
      current = body;
      if (body === null) {
        yield { number, bytes: null, error: refusal(answer, String(words(first.one)[0]), { number }) };
      } else {
        yield { number, bytes: asStored(body, size), error: null };
        await body.discard();
      }
      expected -= first.bytes;
    }
  } finally {
    // Whoever leaves early: what was asked for still comes and must be taken off the line. That the line ended
    // reaches whoever gives the next command.
    void current?.discard();
    for (const left of underWay) left.answer.then(given => given.body?.discard()).catch(() => undefined);
  }
}
