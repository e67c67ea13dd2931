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
  readonly organising: Pick<Organising, 'move' | 'remember'>;
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
  const remember = (what: string, deed: string, back: () => Promise<boolean>) =>
    deps.organising.remember(what, Promise.resolve(back), deed);

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

  return {
    create: (account, path, move) =>
      answered(async () => {
        const store = storeOf(account);
        const id = await store.createFolder(path);
        deps.applied();
        closePrompt();
        point(id);
        const made = folderRecord(state(), id);
        // The server was quicker, and refused it; that is told by who heard it.
        if (!made) return;
        remember(`the new folder "${made.path}"`, 'made', () => unmake(store, id));
        if (move) deps.organising.move(move, id);
        else say('info', notes.folderMade(made.path, made.remote, waits(id)));
      }),
    rename: (id, path) =>
      answered(async () => {
        const before = folderRecord(state(), id)?.path ?? '';
        const store = storeWith(id);
        await store.renameFolder(id, path);
        deps.applied();
        closePrompt();
        const after = folderRecord(state(), id)?.path ?? path;
        if (after === before) return;
        say('info', notes.folderRenamed(before, after, waits(id)));
        remember(`the name "${before}"`, 'changed', () => store.renameFolder(id, before).then(() => true));
      }),
    remove(id) {
      const remove = async (): Promise<void> => {
        const { account } = splitFolderId(id);
        const store = storeOf(account);
        const top = folderRecord(state(), id);
        if (!top) return;
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
        say('info', notes.folderDeleted(top.path, countOf(moved), late));
        remember(`the folder "${top.path}"`, 'deleted', () => restore(store, branch, moved, carry.back));
      };
      track(remove());
    },
    emptyToTrash(id) {
      const run = async (): Promise<void> => {
        const record = folderRecord(state(), id);
        const trash = folderByRole(state(), splitFolderId(id).account, 'trash');
        if (!record || trash === undefined) return;
        await assertListed(record);
        const moved = await empty(record, trash);
        deps.applied();
        const name = folderLabel(record);
        say('info', notes.folderEmptied(name, countOf(moved)));
        remember(plural(countOf(moved), 'message'), `moved from "${name}" to Trash`, () =>
          allBack(moved, carry.back),
        );
      };
      track(run());
    },
    subscribe(id, on) {
      const run = async (): Promise<void> => {
        const store = storeWith(id);
        const name = folderRecord(state(), id)?.path ?? '';
        const late = waits(id);
        await store.subscribe?.(id, on);
        deps.applied();
        say('info', notes.folderSubscribed(name, on, late));
        remember(`the folder "${name}"`, on ? 'subscribed' : 'unsubscribed', async () => {
          await store.subscribe?.(id, !on);
          return true;
        });
      };
      track(run());
    },
    assignRole(id, role) {
      const run = async (): Promise<void> => {
        const store = storeWith(id);
        const record = folderRecord(state(), id);
        if (!record) return;
        const before = record.role;
        const holder = role === null ? undefined : folderByRole(state(), record.account, role);
        await store.setRole?.(id, role);
        deps.applied();
        say('info', notes.folderUsed(folderLabel(record), role));
        remember(
          `the folder "${record.path}"`,
          role === null ? 'used for nothing' : `used as ${role}`,
          async () => {
            await store.setRole?.(id, before);
            if (holder !== undefined && role !== null) await store.setRole?.(holder, role);
            return true;
          },
        );
      };
      track(run());
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

type Back = (op: Operation) => () => Promise<boolean>;

async function allBack(moved: readonly Operation[], back: Back): Promise<boolean> {
  let some = false;
  for (const op of moved.toReversed()) some = (await back(op)()) || some;
  return some;
}

/** The folders again, if possible as if they had never gone, and their mail in its places. */
async function restore(
  store: AccountStore,
  branch: readonly FolderRecord[],
  moved: readonly Operation[],
  back: Back,
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
