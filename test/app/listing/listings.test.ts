import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createListings, type Listings } from '../../../src/app/listing/listings.ts';
import type { ListId } from '../../../src/app/listing/types.ts';
import { type AppState, initialState } from '../../../src/app/state.ts';
import { folded } from '../../../src/mail/query.ts';
import { SORTS, type Sort } from '../../../src/mail/sort.ts';
import { type Envelope, FLAGGED, type FolderId, SEEN } from '../../../src/mail/types.ts';
import type { FolderStore } from '../../../src/store/types.ts';
import { type FakeFolder, FakeStore, NOW } from '../fakes.ts';

const HOUR = 3_600_000;
const NAMES = ['Ada', 'Bob', 'cécile', 'Dan'];
const WORDS = ['cards', 'mill', 'engine'];

interface Mail {
  readonly folder: number;
  readonly hours: number;
  readonly name: number;
  readonly word: number;
  readonly size: number;
  readonly flags: number;
}

const mail = fc.record<Mail>({
  folder: fc.nat(2),
  hours: fc.nat(60),
  name: fc.nat(3),
  word: fc.nat(2),
  size: fc.nat(5),
  flags: fc.constantFrom(0, SEEN, SEEN | FLAGGED),
});
const step = fc.oneof(
  mail.map(put => ({ t: 'put', put }) as const),
  fc.tuple(fc.nat(2), fc.nat()).map(([folder, n]) => ({ t: 'drop', folder, n }) as const),
  fc
    .tuple(fc.nat(2), fc.nat(), fc.constantFrom(0, SEEN, FLAGGED))
    .map(([folder, n, flags]) => ({ t: 'flags', folder, n, flags }) as const),
);

function add(folder: FakeFolder, { hours, name, word, size, flags }: Mail): void {
  const date = NOW - hours * HOUR;
  const from = [{ name: NAMES[name] ?? '', address: 'x@example.org' }];
  folder.add({ subject: WORDS[word] ?? '', from, date, arrival: date, size: size * 1000 }, flags);
}

function setting() {
  const store = new FakeStore();
  const folders = [
    store.addFolder('work', 'INBOX', 'inbox'),
    store.addFolder('home', 'INBOX', 'inbox'),
    store.addFolder('home', 'lists'),
  ];
  const opened = new Map<FolderId, FolderStore>();
  const working = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const listings = createListings({
    opened,
    openFolder: id => {
      const folder = store.folderOf(id);
      opened.set(id, folder);
      return Promise.resolve(folder);
    },
    background: work => {
      const watched: Promise<void> = work
        .catch(thrown => void failures.push(thrown))
        .finally(() => working.delete(watched));
      working.add(watched);
    },
    arranged: (_id, take) => take(),
    changed: () => undefined,
    now: () => NOW,
  });
  store.subscribe(event => listings.note(event));
  const idle = async () => {
    while (working.size > 0) await Promise.all(working);
    assert.deepEqual(failures, []);
  };
  return { store, folders, listings, idle };
}

function stateOf(store: FakeStore, list: ListId, sort: Sort, filter: string): AppState {
  const ui = { colors: 'none', borders: 'ascii', markReadAfter: 0, keys: {} } as const;
  const start = initialState({
    size: { columns: 80, rows: 24 },
    ui,
    readOnly: null,
    now: NOW,
    firstRun: false,
  });
  const accounts = ['work', 'home'].map(id => ({
    id,
    status: {
      account: id,
      phase: 'online',
      error: null,
      retryAt: null,
      progress: [],
      queued: 0,
      lastSync: null,
    } as const,
    folders: [...store.folders.values()].map(({ record }) => record).filter(({ account }) => account === id),
    queued: 0,
  }));
  const filtering = filter === '' ? null : { text: filter, cursor: null };
  return { ...start, accounts, list, sorts: { [list]: sort }, filter: filtering };
}

function shown(listings: Listings, state: AppState): string[] {
  const rows = listings.of(state);
  assert.ok(rows);
  return Array.from({ length: rows.length }, (_, position) => {
    const key = rows.keyAt(position);
    const found = key === undefined ? undefined : rows.message(key);
    assert.ok(key !== undefined && found);
    assert.equal(rows.positionOf(key), position);
    assert.equal(rows.keyOf(found.folder.record.id, found.uid), key);
    return `${found.folder.record.id}:${found.uid}`;
  });
}

const worth = ({ by }: Sort, envelope: Envelope, flags: number, uid: number, several: boolean) => {
  if (by === 'arrival') return several ? -envelope.arrival : -uid;
  if (by === 'date') return -envelope.date;
  if (by === 'size') return -envelope.size;
  if (by === 'unread') return flags & SEEN ? 1 : 0;
  return folded(by === 'from' ? (envelope.from[0]?.name ?? '') : envelope.subject);
};

