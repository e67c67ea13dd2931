// Moves and deletes messages of accounts whose mail is only here, and takes that back. Every change goes through the
// store's queue; nothing here waits for a server, and nothing is deleted for good that was not asked about.
import { splitFolderId } from '../mail/ids.ts';
import type { AccountId, FolderId, LocalUid, MessageId } from '../mail/types.ts';
import type { AccountStore, FolderStore, NewOperation, Operation } from '../store/types.ts';
import type { Core } from './core.ts';
import { putCursor } from './list-view.ts';
import { rowsOf } from './listing/folder.ts';
import { countOf } from './selection.ts';
import { folderLabel, folderRecord, listHeight, plural } from './selectors.ts';
import { type AppState, hasLayer, listOf, type Messages, setList, without } from './state.ts';

/** Messages of one move or deletion: what the queue's file holds at once. */
export const MOVED_AT_ONCE = 1000;
/** Steps that can be taken back. */
const UNDO_STEPS = 50;

export interface Organising {
  /** To another folder of the account; `u` takes it back. */
  move(messages: readonly Messages[], to: FolderId): void;
  /** For good. */
  destroy(messages: readonly Messages[]): void;
  /** Sets and clears flags; `u` takes back what that changed. */
  flag(messages: readonly Messages[], add: readonly string[], remove: readonly string[]): void;
  /** Deletes all messages of the folder for good. */
  empty(folder: FolderId): void;
  /** This can be taken back by that; null: by nothing. */
  remember(what: string, back: Promise<TakeBack | null>): void;
  /** Another operation as what takes a step back. */
  takeBack(op: NewOperation): TakeBack;
  undo(): void;
}

/** Takes a step back; false: what it was about is not where it was put any more. */
export type TakeBack = () => Promise<boolean>;

export interface OrganisingDeps {
  readonly openMessage: (id: MessageId) => void;
  /** Shows at once what was just done. */
  readonly applied: () => void;
}

