// A list of conversations after any history against the same put together anew.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { folderListing } from '../../../src/app/listing/folder.ts';
import type { Listing } from '../../../src/app/listing/types.ts';
import { createConversations } from '../../../src/app/threads/conversations.ts';
import { FOLDED, type Folds, withFold } from '../../../src/app/threads/folds.ts';
import { followThreads } from '../../../src/app/threads/follow.ts';
import { Threaded } from '../../../src/app/threads/threaded.ts';
import { type FakeFolder, FakeStore } from '../fakes.ts';

/** The folder's messages in the order of their subjects: a list in an order of its own. */
function bySubject(folder: FakeFolder): Listing {
  const sorted = () =>
    [...folder.uids].sort((a, b) => subject(folder, a).localeCompare(subject(folder, b)) || b - a);
  const base = folderListing(folder);
  const { plain: _, ...rest } = base;
  return {
    ...rest,
    get length() {
      return folder.length;
    },
    get whole() {
      return true;
    },
    keyAt: position => sorted()[position],
    positionOf: key => sorted().indexOf(key),
    locate: key => Math.max(0, sorted().indexOf(key)),
  };
}

const subject = (folder: FakeFolder, uid: number) => folder.envelope(uid)?.subject ?? '';

async function following() {
  const store = new FakeStore();
  const inbox = store.addFolder('work', 'INBOX', 'inbox');
  const sent = store.addFolder('work', 'Sent', 'sent');
  const trash = store.addFolder('work', 'Trash', 'trash');
  const conversations = createConversations(() => 7);
  const follow = followThreads({
    conversations,
    store,
    changed: () => undefined,
    background: work => work,
  });
  await follow.begin([await store.account('work')]);
  const threads = conversations.of('work');
  assert.ok(threads?.ready);
  return { store, inbox, sent, trash, threads, follow };
}

const list = (base: Listing, threads: Awaited<ReturnType<typeof following>>['threads']) =>
  new Threaded({ base, accounts: [threads], plain: base.plain === true, read: async () => undefined });

const rowsOf = (rows: Threaded) => Array.from({ length: rows.length }, (_, i) => rows.keyAt(i));

const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
const step = fc.oneof(
  fc.record({
    t: fc.constantFrom('inbox', 'inbox', 'inbox', 'sent', 'trash'),
    messageId: ids,
    references: fc.array(ids, { maxLength: 3 }),
    subject: fc.constantFrom('x', 'y', 'z'),
    date: fc.integer({ min: 0, max: 9 }),
  }),
  fc.record({ t: fc.constant('drop'), n: fc.nat(20) }),
  fc.record({ t: fc.constant('fold'), n: fc.nat(20), folded: fc.boolean() }),
  fc.record({ t: fc.constantFrom('open', 'close') }),
);

for (const order of ['by arrival', 'by subject']) {
  test(`${order}: rows, folds and positions are what they would be anew, after any history`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), async steps => {
        const { inbox, sent, trash, threads, follow } = await following();
        const base = order === 'by arrival' ? folderListing(inbox) : bySubject(inbox);
        const rows = list(base, threads);
        let folds: Folds = FOLDED;
        let rev = 0;
        for (const one of steps) {
          if ('messageId' in one) {
            const into = { inbox, sent, trash }[one.t] ?? inbox;
            const { messageId, references, date } = one;
            into.add({ messageId, references, date, subject: one.subject });
          } else if (one.t === 'drop') {
            const uid = inbox.uids[('n' in one ? one.n : 0) % Math.max(1, inbox.uids.length)];
            if (uid !== undefined) inbox.drop(uid);
          } else if ('folded' in one) {
            const key = rows.length === 0 ? undefined : rows.keyAt(one.n % rows.length);
            const name = key === undefined ? undefined : rows.foldName(key);
            if (name !== undefined) folds = withFold(folds, name, one.folded);
          } else folds = { open: one.t === 'open', except: new Set() };
          rev++;
          rows.at(folds, rev);
          const keys = rowsOf(rows);
          const anew = list(base, threads).at(folds, rev);
          assert.deepEqual(keys, rowsOf(anew));
          assert.deepEqual(
            keys.map(key => key !== undefined && rows.fold(key)),
            keys.map(key => key !== undefined && anew.fold(key)),
          );
          assert.equal(new Set(keys).size, keys.length, 'no row is there twice');
          keys.forEach((key, position) => {
            assert.ok(key !== undefined);
            assert.equal(rows.positionOf(key), position);
          });
          // Every message of the list is in sight, or in the fold where it is looked for.
          for (const uid of inbox.uids) {
            const at = rows.locate(uid);
            const there = keys[at];
            assert.ok(there !== undefined);
            if (there === uid) continue;
            assert.equal(rows.fold(there)?.folded, true);
            assert.ok(rows.members(there)?.some(member => member.uid === uid));
          }
          // Read on message by message, nothing is left out.
          let reading = keys[0] === undefined ? undefined : rows.place(keys[0]) && first(rows, keys[0]);
          const read = new Set<number>();
          while (reading !== undefined) {
            assert.ok(!read.has(reading));
            read.add(reading);
            reading = rows.step(reading, 1);
          }
          assert.deepEqual(
            inbox.uids.filter(uid => !read.has(uid)),
            [],
          );
        }
        follow.close();
      }),
      { numRuns: 150 },
    );
  });
}