/** What all of it would be, made at once. */
function wanted(folders: readonly FakeFolder[], sort: Sort, filter: string, several: boolean): string[] {
  const all = folders.flatMap((folder, place) =>
    [...folder.entries].map(([uid, { envelope, flags }]) => ({
      id: `${folder.id}:${uid}`,
      text: folded(`${envelope.subject} ${envelope.from[0]?.name}`),
      value: worth(sort, envelope, flags, uid, several),
      place,
      uid,
    })),
  );
  const way = sort.reverse ? -1 : 1;
  return all
    .filter(({ text }) => text.includes(filter))
    .sort((a, b) => {
      if (a.value !== b.value) return (a.value < b.value ? -1 : 1) * way;
      return b.place - a.place || b.uid - a.uid;
    })
    .map(({ id }) => id);
}

const view = fc.record({
  unified: fc.boolean(),
  by: fc.constantFrom(...SORTS.filter(by => by !== 'unread')),
  reverse: fc.boolean(),
  filter: fc.constantFrom('', 'bob', 'cards', 'cecile', 'zebra'),
});

test('whatever comes, goes and is asked for, a list stands as if it had been made at once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(mail, { maxLength: 25 }),
      fc.array(fc.tuple(view, fc.array(step, { maxLength: 8 })), { minLength: 1, maxLength: 4 }),
      async (before, rounds) => {
        const { store, folders, listings, idle } = setting();
        for (const one of before) {
          const folder = folders[one.folder];
          if (folder) add(folder, one);
        }
        for (const [{ unified, by, reverse, filter }, steps] of rounds) {
          const sort = { by, reverse };
          const list: ListId = unified ? 'all:inbox' : (folders[0]?.id ?? 'x:0');
          const inboxes = unified ? folders.slice(0, 2) : folders.slice(0, 1);
          const state = stateOf(store, list, sort, filter);
          if (!unified) await listings.ready({ ...state, sorts: { [list]: { by: 'size', reverse: false } } });
          listings.arrange(state);
          await listings.ready(state);
          await idle();
          assert.deepEqual(shown(listings, state), wanted(inboxes, sort, filter, unified));
          for (const one of steps) {
            const folder = folders[one.t === 'put' ? one.put.folder : one.folder];
            const uids = folder?.uids ?? [];
            if (one.t === 'put' && folder) add(folder, one.put);
            else if (one.t !== 'put' && folder && uids.length > 0) {
              const uid = uids[one.n % uids.length] ?? 0;
              if (one.t === 'drop') folder.drop(uid);
              else folder.setFlags(uid, one.flags);
            }
          }
          listings.update();
          await idle();
          assert.deepEqual(shown(listings, state), wanted(inboxes, sort, filter, unified));
          // Anything may have changed, says the store: looked at again, it is the same.
          store.emit({ t: 'folder', folder: folders[0]?.id ?? 'x:0', messages: 'all' });
          listings.update();
          await idle();
          assert.deepEqual(shown(listings, state), wanted(inboxes, sort, filter, unified));
        }
        listings.close();
      },
    ),
    { numRuns: 150, includeErrorInReport: true },
  );
});

test('a folder that is gone takes its messages out of the lists over all accounts', async () => {
  const { store, folders, listings, idle } = setting();
  for (const folder of folders) add(folder, { folder: 0, hours: 1, name: 0, word: 0, size: 1, flags: 0 });
  const sort: Sort = { by: 'arrival', reverse: false };
  const state = stateOf(store, 'all:unread', sort, '');
  listings.arrange(state);
  await listings.ready(state);
  await idle();
  assert.equal(shown(listings, state).length, 3);
  store.folders.delete(folders[2]?.id ?? 'x:0');
  const after = stateOf(store, 'all:unread', sort, '');
  listings.arrange(after);
  await idle();
  assert.equal(shown(listings, after).length, 2);
});

test('a list of many messages shows its first rows before it has read the last, and in their final order', async () => {
  const { store, folders, listings, idle } = setting();
  const count = 3000;
  for (let n = 0; n < count; n++) {
    const folder = folders[n % 2];
    if (folder) {
      const date = NOW - (count - n) * HOUR;
      const uid = folder.reserve(1);
      folder.entries.set(uid, {
        envelope: { ...ENVELOPE, subject: `m${n}`, date, arrival: date },
        flags: SEEN,
        raw: true,
      });
      folder.uids.push(uid);
    }
  }
  const state = stateOf(store, 'all:inbox', { by: 'arrival', reverse: false }, '');
  listings.arrange(state);
  await listings.ready(state);
  const early = shown(listings, state);
  assert.ok(early.length > 100 && early.length < count, `${early.length} rows at first`);
  await idle();
  const late = shown(listings, state);
  assert.equal(late.length, count);
  assert.deepEqual(early, late.slice(0, early.length));
});

const ENVELOPE: Envelope = {
  subject: '',
  from: [],
  to: [],
  cc: [],
  replyTo: [],
  date: NOW,
  arrival: NOW,
  messageId: '',
  inReplyTo: '',
  references: [],
  size: 1,
  attachments: 0,
};
