// What is particular about Google's POP3 servers, as far as the configuration tells. Pure.
import type { ServerSettings } from './types.ts';

/** Where Google says what becomes of mail there once a program has fetched it. */
export const GMAIL_POP_SETTING = 'https://mail.google.com/mail/u/0/#settings/fwdandpop';

export interface GmailPop {
  /** The account, as its owner knows it. */
  readonly user: string;
  /** `recent:` before the name: the last 30 days, whoever has fetched them; else only what no program has fetched. */
  readonly recent: boolean;
}

const HOST = /^(?:[a-z0-9-]+\.)*(?:gmail|googlemail)\.com\.?$/i;
const RECENT = /^recent:/i;

/**
 * Null: another provider's. Google lists only a part of the mail that it has, and deletes what its own setting says:
 * what is missing from its list was not deleted, and +OK to DELE does not mean that it is.
 */
export function gmailPop({ host, user }: Pick<ServerSettings, 'host' | 'user'>): GmailPop | null {
  if (!HOST.test(host)) return null;
  return { user: user.replace(RECENT, ''), recent: RECENT.test(user) };
}

/** The account's name as it is shown: without what only the server understands. */
export function shownUser(server: Pick<ServerSettings, 'host' | 'user'>): string {
  return gmailPop(server)?.user ?? server.user;
}
