// What a server wants the person to know is heard wherever it is said, each text once in a run.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Faults, type ImapServer, startImapServer } from '../../../src/demo/imap-server.ts';
import { message, openWorld, until, type World } from '../world.ts';

async function serverWith(t: TestContext, faults: Faults): Promise<ImapServer> {
  const server = await startImapServer({ users: { ada: 'secret' }, faults });
  t.after(() => server.stop());
  return server;
}

async function started(server: ImapServer): Promise<World> {
  const world = await openWorld({ port: server.port, user: 'ada', password: 'secret', groupMs: 2 });
  world.engine.start();
  return world;
}

const ALWAYS = Number.POSITIVE_INFINITY;

test('in the greeting and beside any answer, once however often it is said, and again after a lost line not', async t => {
  const noon = '* OK [ALERT] Down at noon\r\n';
  const server = await serverWith(t, {
    greeting: { raw: '* OK [ALERT] Welcome to the new server\r\n' },
    commands: [
      { command: 'LIST', times: ALWAYS, action: { t: 'raw', bytes: noon } },
      { command: 'SELECT', times: ALWAYS, action: { t: 'raw', bytes: '* NO [ALERT] Disk is failing\r\n' } },
    ],
  });
  server.deliver('INBOX', message(1));
  await using world = await started(server);
  const heard = () => world.engine.status().alerts ?? [];
  await until(world, () => world.engine.status().lastSync !== null);
  await world.engine.settled();
  const all = ['Welcome to the new server', 'Down at noon', 'Disk is failing'];
  assert.deepEqual(heard(), all);
  const inbox = await world.folder('INBOX');
  assert.equal(inbox.length, 1, 'and the work goes on');
  server.dropAll();
  await until(world, () => world.engine.status().phase !== 'online');
  world.engine.refresh();
  await until(world, () => world.engine.status().phase === 'online');
  await world.engine.settled();
  assert.deepEqual(heard(), all);
});

test('also where the sign-in is refused with it', async t => {
  const text = 'Please log in via your web browser';
  const action = { t: 'answer', status: 'NO', text: `[ALERT] ${text}` } as const;
  const server = await serverWith(t, {
    commands: ['LOGIN', 'AUTHENTICATE'].map(command => ({ command, times: ALWAYS, action })),
  });
  await using world = await started(server);
  await until(world, () => world.engine.status().phase === 'attention');
  assert.deepEqual(world.engine.status().alerts, [text]);
});

test('a server that never stops saying new things is listened to only so far', async t => {
  const bytes = Array.from(
    { length: 300 },
    (_, n) => `* OK [ALERT] Number ${n} ${'x'.repeat(3000)}\r\n`,
  ).join('');
  const server = await serverWith(t, { commands: [{ command: 'LIST', action: { t: 'raw', bytes } }] });
  await using world = await started(server);
  await until(world, () => world.engine.status().lastSync !== null);
  const { alerts = [] } = world.engine.status();
  assert.equal(alerts.length, 50);
  assert.ok(alerts.every(text => text.length < 1000));
});

test('that a limit is passed is heard without a refusal, with the server’s words', async t => {
  const bytes = '* NO [OVERQUOTA] Soft quota has been exceeded\r\n';
  const server = await serverWith(t, {
    commands: [{ command: 'SELECT', times: ALWAYS, action: { t: 'raw', bytes } }],
  });
  server.deliver('INBOX', message(1));
  await using world = await started(server);
  await until(world, () => world.engine.status().lastSync !== null);
  assert.equal(world.engine.status().overQuota?.text, 'Soft quota has been exceeded');
  assert.equal(world.engine.status().noRoom, undefined);
  assert.equal(world.engine.status().alerts, undefined);
});
