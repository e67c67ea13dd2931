// The commands on a disk that may only be read, and on one without room: the built program, on real ones where
// mounting is allowed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { notes } from '../../src/app/notes.ts';
import { makeChange } from '../../src/cli/change.ts';
import { exportCommand } from '../../src/cli/export.ts';
import { openStore } from '../../src/store/store.ts';
import { TmailError } from '../../src/util/errors.ts';
import { faultyDisk, systemError } from '../store/faulty-disk.ts';
import { fakeContext } from './fakes.ts';
import { type Place, place } from './place.ts';
import { tmail } from './program.ts';

const MAIL = [1, 2, 3]
  .map(n => `From ada@example.org Mon Nov 23 09:42:0${n} 2020\nSubject: number ${n}\n\ntext\n\n`)
  .join('');

/** A POP3 account with three messages, whose server nobody answers for. */
async function withMail(t: TestContext): Promise<Place> {
  const incoming = { host: '127.0.0.1', port: 1, security: 'none', user: 'ada' };
  return place(t, incoming, { protocol: 'pop3', serverCopy: 'delete' });
}

async function bring(here: Place): Promise<void> {
  await writeFile(join(here.dir, 'old.mbox'), MAIL);
  const ran = await tmail(['import', join(here.dir, 'old.mbox'), '--folder', 'inbox'], here);
  assert.equal(ran.status, 0, ran.stderr);
}

/** Its data directory on a disk of its own; null: not allowed here. */
async function onOwnDisk(t: TestContext): Promise<(Place & { readonly data: string }) | null> {
  const here = await withMail(t);
  const data = await mkdtemp(join(tmpdir(), 'tmail-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', data], { stdio: 'ignore' });
  } catch {
    await rmdir(data);
    t.skip('mounting is not allowed here');
    return null;
  }
  t.after(async () => {
    execFileSync('umount', ['-l', data]);
    await rmdir(data);
  });
  const own = { ...here, env: { ...here.env, TMAIL_DATA: data }, data };
  await bring(own);
  return own;
}

const exportLine = (to: string) => `export --account work --format mbox --to ${to}`;

test('export goes on where the store may only be read, and says that it could not be remembered', async t => {
  const here = await withMail(t);
  await bring(here);
  const data = join(here.dir, 'data');
  const to = join(here.dir, 'backup');
  const context = fakeContext(exportLine(to), {
    dir: data,
    reader: () => openStore({ dir: data, mode: 'reader' }),
    owner: () => Promise.reject(new TmailError('storage', 'disk.read-only', { facts: { path: data } })),
  });
  assert.equal(await exportCommand(context), 0);
  assert.match(context.out.text(), /^work: 3 messages in /);
  assert.equal(
    context.err.text(),
    `work: the export is good, but that could not be remembered, so the reminder of it stays: ${data} can't be written. Reading works; changes are not kept.\n`,
  );
});

test('on a disk that became one to be read only, all mail can be exported, and the doctor says what is wrong', async t => {
  const here = await onOwnDisk(t);
  if (!here) return;
  const doctor = async () => (await tmail(['doctor'], here)).stdout;
  assert.match(await doctor(), /^ok +store: .* 3 messages/m);
  execFileSync('mount', ['-o', 'remount,ro', here.data]);
  const out = await tmail(exportLine(join(here.dir, 'backup')).split(' '), here);
  assert.deepEqual([out.status, out.stdout.slice(0, 17)], [0, 'work: 3 messages ']);
  assert.match(out.stderr, /could not be remembered.* can't be written\./);
  const said = await doctor();
  assert.match(said, new RegExp(`^FAILED +store: ${here.data} can't be written\\. Reading works`, 'm'));
  assert.doesNotMatch(said, /ok +store/);
});

/** A store in which every write fails from now on, until there is room again. */
async function fullStore(dir: string) {
  let full = false;
  const fs = faultyDisk(change => {
    if (full && change !== 'unlink') throw systemError('ENOSPC');
    return undefined;
  });
  const store = await openStore({ dir, mode: 'owner', fs });
  full = true;
  const mend = () => {
    full = false;
    return store.flush();
  };
  return { store, mend };
}

test('flag, move and delete say of each message that it was not changed, and why, when the disk is full', async t => {
  const here = await withMail(t);
  await bring(here);
  const dir = join(here.dir, 'data');
  const full = new TmailError('storage', 'disk.full', { retry: 'auto' });
  // Full before it was opened, and while it was.
  const { store, mend } = await fullStore(dir);
  for (const owner of [() => Promise.reject(full), async () => store]) {
    const context = fakeContext('flag work:1:1 work:1:2 --set seen --json', { dir, owner });
    assert.equal(await makeChange(context, { t: 'flag', add: ['\\Seen'], remove: [] }), 75);
    const lines = context.out.text().trim().split('\n');
    assert.deepEqual(
      lines.map(line => JSON.parse(line)),
      ['work:1:1', 'work:1:2'].map(id => ({ id, now: null, error: 'disk.full' })),
    );
    assert.equal(
      context.err.text(),
      ['work:1:1', 'work:1:2'].map(id => `${notes.notChanged(id)}\n`).join(''),
    );
  }
  await mend();
});

test('on a disk that is really full, a change is refused message by message, and nothing of it is done', async t => {
  const here = await onOwnDisk(t);
  if (!here) return;
  await writeFile(join(here.data, 'ballast'), Buffer.alloc(8 * 1024 * 1024)).catch(() => undefined);
  const list = async () => (await tmail(['list', '--json'], here)).stdout;
  const before = await list();
  for (const line of [
    'flag work:1:1 --set seen',
    'move work:1:1 --to Archive',
    'delete work:1:1',
    'delete work:1:1 --for-ever',
  ]) {
    const ran = await tmail([...line.split(' '), '--json'], here);
    assert.deepEqual(
      [ran.status, JSON.parse(ran.stdout)],
      [75, { id: 'work:1:1', now: null, error: 'disk.full' }],
    );
    assert.equal(ran.stderr, `${notes.notChanged('work:1:1')}\n`);
  }
  assert.equal(await list(), before);
  await rm(join(here.data, 'ballast'));
  const ran = await tmail(['flag', 'work:1:1', '--set', 'seen'], here);
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
});
