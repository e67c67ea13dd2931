// One account's messages on their way to its submission server, one after the other, whatever the account's own
// connection does. Nothing is sent twice unasked: from the moment in which the server may have a message it is
// `sending` on the disk, and what is found so, or not answered, is `unknown`. Files nothing away; that is filing.ts.
import type { AccountConfig } from '../config/types.ts';
import type { OutboxRecord, OutboxStore } from '../store/types.ts';
import { Backoff } from '../sync/backoff.ts';
import type { Clock, Timer } from '../sync/clock.ts';
import { needsPerson } from '../sync/connection.ts';
import type { SmtpClient, SmtpMessage, SmtpOutcome } from '../sync/smtp/client.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import { SEND_AGAIN_FIRST_MS, SEND_AGAIN_MAX_MS, SEND_TRIES } from '../util/limits.ts';
import { answered, type Moment, remaining, stored } from './items.ts';

/** A disk that took no write is tried again. */
const DISK_AGAIN_MS = 5000;
/** On the way out an answer to a message that was sent is waited for. */
const LAST_ANSWER_MS = 10_000;

export interface SenderDeps {
  readonly account: AccountConfig;
  readonly outbox: OutboxStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly openSmtp: (account: AccountConfig, signal: AbortSignal) => Promise<SmtpClient>;
  /** Something about the account's items is other than before. */
  readonly changed: () => void;
  /** The server has taken it: its copy is filed, and then it is forgotten. Never rejects. */
  readonly sent: (record: OutboxRecord) => void;
  /** Nobody knows whether the server has taken it. */
  readonly unknown: (record: OutboxRecord) => void;
}

/** What is under way. */
interface Attempt {
  readonly id: string;
  readonly abort: AbortController;
  client: SmtpClient | null;
  /** All but its end was sent. */
  ending: boolean;
  /** What became of it is known. */
  over: boolean;
  readonly done: Promise<void>;
}

export class Sender {
  readonly #deps: SenderDeps;
  readonly #backoff: Backoff;
  #client: SmtpClient | null = null;
  #running: Promise<void> | null = null;
  #attempt: Attempt | null = null;
  #timer: Timer | null = null;
  #trouble: TmailError | null = null;
  /** Nothing goes before; Infinity: until a person did something. */
  #holdUntil = 0;
  /** Are tried whatever their time says. */
  readonly #forced = new Set<string>();
  /** Somebody is changing them. */
  readonly #apart = new Set<string>();
  /** Outcomes that the disk would not take yet. */
  readonly #unsaved = new Map<string, OutboxRecord>();
  #live = false;
  #stopping = false;

  constructor(deps: SenderDeps) {
    this.#deps = deps;
    this.#backoff = new Backoff(() => deps.clock.now(), deps.random);
  }

  /** In order, with what the disk does not know yet. */
  records(): readonly OutboxRecord[] {
    return this.#deps.outbox.records().map(record => this.#unsaved.get(record.id) ?? record);
  }

