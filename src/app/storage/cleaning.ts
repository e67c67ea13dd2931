// Removes message files that can be fetched again: mail of IMAP servers that is not to be kept here. Never what is only
// here, a draft, or what waits in the queue; and never without a question that says how much of which folder.
import { keepsFiles, offlineOf, reachOf, textAlone } from '../../config/offline.ts';
import type { Offline } from '../../config/types.ts';
import { splitFolderId } from '../../mail/ids.ts';
import { type AccountId, DRAFT, FLAGGED, type FolderId, type LocalUid } from '../../mail/types.ts';
import type { AccountStore, FolderStore, Operation } from '../../store/types.ts';
import { asTmailError } from '../../util/errors.ts';
import { nextTurn } from '../../util/turn.ts';
import type { Core } from '../core.ts';
import { notes } from '../notes.ts';
import { type KeepPlace, push } from '../state.ts';
import { keepingOf, keptOf } from './policy.ts';

/** Files that go in one step: a change of the folder, and of their directories' manifests. */
const AT_ONCE = 500;
const SLICE_MS = 4;

export interface Left {
  readonly messages: number;
  readonly bytes: number;
}

export interface Cleaning {
  /** How much could go, by what is kept of the account, or of one folder, now. */
  left(place: KeepPlace): Promise<Left>;
  /** Looks, and asks. */
  ask(accounts: readonly AccountId[]): void;
  /** The person was asked. */
  clean(accounts: readonly AccountId[]): void;
}

interface Found extends Left {
  readonly folder: FolderStore;
  readonly kept: Offline;
  readonly uids: readonly LocalUid[];
  /** Of them, those whose text is kept. */
  readonly texts: number;
  /** Old enough to go, but starred. */
  readonly starred: number;
}

export function createCleaning(core: Core, changed: () => void): Cleaning {
  const configOf = (id: AccountId) => core.deps.config.accounts.find(account => account.id === id);

  async function* search({ account: id, path }: KeepPlace): AsyncGenerator<Found> {
    const config = configOf(id);
    const account = core.mail.get(id);
    const keeping = keepingOf(core.state.get(), config);
    if (!account || keeping === null) return;
    const records = account
      .folders()
      .filter(record => record.remote && record.selectable && record.role !== 'drafts')
      .filter(record => path === undefined || record.path === path)
      .filter(record => offlineOf(keeping, record.path) !== 'all');
    if (records.length === 0) return;
    const sizes = await sizesOf(account);
    for (const record of records) {
      const folder = await account.folder(record.id);
      const kept = offlineOf(keeping, record.path);
      const found = await goners(account, folder, kept, core.deps.now());
      const { folder: number } = splitFolderId(record.id);
      const bytes = found.uids.reduce((sum, uid) => sum + (sizes.get(`${number}:${uid}`) ?? 0), 0);
      yield { ...found, folder, kept, messages: found.uids.length, bytes };
    }
  }

  async function left(place: KeepPlace): Promise<Left> {
    let sum: Left = { messages: 0, bytes: 0 };
    for await (const { messages, bytes } of search(place))
      sum = { messages: sum.messages + messages, bytes: sum.bytes + bytes };
    return sum;
  }

  async function ask(accounts: readonly AccountId[]): Promise<void> {
    const found: Found[] = [];
    for (const account of accounts) for await (const one of search({ account })) found.push(one);
    const going = found.filter(({ messages }) => messages > 0);
    if (going.length === 0) {
      const state = core.state.get();
      core.say('info', notes.nothingToClean(accounts.map(id => ({ id, kept: keptOf(state, configOf(id)) }))));
      return;
    }
    const several = new Set(going.map(({ folder }) => folder.record.account)).size > 1;
    const folders = going.map(({ folder: { record }, kept, messages, bytes }) => {
      const path = several ? `${record.account} / ${record.path}` : record.path;
      return { path, kept, messages, bytes };
    });
    const sum = (of: 'starred' | 'texts') => found.reduce((all, one) => all + one[of], 0);
    const stays = { starred: sum('starred'), texts: sum('texts') };
    const concerned = new Set(going.map(({ folder }) => folder.record.account));
    const away = core.state
      .get()
      .accounts.filter(({ id, status }) => concerned.has(id) && status.phase !== 'online')
      .map(({ id }) => id);
    const lines = notes.cleanQuestion(accounts, folders, stays, away);
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
      let texts = 0;
      for await (const found of search({ account: id })) {
        for (let i = 0; i < found.uids.length; i += AT_ONCE) {
          const gone = await remove(account, found.folder, found.uids.slice(i, i + AT_ONCE), () =>
            core.deps.store.flush(),
          );
          messages += gone;
          if (found.messages > 0) bytes += (found.bytes * gone) / found.messages;
          await nextTurn();
        }
        texts += found.texts;
      }
      if (texts > 0) fetchTexts(id);
    }
    await core.deps.store.flush();
    changed();
    core.say('info', notes.cleaned(messages, Math.round(bytes)));
  }

  /** Their texts are to be here: what is missing is looked for again. */
  function fetchTexts(id: AccountId): void {
    const keeping = keepingOf(core.state.get(), configOf(id));
    if (keeping) core.engines.get(id)?.keep?.(keeping.offline, keeping.offlineFolders ?? {});
  }

  return {
    left,
    ask: accounts => void core.track(ask(accounts)),
    clean: accounts => void core.track(clean(accounts)),
  };
}

