// Drafts, the outbox and sending as the program uses them: with a real store and a scripted submission server.
import assert from 'node:assert/strict';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { envelopeOf } from '../../src/mail/headers.ts';
import { ANSWERED, SEEN } from '../../src/mail/types.ts';
import type { OutboxItem } from '../../src/outgoing/types.ts';
import type { Engine, Phase } from '../../src/sync/types.ts';
import { TmailError } from '../../src/util/errors.ts';
import { startScriptedSmtp } from '../servers/smtp.ts';
import { code } from '../store/harness.ts';
import { accountFor, openWorld } from './world.ts';

test('what is sent reaches its recipients without Bcc, is filed in Sent, and is forgotten', async t => {
  const world = await openWorld(t);
  const { outgoing, smtp } = world;
  outgoing.start();
  const draft = world.draft({ bcc: 'secret@example.org', cc: 'hopper@example.org' });
  const item = await outgoing.send(draft, { undo: 0 });
  assert.deepEqual([item.account, item.subject, item.editable], ['work', draft.subject, true]);
  await world.until(() => world.item(item.id)?.state === 'sent' && smtp.taken.length === 1);
  await outgoing.settled(item.id);
  const [taken] = smtp.taken;
  assert.deepEqual(
    [taken?.from, taken?.recipients],
    ['ada@work.example', ['grace@example.org', 'hopper@example.org', 'secret@example.org']],
  );
  const text = taken?.bytes.toString() ?? '';
  assert.match(text, new RegExp(`^Message-ID: <${item.messageId}>`, 'm'));
  assert.doesNotMatch(text, /secret@|^bcc/im);
  const sent = await world.folder('work', 'sent');
  assert.deepEqual(await world.subjects('work', 'sent'), [draft.subject]);
  assert.equal(sent.flags(sent.uidAt(0) ?? 0), SEEN);
  const kept = await world.store.account('work');
  const [op] = kept.queue();
  assert.deepEqual([op?.t, kept.queue().length], ['append', 1]);
  const raw = sent.raw(sent.uidAt(0) ?? 0);
  assert.ok(raw);
  assert.deepEqual(await kept.raw.read(raw), taken?.bytes);
  assert.deepEqual(await outgoing.drafts(), []);
  assert.deepEqual(kept.outbox?.records(), []);
  assert.deepEqual(
    (await readdir(join(world.dir, 'accounts/work/outbox'))).filter(name => name.endsWith('.eml')),
    [],
  );
});

test('a POP3 account files in its own Sent, and no server has to hear of it', async t => {
  const world = await openWorld(t);
  world.outgoing.start();
  const item = await world.outgoing.send(world.draft({ account: 'home' }), { undo: 0 });
  await world.until(() => world.item(item.id)?.state === 'sent');
  await world.outgoing.settled(item.id);
  assert.deepEqual(await world.subjects('home', 'sent'), ['message 1']);
  assert.deepEqual((await world.store.account('home')).queue(), []);
});

test('where the server files copies by itself, or nobody shall, none is made', async t => {
  const world = await openWorld(t, {
    accounts: port => [
      accountFor('work', 'imap', port, { sentCopy: 'server' }),
      accountFor('home', 'pop3', port, { sentCopy: 'none' }),
    ],
  });
  world.outgoing.start();
  for (const account of ['work', 'home']) {
    const item = await world.outgoing.send(world.draft({ account }), { undo: 0 });
    await world.until(() => world.item(item.id)?.state === 'sent');
    await world.outgoing.settled(item.id);
    assert.deepEqual(await world.subjects(account, 'sent'), []);
  }
});

test('the time to undo: taken back as it was, with its attachments; after it, it goes', async t => {
  const world = await openWorld(t);
  const { outgoing, smtp } = world;
  outgoing.start();
  const path = join(world.dir, 'file.txt');
  await writeFile(path, 'content of the file');
  const first = world.draft();
  const attachment = await outgoing.attachFile(first.id, path);
  assert.deepEqual(
    [attachment.name, attachment.contentType, attachment.size],
    ['file.txt', 'text/plain', 19],
  );
  const draft = { ...first, attachments: [attachment] };
  const item = await outgoing.send(draft, { undo: 60_000 });
  assert.equal(world.item(item.id)?.state, 'undo');
  assert.deepEqual(await outgoing.drafts(), []);
  assert.deepEqual(await outgoing.takeBack(item.id), draft);
  assert.deepEqual(outgoing.outbox(), []);
  assert.deepEqual(
    (await outgoing.drafts()).map(each => each.draft),
    [draft],
  );
  const again = await outgoing.send(draft, { undo: 60 });
  await world.until(() => world.item(again.id)?.state === 'sent');
  assert.match(smtp.taken[0]?.bytes.toString() ?? '', /Y29udGVudCBvZiB0aGUgZmlsZQ==/);
  assert.equal(smtp.taken.length, 1);
  await outgoing.settled(again.id);
  await assert.rejects(outgoing.takeBack(again.id), code('outbox.gone'));
  const now = await outgoing.send(world.draft(), { undo: 60_000 });
  await outgoing.sendNow(now.id);
  await world.until(() => world.item(now.id)?.state === 'sent');
});

