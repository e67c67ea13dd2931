// The folder against a model that knows no shards: random changes and reopenings, compared in every answer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Envelope } from '../../src/mail/types.ts';
import type { Folder } from '../../src/store/folder.ts';
import { openStore } from '../../src/store/store.ts';
import { syntheticEnvelope } from '../fixtures/synthetic.ts';
import { inbox, temporaryDirectory } from './harness.ts';

interface Known {
  r: number;
  flags: number;
  envelope: Envelope;
}

type Step =
  | { t: 'put'; count: number; gap: number; flags: number }
  | { t: 'flags'; at: number; flags: number }
  | { t: 'remove'; at: number; count: number }
  | { t: 'again'; at: number }
  | { t: 'reset' }
  | { t: 'reopen' };

const NAMES = ['\\Seen', '\\Answered', '\\Flagged', 'Later', 'work'];
const BITS = [1, 2, 4, 256, 512];
const names = (mask: number) => NAMES.filter((_, i) => mask & (1 << i));

const mask = fc.nat({ max: 31 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        t: fc.constant('put' as const),
        count: fc.integer({ min: 1, max: 700 }),
        gap: fc.nat({ max: 900 }),
        flags: mask,
      }),
    },
    { weight: 3, arbitrary: fc.record({ t: fc.constant('flags' as const), at: fc.nat(), flags: mask }) },
    {
      weight: 3,
      arbitrary: fc.record({
        t: fc.constant('remove' as const),
        at: fc.nat(),
        count: fc.integer({ min: 1, max: 800 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ t: fc.constant('again' as const), at: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ t: fc.constant('reset' as const) }) },
    { weight: 2, arbitrary: fc.record({ t: fc.constant('reopen' as const) }) },
  ),
  { minLength: 1, maxLength: 12 },
);

/** Keyword bits are given in the order in which names appear; the model has names only. */
function bitsOf(folder: Folder, mask: number): number {
  return NAMES.reduce((bits, name, i) => {
    if (!(mask & (1 << i))) return bits;
    const keyword = folder.keywords.indexOf(name);
    return bits | (i < 3 ? (BITS[i] ?? 0) : 1 << (8 + keyword));
  }, 0);
}

async function compare(folder: Folder, model: Map<number, Known>): Promise<void> {
  const uids = [...model.keys()].sort((a, b) => b - a);
  assert.equal(folder.length, uids.length);
  assert.equal(folder.unread, uids.filter(uid => !((model.get(uid)?.flags ?? 0) & 1)).length);
  uids.forEach((uid, position) => {
    const known = model.get(uid);
    assert.equal(folder.uidAt(position), uid);
    assert.equal(folder.positionOf(uid), position);
    assert.equal(folder.flags(uid), bitsOf(folder, known?.flags ?? 0));
    assert.equal(folder.byRemoteUid(known?.r ?? -1), uid);
  });
  assert.equal(folder.uidAt(uids.length), undefined);
  assert.equal(folder.uidAt(-1), undefined);
  for (let position = 0; position < uids.length; position += 97) {
    await folder.ensure(position, position);
    const uid = uids[position] ?? -1;
    assert.deepEqual(folder.envelope(uid), model.get(uid)?.envelope);
  }
  let seen = 0;
  for await (const { uid, envelope } of folder.scan()) {
    assert.equal(uid, uids[seen++]);
    assert.deepEqual(envelope, model.get(uid)?.envelope);
  }
  assert.equal(seen, uids.length);
}

test('a folder answers as a plain map of messages would, also after reopening', async t => {
  await fc.assert(
    fc.asyncProperty(steps, async list => {
      const dir = await temporaryDirectory(t);
      let store = await openStore({ dir, mode: 'owner', groupMs: 2 });
      let { folder } = await inbox(store);
      let model = new Map<number, Known>();
      let r = 1;
      let validity = 1;
      const pick = (at: number) => [...model.keys()][at % Math.max(1, model.size)];
      try {
        for (const step of list) {
          if (step.t === 'put') {
            const first = folder.reserve(step.count + step.gap) + step.gap;
            const put = Array.from({ length: step.count }, (_, i) => ({
              uid: first + i,
              remote: { t: 'imap', uidValidity: String(validity), uid: r + i } as const,
              flags: names(step.flags),
              envelope: syntheticEnvelope(r + i),
            }));
            for (const { uid, remote, envelope } of put) {
              assert.ok(!model.has(uid), 'a number twice');
              model.set(uid, { r: remote.uid, flags: step.flags, envelope });
            }
            r += step.count;
            folder.apply({ put });
          } else if (step.t === 'flags') {
            const uid = pick(step.at);
            const known = model.get(uid ?? -1);
            folder.apply({ flags: [{ uid: uid ?? 1, flags: names(step.flags) }] });
            if (known) known.flags = step.flags;
          } else if (step.t === 'remove') {
            const from = step.at % Math.max(1, model.size);
            const remove = [...model.keys()].slice(from, from + step.count);
            for (const uid of remove) model.delete(uid);
            folder.apply({ remove });
          } else if (step.t === 'again') {
            const uid = pick(step.at);
            const known = model.get(uid ?? -1);
            if (uid === undefined || !known) continue;
            known.envelope = { ...known.envelope, subject: 'put again' };
            const remote = { t: 'imap', uidValidity: String(validity), uid: known.r } as const;
            folder.apply({ put: [{ uid, remote, flags: names(known.flags), envelope: known.envelope }] });
          } else if (step.t === 'reset') {
            folder.apply({ reset: true });
            model = new Map();
            validity++;
            r = 1;
          } else {
            await store.close();
            store = await openStore({ dir, mode: 'owner', groupMs: 2 });
            ({ folder } = await inbox(store));
            await folder.loadAll();
          }
        }
        await compare(folder, model);
        await store.close();
        store = await openStore({ dir, mode: 'owner', groupMs: 2 });
        ({ folder } = await inbox(store));
        assert.equal(folder.length, model.size);
        await folder.loadAll();
        await compare(folder, model);
      } finally {
        await store.close();
      }
    }),
    { numRuns: 40, interruptAfterTimeLimit: 8000, markInterruptAsFailure: false },
  );
});
