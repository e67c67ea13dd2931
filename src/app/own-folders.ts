// Makes, renames, removes, empties and subscribes folders, on a server as here, and says what they are for. Applied at
// once and durable before anything is said; mail in a folder that goes is moved to Trash first; each can be taken back.
import { splitFolderId } from '../mail/ids.ts';
import type { FolderId, Role } from '../mail/types.ts';
import { isListed } from '../store/listed.ts';
import type { AccountStore, FolderRecord, Operation } from '../store/types.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import type { Core } from './core.ts';
import type { Folders } from './folders.ts';
import { notes } from './notes.ts';
import { backOf, createCarry } from './organising/carry.ts';
import { allBack, type Step, type TakeBack } from './organising/undo.ts';
import { folderByRole, type Organising } from './organising.ts';
import { said } from './said.ts';
import { accountOf, folderLabel, folderRecord, plural } from './selectors.ts';
import { type Messages, pop, replaceTop, topLayer } from './state.ts';

export interface OwnFolders {
  /** With `move`: these messages go there when it is made. */
  create(account: string, path: string, move?: readonly Messages[]): void;
  rename(folder: FolderId, path: string): void;
  /** With all folders in it; their mail goes to Trash. */
  remove(folder: FolderId): void;
  /** All its mail goes to Trash. */
  emptyToTrash(folder: FolderId): void;
  subscribe(folder: FolderId, on: boolean): void;
  /** What the account uses this folder for; null: nothing. */
  assignRole(folder: FolderId, role: Role | null): void;
}

export interface OwnFoldersDeps {
  readonly folders: Pick<Folders, 'open'>;
  readonly organising: Pick<Organising, 'move' | 'begin' | 'what'>;
  readonly applied: () => void;
}

export function createOwnFolders(core: Core, deps: OwnFoldersDeps): OwnFolders {
  const { change, track, say, mail } = core;
  const state = () => core.state.get();
  const carry = createCarry(core, { applied: deps.applied, returned: () => undefined });
  const storeOf = (account: string): AccountStore => {
    const store = mail.get(account);
    if (!store) throw new TmailError('config', 'account.unknown', { facts: { account } });
    return store;
  };
  const storeWith = (folder: FolderId): AccountStore => storeOf(splitFolderId(folder).account);
  /** Nobody tells the server now. */
  const waits = (id: FolderId): boolean =>
    folderRecord(state(), id)?.remote === true &&
    accountOf(state(), splitFolderId(id).account)?.status.phase !== 'online';

  /** The prompt stays until it is done, and says why it could not be. */
  const answered = (work: () => Promise<void>): void => {
    const asked = topLayer(state());
    const run = async () => {
      try {
        await work();
      } catch (thrown) {
        const error = asTmailError(thrown);
        const layer = topLayer(state());
        if (asked.t !== 'prompt' || layer.t !== 'prompt') throw error;
        change(before => replaceTop(before, { ...layer, busy: false, problem: said(error) }));
        return;
      }
      deps.applied();
    };
    if (asked.t === 'prompt') change(before => replaceTop(before, { ...asked, busy: true, problem: null }));
    track(run());
  };
  const closePrompt = () => change(before => (topLayer(before).t === 'prompt' ? pop(before) : before));
  /** The folder pane's cursor goes along with what was done there. */
  const point = (id: FolderId) =>
    change(before => {
      const layer = topLayer(before);
      return layer.t === 'drawer' ? replaceTop(before, { ...layer, cursor: id }) : before;
    });
  /** Can be taken back from the first moment, by what `work` gives; null, or a failure: nothing was done. */
  const asStep = async (
    what: string,
    deed: string,
    work: (tell: (text: string) => void) => Promise<TakeBack | null>,
  ): Promise<void> => {
    const step = deps.organising.begin(what, deed);
    const working = work(text => {
      if (step.standing()) say('info', text);
    });
    step.done(working);
    await working;
  };

  /** @throws TmailError `folder.not-listed` where the server has more mail in it than is known here */
  const assertListed = async (record: FolderRecord): Promise<void> => {
    if (isListed(await storeWith(record.id).folder(record.id))) return;
    throw new TmailError('rejected', 'folder.not-listed', { facts: { folder: record.path } });
  };
  /** All its mail to Trash. */
  const empty = async (record: FolderRecord, trash: FolderId | undefined): Promise<readonly Operation[]> => {
    if (!record.selectable) return [];
    const folder = await storeWith(record.id).folder(record.id);
    await folder.loadAll();
    const moved: Operation[] = [];
    // With what came while it was looked at.
    while (folder.length > 0 && trash !== undefined) {
      const uids = Array.from({ length: folder.length }, (_, n) => folder.uidAt(n) ?? 0);
      core.opened.set(record.id, folder);
      const { operations, error } = await carry.each([{ folder: record.id, uids }], on => ({
        t: 'move',
        to: trash,
        ...on,
      }));
      moved.push(...operations);
      if (error) throw error;
      if (operations.length === 0) break;
    }
    return moved;
  };
  const countOf = (moved: readonly Operation[]) => moved.reduce((sum, op) => sum + op.targets.length, 0);

  const create = async (account: string, path: string, move?: readonly Messages[]): Promise<void> => {
    let moving: Step | null = null;
    const making = asStep(`the new folder "${path}"`, 'made', async tell => {
      const store = storeOf(account);
      const id = await store.createFolder(path);
      deps.applied();
      closePrompt();
      point(id);
      const made = folderRecord(state(), id);
      // The server was quicker, and refused it; that is told by who heard it.
      if (!made) return null;
      if (move && moving) deps.organising.move(move, id, moving);
      else tell(notes.folderMade(made.path, made.remote, waits(id)));
      return () => unmake(store, id);
    });
    // The last step from the moment of the key on, also while the folder is made.
    if (move) moving = deps.organising.begin(deps.organising.what(move), `moved to ${path}`);
    await making.finally(() => moving?.done(Promise.resolve(null)));
  };

  return {
    create: (account, path, move) => answered(() => create(account, path, move)),
    rename: (id, path) =>
      answered(() => {
        const before = folderRecord(state(), id)?.path ?? '';
        return asStep(`the name "${before}"`, 'changed', async tell => {
          const store = storeWith(id);
          await store.renameFolder(id, path);
          deps.applied();
          closePrompt();
          const after = folderRecord(state(), id)?.path ?? path;
          if (after === before) return null;
          tell(notes.folderRenamed(before, after, waits(id)));
          return () => store.renameFolder(id, before).then(() => true);
        });
      }),
    remove(id) {
      const top = folderRecord(state(), id);
      if (!top) return;
      const remove = asStep(`the folder "${top.path}"`, 'deleted', async tell => {
        const { account } = splitFolderId(id);
        const store = storeOf(account);
        const branch = withBelow(store.folders(), top);
        for (const one of branch) await assertListed(one);
        const trash = folderByRole(state(), account, 'trash');
        const away = folderByRole(state(), account, 'inbox');
        if (away && branch.some(one => one.id === state().folder)) await deps.folders.open(away);
        const late = waits(id);
        const moved: Operation[] = [];
        for (const one of branch) moved.push(...(await empty(one, trash)));
        await store.removeFolder(id);
        deps.applied();
        if (away) point(away);
        tell(notes.folderDeleted(top.path, countOf(moved), late));
        return () => restore(store, branch, moved, carry.back);
      });
      track(remove);
    },
    emptyToTrash(id) {
      const record = folderRecord(state(), id);
      const trash = folderByRole(state(), splitFolderId(id).account, 'trash');
      if (!record || trash === undefined) return;
      const name = folderLabel(record);
      const what = plural(record.counts.total, 'message');
      const run = asStep(what, `moved from "${name}" to Trash`, async tell => {
        await assertListed(record);
        const moved = await empty(record, trash);
        deps.applied();
        tell(notes.folderEmptied(name, countOf(moved)));
        return allBack(core, moved.map(carry.back));
      });
      track(run);
    },
    subscribe(id, on) {
      const name = folderRecord(state(), id)?.path ?? '';
      const run = asStep(`the folder "${name}"`, on ? 'subscribed' : 'unsubscribed', async tell => {
        const store = storeWith(id);
        const late = waits(id);
        await store.subscribe?.(id, on);
        deps.applied();
        tell(notes.folderSubscribed(name, on, late));
        return async () => {
          await store.subscribe?.(id, !on);
          return true;
        };
      });
      track(run);
    },
    assignRole(id, role) {
      const record = folderRecord(state(), id);
      if (!record) return;
      const deed = role === null ? 'used for nothing' : `used as ${role}`;
      const run = asStep(`the folder "${record.path}"`, deed, async tell => {
        const store = storeWith(id);
        const before = record.role;
        const holder = role === null ? undefined : folderByRole(state(), record.account, role);
        await store.setRole?.(id, role);
        deps.applied();
        tell(notes.folderUsed(folderLabel(record), role));
        return async () => {
          await store.setRole?.(id, before);
          if (holder !== undefined && role !== null) await store.setRole?.(holder, role);
          return true;
        };
      });
      track(run);
    },
  };
}

