// Folders of a real server, by keys: names in any script, offline as online, what the server refuses, and all of it
// taken back.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Config } from '../../src/config/types.ts';
import { type Dovecot, type DovecotOptions, startDovecot } from '../servers/dovecot.ts';
import { type Session, session } from './session.tsx';

async function serverWith(t: TestContext, options: DovecotOptions = {}): Promise<Dovecot> {
  const server = await startDovecot({ pop3: false, ...options });
  t.after(() => server.dispose());
  return server;
}

function configOf(server: Dovecot): Config {
  const auth = { t: 'plain', password: server.password } as const;
  return {
    file: null,
    defaultAccount: 'work',
    ui: { colors: 'auto', borders: 'auto', markReadAfter: 0, keys: {} },
    accounts: [
      {
        id: 'work',
        email: 'ada@mail.example',
        name: 'Ada',
        protocol: 'imap',
        incoming: {
          host: server.host,
          port: server.imapsPort,
          security: 'tls',
          user: server.user,
          tls: { ca: server.ca },
        },
        outgoing: null,
        auth,
        outgoingAuth: auth,
        offline: 'all',
        serverCopy: null,
        disabled: false,
      },
    ],
  };
}

async function run(
  t: TestContext,
  server: Dovecot,
  work: (session: Session, on: { dir: string }) => Promise<void>,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-folders-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  await session({ config: configOf(server), dir, password: server.password }, async it => {
    await it.engine.settled();
    await it.robot.settled();
    await work(it, { dir });
  });
}

/** As people write them, sorted. */
async function folders(server: Dovecot): Promise<string[]> {
  const out = await server.doveadm('mailbox', 'list', '-u', server.user, '-8').catch(() => '');
  const names = out === '' ? await server.doveadm('mailbox', 'list', '-u', server.user) : out;
  return names.split('\n').filter(Boolean).sort();
}

async function count(server: Dovecot, folder: string): Promise<number> {
  const out = await server.doveadm('mailbox', 'status', '-u', server.user, 'messages', folder);
  return Number(/messages=(\d+)/.exec(out)?.[1]);
}

const BASE = ['Archive', 'Drafts', 'INBOX', 'Junk', 'Sent', 'Trash'];

async function make({ robot, engine }: Session, name: string): Promise<void> {
  await robot.press(':', ...'new folder', 'enter');
  await robot.paste(name);
  await robot.press('enter');
  await robot.settled();
  await engine.settled();
}

test('folders with names in any script are made on the server, renamed, and come back by u', async t => {
  const server = await serverWith(t);
  await run(t, server, async it => {
    const { robot, engine } = it;
    const names = ['Müll & Söhne-', 'أرشيف', '🎉 Feste "&" \\', '会議/議事録'];
    for (const name of names) await make(it, name);
    const there = await folders(server);
    for (const name of names) assert.ok(there.includes(name), `${name} among ${there.join(', ')}`);
    assert.ok(there.includes('会議'));
    // Listed again, they are the same folders.
    await robot.press('$');
    await engine.settled();
    await robot.press('c', ...'Feste', 'enter');
    await robot.settled();
    await robot.press(':', ...'rename folder', 'enter', 'C-u');
    await robot.paste('Feiern 🎂/2027');
    await robot.press('enter');
    await robot.settled();
    await engine.settled();
    const renamed = await folders(server);
    assert.ok(
      renamed.includes('Feiern 🎂/2027') && !renamed.some(name => name.startsWith('🎉')),
      renamed.join(', '),
    );
    await robot.press('u');
    await robot.settled();
    await engine.settled();
    assert.ok((await folders(server)).some(name => name.startsWith('🎉 Feste')));
  });
});

test('where levels are parted by a dot, a slash is a letter of the name', async t => {
  const server = await serverWith(t, {
    separator: '.',
    extraConfig: 'mail_plugins = $mail_plugins listescape\nplugin {\n  listescape_char = "%"\n}',
  });
  await run(t, server, async it => {
    await make(it, 'in/out');
    await make(it, 'Projekte.Übersicht 2027/28');
    const there = await folders(server);
    assert.ok(there.includes('in/out'), there.join(' | '));
    assert.ok(there.includes('Projekte.Übersicht 2027/28'), there.join(' | '));
    await it.robot.press('`');
    await it.robot.expectRow(/in\/out/);
    await it.robot.expectRow(/ {2}Übersicht 2027\/28/);
  });
});