test('a refused recipient is named and nobody gets it; the rest does when the person agrees', async t => {
  const world = await openWorld(t, {
    script: { faults: [{ at: 'rcpt', recipient: 'b@example.org', action: '550 5.1.1 no such user' }] },
  });
  const { outgoing, smtp } = world;
  outgoing.start();
  const item = await outgoing.send(world.draft({ to: 'a@example.org, b@example.org' }), { undo: 0 });
  await world.until(() => world.item(item.id)?.state === 'failed');
  assert.equal(smtp.taken.length, 0);
  const failed = world.item(item.id);
  assert.equal(failed?.error?.code, 'smtp.recipients-refused');
  assert.deepEqual(failed?.recipients, [
    { address: 'a@example.org', outcome: 'pending', reply: '' },
    { address: 'b@example.org', outcome: 'refused', reply: '550 5.1.1 no such user' },
  ]);
  await outgoing.retry(item.id);
  await world.until(() => world.item(item.id)?.state === 'failed' && world.item(item.id)?.tries === 1);
  assert.equal(smtp.taken.length, 0, 'asked again for all of them, not sent to some');
  await outgoing.retry(item.id, 'rest');
  await world.until(() => world.item(item.id)?.state === 'sent');
  assert.deepEqual(smtp.taken[0]?.recipients, ['a@example.org']);
  assert.deepEqual(
    world.item(item.id)?.recipients.map(each => each.outcome),
    ['accepted', 'refused'],
  );
  const only = await outgoing.send(world.draft({ to: 'b@example.org' }), { undo: 0 });
  await world.until(() => world.item(only.id)?.state === 'failed');
  await assert.rejects(outgoing.retry(only.id, 'rest'), code('outbox.nobody-left'));
});

test('what is refused for good waits for the person, who changes it and sends it again', async t => {
  const world = await openWorld(t, { script: { faults: [{ at: 'dot', action: '554 5.6.0 no', from: 0 }] } });
  const { outgoing, smtp } = world;
  outgoing.start();
  const item = await outgoing.send(world.draft({ text: 'spam' }), { undo: 0 });
  await world.until(() => world.item(item.id)?.state === 'failed');
  assert.deepEqual(world.item(item.id)?.error?.facts.text, '554 5.6.0 no');
  const draft = await outgoing.takeBack(item.id);
  const second = await outgoing.send({ ...draft, text: 'better' }, { undo: 0 });
  await world.until(() => world.item(second.id)?.state === 'sent');
  assert.match(smtp.taken[0]?.bytes.toString() ?? '', /better/);
});

test('what can not be taken now is tried again by itself, later each time', async t => {
  const world = await openWorld(t, {
    script: { faults: [{ at: 'data', action: '451 4.3.0 later', from: 0 }] },
  });
  const { outgoing, smtp } = world;
  outgoing.start();
  const before = Date.now();
  const item = await outgoing.send(world.draft(), { undo: 0 });
  await world.until(() => world.item(item.id)?.error !== null && world.item(item.id)?.state === 'queued');
  const waiting = world.item(item.id);
  assert.equal(waiting?.error?.code, 'smtp.deferred');
  const wait = (waiting?.notBefore ?? 0) - before;
  assert.ok(wait >= 42_000 && wait <= 70_000, String(wait));
  // Somebody runs `tmail sync`.
  const report = await outgoing.sendAll(['work']);
  assert.deepEqual([report.sent, report.errors, smtp.taken.length], [1, [], 1]);
});

