// What the accounts screen says of one account, in lines that fit: a long one goes on below itself. Knows neither colours
// nor the store.
import type { AccountConfig, Offline } from '../config/types.ts';
import { sanitize } from '../mail/sanitize.ts';
import { width } from '../mail/width.ts';
import { wrapCells } from '../mail/wrap.ts';
import { backupOf } from './backup.ts';
import type { View } from './commands/command.ts';
import { type MaildropLine, maildropLines } from './maildrop.ts';
import { bytesText, notes } from './notes.ts';
import { quotaLines } from './quota.ts';
import { grouped, plural, progressText } from './selectors.ts';
import type { AccountView, Copies } from './state.ts';
import { foldersApart, keptOf } from './storage/policy.ts';

/** Cells before the text of a line: its margin and its label. */
export const ACCOUNT_MARGIN = 14;
export const ACCOUNT_LABEL = 11;
/** For what the account is doing, beside its server: `offline, retry in 12 min`. */
const PHASE = 27;

export type AccountLine = MaildropLine;

/** `12 s`, `5 min`, `3 h`, `2 days`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 129_600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** Below the account's name: without what is wrong with it. Every text is sanitised and fits. */
export function accountLines({ state, data }: View, account: AccountView): readonly AccountLine[] {
  const config = data.config.accounts.find(({ id }) => id === account.id);
  const { status, id } = account;
  const copies = Object.hasOwn(state.copies, id) ? state.copies[id] : undefined;
  const line = (label: string, text: string): AccountLine => ({ label, text, level: 'info' });
  const pop3 = config?.protocol === 'pop3';
  const backup =
    copies && backupOf(account, state.accounts, data.config.accounts, copies.exported, state.now);
  const [first, ...others] = pop3 ? [] : quotaLines(status);
  const last = status.maildrop?.lastCheck ?? status.lastSync;
  const synced = last === null ? 'not yet' : `${duration(state.now - last)} ago`;
  const running = status.progress[0];
  const queue = account.queued === 0 ? 'empty' : `${plural(account.queued, 'change')} waiting for the server`;
  const lines: AccountLine[] = [
    ...(config && !serverFits(config, state.size.columns) ? [line('server', serverText(config))] : []),
    ...(pop3 ? maildropLines(account, config, state.now, backup) : []),
    ...(first ? [{ label: 'quota', text: first.text, level: first.fullness }] : []),
    ...others.map(({ text, fullness }) => ({ label: '', text, level: fullness })),
    line('copy here', copies ? copyText(copies, keptOf(state, config)) : 'counting'),
    ...foldersApart(state, config).map(text => line('', text)),
    line('queue', running ? `${queue}; now ${progressText(running)}` : `${queue}; last sync ${synced}`),
  ];
  const room = Math.max(20, state.size.columns - ACCOUNT_MARGIN - ACCOUNT_LABEL - 1);
  return lines.flatMap(({ label, text, level }) => {
    // What changes all the time is cut: the rows below it must not move.
    if (label === 'queue') return [{ label, text: sanitize(text), level }];
    return wrapCells(sanitize(text), room).map((part, n) => ({
      label: n === 0 ? label : '',
      text: part,
      level,
    }));
  });
}

/** Whether the server has room beside the account's name. */
export function serverFits(config: AccountConfig, columns: number): boolean {
  return ACCOUNT_MARGIN + width(serverText(config)) + 3 + PHASE <= columns;
}

export function serverText({ protocol, incoming }: AccountConfig): string {
  const security = { tls: 'TLS', starttls: 'STARTTLS', none: 'no encryption' }[incoming.security];
  return `${protocol.toUpperCase()}  ${sanitize(incoming.host)}:${incoming.port} ${security}`;
}

function copyText({ bodies, total, bytes }: Copies, kept: Offline | null): string {
  const here = `${grouped(bodies)} of ${plural(total, 'message')}`;
  if (kept === null) return `${here} with bodies, ${bytesText(bytes)}`;
  return `${notes.kept(kept)}; ${here}, ${bytesText(bytes)}`;
}