export function createOrganising(core: Core, deps: OrganisingDeps): Organising {
  const { change, track, say, mail, opened } = core;
  const state = () => core.state.get();
  const accountOf = (folder: FolderId): AccountStore | undefined => mail.get(splitFolderId(folder).account);
  const nameOf = (folder: FolderId): string => {
    const record = folderRecord(state(), folder);
    return record ? folderLabel(record) : 'the folder';
  };
  const subjectOf = (messages: readonly Messages[]): string => {
    const [first] = messages;
    const uid = first?.uids[0];
    if (countOf(messages) !== 1 || !first || uid === undefined) return plural(countOf(messages), 'message');
    return opened.get(first.folder)?.envelope(uid)?.subject || '(no subject)';
  };

  /** Goes on to the next message where the open one is about to leave; back to the list when it was the last. */
  const leaveReader = (messages: readonly Messages[]): (() => void) => {
    const { reader } = state();
    const folder = reader && opened.get(reader.folder);
    const uids = messages.find(group => group.folder === reader?.folder)?.uids ?? [];
    if (!reader || !folder || !uids.includes(reader.uid)) return () => undefined;
    const next = neighbourOf(folder, reader.uid, uids);
    const reading = hasLayer(state(), 'reader');
    return () => {
      if (reading && next !== undefined) deps.openMessage(`${reader.folder}:${next}` as MessageId);
      else change(before => ({ ...without(before, 'reader'), reader: null }));
    };
  };

  const commit = async (op: NewOperation): Promise<Operation | null> => {
    const committing = accountOf(op.folder)?.commit(op);
    deps.applied();
    const done = (await committing) ?? null;
    deps.applied();
    return done;
  };
  /** What takes a step back, once it is known where the messages went. */
  const backs = new Map<number, Promise<TakeBack | null>>();
  let steps = 0;
  const remember = (what: string, back: Promise<TakeBack | null>): void => {
    const n = ++steps;
    // Why it could not be done is said where it was asked for.
    backs.set(
      n,
      back.catch(() => null),
    );
    backs.delete(n - UNDO_STEPS);
    change(before => ({ ...before, undo: [...before.undo, { n, what }].slice(-UNDO_STEPS) }));
  };
  const takeBack = (op: NewOperation) => async (): Promise<boolean> => {
    const done = await commit(op);
    if (!done || done.targets.length === 0) return false;
    if (done.t === 'move') change(before => cursorOn(before, opened.get(done.to), done));
    return true;
  };
  const operation = (folder: FolderId, uids: readonly LocalUid[]) => ({
    folder,
    targets: uids.map(uid => ({ uid, remote: null, messageId: '' })),
  });

  return {
    move(messages, to) {
      const what = subjectOf(messages);
      const goOn = leaveReader(messages);
      const moved = Promise.all(
        messages.map(({ folder, uids }) => commit({ t: 'move', to, ...operation(folder, uids) })),
      );
      goOn();
      say('info', `Moved to ${nameOf(to)}: ${what}. u to undo.`);
      remember(
        what,
        moved.then(done => allBack(done.filter(op => op?.t === 'move').map(op => takeBack(backOf(op))))),
      );
      track(moved);
    },
    flag(messages, add, remove) {
      const what = subjectOf(messages);
      const changed = messages.map(({ folder, uids }) => {
        const there = opened.get(folder);
        const targets = uids.map(uid => ({
          uid,
          remote: there?.remote(uid) ?? null,
          messageId: there?.envelope(uid)?.messageId ?? '',
        }));
        return { t: 'flags', folder, targets } as const;
      });
      track(Promise.all(changed.map(op => commit({ ...op, add, remove }))));
      const backs = changed.map(op => takeBack({ ...op, add: remove, remove: add }));
      remember(what, Promise.resolve(allBack(backs)));
    },
    destroy(messages) {
      const what = subjectOf(messages);
      const goOn = leaveReader(messages);
      const deleted = Promise.all(
        messages.map(({ folder, uids }) => commit({ t: 'delete', ...operation(folder, uids) })),
      );
      goOn();
      say('info', `Deleted for good: ${what}.`);
      track(deleted);
    },
    empty(id) {
      const empty = async (): Promise<void> => {
        const folder = await accountOf(id)?.folder(id);
        if (!folder) return;
        await folder.loadAll();
        const uids = Array.from({ length: folder.length }, (_, position) => folder.uidAt(position) ?? 0);
        const goOn = leaveReader([{ folder: id, uids }]);
        for (let i = 0; i < uids.length; i += MOVED_AT_ONCE) {
          await commit({ t: 'delete', ...operation(id, uids.slice(i, i + MOVED_AT_ONCE)) });
        }
        goOn();
        say('info', `Deleted for good: ${plural(uids.length, 'message')}.`);
      };
      track(empty());
    },
    remember,
    takeBack,
    undo() {
      const step = state().undo.at(-1);
      if (!step || step.sending !== undefined) return;
      change(before => ({ ...before, undo: before.undo.slice(0, -1) }));
      const undone = async (): Promise<void> => {
        const back = await backs.get(step.n);
        backs.delete(step.n);
        if (!(await back?.())) say('info', `${step.what} is not where it was put any more.`);
        deps.applied();
      };
      say('info', `Taken back: ${step.what}.`);
      track(undone());
    },
  };
}

/** All of them; false where none of it was there any more. Null: there is nothing to take back. */
function allBack(backs: readonly TakeBack[]): TakeBack | null {
  if (backs.length === 0) return null;
  return async () => {
    const done = await Promise.all(backs.map(back => back()));
    return done.some(Boolean);
  };
}

/** The next older message that stays, else the next newer one. */
function neighbourOf(folder: FolderStore, uid: LocalUid, going: readonly LocalUid[]): LocalUid | undefined {
  const at = folder.positionOf(uid);
  const stays = (position: number) => {
    const other = folder.uidAt(position);
    return other !== undefined && !going.includes(other) ? other : undefined;
  };
  return stays(at + 1) ?? (at > 0 ? stays(at - 1) : undefined);
}

/** Messages come back under the numbers that they had, that is, to their place in the list. */
export function backOf(op: Extract<Operation, { t: 'move' }>): NewOperation {
  const targets = op.landing.map((uid, i) => ({
    uid,
    remote: op.targets[i]?.remote ?? null,
    messageId: op.targets[i]?.messageId ?? '',
  }));
  return { t: 'move', folder: op.to, to: op.folder, targets, landing: op.targets.map(({ uid }) => uid) };
}

function cursorOn(
  state: AppState,
  folder: FolderStore | undefined,
  { to, landing }: Extract<Operation, { t: 'move' }>,
): AppState {
  const position = folder && landing[0] !== undefined ? folder.positionOf(landing[0]) : -1;
  if (!folder || position < 0) return state;
  return setList(state, to, putCursor(listOf(state, to), rowsOf(folder), listHeight(state), position));
}

/** The folders of an account by what they are for. */
export function folderByRole(state: AppState, account: AccountId, role: string): FolderId | undefined {
  const view = state.accounts.find(({ id }) => id === account);
  return view?.folders.find(folder => folder.role === role && folder.selectable)?.id;
}