/** Messages whose file can go. */
async function goners(
  account: AccountStore,
  folder: FolderStore,
  kept: Offline,
  now: number,
): Promise<Pick<Found, 'uids' | 'texts' | 'starred'>> {
  const uids: LocalUid[] = [];
  let texts = 0;
  let starred = 0;
  const busy = busyIn(account, folder.record.id);
  await folder.loadAll();
  let since = performance.now();
  const pause = async () => {
    if (performance.now() - since < SLICE_MS) return;
    await nextTurn();
    since = performance.now();
  };
  if (!keepsFiles(kept)) {
    // Without envelopes this needs no reading.
    for (let position = folder.length - 1; position >= 0; position--) {
      const uid = folder.uidAt(position);
      if (uid !== undefined && canGo(folder, uid, busy)) uids.push(uid);
      await pause();
    }
    return { uids, texts, starred };
  }
  const reach = reachOf(kept, now);
  for await (const { uid, envelope } of folder.scan()) {
    await pause();
    if (!canGo(folder, uid, busy)) continue;
    const beyond = envelope.arrival < reach.since || folder.positionOf(uid) >= reach.newest;
    const isStarred = ((folder.flags(uid) ?? 0) & FLAGGED) !== 0;
    if (beyond && !isStarred) uids.push(uid);
    else if (textAlone(kept, envelope) && folder.raw(uid)?.partial === false) {
      uids.push(uid);
      texts++;
    } else if (beyond) starred++;
  }
  return { uids, texts, starred };
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
  flush: () => Promise<void>,
): Promise<number> {
  const busy = busyIn(account, folder.record.id);
  const going = uids.flatMap(uid => {
    const raw = canGo(folder, uid, busy) ? folder.raw(uid) : null;
    return raw ? [{ uid, raw }] : [];
  });
  if (going.length === 0) return 0;
  try {
    await folder.apply({ raw: going.map(({ uid }) => ({ uid, raw: null })) }, 'now');
  } catch (thrown) {
    const error = asTmailError(thrown);
    if (error.code !== 'disk.full') throw error;
    // Not even the note that they go has room: here files go before it is durable. Who finds one missing after a crash
    // fetches it again, as all of these can be.
    for (const { raw } of going) await account.raw.remove(raw).catch(passOver);
    await flush();
  }
  return going.length;
}

/** The list of what is in a directory could not be written either: the next one that goes makes room for it. */
function passOver(thrown: unknown): void {
  const error = asTmailError(thrown);
  if (error.code !== 'disk.full') throw error;
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
