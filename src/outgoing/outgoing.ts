// The way out, put together: what is being written (drafting.ts), and each account's outbox with what sends it
// (lanes.ts). Shows nothing and asks nobody; whoever has a person at the keys does.
import type { AccountConfig, Config } from '../config/types.ts';
import type { Draft, DraftId } from '../mail/compose/types.ts';
import type { AccountId, MessageId } from '../mail/types.ts';
import type { OutboxRecord, Store } from '../store/types.ts';
import { type Clock, systemClock } from '../sync/clock.ts';
import type { SmtpClient } from '../sync/smtp/client.ts';
import type { Engine } from '../sync/types.ts';
import { TmailError } from '../util/errors.ts';
import type { Parser } from '../worker/types.ts';
import { collect, newRecord } from './building.ts';
import { Drafting } from './drafting.ts';
import { type Lane, Lanes } from './lanes.ts';
import { type RawMessage, readRawMessage } from './raw-message.ts';
import { tooLate } from './sender.ts';
import type { OutboxItem, Outgoing } from './types.ts';

export interface OutgoingDeps {
  readonly config: Config;
  /** An owner's. */
  readonly store: Store;
  readonly engines: readonly Engine[];
  readonly parser: () => Parser | Promise<Parser>;
  /** For the account's submission server; asked for at each connection. */
  readonly password: (account: AccountConfig) => Promise<string>;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** In place of the wire; for tests. */
  readonly openSmtp?: (account: AccountConfig, signal: AbortSignal) => Promise<SmtpClient>;
}

/** What became of an account's outbox in one go. */
export interface SentReport {
  readonly sent: number;
  /** Why the others were not. */
  readonly errors: readonly TmailError[];
}

/** The contract, and what whoever puts the program together needs beside it. */
export interface LocalOutgoing extends Outgoing {
  /** Outboxes are read, and what a crash left is put in order. */
  readonly ready: Promise<void>;
  /** From now on what is due is sent. */
  start(): void;
  /** Tries all that waits in these accounts now, once; resolves when each has an outcome and is filed. */
  sendAll(accounts: readonly AccountId[]): Promise<SentReport>;
  /** Waits for one message: until it is sent, refused, or left for later. */
  settled(id: string): Promise<OutboxItem>;
  /** A whole message from elsewhere; its header says who gets it. */
  sendRaw(account: AccountId, message: RawMessage): Promise<OutboxItem>;
}

export function createOutgoing(deps: OutgoingDeps): LocalOutgoing {
  return new TheOutgoing(deps);
}

class TheOutgoing implements LocalOutgoing {
  readonly ready: Promise<void>;
  readonly #clock: Clock;
  readonly #lanes: Lanes;
  readonly #drafting: Drafting;
  readonly #listeners = new Set<() => void>();
  /** Drafts on their way into the outbox. */
  readonly #leaving = new Set<DraftId>();
  #started = false;
  #closing: Promise<void> | null = null;

