// The whole way out on the demo's servers: a mail to oneself comes back by push, Sent and Drafts are the server's, and
// real SMTP over TLS and STARTTLS by smtp-server.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { SMTPServer } from 'smtp-server';
import { startDemo } from '../../src/demo/demo.ts';
import type { Draft } from '../../src/mail/compose/types.ts';
import { createOutgoing } from '../../src/outgoing/outgoing.ts';
import { openStore } from '../../src/store/store.ts';
import type { FolderStore } from '../../src/store/types.ts';
import { createEngineFor } from '../../src/sync/create.ts';
import { openSmtp } from '../../src/sync/smtp/client.ts';
import { createParser } from '../../src/worker/client.ts';
import { makeCertificate } from '../servers/certificates.ts';
import { MEMORY } from '../store/harness.ts';

async function demoWorld(t: TestContext) {
  const demo = await startDemo({ arrivals: null });
  const dir = await mkdtemp(join(MEMORY, 'tmail-demo-'));
  const store = await openStore({ dir, mode: 'owner', groupMs: 5 });
  const [account] = demo.config.accounts;
  assert.ok(account);
  const engine = await createEngineFor({ ...account, offline: 'headers' }, store, {
    password: async () => 'demo',
  });
  const parser = createParser({ workerUrl: null });
  const outgoing = createOutgoing({
    config: demo.config,
    store,
    engines: [engine],
    parser: () => parser,
    password: async () => 'demo',
  });
  t.after(async () => {
    await outgoing.close();
    await engine.stop();
    await parser.close();
    await store.close();
    await demo.stop();
    await rm(dir, { recursive: true, force: true });
  });
  engine.start();
  await engine.settled();
  const kept = await store.account(account.id);
  const folder = async (role: string): Promise<FolderStore> => {
    const id = kept.folders().find(each => each.role === role)?.id ?? 'demo:0';
    const opened = await kept.folder(id);
    await opened.loadAll();
    return opened;
  };
  const until = async (holds: () => boolean | Promise<boolean>, what: string): Promise<void> => {
    const deadline = Date.now() + 10_000;
    let wake: () => void = () => undefined;
    const stops = [
      store.subscribe(() => wake()),
      outgoing.subscribe(() => wake()),
      engine.subscribe(() => wake()),
    ];
    try {
      while (!(await holds())) {
        assert.ok(Date.now() < deadline, `waited in vain for ${what}`);
        await new Promise<void>(resolve => {
          wake = resolve;
          setTimeout(resolve, 50);
        });
      }
    } finally {
      for (const stop of stops) stop();
    }
  };
  return { demo, account, store, kept, engine, outgoing, folder, until };
}

const newestSubject = (folder: FolderStore): string | undefined =>
  folder.envelope(folder.uidAt(0) ?? 0)?.subject;

