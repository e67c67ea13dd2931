// The storage screen: what takes room, largest first, in four views. Pure.
import type { View } from '../../app/commands/command.ts';
import { bytesText, notes } from '../../app/notes.ts';
import { fullness, quotaNumbers, quotaPercent } from '../../app/quota.ts';
import { folderLabel, folderRecord, grouped, plural } from '../../app/selectors.ts';
import type { AppState, StorageLayer } from '../../app/state.ts';
import { keptIn, keptOf } from '../../app/storage/policy.ts';
import type { About } from '../../app/storage/types.ts';
import {
  ABOUTS,
  type StorageRow,
  shownSpaces,
  storageCursor,
  storageHeight,
  storageLayer,
  storageRows,
  storageTop,
} from '../../app/storage/view.ts';
import { listDate } from '../../mail/dates.ts';
import type { FolderId } from '../../mail/types.ts';
import { fit, fitRight, width } from '../../mail/width.ts';
import { FREE_SPACE_FLOOR } from '../../util/limits.ts';
import type { Theme } from '../theme.ts';
import { bar, clean, fill, type Piece, piece, row, split } from './row.ts';

const TITLES: Readonly<Record<About, string>> = {
  messages: 'Largest messages',
  folders: 'Folders',
  senders: 'Senders',
  here: 'On this computer',
};
const HEADS: Readonly<Record<About, string>> = {
  messages: '      Size   Date    From               Subject',
  folders: '      Size   Share       Messages   Folder',
  senders: '      Size   Messages   Sender',
  here: '      Size   Messages   Folder',
};
const SIZE = 10;
const SHARE = 10;

export function storageScreen(view: View, theme: Theme, cells: number, height: number): readonly string[] {
  const { state } = view;
  const layer = storageLayer(state);
  if (!layer) return [];
  const rows = storageRows(state, layer);
  const cursor = storageCursor(state, layer);
  const top = storageTop(state, layer);
  const most = rows.reduce((all, one) => all + (one.t === 'folder' ? one.folder.bytes : 0), 0);
  const list = rows.slice(top, top + storageHeight(state)).map((entry, i) => {
    const at = top + i === cursor;
    const text = `${at ? '>' : ' '}${rowText(view, entry, layer, most, cells - 1, theme)}`;
    if (at) return bar(text, 'selected', cells, theme);
    return row([piece(text, entry.t === 'account' ? 'title' : 'text')], cells, theme);
  });
  const kept = rows.some(entry => entry.t === 'folder') ? [piece('kept here ', 'dim')] : [];
  const nothing = rows.length === 0 ? [row([piece(emptyText(state, layer), 'dim')], cells, theme)] : [];
  return [
    tabs(layer, state, cells, theme),
    split([piece(` ${HEADS[layer.about]}`, 'dim')], kept, cells, theme, 40),
    ...fill([...list, ...nothing], height - 4, cells),
    theme.paint('rule', theme.borders.horizontal.repeat(cells)),
    row(foot(view, layer), cells, theme),
  ];
}

function emptyText(state: AppState, layer: StorageLayer): string {
  const complete = shownSpaces(state, layer.account).some(space => space.complete);
  return complete ? '  There is no mail here.' : '  Looking.';
}

function tabs(layer: StorageLayer, state: AppState, cells: number, theme: Theme): string {
  const left = ABOUTS.flatMap((about): Piece[] => [
    piece(' '),
    about === layer.about ? piece(`[${TITLES[about]}]`, 'title') : piece(` ${TITLES[about]} `, 'dim'),
  ]);
  const spaces = shownSpaces(state, layer.account);
  const going = spaces.find(space => !space.complete);
  const note = going ? `looked through ${grouped(going.looked)} of ${grouped(going.total)} ` : '';
  return split(left, [piece(note, 'dim')], cells, theme, 40);
}