  constructor(deps: OutgoingDeps) {
    const { config, store, engines, parser, clock = systemClock, random = Math.random } = deps;
    this.#clock = clock;
    const changed = () => this.#changed();
    this.#lanes = new Lanes({
      accounts: config.accounts.filter(({ disabled }) => !disabled),
      store,
      engines,
      clock,
      random,
      openSmtp: deps.openSmtp ?? ((account, signal) => dial(account, signal, deps.password)),
      changed,
    });
    this.#drafting = new Drafting({
      config,
      store,
      engines,
      parser,
      clock,
      changed,
      account: async id => {
        const { account, kept } = await this.#laneFor(id);
        return { kept, upload: account.protocol === 'imap' };
      },
      leaving: async () => {
        await this.ready;
        return new Set([...this.#lanes.records().map(({ record }) => record.draft), ...this.#leaving]);
      },
    });
    this.ready = this.#open();
    this.ready.catch(() => undefined);
  }

  newDraftId(): DraftId {
    return this.#drafting.newDraftId();
  }

  drafts() {
    return this.#drafting.drafts();
  }

  saveDraft(draft: Draft): Promise<void> {
    return this.#drafting.saveDraft(draft);
  }

  attachFile(draft: DraftId, path: string, name?: string) {
    return this.#drafting.attachFile(draft, path, name);
  }

  attachPart(draft: DraftId, message: MessageId, n: number | null) {
    return this.#drafting.attachPart(draft, message, n);
  }

  discardDraft(draft: DraftId): Promise<void> {
    return this.#drafting.discardDraft(draft);
  }

  postpone(draft: Draft): Promise<MessageId> {
    return this.#drafting.postpone(draft);
  }

  recall(message: MessageId, replace: boolean): Promise<Draft> {
    return this.#drafting.recall(message, replace);
  }

  preview(draft: Draft) {
    return this.#drafting.preview(draft);
  }

  check(draft: Draft) {
    return this.#drafting.check(draft);
  }

  async send(draft: Draft, { undo }: { readonly undo: number }): Promise<OutboxItem> {
    const lane = await this.#laneFor(draft.account);
    assertServer(lane);
    const known = lane.outbox.records().find(record => record.draft === draft.id);
    if (known || this.#leaving.has(draft.id)) throw tooLate(known?.id ?? draft.id);
    this.#leaving.add(draft.id);
    try {
      const { store: drafts } = this.#drafting;
      await drafts.save(draft);
      const built = await collect(drafts, draft, 'send', this.#clock.now());
      return await this.#enter(lane, newRecord(draft, built, this.#clock.now(), undo), built.bytes);
    } finally {
      this.#leaving.delete(draft.id);
      this.#changed();
    }
  }

  async sendRaw(account: AccountId, message: RawMessage): Promise<OutboxItem> {
    const lane = await this.#laneFor(account);
    assertServer(lane);
    const { record, bytes } = await readRawMessage(message, lane.account, this.#clock.now());
    return this.#enter(lane, record, bytes);
  }

  outbox(): readonly OutboxItem[] {
    return this.#lanes.items();
  }

  takeBack(id: string): Promise<Draft> {
    return this.#apart(id, async (lane, record) => {
      const draft = record.draft === '' ? null : await this.#drafting.store.load(record.draft);
      if (!draft) throw new TmailError('rejected', 'outbox.not-editable', { retry: 'never', facts: { id } });
      await lane.outbox.remove(id);
      return draft;
    });
  }

  async sendNow(id: string): Promise<void> {
    await this.ready;
    const { lane, record } = this.#lanes.find(id);
    if (record.state === 'queued' || record.state === 'undo') {
      await lane.outbox.put({ ...record, state: 'queued', notBefore: this.#clock.now() });
    }
    this.#lanes.wake(lane);
    this.#changed();
  }

  async retry(id: string, to?: 'rest'): Promise<void> {
    const lane = await this.#apart(id, async (lane, record) => {
      const recipients = record.recipients.map(recipient => {
        const said = recipient.outcome === 'refused' || recipient.outcome === 'deferred';
        if (!said || recipient.skipped) return recipient;
        if (to === 'rest') return { ...recipient, skipped: true };
        return { ...recipient, outcome: 'pending' as const, reply: '' };
      });
      if (!recipients.some(({ skipped, outcome }) => !skipped && outcome !== 'accepted')) {
        throw new TmailError('rejected', 'outbox.nobody-left', { retry: 'never', facts: { id } });
      }
      const notBefore = this.#clock.now();
      await lane.outbox.put({ ...record, state: 'queued', recipients, notBefore, tries: 0, error: null });
      return lane;
    });
    this.#lanes.wake(lane);
  }

  async assumeSent(id: string): Promise<void> {
    await this.ready;
    const { lane, record } = this.#lanes.find(id);
    if (record.state !== 'unknown') throw tooLate(id);
    await this.#lanes.assumeSent(lane, record);
  }

  drop(id: string): Promise<void> {
    return this.#apart(id, async (lane, record) => {
      if (record.draft !== '') await this.#drafting.store.remove(record.draft);
      await lane.outbox.remove(id);
    });
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.ready.then(
      () => this.#lanes.start(),
      () => undefined,
    );
  }

  async sendAll(accounts: readonly AccountId[]): Promise<SentReport> {
    await this.ready;
    const lanes = this.#lanes.all().filter(({ account }) => accounts.includes(account.id));
    const waiting = lanes.flatMap(({ sender }) =>
      sender.records().filter(({ state }) => state === 'queued' || state === 'undo'),
    );
    await Promise.all(lanes.map(({ sender }) => sender.once()));
    await this.#lanes.filed();
    const ids = new Set(waiting.map(({ id }) => id));
    const after = this.outbox().filter(({ id }) => ids.has(id));
    return {
      sent: after.filter(({ state }) => state === 'sent').length,
      errors: after.flatMap(({ state, error }) => (state === 'sent' || !error ? [] : [error])),
    };
  }

  async settled(id: string): Promise<OutboxItem> {
    await this.ready;
    await this.#lanes
      .all()
      .reduce((before, { sender }) => before.then(() => sender.idle()), Promise.resolve());
    await this.#lanes.filed(id);
    const item = this.outbox().find(each => each.id === id);
    if (!item) throw new TmailError('rejected', 'outbox.gone', { retry: 'never', facts: { id } });
    return item;
  }

  close(): Promise<void> {
    this.#closing ??= this.ready.catch(() => undefined).then(() => this.#lanes.close());
    return this.#closing;
  }

  async #open(): Promise<void> {
    await this.#drafting.store.sweep();
    await this.#lanes.open();
    this.#changed();
  }

  async #enter(lane: Lane, record: OutboxRecord, bytes: Buffer): Promise<OutboxItem> {
    await lane.outbox.add(record, bytes);
    // A person who sends is a reason to try again whatever failed before.
    this.#lanes.wake(lane);
    this.#changed();
    return this.#lanes.item(lane, record);
  }

  /** Does something to a message that is not sent and not being sent. @throws TmailError outbox.gone, outbox.too-late */
  async #apart<T>(id: string, work: (lane: Lane, record: OutboxRecord) => Promise<T>): Promise<T> {
    await this.ready;
    const { lane } = this.#lanes.find(id);
    return lane.sender.apart(id, () => {
      const { record } = this.#lanes.find(id);
      if (record.state === 'sent') throw tooLate(id);
      return work(lane, record);
    });
  }

  async #laneFor(account: AccountId): Promise<Lane> {
    await this.ready;
    const lane = this.#lanes.get(account);
    if (lane) return lane;
    throw new TmailError('config', 'account.unknown', { facts: { account } });
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

function assertServer({ account }: Lane): void {
  if (!account.outgoing) throw new TmailError('config', 'send.no-server', { facts: { account: account.id } });
}

async function dial(
  account: AccountConfig,
  signal: AbortSignal,
  password: OutgoingDeps['password'],
): Promise<SmtpClient> {
  const { outgoing } = account;
  if (!outgoing) throw new TmailError('config', 'send.no-server', { facts: { account: account.id } });
  const { openSmtp } = await import('../sync/smtp/client.ts');
  return openSmtp({ server: outgoing, password: () => password(account) }, signal);
}
