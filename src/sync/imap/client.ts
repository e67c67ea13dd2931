// One IMAP connection: imapflow wrapped so that its traps stay in here. Strict TLS, refused PREAUTH, a deadline on
// every command, bounded answers, names sent as the server listed them, translated errors. Knows nothing of the store.
import type { FetchMessageObject, ImapFlow, ListResponse, StatusObject } from 'imapflow';
import { cancelled, TmailError } from '../../util/errors.ts';
import { nextTurn } from '../../util/turn.ts';
import { type Peer, preauthRefused, translate } from '../errors.ts';
import { createDialer } from '../tls.ts';
import { isExpungeIssued, withResponseCode } from './answers.ts';
import { ChangingClient } from './client-changes.ts';
import type {
  Features,
  ImapClient,
  Mailbox,
  MailboxName,
  RowRequest,
  Unsolicited,
  Untagged,
} from './client-types.ts';
import {
  type Answer,
  boundVanished,
  type ClientOptions,
  flowOptions,
  hearAlerts,
  type Internals,
  internals,
  LINE_LIMITS,
  type LineLimits,
  pauseBetweenResponses,
  sendNamesAsListed,
  type UntaggedHandlers,
  type WireAttribute,
} from './flow.ts';
import { GMAIL, labelled, withLabels } from './gmail.ts';

export type * from './client-types.ts';
export { type ClientOptions, LINE_LIMITS, type LineLimits } from './flow.ts';

/** Untagged answers to one command that are kept; no server has that many to give. */
const MOST_ANSWERS = 100;

/**
 * Connects and signs in.
 * @throws TmailError network, tls, auth, protocol, config; `cancelled` when the signal fires.
 */
