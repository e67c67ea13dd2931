// The commands on a disk that may only be read, and on one without room: the built program, on real ones where
// mounting is allowed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { exportCommand } from '../../src/cli/export.ts';
import { openStore } from '../../src/store/store.ts';
import { TmailError } from '../../src/util/errors.ts';
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
