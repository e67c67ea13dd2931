// A POP3 account as the engine sees it. A POP3 connection locks the maildrop and sees no new mail, so each check has
// its own: connected, checked, QUIT. Between two checks the session is a timer.

import { gmailPop } from '../../config/gmail.ts';
import type { ServerCopy } from '../../config/types.ts';
import { parseDate } from '../../mail/dates.ts';
import { fieldValue, readHeaders } from '../../mail/headers.ts';
import { splitMessageId } from '../../mail/ids.ts';
import type { FolderId, MessageId, RemoteRef } from '../../mail/types.ts';
import type { Operation } from '../../store/types.ts';
import { cancelled, TmailError } from '../../util/errors.ts';
import type { Timer } from '../clock.ts';
import type { SessionDeps } from '../session.ts';
import type { BodyWanted, Caps, Progress, Session } from '../types.ts';
import { type CheckReport, check, newTally, type Tally } from './check.ts';
import type { Pop3Client } from './client.ts';
import { keyOfId } from './fetch.ts';
import { ensureFolders, inboxOf } from './folders.ts';
import type { Known } from './known.ts';
import type { Ledger } from './ledger.ts';
import { CHECK_EVERY_MS } from './limits.ts';
import { type Plan, type PlanSettings, policyName, willDelete } from './plan.ts';
import { openStoreBox } from './store-box.ts';

export const POP3_CAPS: Caps = {
  folders: true,
  flags: true,
  move: true,
  push: false,
  serverSearch: false,
  quota: false,
};

/** What outlives a session within one run of the program. Times in milliseconds since 1970. */
export interface CheckMemory {
  lastCheck: LastCheck | null;
  /** Null while a check runs, and before the first. */
  nextCheck: number | null;
  /** The server's LOGIN-DELAY (RFC 2449 section 6.5) ends then. */
  notBefore: number;
}

export function newCheckMemory(): CheckMemory {
  return { lastCheck: null, nextCheck: null, notBefore: 0 };
}

export interface Pop3SessionOptions {
  /** Of this account, open; the session does not close it. */
  readonly ledger: Ledger;
  /** One of its own unless given. */
  readonly memory?: CheckMemory;
  /** Called when a check knows what it will do, before it fetches or deletes anything. */
  readonly planned?: (plan: Plan) => void;
  /** Called when it became known that the person has deleted something. */
  readonly changed?: () => void;
  /** Called when a check is over, however it ended; the next one waits for it. */
  readonly checked?: () => Promise<void>;
  readonly settings?: Partial<Omit<PlanSettings, 'serverCopy'>>;
  /** Milliseconds between two checks; the server's LOGIN-DELAY may ask for more. */
  readonly everyMs?: number;
}

/** What the last check did, for the status screen and `tmail sync --json`. */
export interface LastCheck {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly tally: Tally;
  /** Null: it was not finished. */
  readonly report: CheckReport | null;
}

export interface Pop3Session extends Session {
  readonly lastCheck: LastCheck | null;
  /** Messages that the next check will delete on the server, as far as is known here. */
  willDelete(): number;
  /**
   * The person deleted these messages for good, here. Durable when it resolves. Without it a message that is no
   * longer here counts as lost and is fetched again.
   */
  deletedHere(remotes: readonly RemoteRef[]): Promise<void>;
  /** The person agrees to what was held back: the next check deletes it. */
  agree(): Promise<void>;
}

const DEFAULTS: Omit<PlanSettings, 'serverCopy'> = {
  firstRun: { t: 'all' },
  sizeLimit: null,
  sessionMessages: null,
  sessionBytes: null,
};