test('without a network everything queues, and goes in order when it is back', async t => {
  const smtp = await startScriptedSmtp();
  const { port } = smtp;
  await smtp.stop();
  const line = fakeEngine('work');
  const world = await openWorld(t, { smtp, deps: { engines: [line.engine] } });
  const { outgoing } = world;
  outgoing.start();
  const items: OutboxItem[] = [];
  for (let i = 0; i < 3; i++) items.push(await outgoing.send(world.draft(), { undo: 0 }));
  await world.until(() => {
    const first = world.item(items[0]?.id ?? '');
    return first?.error?.code === 'net.refused' && first.state === 'queued';
  });
  assert.deepEqual(
    outgoing.outbox().map(each => [each.state, each.tries]),
    [
      ['queued', 0],
      ['queued', 0],
      ['queued', 0],
    ],
  );
  const back = await startScriptedSmtp({ port });
  t.after(() => back.stop());
  line.goes('online');
  await world.until(() => back.taken.length === 3, 'the outbox to go');
  assert.deepEqual(
    back.taken.map(({ bytes }) => /^Subject: (.*)$/m.exec(bytes.toString())?.[1]?.trim()),
    ['message 1', 'message 2', 'message 3'],
  );
  assert.equal(back.connections(), 1);
});

/** An engine of which only the phase matters. */
function fakeEngine(account: string) {
  let phase: Phase = 'offline';
  const listeners = new Set<() => void>();
  const part: Pick<Engine, 'account' | 'status' | 'subscribe'> = {
    account,
    status: () => ({ account, phase, error: null, retryAt: null, progress: [], queued: 0, lastSync: null }),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  // Nothing else of an engine is asked for.
  const engine = part as Engine;
  const goes = (to: Phase) => {
    phase = to;
    for (const listener of listeners) listener();
  };
  return { engine, goes };
}

test('a refused sign-in is tried once, and again when the person did something', async t => {
  const world = await openWorld(t, { script: { user: 'ada', password: 'other' } });
  const { outgoing, smtp } = world;
  outgoing.start();
  const item = await outgoing.send(world.draft(), { undo: 0 });
  await world.until(() => world.item(item.id)?.error?.code === 'auth.refused');
  assert.deepEqual([world.item(item.id)?.state, smtp.connections()], ['queued', 1]);
  await new Promise(resolve => setTimeout(resolve, 50));
  assert.equal(smtp.connections(), 1);
  await outgoing.sendNow(item.id);
  await world.until(() => smtp.connections() === 2);
});

for (const [step, taken] of [
  ['dot', 0],
  ['kept', 1],
] as const) {
  test(`no answer to the end of a message (${step}): the person is asked, and nothing goes unasked`, async t => {
    const world = await openWorld(t, { script: { faults: [{ at: step, action: 'drop', from: 0 }] } });
    const { outgoing, smtp } = world;
    outgoing.start();
    const item = await outgoing.send(world.draft(), { undo: 0 });
    await world.until(() => world.item(item.id)?.state === 'unknown');
    await outgoing.sendAll(['work']);
    assert.deepEqual([smtp.taken.length, world.item(item.id)?.state], [taken, 'unknown']);
    if (taken === 1) {
      await outgoing.assumeSent(item.id);
      await outgoing.settled(item.id);
      assert.deepEqual(await world.subjects('work', 'sent'), ['message 1']);
      assert.equal(smtp.taken.length, 1);
    } else {
      await outgoing.retry(item.id);
      await world.until(() => world.item(item.id)?.state === 'sent');
      assert.match(smtp.taken[0]?.bytes.toString() ?? '', new RegExp(item.messageId));
    }
  });
}

test('what is being handed over can be taken back until its end is sent, not later', async t => {
  const world = await openWorld(t, {
    script: { faults: [{ at: 'rcpt', action: 'silence', from: 0 }] },
    limits: { connectMs: 5000, setUpMs: 5000, commandMs: 5000, endMs: 400, messageMs: 5000 },
  });
  const { outgoing, smtp } = world;
  outgoing.start();
  const item = await outgoing.send(world.draft(), { undo: 0 });
  await world.until(() => smtp.log.some(line => /^RCPT/.test(line)));
  assert.equal(world.item(item.id)?.state, 'sending');
  const draft = await outgoing.takeBack(item.id);
  assert.equal(draft.subject, 'message 1');
  smtp.faults = [{ at: 'dot', action: 'silence' }];
  const late = await outgoing.send(draft, { undo: 0 });
  await world.until(async () => {
    const records = (await world.store.account('work')).outbox?.records() ?? [];
    return records.some(record => record.state === 'sending');
  });
  await assert.rejects(outgoing.takeBack(late.id), code('outbox.too-late'));
  await assert.rejects(outgoing.drop(late.id), code('outbox.too-late'));
});

test('what answers a message marks it; what it replaces goes', async t => {
  const world = await openWorld(t);
  const { outgoing, store } = world;
  outgoing.start();
  const kept = await store.account('work');
  const put = async (role: string, messageId: string) => {
    const folder = await world.folder('work', role);
    const op = await kept.append({
      folder: folder.record.id,
      bytes: Buffer.from(`Message-ID: <${messageId}>\r\nSubject: ${messageId}\r\n\r\n`),
      envelope: {
        subject: messageId,
        ...{ from: [], to: [], cc: [], replyTo: [], date: 1, arrival: 1, inReplyTo: '' },
        ...{ references: [], size: 1, attachments: 0, messageId },
      },
      flags: [],
      date: 1,
      upload: true,
    });
    return { folder, uid: op.targets[0]?.uid ?? 0 };
  };
  const question = await put('inbox', 'q@example.org');
  const earlier = await put('drafts', 'd@example.org');
  const draft = world.draft({
    origin: {
      id: `${question.folder.record.id}:${question.uid}`,
      messageId: 'q@example.org',
      mark: 'answered',
    },
    replaces: { id: `${earlier.folder.record.id}:${earlier.uid}`, messageId: 'd@example.org' },
  });
  const item = await outgoing.send(draft, { undo: 0 });
  await world.until(() => world.item(item.id)?.state === 'sent');
  await outgoing.settled(item.id);
  assert.equal(question.folder.flags(question.uid), ANSWERED | SEEN);
  assert.equal(earlier.folder.length, 0);
  // A number that means another message by now is left alone.
  const other = world.draft({
    origin: {
      id: `${question.folder.record.id}:${question.uid}`,
      messageId: 'x@example.org',
      mark: 'forwarded',
    },
    replaces: { id: `${question.folder.record.id}:${question.uid}`, messageId: 'x@example.org' },
  });
  const second = await outgoing.send(other, { undo: 0 });
  await world.until(() => world.item(second.id)?.state === 'sent');
  await outgoing.settled(second.id);
  assert.equal(question.folder.flags(question.uid), ANSWERED | SEEN);
});

test('a draft put off is a message of Drafts; recalled, changed and put off again it is still one', async t => {
  const world = await openWorld(t);
  const { outgoing } = world;
  for (const account of ['work', 'home']) {
    const path = join(world.dir, 'picture.png');
    await writeFile(path, Buffer.alloc(5000, 7));
    const from = `Ada <ada@${account}.example>`;
    const draft = world.draft({ account, from, bcc: 'secret@example.org', to: 'half an addr' });
    const attachment = await outgoing.attachFile(draft.id, path);
    await outgoing.postpone({ ...draft, attachments: [attachment] });
    assert.deepEqual(await outgoing.drafts(), []);
    let folder = await world.folder(account, 'drafts');
    assert.equal(folder.length, 1);
    const id = `${folder.record.id}:${folder.uidAt(0) ?? 0}` as const;
    const recalled = await outgoing.recall(id, true);
    assert.deepEqual(
      [recalled.bcc, recalled.to, recalled.text.trim(), recalled.subject],
      ['secret@example.org', 'half an addr', 'Hello.', draft.subject],
    );
    assert.deepEqual(
      recalled.attachments.map(({ name, size, contentType }) => [name, size, contentType]),
      [['picture.png', 5000, 'image/png']],
    );
    assert.equal(recalled.replaces?.id, id);
    assert.equal((await outgoing.recall(id, true)).id, recalled.id, 'it is open already');
    const kept = await outgoing.postpone({ ...recalled, subject: `${draft.subject} changed` });
    folder = await world.folder(account, 'drafts');
    assert.deepEqual(await world.subjects(account, 'drafts'), [`${draft.subject} changed`]);
    assert.equal(kept, `${folder.record.id}:${folder.uidAt(0) ?? 0}`);
    assert.deepEqual(await outgoing.drafts(), []);
  }
});

test('a draft recalled from the HTML of another program remembers, on the disk too, that nobody agreed to its loss', async t => {
  const world = await openWorld(t);
  const kept = await world.store.account('work');
  const folder = await world.folder('work', 'drafts');
  const bytes = Buffer.from(
    'Message-ID: <h@example.org>\r\nContent-Type: text/html\r\n\r\n<p>See <a href="https://x.org/">there</a>.</p>\r\n',
  );
  const envelope = envelopeOf(bytes, { size: bytes.length, arrival: 1 });
  const message = { folder: folder.record.id, bytes, envelope, flags: [], date: 1, upload: true };
  const { targets } = await kept.append(message);
  const id = `${folder.record.id}:${targets[0]?.uid ?? 0}` as const;
  const recalled = await world.outgoing.recall(id, true);
  assert.equal(recalled.text, 'See there [1].\n\n[1] https://x.org/\n');
  assert.deepEqual([recalled.losesHtml, recalled.replaces?.id], [true, id]);
  assert.equal((await world.outgoing.drafts())[0]?.draft.losesHtml, true);
  await world.outgoing.discardDraft(recalled.id);
  assert.equal((await world.outgoing.recall(id, false)).losesHtml, undefined, 'nothing is replaced');
});

test('files that can not go along say why', async t => {
  const world = await openWorld(t);
  const { outgoing } = world;
  const id = outgoing.newDraftId();
  await assert.rejects(outgoing.attachFile(id, join(world.dir, 'absent')), code('attach.missing'));
  await assert.rejects(outgoing.attachFile(id, world.dir), code('attach.directory'));
  await assert.rejects(outgoing.attachFile(id, '/dev/null'), code('attach.unreadable'));
  await assert.rejects(outgoing.attachFile('../../evil', '/etc/hostname'), code('id.malformed'));
});

test('the folder for what is sent is made where there is none', async t => {
  const world = await openWorld(t, { bare: true });
  const kept = await world.store.account('work');
  await kept.setFolders([]);
  world.outgoing.start();
  const item = await world.outgoing.send(world.draft(), { undo: 0 });
  await world.until(() => world.item(item.id)?.state === 'sent');
  await world.outgoing.settled(item.id);
  assert.deepEqual(await world.subjects('work', 'sent'), ['message 1']);
  assert.deepEqual(
    kept.folders().map(({ path, role, remote }) => [path, role, remote]),
    [['Sent', 'sent', false]],
  );
});

test('what can not be sent is said at once: no recipient, no server, an unknown account', async t => {
  const world = await openWorld(t, {
    accounts: port => [
      accountFor('work', 'imap', port),
      accountFor('mute', 'imap', port, { outgoing: null }),
    ],
  });
  const { outgoing } = world;
  const send = (more: Parameters<typeof world.draft>[0]) => outgoing.send(world.draft(more), { undo: 0 });
  await assert.rejects(send({ to: '' }), code('compose.no-recipient'));
  await assert.rejects(send({ account: 'mute' }), code('send.no-server'));
  await assert.rejects(send({ account: 'nobody' }), code('account.unknown'));
  assert.deepEqual(outgoing.outbox(), []);
  assert.equal((await outgoing.drafts()).length, 1, 'what was written is kept');
});

test('everything that is kept is for nobody else', async t => {
  const world = await openWorld(t);
  const draft = world.draft();
  const path = join(world.dir, 'f');
  await writeFile(path, 'x', { mode: 0o644 });
  const attachment = await world.outgoing.attachFile(draft.id, path);
  await world.outgoing.saveDraft({ ...draft, attachments: [attachment] });
  await world.outgoing.send(world.draft(), { undo: 60_000 });
  for (const part of ['drafts', 'accounts/work/outbox', 'accounts/work']) {
    for (const entry of await readdir(join(world.dir, part), { withFileTypes: true, recursive: true })) {
      const { mode } = await stat(join(entry.parentPath, entry.name));
      assert.equal(mode & 0o777, entry.isDirectory() ? 0o700 : 0o600, entry.name);
    }
  }
});

test('two at once with one draft: only one goes', async t => {
  const world = await openWorld(t);
  const draft = world.draft();
  const both = await Promise.allSettled([
    world.outgoing.send(draft, { undo: 0 }),
    world.outgoing.send(draft, { undo: 0 }),
  ]);
  assert.deepEqual(both.map(each => each.status).sort(), ['fulfilled', 'rejected']);
  const refused = both.find(each => each.status === 'rejected')?.reason;
  assert.ok(refused instanceof TmailError && refused.code === 'outbox.too-late');
});
