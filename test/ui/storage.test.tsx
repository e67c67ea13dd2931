// The storage screen over a real store, engine and server: what is kept is changed there, what can be fetched again goes
// from the disk and comes back when it is opened, and the next start obeys the configuration that was written.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { startImapServer } from '../../src/demo/imap-server.ts';
import { session } from './session.tsx';

const COUNT = 6;

function message(n: number): string {
  return `From: Grace <grace@mail.example>\r\nSubject: Message ${n}\r\nMessage-ID: <${n}@mail.example>\r\n\r\nText ${n}. ${'x'.repeat(n * 1000)}\r\n`;
}

async function configFile(t: TestContext, port: number): Promise<{ dir: string; file: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-storage-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const file = join(dir, 'config.json');
  const text = `{ "accounts": { "work": { // mine
    "email": "ada@mail.example", "name": "Ada", "protocol": "imap",
    "incoming": { "host": "127.0.0.1", "port": ${port}, "security": "none", "user": "ada" },
    "auth": { "passwordEnv": "UNUSED" },
    "offline": "all"
} } }
`;
  await writeFile(file, text, { mode: 0o600 });
  return { dir, file };
}

async function messageFiles(dir: string): Promise<string[]> {
  const names = await readdir(join(dir, 'data', 'accounts', 'work', 'raw'), { recursive: true }).catch(
    () => [],
  );
  return names.filter(name => name.endsWith('.eml'));
}

test('mail that is not to be kept goes from the disk after a question, and comes back when it is opened', async t => {
  const server = await startImapServer({ users: { ada: 'secret' } });
  t.after(() => server.stop());
  for (let n = 1; n <= COUNT; n++) server.deliver('INBOX', message(n), ['\\Seen']);
  const { dir, file } = await configFile(t, server.port);
  const start = async () => {
    const { config } = await loadConfig({ file, env: {} });
    return { config, dir: join(dir, 'data'), password: 'secret' };
  };

  await session(await start(), async ({ robot, engine }) => {
    await robot.expectRow(/Message 6/);
    await robot.press('@');
    await robot.expectRow(/copy here +all mail; 6 of 6 messages/);
    assert.equal((await messageFiles(dir)).length, COUNT);
    await robot.press('C');
    await robot.expectRow(/keeps all mail here/);
    await robot.press('p', 'h');
    await robot.expectRow(/copy here +headers only; 6 of 6 messages/);
    await robot.press('C');
    await robot.expectRow(/6 message files of work \(22 kB\) are not to be kept here/);
    await robot.press('y');
    await robot.expectRow(/copy here +headers only; 0 of 6 messages, 0 B/);
    assert.deepEqual(await messageFiles(dir), []);
    assert.equal(server.folder('INBOX').messages.length, COUNT);
    // Nothing comes back by itself.
    await robot.press('$');
    await engine.settled();
    assert.deepEqual(await messageFiles(dir), []);
    await robot.press('f');
    await robot.expectRow(/^> +6 kB .*Grace +Message 6/);
    await robot.press('enter');
    await robot.expectRow(/Text 6\./);
    await robot.settled();
    assert.equal((await messageFiles(dir)).length, 1);
  });

  assert.match(await readFile(file, 'utf8'), /\/\/ mine\n[\s\S]*"offline": "headers"\n\} \} \}\n$/);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  await session(await start(), async ({ robot, engine }) => {
    await robot.expectRow(/Message 6/);
    await engine.settled();
    await robot.press('@');
    await robot.expectRow(/copy here +headers only; 1 of 6 messages/);
  });
});

test('a folder is kept otherwise than its account: written beside its comments, obeyed at once and by the next start', async t => {
  const server = await startImapServer({ users: { ada: 'secret' }, mailboxes: [{ name: 'Lists' }] });
  t.after(() => server.stop());
  for (let n = 1; n <= 3; n++) {
    server.deliver('INBOX', message(n), ['\\Seen']);
    server.deliver('Lists', message(n + 3), ['\\Seen']);
  }
  const { dir, file } = await configFile(t, server.port);
  const start = async () => {
    const { config } = await loadConfig({ file, env: {} });
    return { config, dir: join(dir, 'data'), password: 'secret' };
  };
  await session(await start(), async ({ robot, engine }) => {
    await robot.expectRow(/Message 3/);
    await robot.press('@');
    await robot.expectRow(/copy here +all mail; 6 of 6 messages/);
    await robot.press('f', 'tab');
    await robot.expectRow(/Lists +\(all\)/);
    await robot.expectRow(/^>.*Lists/);
    await robot.press('p', 'h');
    await robot.expectRow(/Lists +headers/);
    await robot.expectRow(/Inbox +\(all\)/);
    await robot.press('q');
    await robot.expectRow(/all mail; 6 of 6 messages/);
    await robot.expectRow(/^ +Lists: headers only/);
    await robot.press('C');
    await robot.expectRow(/3 message files of work \(\d+ kB\) are not to be kept here/);
    await robot.press('y');
    await robot.expectRow(/all mail; 3 of 6 messages/);
    await robot.press('$');
    await engine.settled();
    assert.equal((await messageFiles(dir)).length, 3);
    // Opened, its text is there again.
    await robot.press('f', 'tab');
    await robot.expectRow(/^>.*Lists/);
    await robot.press('enter');
    await robot.expectRow(/Message 6/);
    await robot.press('enter');
    await robot.expectRow(/Text 6\./);
  });
  assert.match(
    await readFile(file, 'utf8'),
    /\/\/ mine\n[\s\S]*"offline": "all",\n *"offlineFolders": \{ "Lists": "headers" \}\n\} \} \}\n$/,
  );
  await session(await start(), async ({ robot, engine }) => {
    await engine.settled();
    await robot.press('@');
    await robot.expectRow(/all mail; 4 of 6 messages/);
    await robot.expectRow(/^ +Lists: headers only/);
    // Under another name as well, and again when that is taken back.
    await robot.press('q', '`', 'j');
    await robot.press('r', 'end', '2', 'enter');
    await robot.expectRow(/Lists2/);
    await robot.press('@');
    await robot.expectRow(/^ +Lists2: headers only/);
    await robot.press('q');
    await engine.settled();
    await robot.waitFor('written', () => readFileSync(file, 'utf8').includes('{ "Lists2": "headers" }'));
    await robot.press('`', 'u');
    await robot.expectRow(/undone|taken back/i);
    await robot.press('@');
    await robot.expectRow(/^ +Lists: headers only/);
    await robot.waitFor('written', () => readFileSync(file, 'utf8').includes('{ "Lists": "headers" }'));
  });
});