export function createPop3Session(deps: SessionDeps, options: Pop3SessionOptions): Pop3Session {
  const { account, store, clock } = deps;
  const { ledger, memory = newCheckMemory() } = options;
  memory.notBefore = Math.max(memory.notBefore, ledger.memory.notBefore);
  const closing = new AbortController();
  let settleClosed: (error: TmailError | null) => void = () => undefined;
  const closed = new Promise<TmailError | null>(resolve => {
    settleClosed = resolve;
  });
  /** Signed in by `connect` and not used yet. */
  let ready: { readonly client: Pop3Client; alive: boolean } | null = null;
  let loginDelayMs = 0;
  const everyMs = () => Math.max(options.everyMs ?? CHECK_EVERY_MS, loginDelayMs);
  /** Placeholders that the person waits for, by UIDL. */
  const wantedNow = new Set<string>();
  /** The check that runs. */
  let current = { planned: true, complete: false };
  /** One check at a time: the server lets nobody else in. */
  let turn = Promise.resolve();

  function settings(): PlanSettings {
    if (account.serverCopy === null) {
      throw new TmailError('config', 'pop3.no-policy', { facts: { account: account.id } });
    }
    const window = gmailPop(account.incoming) !== null;
    return { ...DEFAULTS, window, ...options.settings, serverCopy: account.serverCopy };
  }

  async function open(signal: AbortSignal): Promise<Pop3Client> {
    // node-pop3 and what is around it are loaded when somebody connects.
    const { connectPop3 } = await import('./client.ts');
    const client = await connectPop3({ server: account.incoming, password: deps.password, signal });
    loginDelayMs = client.capabilities.loginDelay * 1000;
    memory.notBefore = loginDelayMs > 0 ? clock.now() + loginDelayMs : 0;
    if (memory.notBefore !== ledger.memory.notBefore) {
      // A disk that is full is told by the check that follows; this run remembers it all the same.
      await ledger.record([], { notBefore: memory.notBefore }).catch(() => undefined);
    }
    return client;
  }

  /** Milliseconds until the server lets us sign in again. A clock that was set back must not make that years. */
  function delay(): number {
    const left = memory.notBefore - clock.now();
    return left > 0 && left <= MOST_DELAY_MS ? left : 0;
  }

  async function takeClient(): Promise<Pop3Client> {
    const waiting = ready;
    ready = null;
    if (waiting?.alive) return waiting.client;
    if (delay() > 0) {
      const facts = { seconds: Math.ceil(delay() / 1000) };
      throw new TmailError('rejected', TOO_SOON, { retry: 'auto', facts });
    }
    return await open(closing.signal);
  }

  /** Nothing when it turns out that it is not needed, once those before it are over. */
  async function* checkOnce(needed: () => boolean = () => true): AsyncGenerator<Progress> {
    if (closing.signal.aborted) throw cancelled();
    const before = turn;
    let release: () => void = () => undefined;
    turn = new Promise(resolve => {
      release = resolve;
    });
    const tally = newTally();
    const mine = { planned: false, complete: false };
    const planned = (plan: Plan) => {
      mine.planned = true;
      options.planned?.(plan);
    };
    let received = 0;
    let began = false;
    const tell = () => {
      deps.received(tally.received - received);
      received = tally.received;
    };
    try {
      await before;
      if (!needed()) return;
      began = true;
      current = mine;
      memory.nextCheck = null;
      await deps.room();
      const inbox = inboxOf(store);
      // What was deleted here while nobody listened must not come again.
      await deletedHere(removedRemotes(store.queue()));
      const box = await openStoreBox(store, inbox.id);
      const client = await takeClient();
      const job = { client, box, ledger, settings: settings(), wanted: wantedNow, now: () => clock.now() };
      let report: CheckReport | null = null;
      const steps = async function* () {
        report = yield* check({ ...job, dateOf, label: inbox.name, planned }, tally);
      };
      for await (const progress of steps()) {
        tell();
        yield progress;
      }
      mine.complete = true;
      memory.lastCheck = { at: clock.now(), tally, report };
      for (const error of tally.errors) deps.report(error);
    } catch (error) {
      memory.lastCheck = { at: clock.now(), tally, report: null };
      // The engine reconnects and waits in between; what is rejected for now is no different.
      if (error instanceof TmailError && endsSession(error)) settleClosed(error);
      throw error;
    } finally {
      tell();
      try {
        if (began) await over();
      } finally {
        release();
      }
    }
  }

  async function deletedHere(remotes: readonly RemoteRef[]): Promise<void> {
    const ids = remotes.flatMap(remote => (remote.t === 'pop3' ? [remote.uidl] : []));
    const policy = policyName(settings().serverCopy);
    const entries = ids.flatMap((id): Known[] => {
      const known = ledger.known.get(id) ?? unheardOf(id, clock.now());
      return known.state === 'deleted' && ledger.known.has(id)
        ? []
        : [{ ...known, state: 'deleted', policy }];
    });
    await ledger.record(entries);
    if (entries.length > 0) options.changed?.();
  }

  async function over(): Promise<void> {
    // What nobody took would keep the maildrop locked.
    ready?.client.close();
    ready = null;
    memory.nextCheck = clock.now() + Math.max(everyMs(), delay());
    await options.checked?.();
  }

  return {
    caps: POP3_CAPS,
    closed,
    get lastCheck() {
      return memory.lastCheck;
    },
    willDelete: () => willDelete(ledger.known.values(), settings().serverCopy, clock.now()),
    deletedHere,
    agree: () => agreeTo(ledger, settings().serverCopy),
    async connect(signal) {
      settings();
      // Too soon for the server: the check waits, and says so if somebody asks for one.
      if (delay() > 0) {
        memory.nextCheck = memory.notBefore;
        return;
      }
      const waiting = { client: await open(AbortSignal.any([signal, closing.signal])), alive: true };
      waiting.client.closed.then(() => {
        waiting.alive = false;
      });
      ready = waiting;
    },
    folders: () => ensureFolders(store),
    async *pull(folder: FolderId) {
      if (folder !== inboxOf(store).id) return;
      // One that was begun for a message and has not looked yet does for both.
      const running = current;
      const joins = !running.planned;
      yield* checkOnce(() => !(joins && running.complete));
    },
    async *body(id: MessageId, wanted: BodyWanted) {
      const { folder: folderId, uid } = splitMessageId(id);
      const folder = await store.folder(folderId);
      await folder.loadAll();
      const raw = folder.raw(uid);
      if (raw && !(raw.partial && wanted === 'whole')) return;
      const remote = folder.remote(uid);
      const gone = new TmailError('rejected', 'body.gone', {
        retry: 'never',
        facts: { folder: folderId, uid },
      });
      if (remote?.t !== 'pop3') throw gone;
      const missing = () => {
        const now = folder.raw(uid);
        return !now || (now.partial && wanted === 'whole');
      };
      // A check that is about to make its plan takes it along.
      wantedNow.add(remote.uidl);
      try {
        yield* checkOnce(missing);
      } finally {
        wantedNow.delete(remote.uidl);
      }
      if (missing()) throw gone;
    },
    async *prefetch() {
      // All of it came with the check.
      yield* [];
    },
    // Flags and folders of POP3 mail exist only here: the store has them already.
    push: (op: Operation) => deletedHere(removedRemotes([op])),
    watch: (_, dirty, signal) =>
      new Promise(resolve => {
        if (signal.aborted) return resolve();
        const again = (): Timer => {
          const now = clock.now();
          const every = everyMs();
          // Set back, a clock would make it wait for ever.
          if ((memory.nextCheck ?? now) - now > Math.max(every, delay())) memory.nextCheck = now + every;
          return clock.after(Math.max(0, (memory.nextCheck ?? now + every) - now), () => {
            if (memory.nextCheck !== null && clock.now() >= memory.nextCheck) {
              memory.nextCheck = clock.now() + everyMs();
              dirty(inboxOf(store).id);
            }
            timer = again();
          });
        };
        let timer = again();
        signal.addEventListener('abort', () => {
          timer.cancel();
          resolve();
        });
      }),
    async close() {
      closing.abort();
      ready?.client.close();
      ready = null;
      await turn;
      settleClosed(null);
    },
  };
}

