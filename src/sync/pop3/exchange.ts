// Commands and their answers, in order: several under way where the server allows it (RFC 2449 section 6.6), each
// settled whatever the line does. Knows neither sockets nor what a command means.
import { cancelled, TmailError } from '../../util/errors.ts';
import { type Answer, parseStatus } from './answers.ts';
import { type Body, type BodySource, createBody } from './body.ts';
import { createClock, EXCHANGE_TIMES, type ExchangeTimes } from './exchange-clock.ts';
import { createQueue, type Pending } from './exchange-queue.ts';
import { createFraming, createListLines, type Framing, type ListLimits } from './framing.ts';
import { BODY_BUFFER, LIST_BYTES, STATUS_LINE_BYTES } from './limits.ts';

/** What an exchange needs of a connection. */
export interface Line {
  write(bytes: string): void;
  pause(): void;
  resume(): void;
  destroy(): void;
}

export interface CommandOptions {
  /** The server may have to open or rewrite a maildrop first. */
  readonly slow?: boolean;
  /** Nothing may follow a +OK to this: the line is about to change (STLS). */
  readonly last?: boolean;
}

export interface BodyAnswer {
  readonly answer: Answer;
  /** Null when the server refused. Must be read or discarded before later bodies arrive. */
  readonly body: Body | null;
}

export interface Exchange {
  /** More than one command may be under way. Set from CAPA. */
  pipelining: boolean;
  /** Waits for a line that nobody asked for: the greeting. */
  greeting(): Promise<Answer>;
  /** A command with an answer of one line. Arguments are checked: @throws TmailError config `pop3.argument` */
  command(words: readonly (string | number)[], options?: CommandOptions): Promise<Answer>;
  /** A command with a list; resolves when it has ended. `onLine` runs while it arrives. */
  list(
    words: readonly (string | number)[],
    limits: ListLimits,
    onLine: (line: Buffer, whole: boolean) => void,
  ): Promise<Answer>;
  /** A command with a message; resolves with its status line. */
  body(words: readonly (string | number)[], limit: number): Promise<BodyAnswer>;
  /** Answers what the server waits for after `more`; never shown in errors. */
  respond(line: string): Promise<Answer>;
  /** From the connection. */
  received(chunk: Buffer): void;
  /** Ends every pending command with this error, and the line. The first one counts. */
  fail(error: TmailError): void;
  /** Bytes behind the answer to a `last` command. */
  readonly beyond: number;
  /** Commands that have no answer yet. */
  readonly pending: number;
  /** Forgets what was framed so far: the line begins anew (after STLS). */
  restart(): void;
  /** Resolves once: with what ended the exchange, or null after `finish`. Never rejects. */
  readonly closed: Promise<TmailError | null>;
  /** An orderly end: a later drop of the line is no error. */
  finish(): void;
}

