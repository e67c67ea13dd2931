import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Known } from '../../../src/sync/pop3/known.ts';
import { openLedger } from '../../../src/sync/pop3/ledger.ts';
import { TmailError } from '../../../src/util/errors.ts';

const root = await mkdtemp(join(tmpdir(), 'tmail-ledger-'));
after(() => rm(root, { recursive: true, force: true }));
let count = 0;
const fresh = () => join(root, String(count++), 'pop3.jsonl');

const entry = (id: string, change: Partial<Known> = {}): Known => ({
  id,
  key: id,
  sure: true,
  state: 'here',
  firstSeen: 1,
  size: 10,
  head: 'h',
  body: 'b',
  onServer: true,
  removals: 0,
  policy: 'keep',
  ...change,
});

test('what was recorded is there after opening it again, the last word of each', async () => {
  const path = fresh();
  const ledger = await openLedger(path);
  await ledger.record([entry('a'), entry('__proto__'), entry('b')], { begun: true });
  await ledger.record([entry('a', { state: 'deleted' })], { usual: [3] });
  await ledger.close();
  const again = await openLedger(path);
  assert.deepEqual([...again.known.keys()], ['a', '__proto__', 'b']);
  assert.equal(again.known.get('a')?.state, 'deleted');
  assert.deepEqual(again.memory, {
    lastCheck: null,
    begun: true,
    reusesNames: false,
    usual: [3],
    told: null,
    deliveredTo: [],
    notBefore: 0,
    cuts: {},
  });
  await again.close();
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('cut at any byte, it opens with everything before, and goes on', async () => {
  const path = fresh();
  const ledger = await openLedger(path);
  await ledger.record([entry('a'), entry('b')]);
  const before = (await stat(path)).size;
  await ledger.record([entry('c'), entry('d')]);
  await ledger.close();
  const whole = await readFile(path);
  for (let size = before; size < whole.length; size += 7) {
    await writeFile(path, whole);
    await truncate(path, size);
    const cut = await openLedger(path);
    assert.ok(cut.known.has('a') && cut.known.has('b') && !cut.known.has('d'), `cut at ${size}`);
    await cut.record([entry('e')]);
    await cut.close();
    const next = await openLedger(path);
    assert.ok(next.known.has('e'), `after a cut at ${size}`);
    assert.equal(next.damaged, 0);
    await next.close();
  }
});

test('damaged lines are counted and cost only themselves', async () => {
  const path = fresh();
  const ledger = await openLedger(path);
  await ledger.record([entry('a')]);
  await ledger.close();
  await appendFile(path, '\0\0\0\nnull\n[]\n{"id":3}\n');
  await appendFile(path, `${JSON.stringify(entry('b'))}\n`);
  const again = await openLedger(path);
  assert.deepEqual([...again.known.keys()], ['a', 'b']);
  assert.equal(again.damaged, 4);
  await again.close();
});

test('lines that are out of date are thrown away when there are many', async () => {
  const path = fresh();
  const ledger = await openLedger(path);
  for (let n = 0; n < 30; n++) {
    await ledger.record(Array.from({ length: 100 }, (_, i) => entry(String(i), { firstSeen: n })));
  }
  await ledger.close();
  const before = (await stat(path)).size;
  const again = await openLedger(path);
  await again.record([entry('x')]);
  await again.close();
  assert.ok((await stat(path)).size < before / 10);
  const last = await openLedger(path);
  assert.equal(last.known.size, 101);
  assert.equal(last.known.get('7')?.firstSeen, 29);
  await last.close();
});

test('another version and a symbolic link are refused', async () => {
  const path = fresh();
  await (await openLedger(path)).close();
  await writeFile(path, '{"version":99}\n');
  await assert.rejects(openLedger(path), (error: unknown) => {
    return error instanceof TmailError && error.code === 'pop3.ledger-version';
  });
  const link = `${path}.link`;
  await symlink(path, link);
  await assert.rejects(openLedger(link), (error: unknown) => {
    return error instanceof TmailError && error.code === 'pop3.ledger-open';
  });
});

test('what the person deleted stays deleted, whatever a check that runs meanwhile says of it', async () => {
  const path = fresh();
  const ledger = await openLedger(path);
  await ledger.record([entry('a')]);
  const late = ledger.known.get('a');
  assert.ok(late);
  await Promise.all([
    ledger.record([entry('a', { state: 'deleted' })]),
    ledger.record([{ ...late, size: 7 }]),
  ]);
  assert.deepEqual([ledger.known.get('a')?.state, ledger.known.get('a')?.size], ['deleted', 7]);
  await ledger.close();
  const again = await openLedger(path);
  assert.equal(again.known.get('a')?.state, 'deleted');
  await again.close();
});

test('half a line that a full disk left spoils no other one', async () => {
  const path = fresh();
  const ledger = await openLedger(path);
  await ledger.record([entry('a')]);
  await appendFile(path, '{"id":"ha');
  await ledger.record([entry('b')]);
  await ledger.close();
  const again = await openLedger(path);
  assert.deepEqual([...again.known.keys()], ['a', 'b']);
  assert.equal(again.damaged, 0);
  await again.close();
});
