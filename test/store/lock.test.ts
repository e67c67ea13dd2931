// One owner at a time, whatever happened to the last one; and the door through which the others ask him.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { knock, openStore } from '../../src/store/store.ts';
import { TmailError } from '../../src/util/errors.ts';
import { syntheticMessage } from '../fixtures/synthetic.ts';
import { code, inbox, ownedStore, temporaryDirectory } from './harness.ts';

type Said = { owner?: number; code?: string; pid?: number };

function contender(
  t: TestContext,
  dir: string,
): { child: ChildProcess; said: Promise<Said>; gone: Promise<unknown> } {
  const child = spawn(process.execPath, ['.build/test/store/lock.child.js', dir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const gone = new Promise(resolve => child.once('close', resolve));
  const said = new Promise<Said>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', line => resolve(JSON.parse(line)));
    child.once('exit', status => reject(new Error(`exit ${status}`)));
  });
  return { child, said, gone };
}

async function collect(lines: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

test('a second owner is told who the first is; after closing the next one may', async t => {
  const dir = await temporaryDirectory(t);
  const store = await openStore({ dir, mode: 'owner' });
  await assert.rejects(openStore({ dir, mode: 'owner' }), error => {
    assert.ok(code('store.locked')(error));
    assert.equal((error as TmailError).facts.pid, process.pid);
    return true;
  });
  await store.close();
  await store.close();
  await (await openStore({ dir, mode: 'owner' })).close();
  const left = (await readdir(dir)).filter(name => name.startsWith('owner'));
  assert.deepEqual(left, [], 'nothing of the lock is left');
});

test('of several that start at once over a dead owner exactly one wins', async t => {
  const dir = await temporaryDirectory(t);
  for (let round = 0; round < 3; round++) {
    const contenders = Array.from({ length: 5 }, () => contender(t, dir));
    const said = await Promise.all(contenders.map(each => each.said));
    const owners = said.filter(each => each.owner !== undefined);
    assert.equal(owners.length, 1, JSON.stringify(said));
    assert.ok(said.every(each => each.owner !== undefined || each.code === 'store.locked'));
    // The owner dies without a word: its socket stays, and the next round starts from there.
    for (const { child } of contenders) child.kill('SIGKILL');
    await Promise.all(contenders.map(({ gone }) => gone));
    assert.ok((await readdir(dir)).includes('owner.sock'));
  }
  const { store } = await ownedStore(t, dir);
  assert.ok(store.mode === 'owner');
});

test('many that come and go never own it together', async t => {
  const dir = await temporaryDirectory(t);
  let owners = 0;
  let most = 0;
  let times = 0;
  const busy = async () => {
    for (let i = 0; i < 15; i++) {
      try {
        const store = await openStore({ dir, mode: 'owner' });
        owners++;
        times++;
        most = Math.max(most, owners);
        await new Promise(resolve => setImmediate(resolve));
        owners--;
        await store.close();
      } catch (error) {
        assert.ok(code('store.locked')(error), JSON.stringify(error));
      }
    }
  };
  await Promise.all(Array.from({ length: 4 }, busy));
  assert.equal(most, 1);
  assert.ok(times > 0);
});

test('what is no socket at the lock’s name is not taken for an owner', async t => {
  const dir = await temporaryDirectory(t);
  await writeFile(join(dir, 'owner.sock'), 'not a socket');
  const { store } = await ownedStore(t, dir);
  assert.equal(store.mode, 'owner');
});

test('a data directory with a long name has a lock and a door too', async t => {
  const dir = join(await temporaryDirectory(t), 'x'.repeat(100), 'y'.repeat(100));
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const before = process.cwd();
  const { store } = await ownedStore(t, dir);
  store.serve(async (request, reply) => reply(request));
  await assert.rejects(openStore({ dir, mode: 'owner' }), code('store.locked'));
  assert.deepEqual(await collect(knock(dir, { a: 1 })), [{ a: 1 }]);
  assert.equal((await stat(join(dir, 'owner.sock'))).mode & 0o777, 0o600);
  assert.equal(process.cwd(), before);
  await store.close();
  assert.deepEqual(
    (await readdir(dir)).filter(name => name.startsWith('owner')),
    [],
  );
});

test('another process asks the owner through the door and gets every line', async t => {
  const dir = await temporaryDirectory(t);
  const { child, said, gone } = contender(t, dir);
  const { owner } = await said;
  const request = { text: 'line\nbreak', long: 'ü'.repeat(300_000) };
  assert.deepEqual(await collect(knock(dir, request)), [{ echo: request }, { pid: owner }]);
  child.stdin?.end();
  await gone;
  await assert.rejects(collect(knock(dir, 1)), code('store.no-owner'));
});

test('the owner’s errors come out at the other side of the door', async t => {
  const dir = await temporaryDirectory(t);
  const { store } = await ownedStore(t, dir);
  await assert.rejects(collect(knock(dir, 1)), code('store.not-serving'));
  store.serve(async (_, reply) => {
    reply('first');
    throw new TmailError('rejected', 'test.no', { facts: { why: 'because' } });
  });
  const lines: unknown[] = [];
  await assert.rejects(
    async () => {
      for await (const line of knock(dir, 1)) lines.push(line);
    },
    error => error instanceof TmailError && error.code === 'test.no' && error.facts.why === 'because',
  );
  assert.deepEqual(lines, ['first']);
});

test('an owner that dies in the middle of an answer is told apart from one that has finished', async t => {
  const dir = await temporaryDirectory(t);
  const { store } = await ownedStore(t, dir);
  let hungUp: (() => void) | undefined;
  const noticed = new Promise<void>(resolve => {
    hungUp = resolve;
  });
  store.serve(async (request, reply, signal) => {
    signal.addEventListener('abort', () => hungUp?.());
    reply(request);
    await new Promise(() => undefined);
  });
  for await (const line of knock(dir, 'one')) {
    assert.equal(line, 'one');
    break;
  }
  await noticed;
});

test('a reader needs no lock, writes nothing and sees what is durable', async t => {
  const dir = await temporaryDirectory(t);
  await assert.rejects(stat(join(dir, 'none')));
  const empty = await openStore({ dir: join(dir, 'none'), mode: 'reader' });
  assert.deepEqual(empty.accounts(), []);
  assert.deepEqual((await empty.account('a')).folders(), []);
  await empty.close();
  await assert.rejects(stat(join(dir, 'none')));

  const { store } = await ownedStore(t, dir);
  const { account, folder } = await inbox(store);
  const reader = await openStore({ dir, mode: 'reader' });
  t.after(() => reader.close());
  assert.deepEqual(reader.accounts(), ['a']);
  const theirs = await reader.account('a');
  assert.equal(theirs.folders()[0]?.path, 'INBOX');
  const same = await theirs.folder('a:1');
  assert.equal(same.length, 0);
  const uid = folder.reserve(1);
  await folder.apply({ put: [{ ...syntheticMessage(uid), flags: [] }] }, 'now');
  const target = { uid, remote: null, messageId: '' };
  await account.commit({ t: 'flags', folder: 'a:1', targets: [target], add: ['\\Seen'], remove: [] });
  assert.equal(same.length, 0);
  await reader.refresh();
  assert.equal(same.length, 1);
  assert.equal(same.flags(uid), 1);
  assert.deepEqual(same.envelope(uid), folder.envelope(uid));
  assert.equal(theirs.queue().length, 1);
  assert.throws(() => same.reserve(1), code('store.reader'));
  await assert.rejects(same.apply({ remove: [uid] }), code('store.reader'));
  await assert.rejects(theirs.setFolders([]), code('store.reader'));
  await assert.rejects(
    theirs.raw.write(Buffer.of(1), { folder: 'a:1', uid, remote: null, partial: false }),
    code('store.reader'),
  );
});

test('a store of a newer tmail is refused and not touched', async t => {
  const dir = await temporaryDirectory(t);
  for (const v of [2, 99]) {
    await writeFile(join(dir, 'store.json'), JSON.stringify({ v, secret: 'future' }));
    for (const mode of ['owner', 'reader'] as const) {
      await assert.rejects(openStore({ dir, mode }), error => {
        assert.ok(code('store.version')(error));
        assert.deepEqual([(error as TmailError).facts.found, (error as TmailError).facts.supported], [v, 1]);
        return true;
      });
    }
    assert.deepEqual(await readdir(dir), ['store.json']);
    assert.equal(await readFile(join(dir, 'store.json'), 'utf8'), JSON.stringify({ v, secret: 'future' }));
  }
});
