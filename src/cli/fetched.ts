// Makes sure that a message's file is on this disk, through whoever may write there.
import { messageId, splitMessageId } from '../mail/ids.ts';
import type { Envelope, Flags, MessageId, RawRef } from '../mail/types.ts';
import type { AccountStore, FolderRecord, Store } from '../store/types.ts';
import type { BodyWanted } from '../sync/types.ts';
import { TmailError } from '../util/errors.ts';
import { knownAccount, type Mail } from './context.ts';
import { bring, cameFrom } from './door.ts';

export interface FetchedMessage {
  readonly id: MessageId;
  readonly account: AccountStore;
  readonly folder: FolderRecord;
  readonly envelope: Envelope;
  readonly flags: Flags;
  readonly keywords: readonly string[];
  readonly raw: RawRef;
}

interface Wanted {
  readonly wanted: BodyWanted;
  /** Use what is here, never connect. */
  readonly offline: boolean;
}

/**
 * @throws TmailError `id.malformed`, `message.not-found`, `body.offline`, and what fetching throws.
 */
export async function fetched(mail: Mail, text: string, asked: Wanted): Promise<FetchedMessage> {
  const here = await find(await mail.reader(), text);
  const how =
    here.raw?.partial && isPop3(mail, here.account.id) ? { ...asked, wanted: 'whole' as const } : asked;
  if (here.raw && enough(here.raw, how.wanted)) return { ...here, raw: here.raw };
  await fetchAgain(mail, here.id, how);
  // A reader sees what was there when it opened.
  const after = await find(await mail.reader(), text);
  if (after.raw) return { ...after, raw: after.raw };
  throw new TmailError('storage', 'raw.missing', { facts: { id: text } });
}

/** A message over the size limit is here by its head alone: showing it means fetching it. */
function isPop3(mail: Mail, account: string): boolean {
  return mail.config.accounts.find(({ id }) => id === account)?.protocol === 'pop3';
}

/** Asks the owner of the store, or becomes it. */
export async function fetchAgain(mail: Mail, id: MessageId, how: Wanted): Promise<void> {
  const { account } = splitMessageId(id);
  if (how.offline) throw new TmailError('network', 'body.offline', { facts: { account, id } });
  knownAccount(mail.config, account);
  if (await askedOwner(mail, id, how.wanted)) return;
  const store = await mail.owner();
  try {
    const engine = await mail.engine(await cameFrom(store, id), store);
    engine.start();
    try {
      await bring(store, engine, id, how.wanted);
    } finally {
      await engine.stop();
    }
  } finally {
    await store.close();
  }
}

/** False: nobody owns the store. */
async function askedOwner(mail: Mail, id: MessageId, wanted: BodyWanted): Promise<boolean> {
  try {
    // A body has no lines; the end of them is its answer.
    for await (const _ of mail.knock({ t: 'body', id, wanted }));
    return true;
  } catch (error) {
    if (error instanceof TmailError && error.code === 'store.no-owner') return false;
    throw error;
  }
}

function enough(raw: RawRef, wanted: BodyWanted): boolean {
  return !raw.partial || wanted === 'text';
}

async function find(store: Store, text: string) {
  const { account: accountId, folder: folderId, uid } = splitMessageId(text);
  const absent = () =>
    new TmailError('rejected', 'message.not-found', { facts: { id: text, account: accountId } });
  if (!store.accounts().includes(accountId)) throw absent();
  const account = await store.account(accountId);
  const record = account.folders().find(folder => folder.id === folderId);
  if (!record) throw absent();
  const folder = await account.folder(folderId);
  await folder.loadAll();
  const position = folder.positionOf(uid);
  if (position < 0) throw absent();
  await folder.ensure(position, position);
  const envelope = folder.envelope(uid);
  if (!envelope) throw absent();
  const flags = folder.flags(uid) ?? 0;
  const raw = folder.raw(uid) ?? null;
  return {
    id: messageId(folderId, uid),
    account,
    folder: record,
    envelope,
    flags,
    keywords: folder.keywords,
    raw,
  };
}
