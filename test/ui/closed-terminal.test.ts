import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as later } from 'node:timers/promises';
import { createPty } from '../robot/pty.ts';

test('a terminal that is closed under tmail is a clean end, not an abort', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-closed-'));
  try {
    const status = join(dir, 'status');
    // The shell outlives the hang-up to write down how tmail ended.
    const line = `trap '' HUP; ${process.execPath} dist/tmail.js --demo; echo $? > ${status}`;
    const pty = await createPty(['sh', '-c', line]);
    await pty.waitForText('demo / Inbox');
    await pty.close();
    const written = async () => (await readFile(status, 'utf8').catch(() => '')).trim();
    while ((await written()) === '') await later(20);
    assert.equal(await written(), '0');
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