export async function openClient(options: ClientOptions, signal: AbortSignal): Promise<ImapClient> {
  if (signal.aborted) throw cancelled();
  const dialer = await createDialer(options.server);
  const { ImapFlow: Flow } = await import('imapflow');
  const flow = new Flow(flowOptions(options, dialer));
  const client = new Client(flow, options);
  const abort = (): void => client.close();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await client.connect();
    return client;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

class Client extends ChangingClient implements ImapClient {
  readonly peer: Peer;
  readonly closed: Promise<TmailError | null>;
  readonly #flow: ImapFlow;
  readonly #inside: Internals;
  readonly #limits: LineLimits;
  readonly #listeners = new Set<(event: Unsolicited) => void>();
  #why: TmailError | null = null;
  #closing = false;
  #wire: string | null = null;

  constructor(flow: ImapFlow, options: ClientOptions) {
    super();
    this.#flow = flow;
    this.#inside = internals(flow);
    this.#limits = options.limits ?? LINE_LIMITS;
    this.peer = { host: options.server.host, port: options.server.port };
    this.closed = new Promise(resolve => {
      flow.once('close', () => {
        if (!this.#closing) this.#why = this.#reason();
        resolve(this.#closing ? null : this.#why);
      });
    });
    flow.on('error', error => {
      this.#why ??= translate(error, this.peer);
    });
    if (options.alert) hearAlerts(flow, this.#inside, options.alert);
    pauseBetweenResponses(this.#inside, options.pace?.turn ?? nextTurn);
    sendNamesAsListed(this.#inside, () => this.#wire);
    boundVanished(this.#inside, (uids, earlier) => this.#tell({ t: 'vanished', uids, earlier }));
    flow.on('exists', event => this.#tell({ t: 'exists', count: event.count }));
    flow.on('expunge', event => this.#tell({ t: 'expunge', seq: event.seq ?? 0 }));
    flow.on('flags', () => this.#tell({ t: 'flags' }));
  }

  async connect(): Promise<void> {
    // A PREAUTH greeting would be somebody else's session, or a way around STARTTLS: nothing is sent after it.
    this.#inside.initialPREAUTH = async () => this.fail(preauthRefused(this.peer));
    await this.run(() => this.#flow.connect());
  }

  get features(): Features {
    const { capabilities, enabled } = this.#flow;
    return {
      condstore: enabled.has('CONDSTORE') || enabled.has('QRESYNC'),
      qresync: enabled.has('QRESYNC'),
      idle: capabilities.has('IDLE'),
      listStatus: capabilities.has('LIST-STATUS'),
      quota: [...capabilities.keys()].some(word => word === 'QUOTA' || word.startsWith('QUOTA=RES-')),
      uidplus: capabilities.has('UIDPLUS'),
      move: capabilities.has('MOVE'),
      labels: capabilities.has(GMAIL),
      utf8: enabled.has('UTF8=ACCEPT'),
    };
  }

  list(withStatus: boolean): Promise<ListResponse[]> {
    const query = { messages: true, unseen: true, uidNext: true, uidValidity: true };
    const condstore = this.features.condstore ? { highestModseq: true } : {};
    return this.run(() => this.#flow.list(withStatus ? { statusQuery: { ...query, ...condstore } } : {}));
  }

  status(name: MailboxName): Promise<StatusObject> {
    const items = { messages: true, unseen: true, uidNext: true, uidValidity: true, highestModseq: true };
    return this.#named(name, async () => {
      const answer = await this.#flow.status(name.path, items);
      if (!answer) throw new TmailError('rejected', 'imap.no', { facts: { text: '' } });
      return answer;
    });
  }

  select(name: MailboxName): Promise<Mailbox> {
    return this.#named(name, async () => {
      const box = await this.#flow.mailboxOpen(name.path);
      if (!box.uidValidity) throw new TmailError('protocol', 'imap.no-uidvalidity', { retry: 'auto' });
      return {
        path: name.path,
        uidValidity: String(box.uidValidity),
        uidNext: box.uidNext ?? 0,
        exists: box.exists ?? 0,
        highestModseq: box.highestModseq && !box.noModseq ? String(box.highestModseq) : null,
        readOnly: box.readOnly === true,
        permanentFlags: box.permanentFlags && !box.permanentFlags.has('\\*') ? box.permanentFlags : null,
      };
    });
  }

  rows(request: RowRequest): Promise<FetchMessageObject[]> {
    return this.run(async () => {
      const found: FetchMessageObject[] = [];
      const { labels } = this.features;
      const items = labels ? withLabels(request.items) : request.items;
      const fetching = this.#flow.fetch(request.range, items, {
        uid: request.by === 'uid',
        ...(request.changedSince === undefined ? {} : { changedSince: BigInt(request.changedSince) }),
      });
      try {
        for await (const row of fetching) {
          if (found.length >= request.most) throw this.#overrun();
          const taken = items.labels ? labelled(row) : row;
          if (taken) found.push(taken);
        }
      } catch (error) {
        // RFC 5530: some of the messages are gone; the others were sent all the same.
        if (!isExpungeIssued(error)) throw error;
      }
      return found;
    });
  }

  async uidsIn(range: string): Promise<number[]> {
    const found = await this.run(() => this.#flow.search({ uid: range }, { uid: true }));
    if (found === false || found === undefined) throw this.#noAnswer('SEARCH');
    return found;
  }

  async uidsOfMessageId(messageId: string): Promise<number[]> {
    const found = await this.run(() =>
      this.#flow.search({ header: { 'message-id': messageId } }, { uid: true }),
    );
    return found === false || found === undefined ? [] : found;
  }

  async countIn(range: string): Promise<number> {
    if (!this.#flow.capabilities.has('ESEARCH')) return (await this.uidsIn(range)).length;
    const found = await this.run(() =>
      this.#flow.search({ uid: range }, { uid: true, returnOptions: ['COUNT'] }),
    );
    if (found === false || found === undefined) throw this.#noAnswer('SEARCH');
    return Array.isArray(found) ? found.length : (found.count ?? 0);
  }

  /** exec alone would wait behind an IDLE until that ends by itself. */
  protected async send(command: string, attributes: unknown, untagged?: UntaggedHandlers): Promise<Answer> {
    if (typeof this.#inside.preCheck === 'function') await this.#inside.preCheck();
    return await this.#inside.exec(command, attributes, ...(untagged ? [{ untagged }] : []));
  }

  ask(command: string, attributes: readonly WireAttribute[], names: readonly string[]): Promise<Untagged[]> {
    return this.run(async () => {
      const found: Untagged[] = [];
      const take = (name: string) => async (answer: { attributes?: readonly unknown[] }) => {
        if (found.length < MOST_ANSWERS) found.push({ name, attributes: answer.attributes ?? [] });
      };
      const untagged = Object.fromEntries(names.map(name => [name, take(name)]));
      (await this.send(command, attributes, untagged)).next();
      return found;
    });
  }

  protected get appendLimit(): number | null {
    const limit = this.#flow.capabilities.get('APPENDLIMIT');
    return typeof limit === 'number' ? limit : null;
  }

  protected get usable(): boolean {
    return this.#flow.usable;
  }

  async uidsDeleted(): Promise<number[]> {
    const found = await this.run(() => this.#flow.search({ deleted: true }, { uid: true }));
    if (found === false || found === undefined) throw this.#noAnswer('SEARCH');
    return found;
  }

  async idle(): Promise<void> {
    if (!this.features.idle) return;
    try {
      await this.#flow.idle({ whenFree: true });
    } catch (error) {
      throw this.#explain(error);
    }
  }

  noop(): Promise<void> {
    return this.run(() => this.#flow.noop());
  }

  subscribe(listener: (event: Unsolicited) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  received(): number {
    return this.#flow.stats().received;
  }

  fail(error: TmailError): void {
    this.#why ??= error;
    this.#flow.close();
  }

  close(): void {
    this.#closing = true;
    this.#flow.close();
  }

  #tell(event: Unsolicited): void {
    for (const listener of this.#listeners) listener(event);
  }

  #reason(): TmailError {
    if (this.#why) return this.#why;
    return translate({ code: 'NoConnection', reason: this.#inside.byeReason }, this.peer);
  }

  #explain(error: unknown): TmailError {
    if (this.#closing) return cancelled();
    const translated = translate(withResponseCode(error), this.peer);
    // A command that died with the line says only that; why the line died is the better answer.
    return translated.code === 'net.closed' && this.#why ? this.#why : translated;
  }

  #noAnswer(command: string): TmailError {
    return this.#flow.usable
      ? new TmailError('rejected', 'imap.no', { facts: { ...this.peer, text: '', command } })
      : this.#explain({ code: 'NoConnection' });
  }

  #overrun(): TmailError {
    const error = new TmailError('protocol', 'imap.limit', {
      retry: 'auto',
      facts: { ...this.peer, limit: 'rows' },
    });
    this.fail(error);
    return error;
  }

  protected async run<T>(work: () => Promise<T>): Promise<T> {
    const deadline = setTimeout(() => {
      this.fail(new TmailError('network', 'net.timeout', { facts: { ...this.peer } }));
    }, this.#limits.commandTotalMs);
    try {
      return await work();
    } catch (error) {
      throw this.#explain(error);
    } finally {
      clearTimeout(deadline);
    }
  }

  async #named<T>(name: MailboxName, work: () => Promise<T>): Promise<T> {
    // Spares imapflow's LIST before the first SELECT of a folder: the names come from our own LIST.
    const { namespace } = this.#inside;
    const prefix = (namespace ? namespace.prefix : undefined) ?? '';
    for (const path of [name.path, prefix + name.path]) {
      if (!this.#inside.folders.has(path)) this.#inside.folders.set(path, {});
    }
    this.#wire = name.wire;
    try {
      return await this.run(work);
    } finally {
      this.#wire = null;
    }
  }
}
