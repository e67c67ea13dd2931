// tmail archive: messages out of the way, into their account's archive.
import { schemeOf } from '../app/organising/destinations.ts';
import { makeChange } from './change.ts';
import type { Context } from './context.ts';

export async function archive(context: Context): Promise<number> {
  const { accounts } = (await context.mail()).config;
  const schemes = Object.fromEntries(accounts.map(account => [account.id, schemeOf(account)]));
  return makeChange(context, { t: 'archive', schemes });
}
