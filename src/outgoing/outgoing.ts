// The way out, put together: drafts, the outbox with a sender for each account, and what happens after sending. Shows
// nothing and asks nobody; whoever has a person at the keys does.
import { identitiesOf } from '../config/identities.ts';
import type { AccountConfig, Config } from '../config/types.ts';
import { checkDraft, estimateSize } from '../mail/compose/check.ts';
import type { Draft, DraftId } from '../mail/compose/types.ts';
import { messageId } from '../mail/ids.ts';
import type { AccountId } from '../mail/types.ts';
import type { AccountStore, DraftStore, OutboxRecord, OutboxStore, Store } from '../store/types.ts';
import { type Clock, systemClock } from '../sync/clock.ts';
import type { SmtpClient } from '../sync/smtp/client.ts';
import type { Engine } from '../sync/types.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import { randomId } from '../util/ids.ts';
import type { Parser } from '../worker/types.ts';
import { collect, newRecord } from './building.ts';
import { attachFile, attachMessage, attachPart, wholeMessage } from './files.ts';
import { deleteMessage, fileSent, sentHolds, targetOf } from './filing.ts';
import { itemOf } from './items.ts';
import { type RawMessage, readRawMessage } from './raw-message.ts';
import { roleFolder } from './role-folder.ts';
import { Sender, tooLate } from './sender.ts';
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
  /** A whole message from elsewhere. Its recipients are in its header, unless they are given. */
  sendRaw(account: AccountId, message: RawMessage): Promise<OutboxItem>;
}

/** One account's part. */
interface Lane {
  readonly account: AccountConfig;
  readonly kept: AccountStore;
  readonly outbox: OutboxStore;
  readonly sender: Sender;
}

/** What ended in this run is shown so long. */
const ENDED = 50;
/** Until a server that files copies by itself has done so. */
const LOOK_AFTER_MS = [3000, 30_000];
const FILE_AGAIN_MS = 5000;

export function createOutgoing(deps: OutgoingDeps): LocalOutgoing {
  return new TheOutgoing(deps);
}

class TheOutgoing implements LocalOutgoing {
  readonly ready: Promise<void>;
  readonly #deps: OutgoingDeps;
  readonly #clock: Clock;
  readonly #lanes = new Map<AccountId, Lane>();
  readonly #listeners = new Set<() => void>();
  readonly #stops: (() => void)[] = [];
  /** Found `sent` at the start: their filing may have begun. */
  readonly #again = new Set<string>();
  /** The server has a copy, as a look showed. */
  readonly #filed = new Set<string>();
  readonly #filing = new Map<string, Promise<void>>();
  /** Drafts on their way into the outbox. */
  readonly #leaving = new Set<DraftId>();
  #ended: OutboxItem[] = [];
  #started = false;
  #closed = false;

  constructor(deps: OutgoingDeps) {
    this.#deps = deps;
    this.#clock = deps.clock ?? systemClock;
    this.ready = this.#open();
    this.ready.catch(() => undefined);
  }

  newDraftId(): DraftId {
    return randomId();
  }

