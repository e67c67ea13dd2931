// The outbox on the disk: in order, with each message's bytes, and honest about what was under way when it ended.
import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../src/store/store.ts';
import type { OutboxRecord } from '../../src/store/types.ts';
import { randomId } from '../../src/util/ids.ts';
import { faultyDisk, systemError } from './faulty-disk.ts';
import { code, ownedStore, temporaryDirectory, troubles } from './harness.ts';

function recordOf(n: number, more: Partial<OutboxRecord> = {}): OutboxRecord {
  return {
    id: randomId(),
    state: 'queued',
    subject: `s${n}`,
    from: 'a@b.c',
    recipients: [{ address: 'd@e.f', outcome: 'pending', reply: '', skipped: false }],
    messageId: `${n}@x`,
    size: 3,
    at: n,
    notBefore: n,
    tries: 0,
    error: null,
    draft: '',
    origin: null,
    replaces: null,
    dsn: false,
    eightBit: false,
    ...more,
  };
}

const subjects = (records: readonly OutboxRecord[]): string[] => records.map(({ subject }) => subject);

test('what is added is there after a new start, in order, byte for byte', async t => {
  const dir = await temporaryDirectory(t);
  const bytes = Buffer.from([0, 255, 10, 13]);
  const records = [1, 2, 3].map(n => recordOf(n));
  {
    const { store } = await ownedStore(t, dir);
    const { outbox } = await store.account('a');
    for (const record of records) await outbox.add(record, bytes);
    await outbox.remove(records[1]?.id ?? '');
    const error = { kind: 'network', code: 'net.closed', retry: 'auto', facts: { host: 'h' } } as const;
    await outbox.put({ ...recordOf(1), id: records[0]?.id ?? '', tries: 4, error });
    await store.close();
  }
  const { store } = await ownedStore(t, dir);
  const { outbox } = await store.account('a');
  assert.deepEqual(subjects(outbox.records()), ['s1', 's3']);
  assert.deepEqual([outbox.records()[0]?.tries, outbox.records()[0]?.error?.facts], [4, { host: 'h' }]);
  assert.deepEqual(await outbox.bytes(records[0]?.id ?? ''), bytes);
  await assert.rejects(outbox.bytes(records[1]?.id ?? ''), code('outbox.message-lost'));
  const reader = await openStore({ dir, mode: 'reader' });
  t.after(() => reader.close());
  assert.deepEqual(subjects((await reader.account('a')).outbox.records()), ['s1', 's3']);
});

test('what was being sent when it ended is unknown from then on', async t => {
  const dir = await temporaryDirectory(t);
  {
    const { store } = await ownedStore(t, dir);
    const { outbox } = await store.account('a');
    await outbox.add(recordOf(1, { state: 'sending' }), Buffer.from('x'));
    await outbox.add(recordOf(2, { state: 'undo' }), Buffer.from('x'));
    await store.close();
  }
  for (let start = 0; start < 2; start++) {
    const { store } = await ownedStore(t, dir);
    const { outbox } = await store.account('a');
    assert.deepEqual(
      outbox.records().map(({ state }) => state),
      ['unknown', 'undo'],
    );
    await store.close();
  }
});

test('one of the two files damaged costs nothing; both: it is told, and the messages are kept', async t => {
  const dir = await temporaryDirectory(t);
  const at = (name: string) => join(dir, 'accounts/a', name);
  const record = recordOf(1);
  {
    const { store } = await ownedStore(t, dir);
    await (await store.account('a')).outbox.add(record, Buffer.from('bytes'));
    await store.close();
  }
  await writeFile(at('outbox.json'), '\0\0\0');
  {
    const { store, events } = await ownedStore(t, dir);
    assert.deepEqual(subjects((await store.account('a')).outbox.records()), ['s1']);
    assert.deepEqual(troubles(events), ['store.set-aside']);
    await store.close();
  }
  await writeFile(at('outbox.json'), '[]');
  await writeFile(at('outbox.copy.json'), 'null');
  const { store, events } = await ownedStore(t, dir);
  assert.deepEqual((await store.account('a')).outbox.records(), []);
  assert.equal(troubles(events).filter(each => each === 'store.set-aside').length, 2);
  assert.equal(await readFile(at(`outbox/${record.id}.eml`), 'utf8'), 'bytes');
});

test("a newer tmail's outbox is refused and untouched", async t => {
  const dir = await temporaryDirectory(t);
  {
    const { store } = await ownedStore(t, dir);
    await (await store.account('a')).outbox.add(recordOf(1), Buffer.from('x'));
    await store.close();
  }
  const path = join(dir, 'accounts/a/outbox.json');
  await writeFile(path, (await readFile(path, 'utf8')).replace('"v":1', '"v":2'));
  const { store } = await ownedStore(t, dir);
  await assert.rejects(store.account('a'), code('store.version'));
  assert.match(await readFile(path, 'utf8'), /"v":2/);
});

test('bytes of no record are cleared away at the next start', async t => {
  const dir = await temporaryDirectory(t);
  const record = recordOf(1);
  {
    const { store } = await ownedStore(t, dir);
    await (await store.account('a')).outbox.add(record, Buffer.from('x'));
    await store.close();
  }
  const folder = join(dir, 'accounts/a/outbox');
  await writeFile(join(folder, `${randomId()}.eml`), 'orphan');
  await writeFile(join(folder, `${record.id}.eml.tmp-1-00000000`), 'half');
  const { store } = await ownedStore(t, dir);
  await store.account('a');
  assert.deepEqual(await readdir(folder), [`${record.id}.eml`]);
});

test('what the disk does not take has not happened', async t => {
  const dir = await temporaryDirectory(t);
  let full = false;
  const fs = faultyDisk((change, path) => {
    if (full && change === 'write' && path.includes('outbox')) throw systemError('ENOSPC');
    return undefined;
  });
  const { store } = await ownedStore(t, dir, { fs });
  const { outbox } = await store.account('a');
  const record = recordOf(1);
  await outbox.add(record, Buffer.from('x'));
  full = true;
  await assert.rejects(outbox.add(recordOf(2), Buffer.from('x')), code('disk.full'));
  await assert.rejects(outbox.put({ ...record, subject: 'changed' }), code('disk.full'));
  await assert.rejects(outbox.remove(record.id), code('disk.full'));
  assert.deepEqual(subjects(outbox.records()), ['s1']);
  full = false;
  await outbox.put({ ...record, subject: 'changed' });
  assert.deepEqual(subjects(outbox.records()), ['changed']);
  await rm(join(dir, 'accounts/a/outbox', `${record.id}.eml`));
  await assert.rejects(outbox.bytes(record.id), code('outbox.message-lost'));
});
