// Removes message files that can be fetched again: mail of IMAP servers that is not to be kept here. Never what is only
// here, a draft, or what waits in the queue; and never without a question that says how much.
import type { AccountConfig, Offline } from '../../config/types.ts';
import { splitFolderId } from '../../mail/ids.ts';
import { type AccountId, DRAFT, type FolderId, type LocalUid } from '../../mail/types.ts';
import type { AccountStore, FolderStore, Operation } from '../../store/types.ts';
import { nextTurn } from '../../util/turn.ts';
import type { Core } from '../core.ts';
import { notes } from '../notes.ts';
import { push } from '../state.ts';
import { keptOf } from './policy.ts';

const DAY = 24 * 3600_000;
/** Files that go in one step: a change of the folder, and of their directories' manifests. */
const AT_ONCE = 500;
const SLICE_MS = 4;

export interface Left {
  readonly messages: number;
  readonly bytes: number;
}

export interface Cleaning {
  /** How much could go, by what is kept of the account now. */
  left(account: AccountId): Promise<Left>;
  /** Looks, and asks. */
  ask(accounts: readonly AccountId[]): void;
  /** The person was asked. */
  clean(accounts: readonly AccountId[]): void;
}

interface Found extends Left {
  readonly folder: FolderStore;
  readonly uids: readonly LocalUid[];
}

export function createCleaning(core: Core, changed: () => void): Cleaning {
  const configOf = (id: AccountId) => core.deps.config.accounts.find(account => account.id === id);

  async function* search(id: AccountId): AsyncGenerator<Found> {
    const config = configOf(id);
    const account = core.mail.get(id);
    const kept = keptOf(core.state.get(), config);
    if (!config || !account || kept === null || kept === 'all') return;
    const sizes = await sizesOf(account);
    for (const record of account.folders()) {
      if (!record.remote || !record.selectable || record.role === 'drafts') continue;
      const folder = await account.folder(record.id);
      const uids = await goners(account, folder, config, olderThan(kept, core.deps.now()));
      const { folder: number } = splitFolderId(record.id);
      const bytes = uids.reduce((sum, uid) => sum + (sizes.get(`${number}:${uid}`) ?? 0), 0);
      yield { folder, uids, messages: uids.length, bytes };
    }
  }

  async function left(id: AccountId): Promise<Left> {
    let sum: Left = { messages: 0, bytes: 0 };
    for await (const { messages, bytes } of search(id))
      sum = { messages: sum.messages + messages, bytes: sum.bytes + bytes };
    return sum;
  }

  async function leftOf(accounts: readonly AccountId[]): Promise<Left> {
    let sum: Left = { messages: 0, bytes: 0 };
    for (const id of accounts) {
      const { messages, bytes } = await left(id);
      sum = { messages: sum.messages + messages, bytes: sum.bytes + bytes };
    }
    return sum;
  }

  async function ask(accounts: readonly AccountId[]): Promise<void> {
    const found = await leftOf(accounts);
    if (found.messages === 0) {
      core.say(
        'info',
        notes.nothingToClean(accounts.map(id => ({ id, kept: keptOf(core.state.get(), configOf(id)) }))),
      );
      return;
    }
    const lines = notes.cleanQuestion(accounts, found.messages, found.bytes);
    core.change(before =>
      push(before, {
        t: 'confirm',
        title: 'Clean',
        lines,
        yes: 'yes, remove these files',
        act: { t: 'clean', accounts },
      }),
    );
  }

  async function clean(accounts: readonly AccountId[]): Promise<void> {
    let messages = 0;
    let bytes = 0;
    for (const id of accounts) {
      const account = core.mail.get(id);
      if (!account) continue;
      for await (const found of search(id)) {
        for (let i = 0; i < found.uids.length; i += AT_ONCE) {
          const gone = await remove(account, found.folder, found.uids.slice(i, i + AT_ONCE));
          messages += gone;
          if (found.messages > 0) bytes += (found.bytes * gone) / found.messages;
          await nextTurn();
        }
      }
    }
    await core.deps.store.flush();
    changed();
    core.say('info', notes.cleaned(messages, Math.round(bytes)));
  }

  return {
    left,
    ask: accounts => void core.track(ask(accounts)),
    clean: accounts => void core.track(clean(accounts)),
  };
}

/** Arrivals before this moment are not kept. */
function olderThan(kept: Exclude<Offline, 'all'>, now: number): number {
  return kept === 'headers' ? Number.POSITIVE_INFINITY : now - kept.days * DAY;
}

/** Messages whose file can go. */
async function goners(
  account: AccountStore,
  folder: FolderStore,
  config: AccountConfig,
  before: number,
): Promise<LocalUid[]> {
  if (config.protocol !== 'imap') return [];
  const found: LocalUid[] = [];
  const busy = busyIn(account, folder.record.id);
  await folder.loadAll();
  let since = performance.now();
  const pause = async () => {
    if (performance.now() - since < SLICE_MS) return;
    await nextTurn();
    since = performance.now();
  };
  if (before === Number.POSITIVE_INFINITY) {
    // Without envelopes this needs no reading.
    for (let position = folder.length - 1; position >= 0; position--) {
      const uid = folder.uidAt(position);
      if (uid !== undefined && canGo(folder, uid, busy)) found.push(uid);
      await pause();
    }
    return found;
  }
  for await (const { uid, envelope } of folder.scan()) {
    if (envelope.arrival < before && canGo(folder, uid, busy)) found.push(uid);
    await pause();
  }
  return found;
}

/** Its server has it, under a name that is known, and nothing here needs the file. */
function canGo(folder: FolderStore, uid: LocalUid, busy: ReadonlySet<LocalUid>): boolean {
  const flags = folder.flags(uid);
  if (flags === undefined || (flags & DRAFT) !== 0 || busy.has(uid)) return false;
  return Boolean(folder.raw(uid)) && folder.remote(uid)?.t === 'imap';
}

/** Messages of the folder that something waits for: also where a queued move or copy put them. */
function busyIn(account: AccountStore, folder: FolderId): ReadonlySet<LocalUid> {
  return new Set(account.queue().flatMap(op => touched(op, folder)));
}

function touched(op: Operation, folder: FolderId): readonly LocalUid[] {
  const own = op.folder === folder ? op.targets.map(({ uid }) => uid) : [];
  const landed = 'landing' in op && op.to === folder ? op.landing : [];
  return [...own, ...landed];
}

/** How many went: what came into use since is left alone. In one turn, so that nothing comes between. */
async function remove(
  account: AccountStore,
  folder: FolderStore,
  uids: readonly LocalUid[],
): Promise<number> {
  const busy = busyIn(account, folder.record.id);
  const raw = uids.filter(uid => canGo(folder, uid, busy)).map(uid => ({ uid, raw: null }));
  if (raw.length > 0) await folder.apply({ raw }, 'now');
  return raw.length;
}

/** Bytes of each message file, by `folder:uid`. */
async function sizesOf(account: AccountStore): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for await (const batch of account.raw.files?.() ?? []) {
    for (const { folder, uid, size } of batch) sizes.set(`${folder}:${uid}`, size);
    await nextTurn();
  }
  return sizes;
}
