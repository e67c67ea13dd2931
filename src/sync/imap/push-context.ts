// What every kind of push works with, and what it says when the server will not.
import type { FolderId } from '../../mail/types.ts';
import type { AccountStore, FolderRecord, FolderStore } from '../../store/types.ts';
import { TmailError } from '../../util/errors.ts';
import type { MailboxName } from './client-types.ts';
import type { Line } from './line.ts';
import type { OutgoingHere } from './outgoing.ts';

export interface PushContext {
  readonly store: AccountStore;
  readonly line: (folder: FolderId) => Promise<Line>;
  readonly nameOf: (record: FolderRecord) => MailboxName;
  /** The name of a path that no folder here has. */
  readonly nameAt: (path: string) => MailboxName;
  /** Makes a folder on the server; the store's list is up to date when it resolves. */
  readonly create: (path: string) => Promise<void>;
  /** Asks the server for its folders. */
  readonly list: () => Promise<void>;
  /** No line has this folder, or one below it, selected any more. */
  readonly release: (wire: string) => Promise<void>;
  readonly outgoing: (folder: FolderId) => OutgoingHere;
  /** Something that does not stop it. */
  readonly report: (error: TmailError) => void;
}

/** Also of a folder that is to be removed: it is not shown any more, but until then the server has it. */
export async function recordOf({ store }: PushContext, id: FolderId): Promise<FolderRecord | undefined> {
  const shown = store.folders().find(each => each.id === id);
  return shown ?? (await store.folder(id).catch(() => null))?.record;
}

/** One that the server is known to have, as far as is known here. */
export function isThere(record: FolderRecord | undefined): record is FolderRecord {
  return record?.remote === true && record.selectable && record.serverPath !== null;
}

/** The folder with all its rows' places in memory. */
export async function loaded({ store }: PushContext, id: FolderId): Promise<FolderStore> {
  const folder = await store.folder(id);
  await folder.loadAll();
  return folder;
}

/** Its words become facts of a sentence; nothing is tried again by itself. */
export function refusal(
  code: string,
  folder: string,
  facts: Readonly<Record<string, string | number>> = {},
): TmailError {
  return new TmailError('rejected', code, { retry: 'never', facts: { folder, ...facts } });
}

export function isRejected(error: unknown, code?: string): error is TmailError {
  return (
    error instanceof TmailError && error.kind === 'rejected' && (code === undefined || error.code === code)
  );
}

/** The server said something about the command; the line is as good as before. */
export function isAnswer(error: unknown): error is TmailError {
  if (isRejected(error)) return true;
  return error instanceof TmailError && (error.code === 'imap.bad' || error.code === 'imap.unstable');
}