  async drafts() {
    await this.ready;
    const sent = new Set(this.#records().map(({ record }) => record.draft));
    const all = await this.#drafts.list();
    return all.filter(({ draft }) => !sent.has(draft.id) && !this.#leaving.has(draft.id));
  }

  async saveDraft(draft: Draft): Promise<void> {
    await this.#drafts.save(draft);
    this.#changed();
  }

  attachFile(draft: DraftId, path: string, name?: string) {
    return attachFile(this.#drafts, draft, path, name);
  }

  async attachPart(draft: DraftId, message: Parameters<Outgoing['attachPart']>[1], n: number | null) {
    const whole = await wholeMessage(this.#deps.store, this.#deps.engines, message);
    if (n === null) return attachMessage(this.#drafts, draft, whole);
    const parser = await this.#deps.parser();
    return attachPart(this.#drafts, draft, parser, whole, await parser.parse(whole.path), n);
  }

  async discardDraft(draft: DraftId): Promise<void> {
    await this.#drafts.remove(draft);
    this.#changed();
  }

  async postpone(draft: Draft): Promise<void> {
    const { account, kept } = await this.#laneFor(draft.account);
    if (!kept.append) throw new TmailError('storage', 'store.reader');
    await this.#drafts.save(draft);
    const built = await collect(this.#drafts, draft, 'draft', this.#clock.now());
    const folder = await roleFolder(kept, 'drafts');
    const replaced = draft.replaces && (await targetOf(this.#deps.store, draft.replaces));
    const mine = replaced?.folder.startsWith(`${account.id}:`) === true;
    const { targets } = await kept.append({
      folder,
      bytes: built.bytes,
      envelope: built.envelope,
      flags: ['\\Draft', '\\Seen'],
      date: this.#clock.now(),
      upload: account.protocol === 'imap',
      ...(replaced && mine && { replaces: [replaced] }),
    });
    if (draft.replaces && replaced && !mine) await deleteMessage(this.#deps.store, draft.replaces);
    // Should it still be here after a crash, it is a version of that message, and not another one.
    const id = messageId(folder, targets[0]?.uid ?? 0);
    await this.#drafts.save({ ...draft, replaces: { id, messageId: built.messageId } });
    await this.#drafts.remove(draft.id);
    this.#changed();
  }

  async recall(message: Parameters<Outgoing['recall']>[0], replace: boolean): Promise<Draft> {
    const open = replace
      ? (await this.drafts()).find(({ draft }) => draft.replaces?.id === message)?.draft
      : undefined;
    if (open) return open;
    const { store, engines, config } = this.#deps;
    const whole = await wholeMessage(store, engines, message);
    const parser = await this.#deps.parser();
    const parsed = await parser.parse(whole.path);
    const { recall } = await import('../mail/compose/recall.ts');
    const { draft, parts } = recall(parsed, whole.account.id, identitiesOf(config));
    const id = randomId();
    const attachments: Draft['attachments'][number][] = [];
    for (const n of parts) {
      attachments.push(await attachPart(this.#drafts, id, parser, whole, parsed, n));
    }
    const now = this.#clock.now();
    const replaces = replace ? { id: message, messageId: whole.messageId } : null;
    const recalled: Draft = { ...draft, id, attachments, replaces, created: now, changed: now };
    await this.saveDraft(recalled);
    return recalled;
  }

  async preview(draft: Draft) {
    const html =
      draft.format === 'markdown'
        ? (await import('../mail/compose/markdown.ts')).markdownToHtml(draft.text)
        : null;
    return { html, bytes: estimateSize(draft) };
  }

  check(draft: Draft) {
    return checkDraft(draft);
  }

  async send(draft: Draft, { undo }: { readonly undo: number }): Promise<OutboxItem> {
    const lane = await this.#laneFor(draft.account);
    const { account, outbox, sender } = lane;
    this.#assertServer(account);
    const known = outbox.records().find(record => record.draft === draft.id);
    if (known || this.#leaving.has(draft.id)) throw tooLate(known?.id ?? draft.id);
    this.#leaving.add(draft.id);
    try {
      await this.#drafts.save(draft);
      const built = await collect(this.#drafts, draft, 'send', this.#clock.now());
      const record = newRecord(draft, built, this.#clock.now(), undo);
      await outbox.add(record, built.bytes);
      // A person who sends is a reason to try again whatever failed before.
      if (this.#started) sender.wake();
      return this.#item(lane, record);
    } finally {
      this.#leaving.delete(draft.id);
      this.#changed();
    }
  }

  async sendRaw(account: AccountId, message: RawMessage): Promise<OutboxItem> {
    const lane = await this.#laneFor(account);
    this.#assertServer(lane.account);
    const { record, bytes } = await readRawMessage(message, lane.account, this.#clock.now());
    await lane.outbox.add(record, bytes);
    if (this.#started) lane.sender.wake();
    this.#changed();
    return this.#item(lane, record);
  }

  outbox(): readonly OutboxItem[] {
    const items = this.#records().map(({ lane, record }) => this.#item(lane, record));
    const waiting = new Set(items.map(({ id }) => id));
    return [...this.#ended.filter(({ id }) => !waiting.has(id)), ...items].sort((a, b) => a.at - b.at);
  }

  async takeBack(id: string): Promise<Draft> {
    const { lane } = await this.#find(id);
    return lane.sender.apart(id, async () => {
      const { record } = await this.#find(id);
      if (record.state === 'sent') throw tooLate(id);
      const draft = record.draft === '' ? null : await this.#drafts.load(record.draft);
      if (!draft) throw new TmailError('rejected', 'outbox.not-editable', { retry: 'never', facts: { id } });
      await lane.outbox.remove(id);
      return draft;
    });
  }

  async sendNow(id: string): Promise<void> {
    const { lane } = await this.#find(id);
    const { record } = await this.#find(id);
    if (record.state === 'queued' || record.state === 'undo') {
      await lane.outbox.put({ ...record, state: 'queued', notBefore: this.#clock.now() });
    }
    this.#changed();
    lane.sender.wake();
  }

  async retry(id: string, to?: 'rest'): Promise<void> {
    const { lane } = await this.#find(id);
    await lane.sender.apart(id, async () => {
      const { record } = await this.#find(id);
      if (record.state === 'sent') throw tooLate(id);
      const recipients = record.recipients.map(recipient => {
        const said = recipient.outcome === 'refused' || recipient.outcome === 'deferred';
        if (!said || recipient.skipped) return recipient;
        return to === 'rest'
          ? { ...recipient, skipped: true }
          : { ...recipient, outcome: 'pending' as const, reply: '' };
      });
      if (!recipients.some(({ skipped, outcome }) => !skipped && outcome !== 'accepted')) {
        throw new TmailError('rejected', 'outbox.nobody-left', { retry: 'never', facts: { id } });
      }
      const notBefore = this.#clock.now();
      await lane.outbox.put({ ...record, state: 'queued', recipients, notBefore, tries: 0, error: null });
    });
    if (this.#started) lane.sender.wake();
  }

  async assumeSent(id: string): Promise<void> {
    const { lane, record } = await this.#find(id);
    if (record.state !== 'unknown') throw tooLate(id);
    const sent: OutboxRecord = { ...record, state: 'sent', error: null };
    await lane.outbox.put(sent);
    this.#file(lane, sent);
    this.#changed();
  }

  async drop(id: string): Promise<void> {
    const { lane } = await this.#find(id);
    await lane.sender.apart(id, async () => {
      const { record } = await this.#find(id);
      if (record.state === 'sent') throw tooLate(id);
      if (record.draft !== '') await this.#drafts.remove(record.draft);
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
      () => {
        for (const { sender } of this.#lanes.values()) sender.start();
      },
      () => undefined,
    );
  }

  async sendAll(accounts: readonly AccountId[]): Promise<SentReport> {
    await this.ready;
    const lanes = [...this.#lanes.values()].filter(({ account }) => accounts.includes(account.id));
    const before = this.#ended.length;
    const tried = new Set(
      lanes.flatMap(({ sender }) => sender.records().flatMap(({ id, state }) => (waits(state) ? id : []))),
    );
    await Promise.all(lanes.map(({ sender }) => sender.once()));
    await Promise.all(this.#filing.values());
    const left = this.outbox().filter(({ id, account }) => tried.has(id) && accounts.includes(account));
    return {
      sent: Math.max(0, this.#ended.length - before),
      errors: left.flatMap(({ state, error }) => (state === 'sent' || !error ? [] : [error])),
    };
  }

  async settled(id: string): Promise<OutboxItem> {
    const { lane } = await this.#find(id);
    await lane.sender.idle();
    await this.#filing.get(id);
    const item = this.outbox().find(each => each.id === id);
    if (!item) throw gone(id);
    return item;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const stop of this.#stops) stop();
    await this.ready.catch(() => undefined);
    await Promise.all([...this.#lanes.values()].map(({ sender }) => sender.stop()));
    await Promise.all(this.#filing.values());
  }

  get #drafts(): DraftStore {
    const { drafts } = this.#deps.store;
    if (!drafts) throw new TmailError('storage', 'store.reader');
    return drafts;
  }

  async #open(): Promise<void> {
    const { store, config, engines } = this.#deps;
    await this.#drafts.sweep();
    for (const account of config.accounts.filter(({ disabled }) => !disabled)) {
      const kept = await store.account(account.id);
      if (!kept.outbox) continue;
      const lane = this.#lane(account, kept, kept.outbox);
      this.#lanes.set(account.id, lane);
      const engine = engines.find(each => each.account === account.id);
      if (engine) this.#follow(engine, lane);
      for (const record of kept.outbox.records()) {
        if (record.state !== 'sent') continue;
        this.#again.add(record.id);
        this.#file(lane, record);
      }
    }
    this.#changed();
  }

  #lane(account: AccountConfig, kept: AccountStore, outbox: OutboxStore): Lane {
    const { openSmtp, random = Math.random } = this.#deps;
    const sender = new Sender({
      account,
      outbox,
      clock: this.#clock,
      random,
      openSmtp: openSmtp ?? ((to, signal) => this.#dial(to, signal)),
      changed: () => this.#changed(),
      sent: record => this.#file(lane, record),
      unknown: record => this.#lookLater(lane, record.id),
    });
    const lane: Lane = { account, kept, outbox, sender };
    return lane;
  }

  async #dial(account: AccountConfig, signal: AbortSignal): Promise<SmtpClient> {
    const { outgoing } = account;
    if (!outgoing) throw noServer(account);
    const { openSmtp } = await import('../sync/smtp/client.ts');
    return openSmtp({ server: outgoing, password: () => this.#deps.password(account) }, signal);
  }

  /** A connection of the account's own shows that the network is back. */
  #follow(engine: Engine, lane: Lane): void {
    let online = false;
    this.#stops.push(
      engine.subscribe(() => {
        const now = engine.status().phase === 'online';
        if (now === online) return;
        online = now;
        if (!now) return;
        if (this.#started) lane.sender.wake();
        for (const { id, state } of lane.outbox.records()) if (state === 'unknown') void this.#look(lane, id);
      }),
    );
  }

  #lookLater(lane: Lane, id: string): void {
    for (const ms of LOOK_AFTER_MS) this.#clock.after(ms, () => void this.#look(lane, id));
  }

  /** A message of which nobody knows is in the server's Sent: then it was taken, and filed. */
  async #look(lane: Lane, id: string): Promise<void> {
    const record = lane.outbox.records().find(each => each.id === id);
    const engine = this.#deps.engines.find(each => each.account === lane.account.id);
    if (record?.state !== 'unknown' || this.#closed) return;
    const holds = engine?.holds?.bind(engine);
    if ((await sentHolds(lane.kept, holds, record.messageId)) !== true) return;
    if (lane.outbox.records().find(each => each.id === id)?.state !== 'unknown') return;
    this.#filed.add(id);
    await this.assumeSent(id).catch(() => undefined); // it stays unknown, and is looked at again
  }

  #file(lane: Lane, record: OutboxRecord): void {
    if (this.#filing.has(record.id)) return;
    const { id } = record;
    const { store } = this.#deps;
    const deps = { account: lane.account, store, now: () => this.#clock.now() };
    const filing = fileSent(deps, record, { filed: this.#filed.has(id), again: this.#again.has(id) })
      .then(() => {
        this.#ended = [...this.#ended, this.#item(lane, { ...record, state: 'sent' })].slice(-ENDED);
      })
      .catch((thrown: unknown) => {
        const { code, retry } = asTmailError(thrown);
        // Half of it may be done.
        this.#again.add(id);
        if (!this.#closed && (retry === 'auto' || code.startsWith('disk.'))) {
          this.#clock.after(FILE_AGAIN_MS, () => this.#file(lane, record));
        }
      })
      .finally(() => {
        this.#filing.delete(id);
        this.#changed();
      });
    this.#filing.set(id, filing);
  }

  #records(): { lane: Lane; record: OutboxRecord }[] {
    return [...this.#lanes.values()].flatMap(lane => lane.sender.records().map(record => ({ lane, record })));
  }

  #item(lane: Lane, record: OutboxRecord): OutboxItem {
    return itemOf(lane.account.id, record, lane.sender.moment(record.id));
  }

  async #find(id: string): Promise<{ lane: Lane; record: OutboxRecord }> {
    await this.ready;
    const found = this.#records().find(({ record }) => record.id === id);
    if (found) return found;
    throw gone(id);
  }

  async #laneFor(account: AccountId): Promise<Lane> {
    await this.ready;
    const lane = this.#lanes.get(account);
    if (lane) return lane;
    throw new TmailError('config', 'account.unknown', { facts: { account } });
  }

  #assertServer(account: AccountConfig): void {
    if (!account.outgoing) throw noServer(account);
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

const waits = (state: OutboxRecord['state']): boolean => state === 'queued' || state === 'undo';

function noServer({ id }: AccountConfig): TmailError {
  return new TmailError('config', 'send.no-server', { facts: { account: id } });
}

function gone(id: string): TmailError {
  return new TmailError('rejected', 'outbox.gone', { retry: 'never', facts: { id } });
}
