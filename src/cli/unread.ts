// tmail unread: how much is unread, from what is here, for status bars. Reads one small file an account; never connects.
import type { FolderRecord } from '../store/types.ts';
import { type Context, knownAccount } from './context.ts';
import { findFolder } from './folders.ts';
import { jsonLine } from './output.ts';
import { DONE } from './status.ts';

/** The number of the inboxes, or of a folder; with --json each folder's. */
export async function unread(context: Context): Promise<number> {
  const { args, output } = context;
  const mail = await context.mail();
  const named = new Set(args.values('account').map(name => knownAccount(mail.config, name)));
  const ids = mail.config.accounts
    .filter(({ id, disabled }) => (named.size > 0 ? named.has(id) : !disabled))
    .map(({ id }) => id);
  const store = await mail.reader();
  let sum = 0;
  for (const id of ids) {
    const folders = (await store.account(id)).folders();
    const wanted = findFolder(folders, args.value('folder') ?? 'inbox');
    sum += wanted?.counts.unread ?? 0;
    if (args.has('json')) await output.out.bytes(jsonLine(accountJson(id, folders)));
  }
  if (!args.has('json')) await output.out.line(String(sum));
  return DONE;
}

function accountJson(account: string, folders: readonly FolderRecord[]) {
  const counted = folders.filter(({ selectable }) => selectable);
  return {
    account,
    unread: findFolder(counted, 'inbox')?.counts.unread ?? 0,
    folders: counted.map(({ path, role, counts }) => ({
      folder: path,
      role,
      unread: counts.unread,
      total: counts.total,
    })),
  };
}
