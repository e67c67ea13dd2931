// The accounts screen (product.md sketch G): each account's server, quota, copy here and queue; below them the disk, the
// outbox and where the passwords are. Pure.
import {
  ACCOUNT_LABEL,
  ACCOUNT_MARGIN,
  accountLines,
  duration,
  serverFits,
  serverText,
} from '../../app/account-lines.ts';
import { accountHeight, accountsFoot, accountsTop } from '../../app/caret.ts';
import type { View } from '../../app/commands/command.ts';
import { outboxWord } from '../../app/compose/outbox-news.ts';
import { bytesText } from '../../app/notes.ts';
import { said } from '../../app/said.ts';
import { stateWord } from '../../app/selectors.ts';
import { type AccountView, type Level, screenLayer } from '../../app/state.ts';
import type { AccountConfig } from '../../config/types.ts';
import { fit } from '../../mail/width.ts';
import { wrapCells } from '../../mail/wrap.ts';
import { FREE_SPACE_FLOOR } from '../../util/limits.ts';
import type { Theme } from '../theme.ts';
import { bar, clean, fill, piece, row } from './row.ts';

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
  view: View,
  account: AccountView,
  config: AccountConfig | undefined,
  selected: boolean,
  cells: number,
  theme: Theme,
): readonly string[] {
  const { state } = view;
  const { status, id } = account;
  const retry =
    status.phase === 'offline' && status.retryAt !== null
      ? `, retry in ${duration(status.retryAt - state.now)}`
      : '';
  const name = `${selected ? '>' : ' '}${fit(clean(id), 12)} `;
  const phase = `${stateWord(account, state.readOnly !== null)}${retry}`;
  const fits = config !== undefined && serverFits(config, state.size.columns);
  const head = fits ? `${name}${serverText(config)}   ${phase}` : name + phase;
  const indent = ' '.repeat(ACCOUNT_MARGIN);
  const body = accountLines(view, account).map(({ label, text, level }) =>
    row(
      [
        piece(`${indent}${label.padEnd(ACCOUNT_LABEL)}`, 'label'),
        piece(text, level === 'info' ? 'text' : level),
      ],
      cells,
      theme,
    ),
  );
  if (status.error) {
    const text = wrapCells(said(status.error), Math.max(20, cells - indent.length - 1));
    for (const part of text) body.push(row([piece(`${indent}${part}`, 'error')], cells, theme));
  }
  return [
    selected ? bar(head, 'selected', cells, theme) : row([piece(head, 'title')], cells, theme),
    ...body,
  ];
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
