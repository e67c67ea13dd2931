// Marks of both accounts go to a folder of one of them by one key: one sentence, one step, taken back as one.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { envelopeOf } from '../../src/mail/headers.ts';
import type { Operation } from '../../src/store/types.ts';
import { info, ownedStore, temporaryDirectory } from '../store/harness.ts';
import { NOW, testConfig, world } from './fakes.ts';

const HOUR = 3_600_000;
const WORK = ['1', '2', '3', '4', '5'] as const;
const HOME = ['6', '7', '8'] as const;
const VALIDITY = '7';

/**
 * `work` on an IMAP server with five messages, `home` only here with three; the list shows both inboxes.
 * @param absent of `home`: not on this computer
 */
async function both(t: TestContext, absent: readonly string[] = []) {
  const { store } = await ownedStore(t, await temporaryDirectory(t));
  const work = await store.account('work');
  const home = await store.account('home');
  await work.setFolders([info('INBOX', { role: 'inbox' }), info('Archive', { role: 'archive' })]);
  await home.setFolders([info('Inbox', { remote: false, role: 'inbox' })]);
  const folders = async () => [
    await work.folder(work.folders()[0]?.id ?? 'a:0'),
    await work.folder(work.folders()[1]?.id ?? 'a:0'),
    await home.folder(home.folders()[0]?.id ?? 'a:0'),
  ];
  const [inbox, archive, here] = await folders();
  assert.ok(inbox && archive && here);
  const sync = { uidValidity: VALIDITY, uidNext: 9, highestModseq: null, filledDownTo: 1 };
  await archive.apply({ sync }, 'now');
  for (const subject of [...WORK, ...HOME]) {
    const [account, folder] = WORK.some(each => each === subject) ? [work, inbox] : [home, here];
    const remote =
      account === work ? ({ t: 'imap', uidValidity: VALIDITY, uid: Number(subject) } as const) : null;
    const bytes = Buffer.from(`Message-ID: <${subject}@x>\r\nSubject: ${subject}\r\n\r\nbody ${subject}\r\n`);
    const arrival = NOW - (9 - Number(subject)) * HOUR;
    const envelope = { ...envelopeOf(bytes, { size: bytes.length, arrival }), date: arrival };
    const uid = folder.reserve(1);
    const of = { folder: folder.record.id, uid, remote, partial: false };
    const raw = absent.includes(subject) ? undefined : await account.raw.write(bytes, of);
    const change = { put: [{ uid, remote, flags: [], envelope, ...(raw && { raw }) }] };
    await folder.apply(account === work ? { ...change, sync } : change, 'now');
  }
  const config = testConfig(['work', 'home']);
  const accounts = config.accounts.map(each =>
    each.id === 'home' ? { ...each, protocol: 'pop3' as const } : each,
  );
  const start = { account: null, folder: null };
  const w = await world({
    accounts: ['work', 'home'],
    deps: { store, config: { ...config, accounts }, start },
  });
  let uid = 100;
  const does = async (op: Operation): Promise<void> => {
    await work.attempt(op.id);
    uid += 1;
    const place = { t: 'imap', uidValidity: VALIDITY, uid } as const;
    if (op.t === 'append') await work.appended(op.id, place);
    if (op.t === 'move' || op.t === 'copy') {
      const places = op.targets.map((_, n) => ({ ...place, uid: uid + n }));
      uid += places.length;
      await work.moved(op.id, places);
    }
    await work.settled(op.id);
  };
  return {
    ...w,
    work,
    said: () => w.app.state.get().toast?.text ?? '',
    log: () => w.app.state.get().log.map(({ text }) => text),
    steps: () => w.app.state.get().undo.map(({ what, deed }) => `${what}, ${deed}`),
    /** Subjects in work's inbox, in work's archive and in home's inbox. */
    where: async (): Promise<string[][]> => {
      const found: string[][] = [];
      for (const folder of [inbox, archive, here]) {
        const subjects: string[] = [];
        for await (const { envelope } of folder.scan()) subjects.push(envelope.subject);
        found.push(subjects.sort());
      }
      return found;
    },
    /** The server of `work` does all that waits for it. */
    serve: async (): Promise<void> => {
      for (let [op] = work.queue(); op; [op] = work.queue()) await does(op);
      await new Promise(resolve => setTimeout(resolve, 50));
    },
    press: async (...keys: string[]): Promise<void> => {
      w.press(...keys);
      await w.app.settled();
    },
  };
}

