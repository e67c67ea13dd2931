// tmail send, tmail outbox and what tmail sync makes of an outbox: the built program, alone and beside an open one.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startImapServer } from '../../src/demo/imap-server.ts';
import { freePorts } from '../servers/ports.ts';
import { type ScriptedSmtp, type SmtpScript, startScriptedSmtp } from '../servers/smtp.ts';
import { type Place, place } from './place.ts';
import { tmail } from './program.ts';

async function world(t: TestContext, script: SmtpScript = {}) {
  const smtp = await startScriptedSmtp({ user: 'ada', password: 'secret', ...script });
  const imap = await startImapServer({
    users: { ada: 'secret' },
    mailboxes: [{ name: 'Sent', use: '\\Sent' }],
  });
  t.after(async () => {
    await smtp.stop();
    await imap.stop();
  });
  const server = (port: number) => ({ host: '127.0.0.1', port, security: 'none', user: 'ada' });
  const more = { email: 'ada@example.org', name: 'Ada', outgoing: server(smtp.port) };
  const here = await place(t, server(imap.port), more);
  return { smtp, imap, here };
}

const header = (smtp: ScriptedSmtp, name: string, n = 0): string | undefined =>
  new RegExp(`^${name}: (.*)$`, 'im').exec(smtp.taken[n]?.bytes.toString() ?? '')?.[1]?.trim();

/** Until the returned function is called. */
async function owner(t: TestContext, { env }: Place): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, ['.build/test/cli/owner.child.js'], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const leave = async () => {
    if (child.exitCode !== null) return;
    child.stdin.end();
    await once(child, 'exit');
  };
  t.after(leave);
  return leave;
}

test('the text on standard input goes to whom the arguments say, with files', async t => {
  const { smtp, here } = await world(t);
  const file = join(here.dir, 'notes.txt');
  await writeFile(file, 'attached text');
  const argv = ['send', '-s', 'Grüße', '-c', 'c@example.org', '-b', 'blind.one@example.org', '-a', file];
  const ran = await tmail([...argv, 'Grace <g@example.org>', '--json'], {
    ...here,
    input: 'Hello, world.\n',
  });
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
  const said = JSON.parse(ran.stdout);
  assert.deepEqual([said.account, said.state, said.error], ['work', 'sent', null]);
  assert.deepEqual(smtp.taken[0]?.recipients, ['g@example.org', 'c@example.org', 'blind.one@example.org']);
  assert.equal(header(smtp, 'From'), 'Ada <ada@example.org>');
  assert.equal(header(smtp, 'Message-ID'), `<${said.messageId}>`);
  const text = smtp.taken[0]?.bytes.toString() ?? '';
  assert.match(text, /Hello, world\./);
  assert.match(text, /filename=notes\.txt/);
  assert.doesNotMatch(text, /blind\.one/);
});

test('beside an open screen its process sends, and tmail sync files and counts', async t => {
  const { smtp, imap, here } = await world(t);
  const leave = await owner(t, here);
  const ran = await tmail(['send', '-s', 'one', 'g@example.org'], { ...here, input: 'x' });
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, '', '']);
  assert.equal(smtp.taken.length, 1);
  const synced = await tmail(['sync', '--json'], here);
  assert.equal(synced.status, 0, synced.stderr);
  assert.equal(imap.folder('Sent').messages.length, 1);
  assert.deepEqual(imap.folder('Sent').messages[0]?.raw, smtp.taken[0]?.bytes);
  await leave();
});

test('without a network it waits, exit status 75; the next sync sends it and files it', async t => {
  const { smtp, imap, here } = await world(t);
  const { port } = smtp;
  await smtp.stop();
  const ran = await tmail(['send', '-s', 'later', 'g@example.org'], { ...here, input: 'x' });
  assert.equal(ran.status, 75);
  assert.match(ran.stderr, /refuses connections.*\n.*waits in the outbox/);
  const listed = await tmail(['outbox', '--json'], here);
  const [item] = listed.stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  assert.deepEqual(
    [item.state, item.subject, item.recipients[0].address],
    ['queued', 'later', 'g@example.org'],
  );
  const still = await tmail(['sync', '--json'], here);
  assert.deepEqual([still.status, JSON.parse(still.stdout).sent], [75, 0]);
  const back = await startScriptedSmtp({ user: 'ada', password: 'secret', port });
  t.after(() => back.stop());
  const synced = await tmail(['sync', '--json'], here);
  assert.deepEqual([synced.status, JSON.parse(synced.stdout).sent], [0, 1], synced.stderr);
  assert.equal(back.taken.length, 1);
  assert.equal(imap.folder('Sent').messages.length, 1);
  assert.equal((await tmail(['outbox'], here)).stdout, '');
});

