// A POP3 account as the engine sees it. A POP3 connection locks the maildrop and sees no new mail, so each check has
// its own: connected, checked, QUIT. Between two checks the session is a timer.

import { parseDate } from '../../mail/dates.ts';
import { fieldValue, readHeaders } from '../../mail/headers.ts';
import { splitMessageId } from '../../mail/ids.ts';
import type { FolderId, MessageId } from '../../mail/types.ts';
import type { Operation } from '../../store/types.ts';
import { cancelled, TmailError } from '../../util/errors.ts';
import type { Clock, Timer } from '../clock.ts';
import type { SessionDeps } from '../session.ts';
import type { BodyWanted, Caps, Progress, Session } from '../types.ts';
import { type CheckReport, check, newTally } from './check.ts';
import type { Pop3Client } from './client.ts';
import { agreeTo, recordDeleted } from './deletions.ts';
import { ensureFolders, inboxOf } from './folders.ts';
import type { Ledger } from './ledger.ts';
import { CHECK_EVERY_MS, IN_USE_WAITS_MS } from './limits.ts';
import { type CheckMemory, delayLeft, type LastCheck, newCheckMemory } from './memory.ts';
import { type Plan, type PlanSettings, willDelete } from './plan.ts';
import { folderIn, onlyOwn, type Rooms, removedIds, removedNames } from './rooms.ts';
import { settingsOf } from './settings.ts';
import { openStoreBox } from './store-box.ts';

export const POP3_CAPS: Caps = {
  folders: true,
  flags: true,
  move: true,
  push: false,
  serverSearch: false,
  quota: false,
};

export interface Pop3SessionOptions {
  /** Of this account, open; the session does not close it. */
  readonly ledger: Ledger;
  /** Where its mail is kept; its own store unless given. */
  readonly rooms?: Rooms;
  /** Tells other accounts that messages which their checks have brought here were deleted for good. Durable. */
  readonly tellOthers?: (names: readonly string[]) => Promise<void>;
  /** One of its own unless given. */
  readonly memory?: CheckMemory;
  /** Called when a check knows what it will do, before it fetches or deletes anything. */
  readonly planned?: (plan: Plan) => void;
  /** Called when it became known that the person has deleted something. */
  readonly changed?: () => void;
  /** Called when a check is over, however it ended; the next one waits for it. */
  readonly checked?: () => Promise<void>;
  readonly settings?: Partial<Omit<PlanSettings, 'serverCopy'>>;
  /** How long it is waited for another client, again and again; IN_USE_WAITS_MS unless given. */
  readonly inUseWaitsMs?: readonly number[];
  /** Milliseconds between two checks; the server's LOGIN-DELAY may ask for more. */
  readonly everyMs?: number;
}

export interface Pop3Session extends Session {
  readonly lastCheck: LastCheck | null;
  /** Messages that the next check will delete on the server, as far as is known here. */
  willDelete(): number;
  /**
   * The person deleted these messages (ids of the ledger) for good, here. Durable when it resolves. Without it a
   * message that is no longer here counts as lost and is fetched again.
   */
  deletedHere(ids: readonly string[]): Promise<void>;
  /** The person agrees to what was held back: the next check deletes it. */
  agree(): Promise<void>;
}