const BEFORE = [[...WORK], [], [...HOME]];
const ALL = [...WORK, ...HOME];

for (const when of ['before the server has them', 'when the server has them']) {
  test(`marks of both accounts are moved by one key in one step, and come back by one u ${when}`, async t => {
    const it = await both(t);
    await it.press('%', 's', ...'work archive', 'enter');
    assert.equal(it.said(), 'Moved 8 messages to work / Archive. u to undo.');
    assert.deepEqual(it.steps(), ['8 messages, moved to work / Archive']);
    assert.deepEqual(await it.where(), [[], ALL, []]);
    if (when === 'when the server has them') await it.serve();
    await it.press('u');
    assert.equal(it.said(), 'Taken back: 8 messages (moved to work / Archive).');
    assert.deepEqual(await it.where(), BEFORE);
    assert.deepEqual(it.steps(), []);
  });

  test(`marks of both accounts are copied by one key in one step, and the copies go by one u ${when}`, async t => {
    const it = await both(t);
    await it.press('%', 'g', 'C', ...'work archive', 'enter');
    assert.equal(it.said(), 'Copied 8 messages to work / Archive. u to undo.');
    assert.deepEqual(it.steps(), ['8 messages, copied to work / Archive']);
    assert.deepEqual(await it.where(), [[...WORK], ALL, [...HOME]]);
    if (when === 'when the server has them') await it.serve();
    await it.press('u');
    assert.deepEqual(await it.where(), BEFORE);
    assert.deepEqual(it.steps(), []);
  });
}

test('u at the moment of such a move takes all of it back', async t => {
  const it = await both(t);
  await it.press('%', 's', ...'work archive');
  await it.press('enter', 'u');
  assert.deepEqual(await it.where(), BEFORE);
  assert.deepEqual(it.steps(), []);
  assert.equal(it.said(), 'Taken back: 8 messages (moved to work / Archive).');
});

test('marks of both accounts are moved to a new folder in one step', async t => {
  const it = await both(t);
  await it.press('%', 's', ...'Mill', 'enter');
  assert.match(it.said(), /^Moved 8 messages to (work|home) \/ Mill\. u to undo\.$/);
  assert.deepEqual(
    it.steps().filter(step => step.startsWith('8 messages')),
    ['8 messages, moved to Mill'],
  );
  await it.press('u');
  assert.deepEqual(await it.where(), BEFORE);
});

test('what can not be moved is left out of the count, and the rest comes back', async t => {
  const it = await both(t, ['7']);
  await it.press('%', 's', ...'work archive', 'enter');
  assert.deepEqual(it.log().slice(-2), [
    'Moved 7 messages to work / Archive. u to undo.',
    `Not moved, because it is not on this computer and can't be fetched now: "7".`,
  ]);
  assert.deepEqual(await it.where(), [[], ALL.filter(each => each !== '7'), ['7']]);
  await it.press('u');
  assert.deepEqual(await it.where(), BEFORE);
});

test('a half that is not where it was put is said, and the other half comes back', async t => {
  const it = await both(t);
  await it.press('%', 's', ...'work archive', 'enter');
  await it.serve();
  const [, archive] = it.work.folders();
  const folder = await it.work.folder(archive?.id ?? 'a:0');
  const gone: number[] = [];
  // Another client takes away what came from home.
  for await (const { uid, envelope } of folder.scan())
    if (HOME.some(each => each === envelope.subject)) gone.push(uid);
  await folder.apply({ remove: gone }, 'now');
  await it.press('u');
  assert.deepEqual(await it.where(), [[...WORK], [], []]);
  assert.equal(it.said(), '3 messages are not where they were put any more.');
});

test('of two marks of which one can not be moved, the other is not called a message without a subject', async t => {
  const it = await both(t, ['7']);
  for (const other of ['1', '8']) {
    for (const one of ['7', other]) await it.press('~', ...`subject:${one}`, 'enter');
    await it.press('s', ...'work archive', 'enter');
    assert.equal(it.log().at(-2), 'Moved to work / Archive: 1 message. u to undo.');
    await it.press('u', 'esc');
    assert.deepEqual(await it.where(), BEFORE);
  }
});

test('a move that ends after something else was done does not say that u takes it back', async t => {
  const it = await both(t);
  await it.press('%', 's', ...'work archive');
  await it.press('enter', 'F');
  assert.equal(it.said(), 'Moved 8 messages to work / Archive.');
  assert.equal(it.steps().length, 2);
});