test('what is refused is exit status 1 with the words of the server; retried, dropped', async t => {
  const { smtp, here } = await world(t, {
    faults: [{ at: 'rcpt', recipient: 'no@example.org', action: '550 5.1.1 no such user' }],
  });
  const ran = await tmail(['send', '--json', 'no@example.org', 'yes@example.org'], { ...here, input: 'x' });
  assert.equal(ran.status, 1);
  assert.match(ran.stderr, /no@example\.org: 550 5\.1\.1 no such user/);
  const { id } = JSON.parse(ran.stdout);
  assert.equal(smtp.taken.length, 0);
  const again = await tmail(['outbox', 'retry', id], here);
  assert.equal(again.status, 1, again.stderr);
  assert.equal((await tmail(['outbox', 'retry', id, '--rest'], here)).status, 0);
  assert.deepEqual(smtp.taken[0]?.recipients, ['yes@example.org']);
  const second = JSON.parse(
    (await tmail(['send', '--json', 'no@example.org'], { ...here, input: 'x' })).stdout,
  );
  assert.equal((await tmail(['outbox', 'drop', second.id], here)).status, 0);
  assert.equal((await tmail(['outbox'], here)).stdout, '');
  assert.equal((await tmail(['outbox', 'drop', second.id], here)).status, 1);
  assert.equal((await tmail(['outbox', 'retry'], here)).status, 2);
});

test('a whole message goes as it is but for Bcc, to whom its header says', async t => {
  const { smtp, here } = await world(t);
  const message =
    'From: Ada <ada@example.org>\nTo: a@example.org,\n b@example.org\nBcc: blind.one@example.org\nSubject: =?utf-8?q?=C3=BC?=\n\n.\nfrom\nü\n';
  const ran = await tmail(['send', '--message', '-'], { ...here, input: message });
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
  assert.deepEqual(smtp.taken[0]?.recipients, ['a@example.org', 'b@example.org', 'blind.one@example.org']);
  const text = smtp.taken[0]?.bytes.toString() ?? '';
  assert.doesNotMatch(text, /^bcc|blind\.one/im);
  assert.match(text, /^Date: .*\r\n/m);
  assert.match(text, /^Message-ID: <.*@example\.org>\r\n/m);
  assert.ok(text.endsWith('\r\n\r\n.\r\nfrom\r\nü\r\n'), JSON.stringify(text));
  const file = join(here.dir, 'm.eml');
  await writeFile(file, 'To: x@example.org\r\nMessage-ID: <own@id>\r\n\r\nbody\r\n');
  assert.equal((await tmail(['send', '--message', file], here)).status, 0);
  assert.equal(header(smtp, 'Message-ID', 1), '<own@id>');
  assert.equal((await tmail(['send', '--message'], { ...here, input: 'no header at all' })).status, 1);
  const nobody = await tmail(['send', '--message'], { ...here, input: 'Subject: x\n\nbody' });
  assert.match(nobody.stderr, /no recipient/);
});

test('wrong usage is exit status 2 and sends nothing', async t => {
  const { smtp, here } = await world(t);
  for (const argv of [['send'], ['send', '--message', '-', 'a@b.c'], ['outbox', 'retyr', 'x']]) {
    assert.equal((await tmail(argv, { ...here, input: 'x' })).status, 2, argv.join(' '));
  }
  const bad = await tmail(['send', 'nobody'], { ...here, input: 'x' });
  assert.equal(bad.status, 1);
  const missing = await tmail(['send', '-a', '/absent', 'a@example.org'], { ...here, input: 'x' });
  assert.match(missing.stderr, /\/absent does not exist/);
  assert.equal(smtp.taken.length, 0);
  assert.equal((await tmail(['outbox'], here)).stdout, '');
});

test('no server for outgoing mail is said as such', async t => {
  const [port = 0] = await freePorts(1);
  const here = await place(t, { host: '127.0.0.1', port, security: 'none' });
  const ran = await tmail(['send', 'g@example.org'], { ...here, input: 'x' });
  assert.match(ran.stderr, /names no server for outgoing mail/);
  assert.equal(ran.status, 2);
});
