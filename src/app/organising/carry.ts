// Hands operations to the store, some hundred messages at a time, so that the screen goes on between them; and
// knows how each operation is taken back. Says nothing.
import { splitFolderId } from '../../mail/ids.ts';
import type { FolderId, LocalUid } from '../../mail/types.ts';
import type { AccountStore, NewOperation, OnMessages, Operation } from '../../store/types.ts';
import { asTmailError } from '../../util/errors.ts';
import { nextTurn } from '../../util/turn.ts';
import type { Core } from '../core.ts';
import type { Messages } from '../state.ts';
import type { TakeBack } from './undo.ts';

/** Messages of one operation: what the queue's file holds at once. */
export const MOVED_AT_ONCE = 500;

export interface Carry {
  accountOf(folder: FolderId): AccountStore | undefined;
  /** Shown when it returns, durable when it resolves. */
  commit(op: NewOperation): Promise<Operation | null>;
  /**
   * What `make` says for each folder's messages. Resolves with the operations that were kept, and with why the rest was
   * not. The first of each folder is shown when it returns.
   */
  each(messages: readonly Messages[], make: (on: OnMessages) => NewOperation): Promise<Carried>;
  back(op: Operation): TakeBack;
}

export interface Carried {
  readonly operations: readonly Operation[];
  readonly error: Error | null;
}

export interface CarryDeps {
  /** Shows at once what was just done. */
  readonly applied: () => void;
  /** A move was taken back: these messages are in the folder again. */
  readonly returned: (folder: FolderId, uids: readonly LocalUid[]) => void;
}

export function createCarry(core: Core, { applied, returned }: CarryDeps): Carry {
  const accountOf: Carry['accountOf'] = folder => core.mail.get(splitFolderId(folder).account);

  const keep: Carry['commit'] = async op => (await accountOf(op.folder)?.commit(op)) ?? null;
  const shown = async <T>(doing: Promise<T>): Promise<T> => {
    applied();
    const done = await doing;
    applied();
    return done;
  };
  const commit: Carry['commit'] = op => shown(keep(op));

  const targetsOf = (folder: FolderId, uids: readonly LocalUid[]) => {
    const there = core.opened.get(folder);
    return uids.map(uid => ({
      uid,
      remote: there?.remote(uid) ?? null,
      messageId: there?.envelope(uid)?.messageId ?? '',
    }));
  };

  const each: Carry['each'] = async (messages, make) => {
    const kept: Operation[][] = [];
    let error: Error | null = null;
    const all = messages.map(async ({ folder, uids }, n) => {
      const mine: Operation[] = [];
      kept[n] = mine;
      // They keep their order where they go.
      const oldestFirst = uids.toSorted((a, b) => a - b);
      const put = async (part: readonly LocalUid[], by: Carry['commit']): Promise<void> => {
        const op = await by(make({ folder, targets: targetsOf(folder, part) }));
        if (op && op.targets.length > 0) mine.push(op);
      };
      if (uids.length > 0) await put(oldestFirst.slice(0, MOVED_AT_ONCE), commit);
      if (uids.length <= MOVED_AT_ONCE) return;
      await core.bulk(async () => {
        for (let at = MOVED_AT_ONCE; at < uids.length && error === null; at += MOVED_AT_ONCE) {
          await nextTurn();
          await put(oldestFirst.slice(at, at + MOVED_AT_ONCE), keep);
        }
      });
      applied();
    });
    for (const done of await Promise.allSettled(all)) {
      if (done.status === 'rejected') error = asTmailError(done.reason);
    }
    return { operations: kept.flat(), error };
  };

  /** Nobody has begun it, and nothing stands on it: then it never was. */
  const dropped = async (op: Operation, quiet: boolean): Promise<boolean> => {
    const account = accountOf(op.folder);
    if (!account?.drop || !isUntouched(account.queue(), op)) return false;
    try {
      const dropping = account.drop(op.id);
      await (quiet ? dropping : shown(dropping));
    } catch (thrown) {
      // A try began at this moment.
      if (asTmailError(thrown).code === 'operation.under-way') return false;
      throw thrown;
    }
    return true;
  };

  return {
    accountOf,
    commit,
    each,
    back:
      op =>
      async (quiet = false) => {
        if (await dropped(op, quiet)) {
          returned(op.folder, numbersOf(op));
          return true;
        }
        const opposite = oppositeOf(op);
        const done = opposite && (await (quiet ? keep : commit)(opposite).catch(isFolderGone));
        if (!done || done.targets.length === 0) return false;
        if (done.t === 'move') returned(done.to, done.landing);
        return true;
      },
  };
}

/** What was put into it is not there any more. @throws TmailError all else */
function isFolderGone(thrown: unknown): null {
  const error = asTmailError(thrown);
  if (error.code === 'folder.unknown') return null;
  throw error;
}

/** What undoes it once it is done; null: nothing can. */
export function oppositeOf(op: Operation): NewOperation | null {
  switch (op.t) {
    case 'move':
      return backOf(op);
    case 'copy': {
      const targets = op.landing.map((uid, i) => ({
        uid,
        remote: null,
        messageId: op.targets[i]?.messageId ?? '',
      }));
      return { t: 'delete', folder: op.to, targets };
    }
    case 'flags':
      return { t: 'flags', folder: op.folder, targets: op.targets, add: op.remove, remove: op.add };
    case 'append':
      return { t: 'delete', folder: op.folder, targets: op.targets };
    default:
      return null;
  }
}

/** Messages come back under the numbers that they had, that is, to their place in the list. */
export function backOf(op: Extract<Operation, { t: 'move' }>): NewOperation {
  const targets = op.landing.map((uid, i) => ({
    uid,
    remote: op.targets[i]?.remote ?? null,
    messageId: op.targets[i]?.messageId ?? '',
  }));
  return { t: 'move', folder: op.to, to: op.folder, targets, landing: numbersOf(op) };
}

const numbersOf = (op: OnMessages): readonly LocalUid[] => op.targets.map(({ uid }) => uid);

/** It waits in the queue, no try of it was begun, and no later operation is about the messages that it put somewhere. */
export function isUntouched(queue: readonly Operation[], op: Operation): boolean {
  const at = queue.findIndex(({ id }) => id === op.id);
  if (at < 0 || queue[at]?.tries !== 0) return false;
  const lands = op.t === 'move' || op.t === 'copy';
  const folder = lands ? op.to : op.folder;
  const uids = new Set(lands ? op.landing : numbersOf(op));
  return !queue
    .slice(at + 1)
    .some(later => later.folder === folder && later.targets.some(({ uid }) => uids.has(uid)));
}
