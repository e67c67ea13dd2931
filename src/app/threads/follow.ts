// Looks through all folders of every account for conversations, in short spells behind keys and frames, and then keeps
// up with what comes and goes. Nothing is written; a store's event costs what it names.
import { splitFolderId } from '../../mail/ids.ts';
import type { AccountId, FolderId, LocalUid } from '../../mail/types.ts';
import type { AccountStore, ArrangedMessages, FolderStore, Store, StoreEvent } from '../../store/types.ts';
import { nextTurn } from '../../util/turn.ts';
import { type AccountThreads, type Conversations, folderNumber, placeOf, uidOf } from './conversations.ts';

/** Work in one piece, in milliseconds: reading a part of a folder's envelopes comes on top of it. */
const SPELL_MS = 3;
/** Messages between two looks at the clock. */
const STEP = 32;
/** Messages that are taken in at once with the event that tells of them. */
const AT_ONCE = 500;

export interface FollowDeps {
  readonly conversations: Conversations;
  readonly store: Pick<Store, 'subscribe'>;
  /** The account's conversations are others now, or are complete for the first time. */
  changed(account: AccountId): void;
  /** Work whose failure is told. */
  background(work: Promise<void>): Promise<void>;
}

export interface Follow {
  /** Begins with these accounts, in this order. Resolves when they were looked through. */
  begin(accounts: Iterable<AccountStore>): Promise<void>;
  /** Resolves when nothing is left to be looked through. */
  idle(): Promise<void>;
  close(): void;
}

export function followThreads({ conversations, store, changed, background }: FollowDeps): Follow {
  const accounts = new Map<AccountId, AccountStore>();
  let running = Promise.resolve();
  let closed = false;
  let began = performance.now();

  const turn = async (): Promise<void> => {
    if (performance.now() - began < SPELL_MS) return;
    await nextTurn();
    began = performance.now();
  };
  const later = (work: () => Promise<void>): void => {
    running = running.then(() => (closed ? undefined : background(work())));
  };

  const scan = async (threads: AccountThreads, folder: FolderStore): Promise<void> => {
    const number = splitFolderId(folder.record.id).folder;
    let count = 0;
    threads.index.reserve(folder.length);
    for await (const { uid, envelope } of folder.scan()) {
      if (closed) return;
      if (folder.flags(uid) !== undefined) threads.put(number, uid, envelope);
      if (++count % STEP === 0) await turn();
    }
  };

  /** Folders that are new to the account, and those that are not its any more. */
  const lookOver = async (account: AccountStore): Promise<void> => {
    const threads = conversations.begin(account.id);
    const records = account.folders().filter(({ selectable }) => selectable);
    const numbers = new Set(records.map(({ id }) => splitFolderId(id).folder));
    let any = !threads.ready;
    for (const number of [...threads.folders.keys()]) {
      if (numbers.has(number)) continue;
      threads.folders.delete(number);
      await forget(threads, place => folderNumber(place) === number);
      any = true;
    }
    for (const { id } of records) {
      const number = splitFolderId(id).folder;
      if (threads.folders.has(number)) continue;
      const folder = await account.folder(id);
      if (closed) return;
      threads.folders.set(number, folder);
      await scan(threads, folder);
      any = true;
    }
    if (closed || !any) return;
    threads.ready = true;
    changed(account.id);
  };

  const forget = async (threads: AccountThreads, gone: (place: number) => boolean): Promise<void> => {
    for (const place of threads.index.places()) {
      if (gone(place)) threads.index.remove(place);
      await turn();
    }
  };

  /** Anything may have changed in it. */
  const lookAgain = async (threads: AccountThreads, folder: FolderStore): Promise<void> => {
    await scan(threads, folder);
    changed(threads.account);
  };

  /** What came whose envelope is not in memory any more, or that is too much to take in at once. */
  const read = async (
    threads: AccountThreads,
    folder: FolderStore,
    uids: readonly LocalUid[],
  ): Promise<void> => {
    for (const uid of uids) {
      if (closed) return;
      const position = folder.positionOf(uid);
      if (position < 0) continue;
      if (!folder.envelope(uid)) await folder.ensure(position, position);
      take(threads, folder, uid);
      await turn();
    }
    changed(threads.account);
  };

  /** False: its envelope has to be read first. */
  const take = (threads: AccountThreads, folder: FolderStore, uid: LocalUid): boolean => {
    if (folder.flags(uid) === undefined) return true;
    const envelope = folder.envelope(uid);
    if (!envelope) return false;
    threads.put(splitFolderId(folder.record.id).folder, uid, envelope);
    return true;
  };

  const takeIn = (id: FolderId, messages: ArrangedMessages): void => {
    const { account, folder: number } = splitFolderId(id);
    const threads = conversations.of(account);
    const folder = threads?.folders.get(number);
    // Before it is looked through there is nothing to keep up with.
    if (!threads || !folder) return;
    if (messages === 'all') {
      const gone: number[] = [];
      for (const place of threads.index.places()) {
        if (folderNumber(place) === number && folder.flags(uidOf(place)) === undefined) gone.push(place);
      }
      for (const place of gone) threads.index.remove(place);
      later(() => lookAgain(threads, folder));
      return;
    }
    for (const uid of messages.gone) {
      // Gone and come again in one step: it is here.
      if (folder.flags(uid) === undefined) threads.index.remove(placeOf(number, uid));
    }
    const left = messages.put.filter((uid, i) => i >= AT_ONCE || !take(threads, folder, uid));
    if (left.length > 0) later(() => read(threads, folder, left));
    changed(account);
  };

  /** Of an account: its list is being looked over soon. */
  const waiting = new Set<AccountId>();
  const onEvent = (event: StoreEvent): void => {
    if (event.t === 'folder' && event.messages) takeIn(event.folder, event.messages);
    if (event.t !== 'folders') return;
    const account = accounts.get(event.account);
    if (!account || waiting.has(account.id) || !isOther(account, conversations.of(account.id))) return;
    waiting.add(account.id);
    later(() => {
      waiting.delete(account.id);
      return lookOver(account);
    });
  };
  const stop = store.subscribe(onEvent);

  return {
    begin(all) {
      for (const account of all) {
        accounts.set(account.id, account);
        waiting.add(account.id);
        later(() => {
          waiting.delete(account.id);
          return lookOver(account);
        });
      }
      return running;
    },
    idle: () => running,
    close() {
      closed = true;
      stop();
    },
  };
}

/** The account has other folders than those that were looked through. */
function isOther(account: AccountStore, threads: AccountThreads | undefined): boolean {
  if (!threads) return true;
  const records = account.folders().filter(({ selectable }) => selectable);
  return (
    records.length !== threads.folders.size ||
    records.some(({ id }) => !threads.folders.has(splitFolderId(id).folder))
  );
}