/** A folder and all folders in it. */
export function withBelow(all: readonly FolderRecord[], top: FolderRecord): readonly FolderRecord[] {
  const { account, delimiter, path } = top;
  if (delimiter === '') return [top];
  const below = all.filter(one => one.account === account && one.path.startsWith(path + delimiter));
  return [top, ...below];
}

/** False: there is something in it now. */
async function unmake(store: AccountStore, id: FolderId): Promise<boolean> {
  const record = store.folders().find(one => one.id === id);
  if (!record) return false;
  for (const one of withBelow(store.folders(), record)) {
    const folder = await store.folder(one.id);
    await folder.loadAll();
    if (folder.length > 0 || one.counts.total > 0) return false;
  }
  await store.removeFolder(id);
  return true;
}

/** The folders again, if possible as if they had never gone, and their mail in its places. */
async function restore(
  store: AccountStore,
  branch: readonly FolderRecord[],
  moved: readonly Operation[],
  back: (op: Operation) => TakeBack,
): Promise<boolean> {
  const now = new Map<FolderId, FolderId>();
  // The server was not told yet: then it never is.
  const ids = new Set(branch.map(({ id }) => id));
  const waiting = store
    .queue()
    .filter(op => op.t === 'folder-delete' && ids.has(op.folder) && op.tries === 0);
  for (const op of waiting.toReversed()) await store.drop?.(op.id).catch(() => undefined);
  for (const { id, path, subscribed, selectable } of branch) {
    const there = store.folders().find(one => one.path === path);
    // What only held other folders comes back with those.
    if (!there && !selectable && branch.length > 1) continue;
    const made = there?.id ?? (await store.createFolder(path));
    if (!there && !subscribed) await store.subscribe?.(made, false);
    now.set(id, made);
  }
  for (const op of moved.toReversed()) {
    if (op.t !== 'move') continue;
    const folder = now.get(op.folder) ?? op.folder;
    if (folder === op.folder) await back(op)();
    else {
      const { landing: _, ...opposite } = backOf(op) as Extract<Operation, { t: 'move' }>;
      await store.commit({ ...opposite, to: folder });
    }
  }
  return true;
}