test('a mail to oneself arrives by push, its copy is in Sent once, the answered mail is marked', async t => {
  const { account, outgoing, engine, folder, until, demo, kept } = await demoWorld(t);
  outgoing.start();
  const inbox = await folder('inbox');
  engine.show(inbox.record.id);
  await engine.settled();
  await inbox.ensure(0, 0);
  const answered = inbox.uidAt(0) ?? 0;
  const sent = await folder('sent');
  const before = sent.length;
  const now = Date.now();
  const draft: Draft = {
    id: outgoing.newDraftId(),
    account: account.id,
    from: `Ada <${account.email}>`,
    to: account.email,
    cc: '',
    bcc: '',
    replyTo: '',
    subject: 'A note to myself',
    text: 'Remember.\n',
    format: 'plain',
    attachments: [],
    inReplyTo: '',
    references: [],
    origin: {
      id: `${inbox.record.id}:${answered}`,
      messageId: inbox.envelope(answered)?.messageId ?? '',
      mark: 'answered',
    },
    dsn: false,
    replaces: null,
    resend: null,
    created: now,
    changed: now,
  };
  await outgoing.postpone(draft);
  const drafts = await folder('drafts');
  await until(() => kept.queue().length === 0, 'the draft to go up');
  assert.ok(demo.imap.folder('Drafts').messages.some(({ raw }) => /A note to myself/.test(raw.toString())));
  const recalled = await outgoing.recall(`${drafts.record.id}:${drafts.uidAt(0) ?? 0}`, true);
  assert.deepEqual(recalled.origin, draft.origin);
  const item = await outgoing.send(recalled, { undo: 0 });
  await until(() => newestSubject(inbox) === 'A note to myself', 'the mail to arrive');
  await until(
    async () => (await outgoing.settled(item.id)).state === 'sent' && kept.queue().length === 0,
    'filing',
  );
  engine.refresh();
  await engine.settled();
  assert.equal(sent.length, before + 1);
  const onServer = (name: string) =>
    demo.imap.folder(name).messages.filter(({ raw }) => /^Subject: A note to myself/m.test(raw.toString()));
  assert.equal(onServer('Sent').length, 1);
  assert.ok(onServer('Sent')[0]?.flags.has('\\Seen'));
  assert.equal(onServer('Drafts').length, 0, 'the draft went with it');
  assert.equal(onServer('INBOX').length, 1);
  const remote = inbox.remote(answered);
  assert.ok(remote?.t === 'imap');
  assert.ok(demo.imap.folder('INBOX').byUid(remote.uid)?.flags.has('\\Answered'));
  assert.deepEqual(demo.imap.defects(), []);
});

for (const implicit of [true, false]) {
  test(`smtp-server over ${implicit ? 'TLS' : 'STARTTLS'} takes a message as it was`, async t => {
    const dir = await mkdtemp(join(MEMORY, 'tmail-smtp-server-'));
    const { cert, key } = await makeCertificate(dir);
    const taken: { bytes: Buffer; to: string[] }[] = [];
    const server = new SMTPServer({
      secure: implicit,
      cert: await readFile(cert),
      key: await readFile(key),
      authMethods: ['LOGIN', 'CRAM-MD5'],
      logger: false,
      size: 20_000_000,
      onAuth(auth, _session, callback) {
        const ok = auth.username === 'ada' && (auth.password === 'secret' || auth.validatePassword('secret'));
        if (ok) callback(null, { user: 'ada' });
        else callback(new Error('no'));
      },
      onRcptTo({ address }, _session, callback) {
        if (address.startsWith('no')) callback(Object.assign(new Error('unknown'), { responseCode: 550 }));
        else callback();
      },
      onData(stream, session, callback) {
        const chunks: Buffer[] = [];
        stream.on('data', chunk => chunks.push(chunk));
        stream.on('end', () => {
          taken.push({
            bytes: Buffer.concat(chunks),
            to: session.envelope.rcptTo.map(({ address }) => address),
          });
          callback();
        });
      },
    });
    server.on('error', () => undefined);
    const listener = server.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    t.after(async () => {
      await new Promise<void>(resolve => server.close(resolve));
      await rm(dir, { recursive: true, force: true });
    });
    const security = implicit ? 'tls' : 'starttls';
    const settings = { host: '127.0.0.1', port, security, user: 'ada', tls: { ca: cert } } as const;
    const password = async () => 'secret';
    const client = await openSmtp({ server: settings, password }, new AbortController().signal);
    const bytes = Buffer.from(`Subject: x\r\n\r\n.\r\n${'ü line\r\n'.repeat(200_000)}`);
    const rest = {
      from: 'ada@example.org',
      bytes,
      eightBit: true,
      dsn: false,
      ending: async () => undefined,
    };
    const refused = await client.send({ ...rest, to: ['yes@example.org', 'no@example.org'] });
    assert.ok(refused.t === 'refused');
    assert.equal(taken.length, 0);
    const sent = await client.send({ ...rest, to: ['yes@example.org', 'jürgen@example.org'] });
    assert.equal(sent.t, 'sent');
    assert.deepEqual(taken[0]?.to, ['yes@example.org', 'jürgen@example.org']);
    assert.ok(taken[0]?.bytes.equals(bytes));
    client.quit();
  });
}
