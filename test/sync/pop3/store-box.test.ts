import assert from 'node:assert/strict';
import { cp, lstat, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inboxOf } from '../../../src/sync/pop3/folders.ts';
import { onlyOwn } from '../../../src/sync/pop3/rooms.ts';
import { openStoreBox } from '../../../src/sync/pop3/store-box.ts';
import { openAccount } from './account.ts';

const root = await mkdtemp(join(tmpdir(), 'tmail-pop3-box-'));
after(() => rm(root, { recursive: true, force: true }));

type Home = Awaited<ReturnType<typeof openAccount>>;

async function* bytesOf(n: number) {
  yield Buffer.from(`Message-ID: <${n}@x>\r\nSubject: ${n}\r\n\r\n${n}\r\n`);
}

/** The first step: the file is durable, the row is not. */
async function write(home: Home, ids: readonly string[]) {
  const box = await openStoreBox(onlyOwn(home.account), inboxOf(home.account).id);
  const arrivals = [];
  for (const [n, id] of ids.entries()) {
    const written = await box.write(id, bytesOf(n), false);
    arrivals.push({ id, written, size: 40, partial: false, replaces: false, at: 1 });
  }
  await box.flush();
  for (const one of arrivals) await one.written.durable;
  return { box, arrivals };
}

/** What a crash would leave: the files as they are now, without the lock. */
async function crash(from: string, to: string): Promise<void> {
  const filter = async (path: string) => !(await lstat(path)).isSocket() && !path.endsWith('lock');
  await cp(from, to, { recursive: true, filter });
}

test('a crash right after messages were added, and right before: each is here once', async () => {
  const ids = Array.from({ length: 7 }, (_, n) => `u${n}`);
  for (const step of ['before', 'after'] as const) {
    const dir = join(root, `${step}-dir`);
    const left = join(root, `${step}-left`);
    {
      await using home = await openAccount({ dir, port: 1, serverCopy: 'keep' });
      const { box, arrivals } = await write(home, ids);
      if (step === 'after') await box.add(arrivals);
      await crash(dir, left);
    }
    await using home = await openAccount({ dir: left, port: 1, serverCopy: 'keep' });
    // Whatever the store mends by itself is done at once or at the same time.
    const { box, arrivals } = await write(home, ids);
    await box.add(arrivals);
    await home.store.flush();
    await home.inbox.loadAll();
    assert.equal(home.inbox.length, ids.length, step);
    assert.deepEqual([...(await box.ids()).keys()].sort(), ids);
  }
});

test('messages added before the older ones were looked at do not hide those', async () => {
  const dir = join(root, 'older');
  {
    await using home = await openAccount({ dir, port: 1, serverCopy: 'keep' });
    const { box, arrivals } = await write(home, ['a', 'b']);
    await box.add(arrivals);
  }
  await using home = await openAccount({ dir, port: 1, serverCopy: 'keep', early: true });
  const uid = home.inbox.reserve(1);
  const newest = home.inbox.envelope(home.inbox.uidAt(0) ?? 0);
  assert.ok(newest);
  const remote = { t: 'pop3' as const, uidl: 'c' };
  await home.inbox.apply({ put: [{ uid, remote, flags: [], envelope: newest }] }, 'now');
  await home.inbox.loadAll();
  for (const id of ['a', 'b', 'c']) assert.notEqual(home.inbox.byUidl(id), undefined, id);
});
