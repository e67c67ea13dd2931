// What happens when a message was sent: its copy goes to Sent, what it answers is marked, the draft that it was goes
// from the Drafts folder. Each step can be repeated after a crash; the message is forgotten last.
import type { AccountConfig, SentCopy } from '../config/types.ts';
import { envelopeOf } from '../mail/headers.ts';
import { splitMessageId } from '../mail/ids.ts';
import { attachmentsIn } from '../mail/mime-scan.ts';
import type { MessageId } from '../mail/types.ts';
import type { AccountStore, FolderStore, OutboxRecord, Store } from '../store/types.ts';
import { TmailError } from '../util/errors.ts';
import { roleFolder, withRole } from './role-folder.ts';

/** Servers that file what goes through them, whoever sends it. */
const FILED_BY_SERVER = /(^|\.)(gmail|googlemail)\.com$/i;

export function sentCopyOf(account: AccountConfig): SentCopy {
  if (account.sentCopy !== undefined) return account.sentCopy;
  return FILED_BY_SERVER.test(account.outgoing?.host ?? '') && account.protocol === 'imap'
    ? 'server'
    : 'append';
}

export interface FilingDeps {
  readonly account: AccountConfig;
  readonly store: Store;
  readonly now: () => number;
}

export interface FilingOf {
  /** The server is known to have a copy already. */
  readonly filed: boolean;
  /** It may have been filed before, by a run that ended. */
  readonly again: boolean;
}

/** All of it, durably. @throws TmailError storage: to be tried again */
export async function fileSent(deps: FilingDeps, record: OutboxRecord, of: FilingOf): Promise<void> {
  const kept = await deps.store.account(deps.account.id);
  if (!of.filed && sentCopyOf(deps.account) === 'append') await copyToSent(deps, kept, record, of.again);
  if (record.origin) await mark(deps.store, record.origin);
  if (record.replaces) await deleteMessage(deps.store, record.replaces);
  // Before the record: without it a draft would be offered that was sent already.
  if (record.draft !== '') await deps.store.drafts?.remove(record.draft);
  await kept.outbox?.remove(record.id);
}

async function copyToSent(
  { account, now }: FilingDeps,
  kept: AccountStore,
  record: OutboxRecord,
  again: boolean,
): Promise<void> {
  const bytes = await kept.outbox?.bytes(record.id).catch((error: unknown) => {
    // It was sent; that its bytes are gone from here is told, and no reason to keep the rest.
    if (error instanceof TmailError && error.code === 'outbox.message-lost') return null;
    throw error;
  });
  if (!bytes || !kept.append) return;
  const folder = await roleFolder(kept, 'sent');
  if (again) {
    await kept.recovered?.();
    if (await isThere(await kept.folder(folder), record.messageId)) return;
  }
  const date = now();
  const envelope = envelopeOf(bytes, {
    size: bytes.length,
    arrival: date,
    attachments: attachmentsIn(bytes),
  });
  const upload = account.protocol === 'imap';
  await kept.append({ folder, bytes, envelope, flags: ['\\Seen'], date, upload });
}

async function isThere(folder: FolderStore, messageId: string): Promise<boolean> {
  for await (const { envelope } of folder.scan()) if (envelope.messageId === messageId) return true;
  return false;
}

/** A message as a draft remembers it: found by its id, and only if it is still the same. */
export interface Remembered {
  readonly id: MessageId;
  readonly messageId: string;
}

interface Found {
  readonly account: AccountStore;
  readonly folder: FolderStore;
  readonly target: Parameters<AccountStore['commit']>[0]['targets'][number];
}

async function find(store: Store, { id, messageId }: Remembered): Promise<Found | null> {
  const { account: accountId, folder: folderId, uid } = splitMessageId(id);
  if (!store.accounts().includes(accountId)) return null;
  const account = await store.account(accountId);
  if (!account.folders().some(each => each.id === folderId)) return null;
  const folder = await account.folder(folderId);
  await folder.loadAll();
  const position = folder.positionOf(uid);
  if (position < 0) return null;
  await folder.ensure(position, position);
  // A draft may come from another computer, where the number means another message.
  if (folder.envelope(uid)?.messageId !== messageId) return null;
  return { account, folder, target: { uid, remote: folder.remote(uid) ?? null, messageId } };
}

/** The account's target of a message that still is what it was; null: it is gone. */
export async function targetOf(
  store: Store,
  remembered: Remembered,
): Promise<{
  readonly folder: FolderStore['record']['id'];
  readonly targets: readonly [Found['target']];
} | null> {
  const found = await find(store, remembered);
  return found && { folder: found.folder.record.id, targets: [found.target] };
}

async function mark(store: Store, origin: Remembered & { readonly mark: string }): Promise<void> {
  const found = await find(store, origin);
  if (!found) return;
  // Who has answered a message has read it, as mutt sees it too.
  const add = origin.mark === 'forwarded' ? ['$Forwarded'] : ['\\Answered', '\\Seen'];
  const folder = found.folder.record.id;
  await found.account.commit({ t: 'flags', folder, targets: [found.target], add, remove: [] });
}

/** For good, here and on its server. Repeatable. */
export async function deleteMessage(store: Store, remembered: Remembered): Promise<void> {
  const found = await find(store, remembered);
  if (!found) return;
  await found.account.commit({ t: 'delete', folder: found.folder.record.id, targets: [found.target] });
}

/** Whether the server's Sent has it: then it was taken. Null: nobody can tell now. */
export async function sentHolds(
  kept: AccountStore,
  holds: ((folder: FolderStore['record']['id'], messageId: string) => Promise<boolean>) | undefined,
  messageId: string,
): Promise<boolean | null> {
  const sent = withRole(kept, 'sent');
  if (!sent || !holds) return null;
  try {
    return await holds(sent.id, messageId);
  } catch {
    // Offline, or a server that can't search: it is asked again when there is a connection.
    return null;
  }
}
