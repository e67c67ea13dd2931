// Signs in and looks around, for `tmail doctor` and the set-up: proves an account's settings and leaves nothing.
import { version } from '../../package.json';
import type { AccountConfig } from '../config/types.ts';
import type { Role } from '../mail/types.ts';
import { TmailError } from '../util/errors.ts';
import { openClient } from './imap/client.ts';
import { listedFolders } from './imap/folders.ts';

export interface SignedIn {
  /** Folders. */
  readonly total: number;
  readonly roles: readonly Role[];
}

/** @throws TmailError network, tls, auth, protocol, config, cancelled */
export async function signIn(
  account: AccountConfig,
  password: string,
  signal: AbortSignal,
): Promise<SignedIn> {
  if (account.protocol !== 'imap') {
    throw new TmailError('config', 'pop3.not-yet', { facts: { account: account.id } });
  }
  const client = await openClient({ server: account.incoming, password, version }, signal);
  try {
    const folders = listedFolders(await client.list(false), client.features.utf8);
    return {
      total: folders.length,
      roles: folders.flatMap(folder => (folder.info.role ? [folder.info.role] : [])),
    };
  } finally {
    client.close();
  }
}
