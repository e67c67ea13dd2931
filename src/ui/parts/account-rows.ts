// The accounts screen (product.md sketch G): each account's server, quota, copy here and queue; below them the disk, the
// outbox and where the passwords are. Pure.
import { accountHeight, accountsFoot, accountsTop } from '../../app/caret.ts';
import type { View } from '../../app/commands/command.ts';
import { outboxWord } from '../../app/compose/outbox-news.ts';
import { maildropLines } from '../../app/maildrop.ts';
import { bytesText, notes } from '../../app/notes.ts';
import { fullness, quotaText } from '../../app/quota.ts';
import { said } from '../../app/said.ts';
import { grouped, plural, progressText, stateWord } from '../../app/selectors.ts';
import { type AccountView, type Copies, type Level, screenLayer } from '../../app/state.ts';
import { keptOf } from '../../app/storage/policy.ts';
import type { AccountConfig, Offline } from '../../config/types.ts';
import { fit, width } from '../../mail/width.ts';
import { wrapCells } from '../../mail/wrap.ts';
import { FREE_SPACE_FLOOR } from '../../util/limits.ts';
import type { Theme } from '../theme.ts';
import { bar, clean, fill, piece, row } from './row.ts';

/** `12 s`, `5 min`, `3 h`, `2 days`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 129_600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

export function accountsRows(view: View, theme: Theme, cells: number, height: number): readonly string[] {
  const { state } = view;
  const layer = screenLayer(state);
  const cursor = layer.t === 'accounts' ? layer.cursor : 0;
  const top = accountsTop(view);
  const foot = accountsFoot(height);
  const rows: string[] = [];
  state.accounts.slice(top).forEach((account, i) => {
    const selected = cursor === top + i;
    const config = view.data.config.accounts.find(candidate => candidate.id === account.id);
    const own = accountRows(view, account, config, selected, cells, theme);
    const usual = accountHeight(view, account) - 1;
    // What a sentence needs beyond the usual rows it has where the cursor is.
    const needed = selected ? Math.max(usual, own.length) : usual;
    rows.push(' '.repeat(cells), ...fill(own, needed, cells));
  });
  if (foot === 0) return rows;
  return [...fill(rows, height - foot, cells), ...footRows(view, theme, cells)];
}

function accountRows(
  { state }: View,
  account: AccountView,
  config: AccountConfig | undefined,
  selected: boolean,
  cells: number,
  theme: Theme,
): readonly string[] {
  const { status, id } = account;
  const server = config
    ? `${config.protocol.toUpperCase()}  ${clean(config.incoming.host)}:${config.incoming.port} ${SECURITY[config.incoming.security]}`
    : '';
  const retry =
    status.phase === 'offline' && status.retryAt !== null
      ? `, retry in ${duration(status.retryAt - state.now)}`
      : '';
  const last = status.maildrop?.lastCheck ?? status.lastSync;
  const synced = last === null ? 'not yet' : `${duration(state.now - last)} ago`;
  const name = `${selected ? '>' : ' '}${fit(clean(id), 12)} `;
  const phase = `${stateWord(account, state.readOnly)}${retry}`;
  const whole = `${name}${server}   ${phase}`;
  const narrow = width(whole) > cells;
  const head = narrow ? name + phase : whole;
  const copies = Object.hasOwn(state.copies, id) ? state.copies[id] : undefined;
  const maildrop =
    config?.protocol === 'pop3' ? maildropLines(account, config, state.now, copies?.exported) : [];
  const kept = copies ? copyText(copies, keptOf(state, config)) : 'counting';
  const indent = ' '.repeat(14);
  const line = (label: string, text: string, level: Level = 'info') =>
    row(
      [piece(`${indent}${label.padEnd(11)}`, 'label'), piece(clean(text), level === 'info' ? 'text' : level)],
      cells,
      theme,
    );
  const running = status.progress[0];
  const queue = account.queued === 0 ? 'empty' : `${plural(account.queued, 'change')} waiting for the server`;
  const body = [
    ...(narrow ? [line('server', server)] : []),
    ...maildrop.map(({ label, text, level }) => line(label, text, level)),
    ...(config?.protocol === 'pop3'
      ? []
      : [line('quota', quotaText(status.quota), status.quota ? fullness(status.quota) : 'info')]),
    line('copy here', kept),
    line(
      'queue',
      running ? `${queue}; now ${clean(progressText(running))}` : `${queue}; last sync ${synced}`,
    ),
  ];
  if (status.error) {
    const text = wrapCells(said(status.error), Math.max(20, cells - indent.length - 1));
    for (const part of text) body.push(row([piece(`${indent}${part}`, 'error')], cells, theme));
  }
  return [
    selected ? bar(head, 'selected', cells, theme) : row([piece(head, 'title')], cells, theme),
    ...body,
  ];
}

const SECURITY = { tls: 'TLS', starttls: 'STARTTLS', none: 'no encryption' } as const;

function copyText({ bodies, total, bytes }: Copies, kept: Offline | null): string {
  const here = `${grouped(bodies)} of ${plural(total, 'message')}`;
  if (kept === null) return `${here} with bodies, ${bytesText(bytes)}`;
  return `${notes.kept(kept)}; ${here}, ${bytesText(bytes)}`;
}

const PASSWORDS: Readonly<Record<AccountConfig['auth']['t'], string>> = {
  command: 'by its command',
  env: 'from the environment',
  file: 'in its file',
  plain: 'in the configuration',
  unsupported: 'not usable yet',
};

function footRows(view: View, theme: Theme, cells: number): readonly string[] {
  const { state, data } = view;
  const line = (label: string, text: string, level: Level = 'info') =>
    row(
      [piece(` ${label.padEnd(12)} `, 'label'), piece(text, level === 'info' ? 'text' : level)],
      cells,
      theme,
    );
  const { diskFree } = state;
  const low = diskFree !== null && diskFree < FREE_SPACE_FLOOR;
  const free = diskFree === null ? '' : `${bytesText(diskFree)} free; `;
  const counted = state.accounts.flatMap(({ id }) => state.copies[id] ?? []);
  const here = counted.reduce((sum, { bytes }) => sum + bytes, 0);
  const store =
    counted.length < state.accounts.length ? 'mail here: counting' : `mail here ${bytesText(here)}`;
  const { text, bad } = outboxWord(state);
  const passwords = data.config.accounts
    .filter(({ id }) => state.accounts.some(account => account.id === id))
    .map(({ id, auth }) => `${clean(id)}: ${PASSWORDS[auth.t]}`)
    .join('   ');
  return [
    theme.paint('rule', theme.borders.horizontal.repeat(cells)),
    line(
      'disk',
      `${free}fetching stops below ${bytesText(FREE_SPACE_FLOOR).replace('.0', '')}; ${store}`,
      low ? 'error' : 'info',
    ),
    line('outbox', text === '' ? 'empty' : `${text}   gO opens it`, bad ? 'error' : 'info'),
    line('password', passwords),
  ];
}