/** Whatever is held back under this policy goes with the next check. Durable when it resolves. */
export async function agreeTo(ledger: Ledger, serverCopy: ServerCopy): Promise<void> {
  const policy = policyName(serverCopy);
  await ledger.record([], { told: { policy, many: Number.MAX_SAFE_INTEGER } });
}

/** What deletions that wait in the queue took away for good. */
export function removedRemotes(queue: readonly Operation[]): RemoteRef[] {
  return queue.flatMap(op => (op.t === 'delete' ? op.targets.flatMap(({ remote }) => remote ?? []) : []));
}

/** A message of the store whose line in the ledger was lost: it is not fetched again, nor deleted by its name. */
function unheardOf(id: string, now: number): Known {
  return {
    id,
    key: keyOfId(id),
    state: 'deleted',
    firstSeen: now,
    sure: false,
    size: null,
    head: null,
    body: null,
    onServer: true,
    removals: 0,
    policy: '',
  };
}

function dateOf(head: Buffer): number | null {
  return parseDate(fieldValue(readHeaders(head).fields, 'date'));
}

/** Longer ones are a mistake of the server's, or of a clock. */
const MOST_DELAY_MS = 24 * 60 * 60_000;
/** Not asked at all: the server said before how long it wants to be left alone. */
const TOO_SOON = 'pop3.too-soon';

/** The next check may go better; until then the engine waits as it does for a server that is not there. */
function endsSession(error: TmailError): boolean {
  if (error.code === TOO_SOON) return false;
  if (error.kind === 'rejected') return error.retry === 'auto';
  return ['network', 'tls', 'auth', 'protocol'].includes(error.kind);
}
