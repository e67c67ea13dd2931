// The storage screen as rows of data: what is shown of which account, and what is under the cursor. Pure.
import type { AccountId } from '../../mail/types.ts';
import { pageTop } from '../layout.ts';
import { lastOf, layoutOf } from '../selectors.ts';
import { type AppState, type StorageLayer, screenLayer } from '../state.ts';
import { LARGEST, largestOf } from './tally.ts';
import type { About, FolderSpace, LargeMessage, SenderSpace, Space } from './types.ts';

export const ABOUTS: readonly About[] = ['messages', 'folders', 'senders', 'here'];

export type StorageRow =
  | { readonly t: 'message'; readonly message: LargeMessage }
  | { readonly t: 'folder'; readonly folder: FolderSpace }
  | { readonly t: 'sender'; readonly sender: SenderSpace }
  /** What of an account is on this computer, above its folders. */
  | { readonly t: 'account'; readonly account: AccountId; readonly files: number; readonly bytes: number };

export function storageLayer(state: AppState): StorageLayer | undefined {
  const layer = screenLayer(state);
  if (layer.t === 'storage') return layer;
  const below = state.stack.find(one => one.t === 'storage');
  return below?.t === 'storage' ? below : undefined;
}

/** Of the accounts that the screen is about, as far as they were looked through. */
export function shownSpaces(state: AppState, account: AccountId | null): readonly Space[] {
  return state.accounts.flatMap(({ id }) =>
    account === null || id === account ? (state.space[id] ?? []) : [],
  );
}

const rowsOnce = lastOf(
  (space: AppState['space'], accounts: AppState['accounts'], about: About, account: AccountId | null) =>
    rowsOf(
      accounts.flatMap(({ id }) => (account === null || id === account ? (space[id] ?? []) : [])),
      about,
    ),
);

export function storageRows(state: AppState, layer: StorageLayer): readonly StorageRow[] {
  return rowsOnce(state.space, state.accounts, layer.about, layer.account);
}

function rowsOf(spaces: readonly Space[], about: About): readonly StorageRow[] {
  switch (about) {
    case 'messages':
      return largestOf(spaces.map(({ messages }) => messages)).map(message => ({ t: 'message', message }));
    case 'folders':
      return spaces
        .flatMap(({ folders }) => folders)
        .filter(({ messages, there }) => messages > 0 || there > 0)
        .sort((a, b) => b.bytes - a.bytes)
        .map(folder => ({ t: 'folder', folder }));
    case 'senders':
      return together(spaces).map(sender => ({ t: 'sender', sender }));
    case 'here':
      return spaces.flatMap(({ account, folders }) => {
        const here = folders.filter(({ files }) => files > 0).sort((a, b) => b.fileBytes - a.fileBytes);
        const files = here.reduce((sum, one) => sum + one.files, 0);
        const bytes = here.reduce((sum, one) => sum + one.fileBytes, 0);
        return [
          { t: 'account', account, files, bytes } as const,
          ...here.map(folder => ({ t: 'folder', folder }) as const),
        ];
      });
  }
}

/** One who writes to several accounts stands once. */
function together(spaces: readonly Space[]): readonly SenderSpace[] {
  if (spaces.length < 2) return spaces[0]?.senders ?? [];
  const all = new Map<string, SenderSpace>();
  for (const sender of spaces.flatMap(({ senders }) => senders)) {
    const known = all.get(sender.address);
    all.set(
      sender.address,
      known
        ? { ...known, messages: known.messages + sender.messages, bytes: known.bytes + sender.bytes }
        : sender,
    );
  }
  return [...all.values()].sort((a, b) => b.bytes - a.bytes).slice(0, LARGEST);
}

/** Rows of the list: without the two of its heading and the two below it. */
export function storageHeight(state: AppState): number {
  return Math.max(1, layoutOf(state).content.rows - 4);
}

export function storageCursor(state: AppState, layer: StorageLayer): number {
  return Math.max(0, Math.min(layer.cursor, storageRows(state, layer).length - 1));
}

export function storageTop(state: AppState, layer: StorageLayer): number {
  return pageTop(storageCursor(state, layer), storageRows(state, layer).length, storageHeight(state));
}

export function underCursor(state: AppState): StorageRow | undefined {
  const layer = storageLayer(state);
  return layer && storageRows(state, layer)[storageCursor(state, layer)];
}