export function createPop3Session(deps: SessionDeps, options: Pop3SessionOptions): Pop3Session {
  const { account, store, clock } = deps;
  const { ledger, memory = newCheckMemory(), rooms = onlyOwn(store) } = options;
  const home = rooms.target.store;
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
  /** Placeholders that the person waits for, by id. */
  const wantedNow = new Set<string>();
  /** The check that runs. */
  let current = { planned: true, complete: false };
  /** One check at a time: the server lets nobody else in. */
  let turn = Promise.resolve();

  const settings = () => settingsOf(account, options.settings);
  const delay = () => delayLeft(memory, clock.now());

  /** Waits a little for another client that has the maildrop. */
  async function openWhenFree(signal: AbortSignal): Promise<Pop3Client> {
    for (const ms of options.inUseWaitsMs ?? IN_USE_WAITS_MS) {
      try {
        return await open(signal);
      } catch (error) {
        if (!(error instanceof TmailError) || error.code !== 'pop3.in-use') throw error;
        await pause(clock, ms, signal);
      }
    }
    return await open(signal);
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

  async function takeClient(): Promise<Pop3Client> {
    const waiting = ready;
    ready = null;
    if (waiting?.alive) return waiting.client;
    if (delay() > 0) {
      const facts = { seconds: Math.ceil(delay() / 1000) };
      throw new TmailError('rejected', TOO_SOON, { retry: 'auto', facts });
    }
    return await openWhenFree(closing.signal);
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
      const inbox = inboxOf(home);
      // What was deleted here while nobody listened must not come again.
      await deletedHere(removedIds(rooms));
      // What the first check finds did not just come, nor what its limits left for this one.
      const filled = ledger.memory.lastCheck !== null && (memory.lastCheck?.report?.later ?? 0) === 0;
      const box = await openStoreBox(rooms, inbox.id, filled ? deps.arrived : undefined);
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

  async function deletedHere(ids: readonly string[]): Promise<void> {
    if (await recordDeleted(ledger, ids, settings().serverCopy, clock.now())) options.changed?.();
  }

  /** One of the own queue: of messages that others have fetched they are told, before it is forgotten. */
  async function push(op: Operation): Promise<null> {
    const names = removedNames([op]);
    const own = rooms.all.find(room => room.store === store);
    await deletedHere(names.flatMap(name => own?.idOf(name) ?? []));
    await options.tellOthers?.(names);
    return null;
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
      const waiting = { client: await openWhenFree(AbortSignal.any([signal, closing.signal])), alive: true };
      waiting.client.closed.then(() => {
        waiting.alive = false;
      });
      ready = waiting;
    },
    folders: () => ensureFolders(home),
    async *pull(folder: FolderId) {
      if (folder !== inboxOf(home).id) return;
      // One that was begun for a message and has not looked yet does for both.
      const running = current;
      const joins = !running.planned;
      yield* checkOnce(() => !(joins && running.complete));
    },
    async *body(id: MessageId, wanted: BodyWanted) {
      const { folder: folderId, uid } = splitMessageId(id);
      const folder = await folderIn(rooms, folderId);
      await folder.loadAll();
      const raw = folder.raw(uid);
      if (raw && !(raw.partial && wanted === 'whole')) return;
      const remote = folder.remote(uid);
      const gone = new TmailError('rejected', 'body.gone', {
        retry: 'never',
        facts: { folder: folderId, uid },
      });
      const ids = remote?.t === 'pop3' ? rooms.all.flatMap(room => room.idOf(remote.uidl) ?? []) : [];
      const [wantedId] = ids;
      if (wantedId === undefined) throw gone;
      const missing = () => {
        const now = folder.raw(uid);
        return !now || (now.partial && wanted === 'whole');
      };
      // A check that is about to make its plan takes it along.
      wantedNow.add(wantedId);
      try {
        yield* checkOnce(missing);
      } finally {
        wantedNow.delete(wantedId);
      }
      if (missing()) throw gone;
    },
    async *prefetch() {
      // All of it came with the check.
      yield* [];
    },
    // Flags and folders of POP3 mail exist only here: the store has them already.
    push,
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
              dirty(inboxOf(home).id);
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

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(cancelled());
    const stopped = () => {
      timer.cancel();
      reject(cancelled());
    };
    const again = () => {
      signal.removeEventListener('abort', stopped);
      resolve();
    };
    // Without a screen nothing else may keep the process: it would end in the middle of the check.
    const timer = clock.after(ms, again, 'hold');
    signal.addEventListener('abort', stopped, { once: true });
  });
}

function dateOf(head: Buffer): number | null {
  return parseDate(fieldValue(readHeaders(head).fields, 'date'));
}

/** Not asked at all: the server said before how long it wants to be left alone. */
const TOO_SOON = 'pop3.too-soon';

/** The next check may go better; until then the engine waits as it does for a server that is not there. */
function endsSession(error: TmailError): boolean {
  if (error.code === TOO_SOON) return false;
  if (error.kind === 'rejected') return error.retry === 'auto';
  return ['network', 'tls', 'auth', 'protocol'].includes(error.kind);
}