function first(rows: Threaded, key: number): number {
  let at = key;
  for (let n = rows.place(key)?.n ?? 1; n > 1; n--) at = rows.step(at, -1) ?? at;
  return at;
}

test('a row that goes is found where it was, in its conversation', async () => {
  const { inbox, threads, follow } = await following();
  for (const [id, ...references] of [['a'], ['b', 'a'], ['c', 'a', 'b'], ['z']]) {
    inbox.add({ messageId: id ?? '', references });
  }
  const rows = list(folderListing(inbox), threads);
  const folds: Folds = { open: true, except: new Set() };
  assert.deepEqual(rowsOf(rows.at(folds, 1)), [4, 1, 2, 3]);
  inbox.drop(2);
  assert.deepEqual(rowsOf(rows.at(folds, 2)), [4, 1, 3]);
  assert.equal(rows.locate(2), 2, 'what came after it');
  inbox.drop(3);
  rows.at(folds, 3);
  assert.equal(rows.locate(3), 1, 'what came before the last');
  follow.close();
});

test('a message of the same folder is never hidden behind another with its Message-ID', async () => {
  const { inbox, sent, trash, threads, follow } = await following();
  inbox.add({ messageId: 'a', subject: 'The bill' });
  inbox.add({ messageId: 'a', subject: 'Not the bill' });
  sent.add({ messageId: 'b', references: ['a'] });
  trash.add({ messageId: 'c', references: ['a'] });
  const rows = list(folderListing(inbox), threads).at({ open: true, except: new Set() }, 1);
  const subjects = rowsOf(rows).map(key => {
    const message = key === undefined ? undefined : rows.message(key);
    return message?.folder.envelope(message.uid)?.subject;
  });
  assert.deepEqual(subjects.slice(0, 2), ['The bill', 'Not the bill']);
  assert.equal(rows.length, 3, 'the answer in Sent is there, what lies in Trash is not');
  assert.equal(rows.fold(1)?.count, 3);
  follow.close();
});

test('folders that come and go, and one of which nothing is known any more, are taken in', async () => {
  const { store, inbox, sent, threads, follow } = await following();
  inbox.add({ messageId: 'a' });
  sent.add({ messageId: 'b', references: ['a'] });
  const rows = list(folderListing(inbox), threads);
  assert.equal(rows.at(FOLDED, 1).fold(1)?.count, 2);
  const lists = store.addFolder('work', 'lists');
  lists.add({ messageId: 'c', references: ['a'] });
  await follow.idle();
  assert.equal(rows.at(FOLDED, 2).fold(1)?.count, 3);
  store.folders.delete(lists.id);
  store.emit({ t: 'folders', account: 'work' });
  await follow.idle();
  assert.equal(rows.at(FOLDED, 3).fold(1)?.count, 2);
  // As after a new UIDVALIDITY.
  sent.entries.clear();
  sent.uids = [];
  sent.changed({ messages: 'all' });
  assert.equal(rows.at(FOLDED, 4).fold(1)?.count, 1, 'at once, before it is looked through again');
  await follow.idle();
  assert.equal(threads.index.size, 1);
  follow.close();
});
