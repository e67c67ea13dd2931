// Changes to messages that the command line asks for: applied to a store at once and queued. Used by the process that
// owns the store, for itself or at its door. Plain data on both sides; speaks to no server.
import { archiveDestination, isArchived, roleDestination } from '../app/organising/destinations.ts';
import { makeDestination } from '../app/organising/making.ts';
import type { ArchiveScheme } from '../config/types.ts';
import { messageId, splitMessageId } from '../mail/ids.ts';
import { hasLabels, INBOX_LABEL, leavesByLabel } from '../mail/labels.ts';
import type { AccountId, FolderId, LocalUid } from '../mail/types.ts';
import type { AccountStore, FolderStore, Store } from '../store/types.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import type { PlainError } from './door.ts';
import { chosenFolder } from './folders.ts';

export type Change =
  | { readonly t: 'flag'; readonly add: readonly string[]; readonly remove: readonly string[] }
  /** A path, or what a folder is for. */
  | { readonly t: 'move'; readonly to: string }
  /** By year or month, for accounts that say so. */
  | { readonly t: 'archive'; readonly schemes: Readonly<Record<AccountId, ArchiveScheme>> }
  | { readonly t: 'delete'; readonly forEver: boolean };

export interface ChangeRequest {
  readonly t: 'change';
  readonly change: Change;
  readonly ids: readonly string[];
}

/** What became of one message. */
export interface Changed {
  /** As it was given. */
  readonly id: string;
  /** What it is called now; null: it is gone for good, or nothing was done. */
  readonly now: string | null;
  /** Why nothing was done. */
  readonly error: PlainError | null;
}

/** Nothing was done with this message, and why. */
export function notMade(id: string, thrown: unknown): Changed {
  const { kind, code, retry, facts } = asTmailError(thrown);
  return { id, now: null, error: { kind, code, retry, facts } };
}

/** Messages of one operation: what the queue's file holds at once. */
const AT_ONCE = 1000;

interface Group {
  readonly account: AccountStore;
  readonly folder: FolderStore;
  readonly messages: { readonly id: string; readonly uid: LocalUid }[];
}

/** In the order of `ids`. Durable when it resolves; what is wrong with one message does not hold the others back. */
export async function applyChange(
  store: Store,
  { change, ids }: Omit<ChangeRequest, 't'>,
): Promise<Changed[]> {
  const outcomes = new Map<string, Changed>();
  const fail = (id: string, thrown: unknown) => outcomes.set(id, notMade(id, thrown));
  const groups = new Map<FolderId, Group>();
  for (const id of new Set(ids)) {
    try {
      const { account, folder, uid } = await found(store, id);
      const group = groups.get(folder.record.id) ?? { account, folder, messages: [] };
      group.messages.push({ id, uid });
      groups.set(folder.record.id, group);
    } catch (error) {
      fail(id, error);
    }
  }
  for (const group of groups.values()) {
    for (let from = 0; from < group.messages.length; from += AT_ONCE) {
      const part = { ...group, messages: group.messages.slice(from, from + AT_ONCE) };
      try {
        const now = await applyTo(part, change);
        for (const { id, uid } of part.messages) outcomes.set(id, { id, now: now(uid), error: null });
      } catch (error) {
        for (const { id } of part.messages) fail(id, error);
      }
    }
  }
  // What was made is in the queue durably; what was not is said of each message.
  await store.flush().catch(error => {
    if (asTmailError(error).kind !== 'storage') throw error;
  });
  return ids.flatMap(id => outcomes.get(id) ?? []);
}

/** @throws TmailError `id.malformed`, `message.not-found` */
async function found(store: Store, id: string) {
  const { account: name, folder: folderId, uid } = splitMessageId(id);
  const absent = () => new TmailError('rejected', 'message.not-found', { facts: { id, account: name } });
  if (!store.accounts().includes(name)) throw absent();
  const account = await store.account(name);
  if (!account.folders().some(folder => folder.id === folderId)) throw absent();
  const folder = await account.folder(folderId);
  if (folder.positionOf(uid) < 0) await folder.loadAll();
  const at = folder.positionOf(uid);
  if (at < 0) throw absent();
  // Its Message-ID finds it again, whatever becomes of its place on the server.
  await folder.ensure(at, at);
  return { account, folder, uid };
}

/** What each message is called afterwards. */
async function applyTo(group: Group, change: Change): Promise<(uid: LocalUid) => string | null> {
  const { account, folder, messages } = group;
  const from = folder.record;
  const targetsOf = (uids: readonly LocalUid[]) =>
    uids.map(uid => ({
      uid,
      remote: folder.remote(uid) ?? null,
      messageId: folder.envelope(uid)?.messageId ?? '',
    }));
  const targets = targetsOf(messages.map(({ uid }) => uid));
  if (change.t === 'flag') {
    await account.commit({ t: 'flags', folder: from.id, targets, add: change.add, remove: change.remove });
    return uid => messageId(from.id, uid);
  }
  if (change.t === 'archive' && leavesByLabel(account.folders(), from.role)) {
    await account.commit({ t: 'flags', folder: from.id, targets, add: [], remove: [INBOX_LABEL] });
    return uid => messageId(from.id, uid);
  }
  if (change.t === 'delete' && change.forEver) {
    // Gmail takes an expunge anywhere else for "archive".
    if (hasLabels(account.folders()) && from.role !== 'trash' && from.role !== 'junk') {
      throw new TmailError('rejected', 'change.only-trash', { facts: { account: account.id } });
    }
    await account.commit({ t: 'delete', folder: from.id, targets });
    return () => null;
  }
  const byPlace = new Map<FolderId, LocalUid[]>();
  for (const { uid } of messages) {
    const to = await destination(account, folder, uid, change);
    byPlace.set(to, [...(byPlace.get(to) ?? []), uid]);
  }
  const now = new Map<LocalUid, string>();
  for (const [to, uids] of byPlace) {
    if (to === from.id) {
      for (const uid of uids) now.set(uid, messageId(from.id, uid));
      continue;
    }
    const done = await account.commit({ t: 'move', folder: from.id, targets: targetsOf(uids), to });
    if (done.t !== 'move') continue;
    for (const [n, { uid }] of done.targets.entries()) now.set(uid, messageId(to, done.landing[n] ?? 0));
  }
  return uid => now.get(uid) ?? null;
}

/** Made where it is missing. @throws TmailError `folder.unknown`, `folder.not-for-mail` (folder), `change.in-trash` */
async function destination(
  account: AccountStore,
  folder: FolderStore,
  uid: LocalUid,
  change: Exclude<Change, { t: 'flag' }>,
): Promise<FolderId> {
  const { id } = account;
  const { record } = folder;
  if (change.t === 'move') {
    const to = chosenFolder(account, change.to);
    if (to.selectable) return to.id;
    throw new TmailError('rejected', 'folder.not-for-mail', { facts: { account: id, folder: to.path } });
  }
  const known = { accounts: [{ id, folders: account.folders() }] };
  if (change.t === 'delete') {
    if (record.role === 'trash')
      throw new TmailError('rejected', 'change.in-trash', { facts: { account: id } });
    return makeDestination(account, roleDestination(known, id, 'trash'));
  }
  const scheme = change.schemes[id] ?? 'flat';
  if (isArchived(known, record, scheme)) return record.id;
  return makeDestination(
    account,
    archiveDestination(known, id, scheme, folder.envelope(uid)?.date ?? Date.now()),
  );
}
