import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sha256, startPop3Server } from '../../servers/pop3.ts';
import { openAccount } from './account.ts';

const mail = (n: number) =>
  Buffer.from(`Message-ID: <${n}@x>\r\nSubject: ${n}\r\n\r\n${`line ${n}\r\n`.repeat(50)}`);

/** Ends the process with SIGKILL when the server is asked for the nth time for `verb`. */
async function killedAt(verb: string, nth: number): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-pop3-kill-'));
  const all = Array.from({ length: 130 }, (_, n) => mail(n));
  let kill: () => void = () => undefined;
  await using server = await startPop3Server({
    messages: all,
    capabilities: ['TOP', 'UIDL', 'USER', 'SASL PLAIN'], // one command at a time, so that it dies in between
    fault(asked) {
      if (asked.session === 1 && asked.verb === verb && asked.nth === nth) kill();
      return undefined;
    },
  });
  try {
    const child = spawn(
      process.execPath,
      ['.build/test/sync/pop3/check.child.js', join(dir, 'data'), String(server.port)],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    kill = () => child.kill('SIGKILL');
    const [, signal] = await once(child, 'exit');
    assert.equal(signal, 'SIGKILL', `${verb} ${nth} was never asked for`);
    await using home = await openAccount({ dir: join(dir, 'data'), port: server.port, serverCopy: 'delete' });
    for (let n = 0; n < 3; n++) assert.equal((await home.check()).error, null);
    assert.deepEqual((await home.hashes()).sort(), all.map(sha256).sort(), `${verb} ${nth}`);
    assert.equal(server.messages.length, 0);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

for (const [verb, nth] of [
  ['LIST', 1],
  ['RETR', 1],
  ['RETR', 49],
  ['RETR', 50],
  ['RETR', 51],
  ['RETR', 52],
  ['RETR', 101],
  ['RETR', 130],
  ['DELE', 1],
  ['DELE', 70],
  ['QUIT', 1],
] as const) {
  test(`kill -9 at ${verb} ${nth}: nothing lost, nothing doubled, nothing left`, () => killedAt(verb, nth));
}
