// kill -9 while two accounts fill one inbox, and while what was deleted there goes on both servers.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Asked, startPop3Server } from '../../servers/pop3.ts';
import { openShared } from './shared.ts';

const COUNT = 24;
const mails = (prefix: string) =>
  Array.from({ length: COUNT }, (_, n) => ({
    bytes: Buffer.from(
      `Message-ID: <${prefix}${n}@x>\r\nSubject: ${prefix}${n}\r\n\r\nbody ${prefix}${n}\r\n`,
    ),
    uidl: `u${n}`,
  }));
const all = (prefix: string) => Array.from({ length: COUNT }, (_, n) => `${prefix}${n}`);
const isOdd = (subject: string) => /[13579]$/.test(subject);

/** `life`: the first fills the inbox, the second deletes. */
async function killedAt(life: 1 | 2, server: 'home' | 'work', verb: string, nth: number): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-pop3-shared-kill-'));
  let kill: () => void = () => undefined;
  let now = 0;
  const fault = (name: string) => (asked: Asked) => {
    if (now === life && name === server && asked.verb === verb && asked.nth === nth) kill();
    return undefined;
  };
  // One command at a time, so that it dies in between.
  const capabilities = ['TOP', 'UIDL', 'USER', 'SASL PLAIN'];
  await using home = await startPop3Server({ messages: mails('h'), capabilities, fault: fault('home') });
  await using work = await startPop3Server({ messages: mails('w'), capabilities, fault: fault('work') });
  const ports = { home: home.port, work: work.port };
  const run = async (): Promise<string | null> => {
    const args = [join(dir, 'data'), String(home.port), String(work.port)];
    const child = spawn(process.execPath, ['.build/test/sync/pop3/shared.child.js', ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    kill = () => child.kill('SIGKILL');
    const [, signal] = await once(child, 'exit');
    return signal;
  };
  try {
    for (now = 1; now < life; now++) assert.equal(await run(), null);
    assert.equal(await run(), 'SIGKILL', `${verb} ${nth} was never asked for`);
    now = 0;
    await using both = await openShared({ dir: join(dir, 'data'), ports });
    for (let n = 0; n < 3; n++) for (const { errors } of await both.sync()) assert.deepEqual(errors, []);
    const wanted = [...all('h'), ...all('w')].filter(subject => life === 1 || isOdd(subject));
    assert.deepEqual((await both.subjects('home', 'Inbox')).sort(), wanted.sort());
    assert.deepEqual(both.kept.home?.queue(), []);
    for (const [server, prefix] of [
      [home, 'h'],
      [work, 'w'],
    ] as const) {
      const left = server.messages.map(one => /Subject: (.*)\r/.exec(one.bytes.toString())?.[1] ?? '');
      assert.deepEqual(left, wanted.filter(subject => subject.startsWith(prefix)).sort(byNumber));
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const byNumber = (a: string, b: string) => Number(a.slice(1)) - Number(b.slice(1));

for (const [life, server, verb, nth] of [
  [1, 'work', 'RETR', 1],
  [1, 'work', 'RETR', 20],
  [1, 'home', 'RETR', 24],
  [1, 'work', 'QUIT', 1],
  [2, 'work', 'DELE', 1],
  [2, 'home', 'DELE', 7],
  [2, 'work', 'DELE', 12],
  [2, 'work', 'QUIT', 1],
] as const) {
  const what = life === 1 ? 'mail comes' : 'deletions go out';
  test(`kill -9 at ${verb} ${nth} of ${server}, while ${what}: each server and the inbox end as they should`, () =>
    killedAt(life, server, verb, nth));
}
