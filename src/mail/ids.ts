// Folder and message ids: how they are written and read back.
import { TmailError } from '../util/errors.ts';
import type { AccountId, FolderId, LocalUid, MessageId } from './types.ts';

export function folderId(account: AccountId, folder: number): FolderId {
  return `${account}:${folder}`;
}

export function messageId(folder: FolderId, uid: LocalUid): MessageId {
  return `${folder}:${uid}` as MessageId;
}

export function splitFolderId(id: FolderId): { account: AccountId; folder: number } {
  const match = /^([A-Za-z0-9_-][A-Za-z0-9._-]*):(\d{1,9})$/.exec(id);
  if (!match?.[1] || !match[2]) throw new TmailError('config', 'id.malformed', { facts: { id } });
  return { account: match[1], folder: Number(match[2]) };
}

/** @throws TmailError `id.malformed` for text that is no message id. */
export function splitMessageId(id: string): { account: AccountId; folder: FolderId; uid: LocalUid } {
  const match = /^(([A-Za-z0-9_-][A-Za-z0-9._-]*):\d{1,9}):(\d{1,15})$/.exec(id);
  if (!match?.[1] || !match[2] || !match[3]) {
    throw new TmailError('config', 'id.malformed', { facts: { id } });
  }
  return { account: match[2], folder: match[1] as FolderId, uid: Number(match[3]) };
}
