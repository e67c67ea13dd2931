// One IMAP connection: imapflow wrapped so that its traps stay in here. Strict TLS, refused PREAUTH, a deadline on
// every command, bounded answers, names sent as the server listed them, translated errors. Knows nothing of the store.
import type { FetchMessageObject, FetchQueryObject, ImapFlow, ListResponse, StatusObject } from 'imapflow';
import { cancelled, TmailError } from '../../util/errors.ts';
import { nextTurn } from '../../util/turn.ts';
import { type Peer, preauthRefused, translate } from '../errors.ts';
import { createDialer } from '../tls.ts';
import {
  type Answer,
  boundVanished,
  type ClientOptions,
  flowOptions,
  type Internals,
  internals,
  LINE_LIMITS,
  type LineLimits,
  nameOnWire,
  sendNamesAsListed,
  type WireAttribute,
} from './flow.ts';
import type { UidRange } from './uid-set.ts';

export { type ClientOptions, LINE_LIMITS, type LineLimits } from './flow.ts';

/** Rows are read without a pause for this long; a key pressed meanwhile waits (design.md §7: 25 ms at most). */
const ROWS_AT_A_TIME_MS = 2;

/** Untagged answers to one command that are kept; no server has that many to give. */
const MOST_ANSWERS = 100;

/** A folder as SELECT described it. */
export interface Mailbox {
  readonly path: string;
  readonly uidValidity: string;
  /** 0: the server did not say. */
  readonly uidNext: number;
  readonly exists: number;
  /** Null without CONDSTORE or where the folder has no mod-sequences. */
  readonly highestModseq: string | null;
  readonly readOnly: boolean;
  /** Null: any flag. */
  readonly permanentFlags: ReadonlySet<string> | null;
}

/** What the server says without being asked. Sequence numbers are those of the moment. */
export type Unsolicited =
  | { readonly t: 'exists'; readonly count: number }
  | { readonly t: 'expunge'; readonly seq: number }
  | { readonly t: 'vanished'; readonly uids: readonly UidRange[]; readonly earlier: boolean }
  | { readonly t: 'flags' };

export interface Features {
  readonly condstore: boolean;
  readonly qresync: boolean;
  readonly idle: boolean;
  readonly listStatus: boolean;
  readonly quota: boolean;
  readonly uidplus: boolean;
  /** Names travel as UTF-8 (UTF8=ACCEPT is enabled). */
  readonly utf8: boolean;
}

/** How a folder is called here and on the wire. */
export interface MailboxName {
  readonly path: string;
  readonly wire: string;
}

export interface RowRequest {
  readonly by: 'uid' | 'seq';
  readonly range: string;
  readonly items: FetchQueryObject;
  /** More rows than this are an attack or a broken server. */
  readonly most: number;
  readonly changedSince?: string;
}

export interface NewOnServer {
  readonly bytes: Buffer;
  /** Names as on the wire. */
  readonly flags: readonly string[];
  /** INTERNALDATE; milliseconds since 1970. */
  readonly date: number;
}

/** A message's place on the server. */
export interface Place {
  readonly uidValidity: string;
  readonly uid: number;
}

/** An untagged answer as imapflow parsed it. Hostile. */
export interface Untagged {
  readonly name: string;
  readonly attributes: readonly unknown[];
}

export interface ImapClient {
  readonly peer: Peer;
  readonly features: Features;
  /** Resolves once, when the line is gone: why, or null when it was closed from here. */
  readonly closed: Promise<TmailError | null>;
  list(withStatus: boolean): Promise<ListResponse[]>;
  status(name: MailboxName): Promise<StatusObject>;
  /** Always a new SELECT: fresh counts and UIDVALIDITY. */
  select(name: MailboxName): Promise<Mailbox>;
  /** All rows of one FETCH; rows that were not parseable are missing. */
  rows(request: RowRequest): Promise<FetchMessageObject[]>;
  /** UIDs in a UID range, ascending. */
  uidsIn(range: string): Promise<number[]>;
  uidsOfMessageId(messageId: string): Promise<number[]>;
  /** How many messages have a UID in the range. */
  countIn(range: string): Promise<number>;
  /** UID STORE ±FLAGS.SILENT. @throws TmailError `rejected` with the server's words */
  storeFlags(range: string, change: 'add' | 'remove', flags: readonly string[]): Promise<void>;
  /**
   * Where the message is then; null: stored, but the server does not say where (no UIDPLUS).
   * @throws TmailError `rejected`: not stored; anything else: perhaps.
   */
  append(name: MailboxName, message: NewOnServer): Promise<Place | null>;
  /** UIDs of messages that are marked \Deleted. */
  uidsDeleted(): Promise<number[]>;
  /** UID EXPUNGE (RFC 4315) of these; without UIDPLUS EXPUNGE, which takes every message marked \Deleted. */
  expunge(range: string): Promise<void>;
  /** Makes and subscribes a folder; one that is there already is as good. */
  create(name: MailboxName): Promise<void>;
  /** A command of an extension, and the untagged answers with these names (the first 100). @throws TmailError */
  ask(command: string, attributes: readonly WireAttribute[], names: readonly string[]): Promise<Untagged[]>;
  /** Listens until the next command, `stopIdle` or the server ends it. Resolves at once without IDLE. */
  idle(): Promise<void>;
  noop(): Promise<void>;
  subscribe(listener: (event: Unsolicited) => void): () => void;
  /** Bytes received so far. */
  received(): number;
  /** Cuts the line with this reason: every pending call rejects with it. */
  fail(error: TmailError): void;
  /** Pending calls reject with `cancelled`. Repeatable. */
  close(): void;
}

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

