// How long the list takes to stand in another order: two accounts of 100,000 messages, sorted, filtered, and as one
// list; the longest time that a key would have had to wait meanwhile; and what one new message costs then.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createListings, type Listings } from '../src/app/listing/listings.ts';
import type { ListId } from '../src/app/listing/types.ts';
import { type AppState, initialState } from '../src/app/state.ts';
import { splitFolderId } from '../src/mail/ids.ts';
import type { Sort } from '../src/mail/sort.ts';
import type { FolderId } from '../src/mail/types.ts';
import { openStore } from '../src/store/store.ts';
import type { FolderStore, Store } from '../src/store/types.ts';
import { fillFolder, syntheticMessage } from '../test/fixtures/synthetic.ts';
import { watchPieces } from './pieces.ts';
import { type Measure, quantile } from './report.ts';

const COUNT = 100_000;
const ACCOUNTS = ['work', 'home'] as const;

export async function* lists(): AsyncGenerator<Measure> {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-lists-'));
  try {
    const filling = await openStore({ dir, mode: 'owner' });
    for (const account of ACCOUNTS) await fillFolder(filling, account, 'INBOX', COUNT);
    await filling.close();
    const store = await openStore({ dir, mode: 'owner' });
    yield* measures(store);
    await store.close();
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function* measures(store: Store): AsyncGenerator<Measure> {
  const opened = new Map<FolderId, FolderStore>();
  let changed: () => void = () => undefined;
  const listings = createListings({
    opened,
    openFolder: async id => {
      const folder = await (await store.account(splitFolderId(id).account)).folder(id);
      opened.set(id, folder);
      return folder;
    },
    background: work => void work.catch(() => undefined),
    arranged: (_id, take) => {
      take();
      changed();
    },
    changed: () => changed(),
    now: Date.now,
  });
  store.subscribe(event => listings.note(event));
  const accounts = await Promise.all(
    ACCOUNTS.map(async id => {
      const status = { account: id, phase: 'stopped', error: null, retryAt: null, progress: [] } as const;
      const folders = (await store.account(id)).folders();
      return { id, status: { ...status, queued: 0, lastSync: null }, folders, queued: 0 };
    }),
  );
  const inbox = accounts[0]?.folders[0]?.id;
  if (inbox === undefined) return;
  const ui = { colors: 'none', borders: 'ascii', markReadAfter: 0, keys: {} } as const;
  const start = initialState({
    size: { columns: 80, rows: 24 },
    ui,
    readOnly: null,
    now: Date.now(),
    firstRun: false,
  });
  const state = (list: ListId, sort?: Sort, filter = ''): AppState => ({
    ...start,
    accounts,
    list,
    sorts: sort ? { [list]: sort } : {},
    filter: filter === '' ? null : { text: filter, cursor: null },
  });
  yield await scan(store, inbox);
  for (const [what, wanted] of [
    ['by subject', state(inbox, { by: 'subject', reverse: false })],
    ['by size', state(inbox, { by: 'size', reverse: true })],
    ['unread first', state(inbox, { by: 'unread', reverse: false })],
    ['filtered: report', state(inbox, undefined, 'report')],
    ['filtered again: report slides', state(inbox, undefined, 'report slides')],
    ['all inboxes, 2 x 100,000', state('all:inbox')],
    ['unread of all accounts, 2 x 25,000', state('all:unread')],
  ] as const) {
    const { first, all, spells, length, cpu } = await built(listings, wanted, then => {
      changed = then;
    });
    yield {
      what: `100,000 messages ${what} (${length} rows)`,
      measured: `first rows ${Math.round(first)} ms, all ${Math.round(all)} ms (${Math.round(cpu)} of this thread)`,
      budget: '1000 ms',
    };
    const over = spells.filter(each => each > 10).length;
    yield {
      what: '  in one piece (processor time)',
      measured: `p99 ${quantile(spells, 0.99).toFixed(1)} ms, at most ${Math.max(...spells).toFixed(1)} ms, ${over} above 10`,
      budget: '10 ms',
    };
    const folder = opened.get(inbox);
    if (folder) yield await oneMore(listings, folder, what);
  }
  listings.close();
}

/** What reading alone costs. */
async function scan(store: Store, id: FolderId): Promise<Measure> {
  const folder = await (await store.account(splitFolderId(id).account)).folder(id);
  const began = performance.now();
  const used = process.cpuUsage();
  let count = 0;
  for await (const _ of folder.scan()) count += 1;
  const { user, system } = process.cpuUsage(used);
  return {
    what: `${count} messages read once`,
    measured: `${Math.round(performance.now() - began)} ms (CPU ${Math.round((user + system) / 1000)} ms)`,
  };
}

async function built(listings: Listings, wanted: AppState, onChange: (then: () => void) => void) {
  const began = performance.now();
  let first = 0;
  onChange(() => {
    first ||= performance.now() - began;
  });
  const pieces = watchPieces();
  listings.arrange(wanted);
  await listings.ready(wanted);
  await listings.of(wanted)?.load();
  const all = performance.now() - began;
  const spells = pieces.end();
  return {
    first,
    all,
    spells,
    cpu: spells.reduce((sum, each) => sum + each, 0),
    length: listings.of(wanted)?.length ?? 0,
  };
}

async function oneMore(listings: Listings, folder: FolderStore, what: string): Promise<Measure> {
  const uid = folder.reserve(1);
  const began = performance.now();
  const written = folder.apply({ put: [syntheticMessage(uid)] });
  const applied = performance.now();
  listings.update();
  const taken = performance.now();
  await written;
  return {
    what: `one new message, ${what}`,
    measured: `${(taken - applied).toFixed(2)} ms in the list, ${(applied - began).toFixed(2)} ms in the store`,
  };
}