function rowText(
  view: View,
  entry: StorageRow,
  layer: StorageLayer,
  most: number,
  cells: number,
  theme: Theme,
): string {
  const { state } = view;
  const size = (bytes: number) => fitRight(bytesText(bytes), SIZE, theme.ellipsis);
  const count = (n: number) => fitRight(grouped(n), 8, theme.ellipsis);
  switch (entry.t) {
    case 'message': {
      const { size: bytes, date, from, subject, folder } = entry.message;
      const place = folderText(state, folder, layer.account === null);
      const room = Math.max(10, Math.min(24, Math.floor(cells * 0.22)));
      const left = `${size(bytes)}   ${fit(listDate(date, state.now), 7, theme.ellipsis)} ${fit(clean(from), 18, theme.ellipsis)} `;
      const rest = Math.max(8, cells - width(left) - room - 1);
      return `${left}${fit(clean(subject) || '(no subject)', rest, theme.ellipsis)} ${fit(place, room, theme.ellipsis)}`;
    }
    case 'folder': {
      const { folder, bytes, messages, files, fileBytes } = entry.folder;
      const place = folderText(state, folder, layer.account === null && layer.about === 'folders');
      const withPolicy = (left: string) => {
        const policy = policyText(view, folder);
        const rest = Math.max(8, cells - width(left) - width(policy) - 2);
        return `${left}${fit(place, rest, theme.ellipsis)} ${policy} `;
      };
      if (layer.about === 'here') return withPolicy(`${size(fileBytes)}   ${count(files)}   `);
      const filled = most > 0 ? Math.round((bytes / most) * SHARE) : 0;
      const share = `${'#'.repeat(filled)}${'-'.repeat(SHARE - filled)}`;
      return withPolicy(`${size(bytes)}   ${share}  ${count(messages)}   `);
    }
    case 'sender': {
      const { address, name, bytes, messages } = entry.sender;
      const who = name && name !== address ? `${clean(name)} <${clean(address)}>` : clean(address);
      return `${size(bytes)}   ${count(messages)}   ${who || '(no sender)'}`;
    }
    case 'account': {
      const { account, files, bytes } = entry;
      const kept = keptOf(
        state,
        view.data.config.accounts.find(({ id }) => id === account),
      );
      const policy = kept === null ? 'all of it only here (POP3)' : `keeps ${notes.kept(kept)}; p changes it`;
      return `${size(bytes)}   ${count(files)}   ${clean(account)}: ${policy}`;
    }
  }
}

/** What is kept of it; in brackets where nothing was said of it and it is as the account. */
function policyText({ state, data }: View, id: FolderId): string {
  const record = folderRecord(state, id);
  const config = data.config.accounts.find(account => account.id === record?.account);
  const kept = record?.remote ? keptIn(state, config, record.path) : null;
  if (kept === null) return 'only here';
  const text = notes.keptShort(kept.offline);
  return kept.own ? text : `(${text})`;
}

function folderText(state: AppState, id: FolderId, withAccount: boolean): string {
  const record = folderRecord(state, id);
  if (!record) return '';
  const label = clean(folderLabel(record)) || '(no name)';
  return withAccount && state.accounts.length > 1 ? `${clean(record.account)} / ${label}` : label;
}

/** The room there and here. */
function foot({ state }: View, layer: StorageLayer): readonly Piece[] {
  const { diskFree } = state;
  const low = diskFree !== null && diskFree < FREE_SPACE_FLOOR;
  const spaces = shownSpaces(state, layer.account);
  const here = spaces.reduce(
    (sum, { folders }) => sum + folders.reduce((all, one) => all + one.fileBytes, 0),
    0,
  );
  const disk = `here ${bytesText(here)}${diskFree === null ? '' : `, ${bytesText(diskFree)} free`}`;
  const quota =
    layer.account === null ? null : state.accounts.find(({ id }) => id === layer.account)?.status.quota;
  const mail = spaces.reduce((sum, { looked }) => sum + looked, 0);
  return [
    piece(` ${plural(mail, 'message')}; `, 'text'),
    piece(disk, low ? 'error' : 'text'),
    ...(quota
      ? [
          piece('   server ', 'dim'),
          piece(`${quotaPercent(quota)}%, ${quotaNumbers(quota)}`, meaningOf(fullness(quota))),
        ]
      : []),
  ];
}

const meaningOf = (level: ReturnType<typeof fullness>) => (level === 'info' ? 'text' : level);
