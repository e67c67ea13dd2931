// Signs in and looks around, for `tmail doctor` and the set-up: proves an account's settings and leaves nothing.
import { version } from '../../package.json';
import type { AccountConfig } from '../config/types.ts';
import type { Role } from '../mail/types.ts';
import { openClient } from './imap/client.ts';
import { listedFolders } from './imap/folders.ts';

export interface SignedIn {
  /** Folders. */
  readonly total: number;
  readonly roles: readonly Role[];
  /** POP3: what is in the maildrop, and what the server can do (RFC 2449). */
  readonly maildrop?: {
    readonly messages: number;
    readonly bytes: number;
    readonly uidl: boolean;
    readonly top: boolean;
    readonly pipelining: boolean;
    /** Days after which the server deletes mail by itself; null: never, or it does not say. */
    readonly expireDays: number | null;
  };
}

/** @throws TmailError network, tls, auth, protocol, rejected, config, cancelled */
export async function signIn(
  account: AccountConfig,
  password: string,
  signal: AbortSignal,
): Promise<SignedIn> {
  if (account.protocol === 'pop3') return lookIntoMaildrop(account, password, signal);
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

/** STAT and QUIT: fetches nothing, marks nothing. */
async function lookIntoMaildrop(
  account: AccountConfig,
  password: string,
  signal: AbortSignal,
): Promise<SignedIn> {
  const { connectPop3 } = await import('./pop3/client.ts');
  const client = await connectPop3({ server: account.incoming, password: async () => password, signal });
  try {
    const { messages, bytes } = await client.stat();
    const { uidl, top, pipelining, expireDays } = client.capabilities;
    await client.quit();
    return { total: 1, roles: ['inbox'], maildrop: { messages, bytes, uidl, top, pipelining, expireDays } };
  } finally {
    client.close();
  }
}