  moment(id: string): Moment {
    return { sending: this.#attempt?.id === id, trouble: this.#trouble };
  }

  /** From now on what is due goes by itself. */
  start(): void {
    this.#live = true;
    this.look();
  }

  /** Something is new, or the time has come. */
  look(): void {
    if (this.#stopping || !this.#live) return;
    this.#arm();
  }

  /** What kept it from sending may be over: the network is back, or a person did something. */
  wake(): void {
    this.#holdUntil = 0;
    this.#backoff.succeeded();
    this.look();
  }

  /** Tries all that waits now, but for what may still be taken back; resolves when each was tried once. */
  async once(): Promise<void> {
    const now = this.#deps.clock.now();
    for (const { id, state, notBefore } of this.records()) {
      if (state === 'queued' || (state === 'undo' && notBefore <= now)) this.#forced.add(id);
    }
    this.#holdUntil = 0;
    while (this.#running) await this.#running;
    await this.#go();
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /** Does something to a record while it is not being sent; ends a try for it. @throws TmailError `outbox.too-late` */
  async apart<T>(id: string, work: () => Promise<T>): Promise<T> {
    this.#apart.add(id);
    try {
      const attempt = this.#attempt;
      if (attempt?.id === id) {
        if (attempt.ending && !attempt.over) throw tooLate(id);
        if (!attempt.over) this.#cut(attempt);
        await attempt.done;
      }
      return await work();
    } finally {
      this.#apart.delete(id);
      this.#deps.changed();
      this.look();
    }
  }

  /** Resolves when nothing is under way any more, and nothing begins again. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#timer?.cancel();
    const attempt = this.#attempt;
    if (attempt && !attempt.ending) this.#cut(attempt);
    let patience: Timer | null = null;
    if (attempt?.ending) {
      patience = this.#deps.clock.after(LAST_ANSWER_MS, () => this.#cut(attempt), 'hold');
    }
    await this.#running;
    patience?.cancel();
    this.#client?.quit();
    this.#client = null;
  }

  #cut({ abort, client }: Attempt): void {
    abort.abort();
    client?.close();
  }

  /** What waits for nothing but its time. */
  #waiting(): OutboxRecord[] {
    return this.records().filter(
      ({ id, state }) =>
        (state === 'queued' || state === 'undo') && !this.#unsaved.has(id) && !this.#apart.has(id),
    );
  }

  /** The next thing to happen, as one timer. */
  #arm(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#running || this.#stopping || !this.#live) return;
    const now = this.#deps.clock.now();
    const times = this.#waiting().map(({ notBefore }) => notBefore);
    if (this.#unsaved.size > 0) times.push(now + DISK_AGAIN_MS);
    if (times.length === 0) return;
    const at = Math.max(Math.min(...times), this.#unsaved.size > 0 ? 0 : this.#holdUntil);
    if (at === Number.POSITIVE_INFINITY) return;
    // A clock that was set back must not make this wait for years.
    const wait = Math.min(Math.max(0, at - now), SEND_AGAIN_MAX_MS);
    if (wait === 0) void this.#go();
    else this.#timer = this.#deps.clock.after(wait, () => void this.#go());
  }

  async #go(): Promise<void> {
    if (this.#running) return;
    this.#running = this.#sendDue().finally(() => {
      this.#running = null;
      this.#forced.clear();
      this.#deps.changed();
      this.#arm();
    });
    await this.#running;
  }

  async #sendDue(): Promise<void> {
    const { clock } = this.#deps;
    await this.#saveOutcomes();
    const tried = new Set<string>();
    while (!this.#stopping && clock.now() >= this.#holdUntil) {
      const now = clock.now();
      const record = this.#waiting().find(
        ({ id, notBefore }) => !tried.has(id) && (notBefore <= now || this.#forced.has(id)),
      );
      if (!record) break;
      tried.add(record.id);
      this.#forced.delete(record.id);
      await this.#try(record);
    }
    this.#client?.quit();
    this.#client = null;
  }

  async #try(record: OutboxRecord): Promise<void> {
    let end: () => void = () => undefined;
    const done = new Promise<void>(resolve => {
      end = resolve;
    });
    const attempt: Attempt = {
      id: record.id,
      abort: new AbortController(),
      client: null,
      ending: false,
      over: false,
      done,
    };
    this.#attempt = attempt;
    this.#deps.changed();
    try {
      const client = await this.#connected(attempt.abort.signal);
      if (client) {
        attempt.client = client;
        await this.#hand(record, client, attempt);
      }
    } finally {
      this.#attempt = null;
      end();
      this.#deps.changed();
    }
  }

  async #connected(signal: AbortSignal): Promise<SmtpClient | null> {
    if (this.#client?.usable) return this.#client;
    this.#client = null;
    this.#backoff.connecting();
    try {
      this.#client = await this.#deps.openSmtp(this.#deps.account, signal);
      this.#trouble = null;
      this.#backoff.succeeded();
      return this.#client;
    } catch (thrown) {
      this.#hold(asTmailError(thrown));
      return null;
    }
  }