function isExpungeIssued(error: unknown): boolean {
  const { responseStatus, response } = error as { responseStatus?: unknown; response?: unknown };
  return responseStatus === 'NO' && /\[EXPUNGEISSUED\]/i.test(textOf(response));
}

/** imapflow's `exec` leaves the response code (RFC 9051 section 7.1) in the parsed answer. */
function withResponseCode(error: unknown): unknown {
  if (!(error instanceof Error) || !('response' in error) || 'serverResponseCode' in error) return error;
  const code = /^\[([A-Z-]+)\]/.exec(textOf(error.response))?.[1];
  return code === undefined ? error : Object.assign(error, { serverResponseCode: code });
}

/** What a refused command was answered, in whatever form imapflow has it. */
function refusalOf(error: unknown): string {
  const { responseStatus, responseText, serverResponseCode, response } = error as {
    responseStatus?: unknown;
    responseText?: unknown;
    serverResponseCode?: unknown;
    response?: unknown;
  };
  if (responseStatus !== 'NO') return '';
  return [responseText, serverResponseCode, textOf(response)].map(each => String(each ?? '')).join(' ');
}

/** `APPENDUID validity uid` of an answer (RFC 4315 section 3); null when it is not there or makes no sense. */
function appendUid(answer: Answer): Place | null {
  const code = (answer.response?.attributes?.[0]?.section ?? []).map(({ value }) => String(value ?? ''));
  const [word = '', uidValidity = '', uid = ''] = code;
  if (word.toUpperCase() !== 'APPENDUID' || ![uidValidity, uid].every(n => /^[1-9]\d{0,9}$/.test(n)))
    return null;
  return { uidValidity, uid: Number(uid) };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** date-time of RFC 9051 section 9, in UTC. */
function internalDate(at: number): string {
  const date = new Date(at);
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${two(date.getUTCDate())}-${MONTHS[date.getUTCMonth()]}-${date.getUTCFullYear()}`;
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  return `${day} ${time} +0000`;
}

/** The tagged answer as imapflow parsed it, or its text. */
function textOf(response: unknown): string {
  if (typeof response === 'string') return response;
  const { attributes } = (response ?? {}) as { attributes?: { section?: { value?: unknown }[] }[] };
  return (attributes ?? []).flatMap(each => each.section?.map(part => `[${part?.value}]`) ?? []).join(' ');
}

class Client implements ImapClient {
  readonly peer: Peer;
  readonly closed: Promise<TmailError | null>;
  readonly #flow: ImapFlow;
  readonly #inside: Internals;
  readonly #limits: LineLimits;
  readonly #turn: () => Promise<void>;
  readonly #listeners = new Set<(event: Unsolicited) => void>();
  #why: TmailError | null = null;
  #closing = false;
  #wire: string | null = null;

  constructor(flow: ImapFlow, options: ClientOptions) {
    this.#flow = flow;
    this.#inside = internals(flow);
    this.#limits = options.limits ?? LINE_LIMITS;
    this.#turn = options.pace?.turn ?? nextTurn;
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
    sendNamesAsListed(this.#inside, () => this.#wire);
    boundVanished(this.#inside, (uids, earlier) => this.#tell({ t: 'vanished', uids, earlier }));
    flow.on('exists', event => this.#tell({ t: 'exists', count: event.count }));
    flow.on('expunge', event => this.#tell({ t: 'expunge', seq: event.seq ?? 0 }));
    flow.on('flags', () => this.#tell({ t: 'flags' }));
  }

  async connect(): Promise<void> {
    // A PREAUTH greeting would be somebody else's session, or a way around STARTTLS: nothing is sent after it.
    this.#inside.initialPREAUTH = async () => this.fail(preauthRefused(this.peer));
    await this.#run(() => this.#flow.connect());
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
      utf8: enabled.has('UTF8=ACCEPT'),
    };
  }

  list(withStatus: boolean): Promise<ListResponse[]> {
    const query = { messages: true, unseen: true, uidNext: true, uidValidity: true };
    const condstore = this.features.condstore ? { highestModseq: true } : {};
    return this.#run(() => this.#flow.list(withStatus ? { statusQuery: { ...query, ...condstore } } : {}));
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
    return this.#run(async () => {
      const found: FetchMessageObject[] = [];
      let since = performance.now();
      const fetching = this.#flow.fetch(request.range, request.items, {
        uid: request.by === 'uid',
        ...(request.changedSince === undefined ? {} : { changedSince: BigInt(request.changedSince) }),
      });
      try {
        for await (const row of fetching) {
          if (found.length >= request.most) throw this.#overrun();
          found.push(row);
          if (performance.now() - since < ROWS_AT_A_TIME_MS) continue;
          // imapflow reads a whole chunk in microtasks: without a pause no key would be read meanwhile.
          await this.#turn();
          since = performance.now();
        }
      } catch (error) {
        // RFC 5530: some of the messages are gone; the others were sent all the same.
        if (!isExpungeIssued(error)) throw error;
      }
      return found;
    });
  }

  async uidsIn(range: string): Promise<number[]> {
    const found = await this.#run(() => this.#flow.search({ uid: range }, { uid: true }));
    if (found === false || found === undefined) throw this.#noAnswer('SEARCH');
    return found;
  }

  async uidsOfMessageId(messageId: string): Promise<number[]> {
    const found = await this.#run(() =>
      this.#flow.search({ header: { 'message-id': messageId } }, { uid: true }),
    );
    return found === false || found === undefined ? [] : found;
  }

  async countIn(range: string): Promise<number> {
    if (!this.#flow.capabilities.has('ESEARCH')) return (await this.uidsIn(range)).length;
    const found = await this.#run(() =>
      this.#flow.search({ uid: range }, { uid: true, returnOptions: ['COUNT'] }),
    );
    if (found === false || found === undefined) throw this.#noAnswer('SEARCH');
    return Array.isArray(found) ? found.length : (found.count ?? 0);
  }

  async storeFlags(range: string, change: 'add' | 'remove', flags: readonly string[]): Promise<void> {
    // imapflow's own call turns every refusal into `false`, without the server's words.
    await this.#run(async () => {
      const answer = await this.#send('UID STORE', [
        { type: 'SEQUENCE', value: range },
        { type: 'ATOM', value: change === 'add' ? '+FLAGS.SILENT' : '-FLAGS.SILENT' },
        flags.map(flag => ({ type: 'ATOM', value: flag })),
      ]);
      answer.next();
    });
  }

  /** exec alone would wait behind an IDLE until that ends by itself. */
  async #send(command: string, attributes: unknown, options?: unknown): Promise<Answer> {
    if (typeof this.#inside.preCheck === 'function') await this.#inside.preCheck();
    return await this.#inside.exec(command, attributes, options);
  }

  ask(command: string, attributes: readonly WireAttribute[], names: readonly string[]): Promise<Untagged[]> {
    return this.#run(async () => {
      const found: Untagged[] = [];
      const take = (name: string) => async (answer: { attributes?: unknown[] }) => {
        if (found.length < MOST_ANSWERS) found.push({ name, attributes: answer.attributes ?? [] });
      };
      const untagged = Object.fromEntries(names.map(name => [name, take(name)]));
      (await this.#send(command, attributes, { untagged })).next();
      return found;
    });
  }

  append(name: MailboxName, { bytes, flags, date }: NewOnServer): Promise<Place | null> {
    // imapflow's own call encodes the name again, and searches for the UID when there is no UIDPLUS.
    return this.#run(async () => {
      const limit = this.#flow.capabilities.get('APPENDLIMIT');
      if (typeof limit === 'number' && bytes.length > limit) {
        const facts = { ...this.peer, size: bytes.length, limit };
        throw new TmailError('rejected', 'imap.append-limit', { facts });
      }
      const answer = await this.#send('APPEND', [
        nameOnWire(name.wire),
        flags.map(flag => ({ type: 'ATOM', value: flag })),
        { type: 'STRING', value: internalDate(date) },
        { type: 'LITERAL', value: bytes },
      ]);
      const place = appendUid(answer);
      answer.next();
      return place;
    });
  }

  async uidsDeleted(): Promise<number[]> {
    const found = await this.#run(() => this.#flow.search({ deleted: true }, { uid: true }));
    if (found === false || found === undefined) throw this.#noAnswer('SEARCH');
    return found;
  }

  expunge(range: string): Promise<void> {
    return this.#run(async () => {
      const answer = this.features.uidplus
        ? await this.#send('UID EXPUNGE', [{ type: 'SEQUENCE', value: range }])
        : await this.#send('EXPUNGE', []);
      answer.next();
    });
  }

  create(name: MailboxName): Promise<void> {
    return this.#run(async () => {
      for (const command of ['CREATE', 'SUBSCRIBE']) {
        try {
          (await this.#send(command, [nameOnWire(name.wire)])).next();
        } catch (error) {
          // That it is there already is no refusal (RFC 5530); whether it is subscribed is no reason to fail.
          if (command === 'CREATE' && !/\[?ALREADYEXISTS|exists/i.test(refusalOf(error))) throw error;
          if (!this.#flow.usable) throw error;
        }
      }
    });
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
    return this.#run(() => this.#flow.noop());
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

  async #run<T>(work: () => Promise<T>): Promise<T> {
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
      return await this.#run(work);
    } finally {
      this.#wire = null;
    }
  }
}
