import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Threadable } from '../../../src/mail/threads/identity.ts';
import { ThreadIndex } from '../../../src/mail/threads/thread-index.ts';
import { plainThreads } from './plain.ts';

const SEED = 20261123;
const all = (places: readonly number[]) => places;

function message(place: number, messageId: string, ...references: string[]): Threadable {
  return { place, messageId, references, inReplyTo: '', subject: '', date: place };
}

function indexOf(messages: readonly Threadable[], options = {}): ThreadIndex {
  const index = new ThreadIndex({ seed: SEED, ...options });
  for (const each of messages) index.put(each);
  return index;
}

/** Every conversation's places, and its rows as place and depth. */
function threadsOf(index: ThreadIndex, places: readonly number[], pick = all) {
  const threads = new Set(places.map(place => index.threadOf(place)));
  return [...threads]
    .flatMap(thread => {
      if (thread === undefined) return [];
      const members: number[] = [];
      index.eachMessage(thread, found => members.push(...found));
      const rows = index.rows(thread, pick).map(({ place, depth }) => [place, depth] as const);
      return [{ places: members.sort((a, b) => a - b), rows }];
    })
    .sort((a, b) => (a.places[0] ?? 0) - (b.places[0] ?? 0));
}

const byPlace = (threads: ReturnType<typeof plainThreads>) =>
  threads.sort((a, b) => (a.places[0] ?? 0) - (b.places[0] ?? 0));

const rowsOf = (index: ThreadIndex, place: number) => {
  const thread = index.threadOf(place);
  return thread === undefined ? [] : index.rows(thread, all).map(row => [row.place, row.depth]);
};

/** Few ids, so that they meet: rings, copies, and what is mentioned without being here. */
const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i');
const anyMessage = (place: number): fc.Arbitrary<Threadable> =>
  fc.record({
    place: fc.constant(place),
    messageId: fc.oneof({ weight: 12, arbitrary: ids }, { weight: 1, arbitrary: fc.constant('') }),
    references: fc.array(ids, { maxLength: 4 }),
    inReplyTo: fc.oneof(fc.constant(''), ids),
    subject: fc.constant(''),
    date: fc.integer({ min: 0, max: 5 }),
  });
const step = fc
  .integer({ min: 1, max: 14 })
  .chain(place =>
    fc.oneof(
      { weight: 3, arbitrary: anyMessage(place).map(put => ({ put, gone: 0 })) },
      { weight: 1, arbitrary: fc.constant({ put: undefined, gone: place }) },
    ),
  );

test('after any coming, changing and going, conversations are those of threading all at once', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), fc.integer(), (steps, seed) => {
      const index = new ThreadIndex({ seed });
      const here = new Map<number, Threadable>();
      for (const { put, gone } of steps) {
        if (put) {
          index.put(put);
          here.set(put.place, put);
        } else assert.equal(index.remove(gone), here.delete(gone));
      }
      assert.equal(index.size, here.size);
      const found = threadsOf(index, [...here.keys()]);
      assert.deepEqual(found, byPlace(plainThreads([...here.values()], seed | 0)));
      // What is only in part of the folders, with gaps in the tree.
      const odd = (places: readonly number[]) => places.filter(place => place % 2 === 1);
      assert.deepEqual(
        threadsOf(index, [...here.keys()], odd).map(({ rows }) => rows),
        byPlace(plainThreads([...here.values()], seed | 0, odd)).map(({ rows }) => rows),
      );
    }),
    { numRuns: 600 },
  );
});

test('the order in which messages come changes nothing', () => {
  const messages = fc
    .array(fc.nat(), { minLength: 1, maxLength: 14 })
    .chain(list => fc.tuple(...list.map((_, i) => anyMessage(i + 1))));
  fc.assert(
    fc.property(
      messages.chain(list =>
        fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
      ),
      ([list, shuffled]) => {
        const places = list.map(({ place }) => place);
        assert.deepEqual(threadsOf(indexOf(shuffled), places), threadsOf(indexOf(list), places));
      },
    ),
    { numRuns: 500 },
  );
});