  /** Nothing of this account goes for a while, or until a person did something. */
  #hold(error: TmailError): void {
    if (error.kind === 'cancelled') return;
    this.#trouble = error;
    const wait = needsPerson(error) ? Number.POSITIVE_INFINITY : this.#backoff.afterFailure();
    this.#holdUntil = this.#deps.clock.now() + wait;
  }

  async #hand(before: OutboxRecord, client: SmtpClient, attempt: Attempt): Promise<void> {
    const { outbox } = this.#deps;
    let record: OutboxRecord = { ...before, state: 'queued', tries: before.tries + 1 };
    try {
      // Counted before it is made.
      await outbox.put(record);
      const message: SmtpMessage = {
        from: record.from,
        to: remaining(record.recipients).map(({ address }) => address),
        bytes: await outbox.bytes(record.id),
        eightBit: record.eightBit,
        dsn: record.dsn,
        ending: async () => {
          attempt.ending = true;
          record = { ...record, state: 'sending' };
          await outbox.put(record);
        },
      };
      if (attempt.abort.signal.aborted) return;
      const outcome = await client.send(message);
      attempt.over = true;
      await this.#end(record, outcome);
    } catch (thrown) {
      attempt.over = true;
      await this.#notSent({ ...record, state: 'queued' }, asTmailError(thrown));
    }
  }

  async #end(record: OutboxRecord, outcome: SmtpOutcome): Promise<void> {
    const { clock, random } = this.#deps;
    switch (outcome.t) {
      case 'sent': {
        const said = remaining(record.recipients).map(({ address }) => ({
          address,
          outcome: 'accepted' as const,
          reply: outcome.reply,
        }));
        const recipients = answered(record.recipients, said);
        await this.#keep({ ...record, state: 'sent', recipients, error: null });
        return;
      }
      case 'unknown':
        await this.#keep({ ...record, state: 'unknown', error: stored(outcome.error) });
        return;
      case 'refused': {
        const recipients = answered(record.recipients, outcome.recipients);
        const error = stored(outcome.error);
        const later = outcome.error.retry === 'auto' && record.tries < SEND_TRIES;
        const full = Math.min(SEND_AGAIN_MAX_MS, SEND_AGAIN_FIRST_MS * 2 ** Math.min(record.tries - 1, 10));
        const notBefore = clock.now() + full * (0.7 + 0.3 * random());
        const state = later ? 'queued' : 'failed';
        await this.#keep({ ...record, state, recipients, error, ...(later && { notBefore }) });
      }
    }
  }

  /** Nobody got it, and the server said nothing about it. */
  async #notSent(record: OutboxRecord, error: TmailError): Promise<void> {
    const final = error.kind === 'rejected' || error.code === 'outbox.message-lost' || error.kind === 'bug';
    if (final) {
      await this.#keep({ ...record, state: 'failed', error: stored(error) });
      return;
    }
    this.#hold(error.kind === 'storage' ? later(error) : error);
    await this.#keep(record);
  }

  /** What became of it is true whether or not the disk takes it; it is offered to the disk until it does. */
  async #keep(record: OutboxRecord): Promise<void> {
    this.#unsaved.set(record.id, record);
    await this.#saveOutcomes();
  }

  async #saveOutcomes(): Promise<void> {
    for (const [id, record] of [...this.#unsaved]) {
      try {
        await this.#deps.outbox.put(record);
      } catch (thrown) {
        this.#trouble = asTmailError(thrown);
        return;
      }
      this.#unsaved.delete(id);
      if (record.state === 'sent') this.#deps.sent(record);
      if (record.state === 'unknown') this.#deps.unknown(record);
    }
  }
}

export function tooLate(id: string): TmailError {
  return new TmailError('rejected', 'outbox.too-late', { retry: 'never', facts: { id } });
}

/** What a disk refuses now it may take later. */
function later(error: TmailError): TmailError {
  return new TmailError(error.kind, error.code, { retry: 'auto', facts: error.facts });
}
