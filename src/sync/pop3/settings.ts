// What an account's configuration says about its checks. Pure.
import { gmailPop } from '../../config/gmail.ts';
import type { AccountConfig } from '../../config/types.ts';
import { TmailError } from '../../util/errors.ts';
import type { PlanSettings } from './plan.ts';

const DEFAULTS: Omit<PlanSettings, 'serverCopy'> = {
  firstRun: { t: 'all' },
  sizeLimit: null,
  sessionMessages: null,
  sessionBytes: null,
};

/** @throws TmailError `pop3.no-policy`: nothing is done before one is named */
export function settingsOf(
  account: AccountConfig,
  more: Partial<Omit<PlanSettings, 'serverCopy'>> = {},
): PlanSettings {
  const { id, incoming, serverCopy } = account;
  if (serverCopy === null) throw new TmailError('config', 'pop3.no-policy', { facts: { account: id } });
  return { ...DEFAULTS, window: gmailPop(incoming) !== null, ...more, serverCopy };
}
