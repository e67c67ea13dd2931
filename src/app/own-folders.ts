// Makes, renames and removes folders that exist only here. Nothing is said before it is durable; mail in a folder
// that goes is moved to Trash first, and all of it can be taken back.
import { splitFolderId } from '../mail/ids.ts';
import type { FolderId } from '../mail/types.ts';
import type { AccountStore, FolderRecord, NewOperation, Operation } from '../store/types.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import type { Core } from './core.ts';
import type { Folders } from './folders.ts';
import { backOf, folderByRole, MOVED_AT_ONCE, type Organising } from './organising.ts';
import { said } from './said.ts';
import { folderRecord, plural } from './selectors.ts';
import { type Messages, pop, replaceTop, topLayer } from './state.ts';

export interface OwnFolders {
  /** With `move`: these messages go there when it is made. */
  create(account: string, path: string, move?: readonly Messages[]): void;
  rename(folder: FolderId, path: string): void;
  /** With all folders in it; their mail goes to Trash. */
  remove(folder: FolderId): void;
}

export interface OwnFoldersDeps {
  readonly folders: Pick<Folders, 'open'>;
  readonly organising: Pick<Organising, 'move' | 'remember'>;
  readonly applied: () => void;
}

export function createOwnFolders(core: Core, deps: OwnFoldersDeps): OwnFolders {
  const { change, track, say, mail } = core;
  const state = () => core.state.get();
  const storeOf = (account: string): AccountStore => {
    const store = mail.get(account);
    if (!store) throw new TmailError('config', 'account.unknown', { facts: { account } });
    return store;
  };

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

  return {
    create: (account, path, move) =>
      answered(async () => {
        const id = await storeOf(account).createFolder(path);
        deps.applied();
        closePrompt();
        point(id);
        const made = folderRecord(state(), id)?.path ?? path;
        if (move) deps.organising.move(move, id);
        else say('info', `Made "${made}". It exists only on this computer.`);
      }),
    rename: (id, path) =>
      answered(async () => {
        const before = folderRecord(state(), id)?.path ?? '';
        const store = storeOf(splitFolderId(id).account);
        await store.renameFolder(id, path);
        deps.applied();
        closePrompt();
        const after = folderRecord(state(), id)?.path ?? path;
        if (after === before) return;
        say('info', `"${before}" is "${after}" now. u to undo.`);
        const back = () => store.renameFolder(id, before).then(() => true);
        deps.organising.remember(`the name "${before}"`, Promise.resolve(back));
      }),
    remove(id) {
      const remove = async (): Promise<void> => {
        const { account } = splitFolderId(id);
        const store = storeOf(account);
        const top = folderRecord(state(), id);
        if (!top) return;
        const branch = withBelow(store.folders(), top);
        const trash = folderByRole(state(), account, 'trash');
        const away = folderByRole(state(), account, 'inbox');
        if (away && branch.some(one => one.id === state().folder)) await deps.folders.open(away);
        const moved: Operation[] = [];
        for (const one of branch) moved.push(...(await empty(store, one.id, trash)));
        await store.removeFolder(id);
        deps.applied();
        if (away) point(away);
        const count = moved.reduce((sum, op) => sum + op.targets.length, 0);
        const mailText = count === 0 ? '' : ` ${plural(count, 'message')} moved to Trash.`;
        say('info', `Deleted the folder "${top.path}".${mailText} u to undo.`);
        const paths = branch.map(one => one.path);
        const back = () => restore(store, paths, moved);
        deps.organising.remember(`the folder "${top.path}"`, Promise.resolve(back));
      };
      track(remove());
    },
  };
}

/** A folder and all folders in it. */
export function withBelow(all: readonly FolderRecord[], top: FolderRecord): readonly FolderRecord[] {
  const { account, delimiter, path } = top;
  const below = all.filter(one => one.account === account && one.path.startsWith(path + delimiter));
  return [top, ...below];
}

/** Everything in it goes to Trash, with what came while it was looked at. */
async function empty(store: AccountStore, id: FolderId, trash: FolderId | undefined): Promise<Operation[]> {
  const moved: Operation[] = [];
  const folder = await store.folder(id);
  await folder.loadAll();
  while (folder.length > 0 && trash) {
    const uids = Array.from(
      { length: Math.min(folder.length, MOVED_AT_ONCE) },
      (_, n) => folder.uidAt(n) ?? 0,
    );
    const targets = uids.map(uid => ({ uid, remote: null, messageId: '' }));
    const op = await store.commit({ t: 'move', folder: id, to: trash, targets } satisfies NewOperation);
    if (op.targets.length === 0) break;
    moved.push(op);
  }
  return moved;
}

/** The folders again, under their numbers, and their mail in its places. */
async function restore(
  store: AccountStore,
  paths: readonly string[],
  moved: readonly Operation[],
): Promise<boolean> {
  for (const path of paths) {
    if (!store.folders().some(one => one.path === path)) await store.createFolder(path);
  }
  for (const op of moved.toReversed()) if (op.t === 'move') await store.commit(backOf(op));
  return true;
}