test('a folder that is deleted with its mail comes back with it, before the server knew and after', async t => {
  const server = await serverWith(t);
  await server.deliver('Lists/tools', ['Subject: one\r\n\r\n1\r\n', 'Subject: two\r\n\r\n2\r\n']);
  await server.doveadm('mailbox', 'create', '-u', server.user, 'Lists').catch(() => undefined);
  await run(t, server, async ({ robot, engine }) => {
    const open = async () => {
      await robot.press('c', ...'tools', 'enter');
      await robot.expectRow(/two/);
    };
    const remove = async () => {
      await robot.press(':', ...'rmdir', 'enter');
      await robot.expectRow(/holds 2 messages/);
      await robot.press('y');
      await robot.settled();
    };
    await open();
    await remove();
    await engine.settled();
    assert.deepEqual(
      (await folders(server)).filter(name => /tools/.test(name)),
      [],
    );
    assert.equal(await count(server, 'Trash'), 2);
    await robot.press('u');
    await robot.settled();
    await engine.settled();
    assert.equal(await count(server, 'Lists/tools'), 2);
    assert.equal(await count(server, 'Trash'), 0);
    await open();
    await server.stop();
    await remove();
    await robot.press('u');
    await robot.settled();
    await server.restart();
    await robot.press('$');
    await engine.settled();
    await robot.settled();
    assert.equal(await count(server, 'Lists/tools'), 2);
    assert.equal(await count(server, 'Trash'), 0);
    await open();
  });
});

test('a folder is used for sent mail from then on, whatever the server says, also after a new start', async t => {
  const server = await serverWith(t);
  await server.doveadm('mailbox', 'create', '-u', server.user, 'Ausgang');
  const dir = await mkdtemp(join(tmpdir(), 'tmail-folders-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const options = { config: configOf(server), dir, password: server.password };
  const roles = ({ robot }: Session) =>
    Object.fromEntries(
      robot.app.state.get().accounts.flatMap(({ folders }) => folders.map(({ path, role }) => [path, role])),
    );
  await session(options, async it => {
    const { robot, engine } = it;
    await engine.settled();
    await robot.press('c', ...'ausgang', 'enter');
    await robot.settled();
    await robot.press(':', ...'as sent', 'enter');
    await robot.settled();
    assert.equal(roles(it).Ausgang, 'sent');
    assert.equal(roles(it).Sent, null);
  });
  await session(options, async it => {
    await it.engine.settled();
    await it.robot.press('$');
    await it.engine.settled();
    await it.robot.settled();
    assert.equal(roles(it).Ausgang, 'sent');
    assert.equal(roles(it).Sent, null);
    await it.robot.press('g', 's');
    await it.robot.expectRow(/work \/ Ausgang/);
  });
});

test('what is made, subscribed and emptied without the server reaches it later', async t => {
  const server = await serverWith(t);
  await server.deliver('Old', ['Subject: a\r\n\r\n1\r\n', 'Subject: b\r\n\r\n2\r\n']);
  await run(t, server, async it => {
    const { robot, engine } = it;
    await server.stop();
    await robot.waitFor('the line is gone', () => engine.status().phase !== 'online');
    await make(it, 'Neu/Ordner');
    await robot.expectRow(/The server hears of it/);
    await robot.press('c', ...'Old', 'enter');
    await robot.expectRow(/\(no sender\) +b/);
    await robot.press('`', 'S');
    await robot.press('E');
    await robot.expectRow(/2 messages move from "Old" to Trash/);
    await robot.press('y');
    await robot.settled();
    await server.restart();
    await robot.press('`', '$');
    await robot.waitFor('online', () => engine.status().phase === 'online');
    await engine.settled();
    await robot.settled();
    assert.ok((await folders(server)).includes('Neu/Ordner'));
    assert.equal(await count(server, 'Old'), 0);
    assert.equal(await count(server, 'Trash'), 2);
  });
});

test('an unsubscribed folder stays in sight, marked, also after the server listed it again, and S brings it back', async t => {
  const server = await serverWith(t);
  await run(t, server, async it => {
    const { robot, engine } = it;
    await make(it, 'Rare');
    const subscribed = async () =>
      (await server.doveadm('mailbox', 'list', '-s', '-u', server.user)).split('\n').includes('Rare');
    await robot.press('c', ...'Rare', 'enter', '`', 'S');
    await robot.settled();
    await engine.settled();
    assert.equal(await subscribed(), false);
    await robot.press('esc', '$');
    await engine.settled();
    await robot.press('`', 'k');
    await robot.expectRow(/Rare \((off|unsubscribed)\)/);
    await robot.press('j', 'S', 'k');
    await robot.settled();
    await engine.settled();
    assert.equal(await subscribed(), true);
    await robot.expectRow(/Rare +[|│]/);
  });
});

test('what the server refuses is taken back here and said in its words', async t => {
  // Without escaping, this layout can't have a slash in a name.
  const server = await serverWith(t, { separator: '.' });
  await run(t, server, async it => {
    const { robot } = it;
    await make(it, 'in/out');
    await robot.press(':', ...'log', 'enter');
    await robot.expectRow(/The folder "in\/out" was not made, because the server refused\./);
    await robot.expectRow(/'\/' characters/);
    await robot.press('q');
    assert.deepEqual(await folders(server), BASE);
    await robot.press('`');
    assert.ok(!robot.rows().some(row => /^.{0,3} +in\/out/.test(row)), robot.rows().join('\n'));
  });
});
