// Each account's outbox with its sender, and what happens when a message was sent, or when nobody knows whether it was.
import type { AccountConfig } from '../config/types.ts';
import type { AccountId } from '../mail/types.ts';
import type { AccountStore, OutboxRecord, OutboxStore, Store } from '../store/types.ts';
import type { Clock } from '../sync/clock.ts';
import type { SmtpClient } from '../sync/smtp/client.ts';
import type { Engine } from '../sync/types.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import { fileSent, sentHolds } from './filing.ts';
import { itemOf } from './items.ts';
import { Sender } from './sender.ts';
import type { OutboxItem } from './types.ts';

/** One account's part. */
export interface Lane {
  readonly account: AccountConfig;
  readonly kept: AccountStore;
  readonly outbox: OutboxStore;
  readonly sender: Sender;
}

export interface LanesDeps {
  readonly accounts: readonly AccountConfig[];
  readonly store: Store;
  readonly engines: readonly Engine[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly openSmtp: (account: AccountConfig, signal: AbortSignal) => Promise<SmtpClient>;
  readonly changed: () => void;
}

/** So many that ended in this run are shown. */
const ENDED = 50;
/** Until a server that files copies by itself has done so. */
const LOOK_AFTER_MS = [3000, 30_000];
const FILE_AGAIN_MS = 5000;

export class Lanes {
  readonly #deps: LanesDeps;
  readonly #lanes = new Map<AccountId, Lane>();
  readonly #stops: (() => void)[] = [];
  /** Their filing may have begun in a run that ended, or failed half way. */
  readonly #again = new Set<string>();
  /** The server has a copy, as a look showed. */
  readonly #filed = new Set<string>();
  readonly #filing = new Map<string, Promise<void>>();
  #ended: OutboxItem[] = [];
  #live = false;
  #closed = false;

  constructor(deps: LanesDeps) {
    this.#deps = deps;
  }

  /** Reads each account's outbox; what was sent before and not filed yet is filed. */
  async open(): Promise<void> {
    for (const account of this.#deps.accounts) {
      const kept = await this.#deps.store.account(account.id);
      if (!kept.outbox) continue;
      const lane = this.#lane(account, kept, kept.outbox);
      this.#lanes.set(account.id, lane);
      const engine = this.#engineOf(lane);
      if (engine) this.#follow(engine, lane);
      for (const record of kept.outbox.records()) {
        if (record.state !== 'sent') continue;
        this.#again.add(record.id);
        this.file(lane, record);
      }
    }
  }

  get(account: AccountId): Lane | undefined {
    return this.#lanes.get(account);
  }

  all(): readonly Lane[] {
    return [...this.#lanes.values()];
  }

  records(): { lane: Lane; record: OutboxRecord }[] {
    return this.all().flatMap(lane => lane.sender.records().map(record => ({ lane, record })));
  }

  /** @throws TmailError `outbox.gone` */
  find(id: string): { lane: Lane; record: OutboxRecord } {
    const found = this.records().find(({ record }) => record.id === id);
    if (found) return found;
    throw new TmailError('rejected', 'outbox.gone', { retry: 'never', facts: { id } });
  }

  item(lane: Lane, record: OutboxRecord): OutboxItem {
    return itemOf(lane.account.id, record, lane.sender.moment(record.id));
  }

  /** With those that ended in this run; oldest first. */
  items(): readonly OutboxItem[] {
    const items = this.records().map(({ lane, record }) => this.item(lane, record));
    const waiting = new Set(items.map(({ id }) => id));
    return [...this.#ended.filter(({ id }) => !waiting.has(id)), ...items].sort((a, b) => a.at - b.at);
  }

  start(): void {
    this.#live = true;
    for (const { sender } of this.#lanes.values()) sender.start();
  }

  /** A person did something: whatever kept the account from sending may be over. */
  wake({ sender }: Lane): void {
    if (this.#live) sender.wake();
  }

  /** Resolves when what was sent is filed. */
  async filed(id?: string): Promise<void> {
    if (id !== undefined) await this.#filing.get(id);
    else await Promise.all(this.#filing.values());
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const stop of this.#stops) stop();
    await Promise.all(this.all().map(({ sender }) => sender.stop()));
    await this.filed();
  }

  /** The message was taken; nobody has to say so any more. Durable. */
  async assumeSent(lane: Lane, record: OutboxRecord): Promise<void> {
    const sent: OutboxRecord = { ...record, state: 'sent', error: null };
    await lane.outbox.put(sent);
    this.file(lane, sent);
    this.#deps.changed();
  }

  file(lane: Lane, record: OutboxRecord): void {
    const { id } = record;
    if (this.#filing.has(id)) return;
    const { store, clock, changed } = this.#deps;
    const of = { filed: this.#filed.has(id), again: this.#again.has(id) };
    const filing = fileSent({ account: lane.account, store, now: () => clock.now() }, record, of)
      .then(() => {
        this.#ended = [...this.#ended, this.item(lane, { ...record, state: 'sent' })].slice(-ENDED);
      })
      .catch((thrown: unknown) => {
        const { code, retry } = asTmailError(thrown);
        // Half of it may be done.
        this.#again.add(id);
        if (!this.#closed && (retry === 'auto' || code.startsWith('disk.'))) {
          clock.after(FILE_AGAIN_MS, () => this.file(lane, record));
        }
      })
      .finally(() => {
        this.#filing.delete(id);
        changed();
      });
    this.#filing.set(id, filing);
  }

  #lane(account: AccountConfig, kept: AccountStore, outbox: OutboxStore): Lane {
    const { clock, random, openSmtp, changed } = this.#deps;
    const sent = (record: OutboxRecord): void => this.file(lane, record);
    const unknown = ({ id }: OutboxRecord): void => {
      for (const ms of LOOK_AFTER_MS) clock.after(ms, () => void this.#look(lane, id));
    };
    const sender = new Sender({ account, outbox, clock, random, openSmtp, changed, sent, unknown });
    const lane: Lane = { account, kept, outbox, sender };
    return lane;
  }

  #engineOf({ account }: Lane): Engine | undefined {
    return this.#deps.engines.find(each => each.account === account.id);
  }

  /** A connection of the account's own shows that the network is back, and can look into Sent. */
  #follow(engine: Engine, lane: Lane): void {
    let online = false;
    this.#stops.push(
      engine.subscribe(() => {
        const before = online;
        online = engine.status().phase === 'online';
        if (before || !online) return;
        this.wake(lane);
        for (const { id, state } of lane.outbox.records()) if (state === 'unknown') void this.#look(lane, id);
      }),
    );
  }

  /** A message of which nobody knows is in the server's Sent: then it was taken, and filed. */
  async #look(lane: Lane, id: string): Promise<void> {
    const unknown = () => {
      const record = lane.outbox.records().find(each => each.id === id);
      return record?.state === 'unknown' && !this.#closed ? record : null;
    };
    const record = unknown();
    const engine = this.#engineOf(lane);
    if (!record || !engine?.holds) return;
    const holds = engine.holds.bind(engine);
    if ((await sentHolds(lane.kept, holds, record.messageId)) !== true) return;
    const still = unknown();
    if (!still) return;
    this.#filed.add(id);
    await this.assumeSent(lane, still).catch(() => undefined); // it stays unknown, and is looked at again
  }
}