test('whoever watches is told of every conversation that changed', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), steps => {
      const index = new ThreadIndex({ seed: SEED });
      const watch = index.watch();
      const known = new Map<number, string>();
      const content = (thread: number) => {
        const members: number[] = [];
        index.eachMessage(thread, found => members.push(...found));
        return JSON.stringify([members.sort((a, b) => a - b), index.rows(thread, all)]);
      };
      for (const { put, gone } of steps) {
        if (put) index.put(put);
        else index.remove(gone);
        for (const thread of watch.take()) known.set(thread, content(thread));
        for (let thread = 0; thread < 60; thread++) {
          assert.equal(known.get(thread) ?? '[[],[]]', content(thread));
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('answers hang under what they answer, messages that are missing leave no gap', () => {
  const index = indexOf([
    message(4, 'd', 'a', 'b', 'gone', 'c'),
    message(1, 'a'),
    message(3, 'c', 'a', 'b', 'gone'),
    message(2, 'b', 'a'),
    message(5, 'e', 'a'),
    message(9, 'z'),
  ]);
  assert.deepEqual(rowsOf(index, 3), [
    [1, 0],
    [2, 1],
    [3, 2],
    [4, 3],
    [5, 1],
  ]);
  assert.deepEqual(rowsOf(index, 9), [[9, 0]]);
  const [, second, , last] = index.rows(index.threadOf(1) ?? -1, all);
  assert.deepEqual({ last: second?.last, guides: second?.guides }, { last: false, guides: 0 });
  assert.deepEqual({ last: last?.last, guides: last?.guides }, { last: true, guides: 1 });
});

test('answers to a message that never came are one conversation, under the oldest of them', () => {
  const index = indexOf([message(2, 'b', 'never'), message(1, 'a', 'never'), message(3, 'c', 'b')]);
  assert.deepEqual(rowsOf(index, 3), [
    [1, 0],
    [2, 1],
    [3, 2],
  ]);
});

test('In-Reply-To serves where there are no References', () => {
  const index = indexOf([message(1, 'a'), { ...message(2, 'b'), inReplyTo: 'a' }]);
  assert.deepEqual(rowsOf(index, 2), [
    [1, 0],
    [2, 1],
  ]);
});

test('the same message in two folders is one message with two places', () => {
  const index = indexOf([message(1, 'a'), message(100, 'a'), message(2, 'b', 'a'), message(101, 'b', 'a')]);
  const found: (readonly number[])[] = [];
  index.eachMessage(index.threadOf(2) ?? -1, places => found.push(places));
  assert.deepEqual(found.sort(), [
    [1, 100],
    [2, 101],
  ]);
  const inbox = (places: readonly number[]) => places.filter(place => place < 100);
  assert.deepEqual(
    index.rows(index.threadOf(101) ?? -1, inbox).map(({ place }) => place),
    [1, 2],
  );
});

test('a message that goes takes its conversation apart, and one that comes back mends it', () => {
  const index = indexOf([message(1, 'a'), message(2, 'b', 'a'), message(3, 'c', 'b')]);
  const thread = index.threadOf(1);
  assert.equal(index.threadOf(3), thread);
  index.remove(2);
  assert.notEqual(index.threadOf(3), index.threadOf(1));
  index.put(message(2, 'b', 'a'));
  assert.equal(index.threadOf(3), index.threadOf(1));
});

test('subjects gather only where that is wished', () => {
  const said = (place: number, subject: string) => ({ ...message(place, `${place}`), subject });
  const messages = [said(1, 'The mill'), said(2, 'Re: [list] AW: the  mill'), said(3, 'mill'), said(4, '')];
  assert.notEqual(indexOf(messages).threadOf(1), indexOf(messages).threadOf(2));
  const index = indexOf([...messages, said(5, '')], { subjects: true });
  assert.equal(index.threadOf(1), index.threadOf(2));
  assert.notEqual(index.threadOf(1), index.threadOf(3));
  assert.notEqual(index.threadOf(4), index.threadOf(5));
});

test('10,000 references, ids of a megabyte and rings cost no more than others', () => {
  const long = 'x'.repeat(1_000_000);
  const index = indexOf([
    message(1, 'a', ...Array.from({ length: 10_000 }, (_, i) => `r${i}`)),
    message(2, `${long}1`),
    message(3, 'c', `${long}1`),
    message(4, 'd', 'e'),
    message(5, 'e', 'd'),
    message(6, 'f', 'f'),
  ]);
  assert.equal(index.threadOf(3), index.threadOf(2));
  assert.deepEqual(rowsOf(index, 5), [
    [4, 0],
    [5, 1],
  ]);
  assert.deepEqual(rowsOf(index, 6), [[6, 0]]);
  assert.equal(index.threadOfId('r0'), index.threadOf(1), 'the first names the conversation');
  assert.equal(index.threadOfId('r100'), undefined);
});

test('a chain of 50,000 answers is threaded, shown, cut and taken away in seconds', () => {
  const COUNT = 50_000;
  const chain = (n: number) => message(n, `m${n}`, ...(n > 1 ? ['m1', `m${n - 1}`] : []));
  const index = new ThreadIndex({ seed: SEED });
  const began = performance.now();
  // From both ends: most links merge large pieces.
  for (let n = COUNT; n > 0; n -= 2) index.put(chain(n));
  for (let n = 1; n < COUNT; n += 2) index.put(chain(n));
  const rows = index.rows(index.threadOf(1) ?? -1, all);
  assert.equal(rows.length, COUNT);
  assert.equal(rows.at(-1)?.depth, COUNT - 1);
  index.remove(COUNT / 2);
  for (let n = 1; n <= COUNT; n += 3) index.remove(n);
  for (let n = 1; n <= COUNT; n += 1) index.remove(n);
  assert.equal(index.size, 0);
  assert.equal(index.threadOfId('m1'), undefined);
  assert.ok(performance.now() - began < 15_000, `${performance.now() - began} ms`);
});

test('50,000 answers to one message, and as many copies of another, do no more harm', () => {
  const COUNT = 50_000;
  const index = new ThreadIndex({ seed: SEED });
  const began = performance.now();
  for (let n = 1; n <= COUNT; n++) index.put(message(n, `m${n}`, 'root'));
  for (let n = 1; n <= COUNT; n++) index.put(message(COUNT + n, 'same', `other${n}`, 'root'));
  assert.equal(index.rows(index.threadOf(1) ?? -1, all).length, 2 * COUNT);
  for (let n = 1; n <= 2 * COUNT; n++) index.remove(n);
  assert.equal(index.size, 0);
  assert.ok(performance.now() - began < 15_000, `${performance.now() - began} ms`);
});