export function createExchange(line: Line, times: ExchangeTimes = EXCHANGE_TIMES): Exchange {
  /** Sent, or waiting to be sent (`unsent` of them, at the end), oldest first. */
  const queue = createQueue();
  let underWay = 0;
  let outgoing = '';
  let ended = false;
  let ending: TmailError | null = null;
  let pipelining = false;
  /** Message bytes that nobody has read yet, over all bodies; beyond BODY_BUFFER the line is paused. */
  let waiting = 0;
  let paused = false;
  let framing = newFraming();
  let settleClosed: (error: TmailError | null) => void = () => undefined;
  const closed = new Promise<TmailError | null>(resolve => {
    settleClosed = resolve;
  });
  const clock = createClock(times, () =>
    fail(new TmailError('network', 'net.timeout', { facts: { command: queue.head?.verb ?? '' } })),
  );

  function newFraming(): Framing {
    return createFraming(
      {
        status(bytes) {
          const head = queue.head;
          const answer = parseStatus(bytes);
          const text = answer?.text ?? bytes.subarray(0, 200).toString('latin1');
          if (head === undefined || underWay === 0) {
            // An autologout is announced like this; the line is cut next.
            if (answer?.t === 'err')
              throw new TmailError('network', 'pop3.ended-by-server', { facts: { text } });
            throw new TmailError('protocol', 'pop3.unexpected', { facts: { command: '', text } });
          }
          if (answer === undefined || (answer.t === 'more' && head.verb !== 'AUTH')) {
            throw new TmailError('protocol', 'pop3.unexpected', { facts: { command: head.verb, text } });
          }
          head.status(answer);
          if (answer.t === 'ok' && head.bodyLimit !== null) {
            clock.progressing();
            return { bodyLimit: head.bodyLimit };
          }
          finishHead();
          return head.last && answer.t === 'ok' ? 'stop' : 'status';
        },
        body(bytes) {
          clock.progress(bytes.length);
          queue.head?.bytes(bytes);
        },
        bodyEnd: finishHead,
      },
      { statusLine: STATUS_LINE_BYTES },
    );
  }

  function finishHead(): void {
    const head = queue.shift();
    underWay--;
    head?.done();
    if (!ended) advance();
  }

  /** Sends what may be sent now, and starts the head's time. */
  function advance(): void {
    while (queue.length > underWay && (underWay === 0 || pipelining)) {
      const next = queue.at(underWay);
      if (next?.text != null) write(next.text);
      underWay++;
    }
    startClock();
  }

  function startClock(): void {
    // Not while paused: whoever reads may be waiting for a disk.
    if (paused) clock.stop();
    else clock.start(queue.head?.slow ?? null);
  }

  function write(text: string): void {
    if (outgoing === '') {
      // One packet for all commands that are given in one go.
      queueMicrotask(() => {
        const all = outgoing;
        outgoing = '';
        if (!ended) line.write(all);
      });
    }
    outgoing += text;
  }

  function enqueue(pending: Pending): void {
    queue.push(pending);
    advance();
  }

  function fail(error: TmailError): void {
    if (ended) return;
    ended = true;
    ending = error;
    clock.stop();
    line.destroy();
    for (let left = queue.shift(); left !== undefined; left = queue.shift()) left.fail(error);
    settleClosed(error);
  }

  function onWaiting(change: number): void {
    waiting += change;
    if (paused ? waiting > BODY_BUFFER / 2 : waiting <= BODY_BUFFER) return;
    paused = !paused;
    if (ended) return;
    startClock();
    if (paused) line.pause();
    else line.resume();
  }

  function single(
    words: readonly (string | number)[] | null,
    options: CommandOptions & { raw?: string } = {},
  ) {
    return settled<Answer>((resolve, reject) => {
      if (ended) return reject(ending ?? gone());
      let answer: Answer | null = null;
      enqueue({
        verb: options.raw !== undefined ? 'AUTH' : words === null ? 'greeting' : String(words[0]),
        text: options.raw ?? (words && commandLine(words)),
        slow: options.slow ?? false,
        last: options.last ?? false,
        bodyLimit: null,
        status: given => {
          answer = given;
        },
        bytes: () => undefined,
        done: () => answer && resolve(answer),
        fail: reject,
      });
    });
  }

  return {
    get pipelining() {
      return pipelining;
    },
    set pipelining(allowed) {
      pipelining = allowed;
    },
    greeting: () => single(null),
    command: (words, options) => single(words, options),
    respond: text => single([], { raw: `${text}\r\n`, slow: true }),
    list(words, limits, onLine) {
      return settled<Answer>((resolve, reject) => {
        if (ended) return reject(ending ?? gone());
        const lines = createListLines(limits, onLine);
        let answer: Answer | null = null;
        enqueue({
          verb: String(words[0]),
          text: commandLine(words),
          slow: true,
          last: false,
          bodyLimit: LIST_BYTES,
          status: given => {
            answer = given;
          },
          bytes: lines.add,
          done: () => {
            lines.end();
            if (answer) resolve(answer);
          },
          fail: reject,
        });
      });
    },
    body(words, limit) {
      return settled<BodyAnswer>((resolve, reject) => {
        if (ended) return reject(ending ?? gone());
        let source: BodySource | null = null;
        enqueue({
          verb: String(words[0]),
          text: commandLine(words),
          slow: false,
          last: false,
          bodyLimit: limit,
          status(answer) {
            if (answer.t === 'ok') source = createBody(onWaiting);
            resolve({ answer, body: source?.body ?? null });
          },
          bytes: bytes => source?.push(bytes),
          done: () => source?.end(),
          fail(error) {
            if (source) source.fail(error);
            else reject(error);
          },
        });
      });
    },
    received(chunk) {
      if (ended) return;
      try {
        framing.feed(chunk);
      } catch (error) {
        if (!(error instanceof TmailError)) throw error;
        fail(error);
      }
    },
    fail,
    get beyond() {
      return framing.beyond;
    },
    get pending() {
      return queue.length;
    },
    restart() {
      framing = newFraming();
    },
    closed,
    finish() {
      if (ended) return;
      if (queue.length > 0) return fail(cancelled());
      ended = true;
      clock.stop();
      line.destroy();
      settleClosed(null);
    },
  };
}

function gone(): TmailError {
  return new TmailError('network', 'net.closed', { facts: { command: '' } });
}

/** A promise that may be rejected while nobody looks: with pipelining the first failure is the one that is seen. */
function settled<T>(
  run: (resolve: (value: T) => void, reject: (error: TmailError) => void) => void,
): Promise<T> {
  const promise = new Promise<T>(run);
  promise.catch(() => undefined);
  return promise;
}

/** A command as it goes over the line. A line break in an argument would be a second command. */
export function commandLine(words: readonly (string | number)[]): string {
  const text = words.join(' ');
  if (
    /[\0\r\n]/.test(text) ||
    words.some(word => typeof word === 'number' && !(Number.isSafeInteger(word) && word >= 0))
  ) {
    throw new TmailError('config', 'pop3.argument', { facts: { command: String(words[0]).slice(0, 20) } });
  }
  return `${text}\r\n`;
}
