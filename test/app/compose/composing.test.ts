import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { draftOf, writingIn } from '../../../src/app/compose/writing.ts';
import { textOf } from '../../../src/app/editor/editor.ts';
import { target } from '../../../src/app/selectors.ts';
import { topLayer } from '../../../src/app/state.ts';
import type { Draft, DraftAttachment } from '../../../src/mail/compose/types.ts';
import { splitMessageId } from '../../../src/mail/ids.ts';
import { DRAFT, SEEN } from '../../../src/mail/types.ts';
import { TmailError } from '../../../src/util/errors.ts';
import { idOf, parsed, testConfig, type World, world } from '../fakes.ts';

const top = (w: World) => topLayer(w.app.state.get()).t;
const toast = (w: World) => w.app.state.get().toast?.text ?? '';
const said = (w: World) => w.app.state.get().log.map(entry => entry.text);
const writing = (w: World) => {
  const found = writingIn(w.app.state.get());
  assert.ok(found, 'no draft is on the screen');
  return found;
};
const text = (w: World) => textOf(writing(w).editor);
const type = (w: World, words: string) => w.press(...[...words].map(key => (key === ' ' ? 'space' : key)));

/** A new message to Ada, on the screen. */
async function written(
  w: World,
  to = 'ada@analytical.example',
  subject = 'Cards',
  words = 'Hello.',
): Promise<void> {
  w.press('m');
  await w.app.settled();
  type(w, to);
  w.press('tab', 'tab');
  type(w, subject);
  w.press('tab');
  type(w, words);
}

test('what is typed while the terminal is too small is kept, and nothing else is done to the message', async () => {
  const w = await world();
  await written(w);
  w.app.resize({ columns: 30, rows: 6 });
  w.press('enter');
  type(w, 'More wordx');
  w.press('backspace', 's', 'C-a', 'C-k', 'C-x', 'C-s', 'M-enter', 'esc', 'C-u');
  w.app.paste(' and more');
  assert.equal(top(w), 'compose');
  w.app.resize({ columns: 80, rows: 24 });
  assert.equal(text(w), 'Hello.\nMore words and more');
  assert.deepEqual(w.outgoing.outbox(), []);
});

test('m opens the composer; fields and text are typed, ^X sends, u takes it back into the composer', async () => {
  const w = await world();
  await written(w);
  assert.deepEqual(
    { to: draftOf(writing(w)).to, subject: draftOf(writing(w)).subject, text: text(w) },
    { to: 'ada@analytical.example', subject: 'Cards', text: 'Hello.' },
  );
  w.press('C-x');
  await w.app.settled();
  assert.equal(top(w), 'list');
  assert.equal(w.app.state.get().drafts.length, 0);
  assert.match(toast(w), /Sending in 10 s; u takes it back: Cards/);
  const [item] = w.outgoing.outbox();
  assert.equal(item?.state, 'undo');
  w.press('u');
  await w.app.settled();
  assert.equal(top(w), 'compose');
  assert.equal(text(w), 'Hello.');
  assert.equal(w.outgoing.outbox().length, 0);
});

test('a field is taken back word by word and done again, a paste and a cut as one step, whatever field is next', async () => {
  const w = await world();
  w.press('m');
  await w.app.settled();
  type(w, 'ada@x.org');
  w.press('tab', 'tab');
  type(w, 'Old news');
  w.app.paste(', with a paste');
  w.press('C-k', 'C-_');
  const subject = () => draftOf(writing(w)).subject;
  const back = [subject()];
  for (let i = 0; i < 4; i++) {
    w.press('C-_');
    back.push(subject());
  }
  assert.deepEqual(back, ['Old news, with a paste', 'Old news', 'Old ', 'Old', '']);
  w.press('C-_');
  assert.match(toast(w), /nothing to undo in this field/);
  w.press('M-e', 'M-e');
  assert.equal(subject(), 'Old ');
  type(w, 'hat');
  w.press('M-e');
  assert.equal(subject(), 'Old hat');
  w.press('S-tab', 'S-tab', 'C-_');
  assert.deepEqual([draftOf(writing(w)).to, subject()], ['', 'Old hat']);
});

test('u takes back what was done last, and a message that has gone no more', async () => {
  const w = await world();
  await written(w);
  w.press('C-x');
  await w.app.settled();
  const id = w.outgoing.outbox()[0]?.id ?? '';
  w.outgoing.become(id, { state: 'sending' });
  w.outgoing.become(id, { state: 'sent' });
  assert.match(toast(w), /^Sent: Cards/);
  w.press('u');
  assert.doesNotMatch(toast(w), /Not sent/);
  assert.equal(w.outgoing.outbox()[0]?.state, 'sent');
});

test('what is typed before an answer is ready waits, and is no command', async () => {
  const w = await world();
  w.press('r', 'd', 'D', 'y', 'q');
  assert.equal(w.app.state.get().drafts.length, 0);
  await w.app.settled();
  assert.match(text(w), /dDyq/);
  assert.deepEqual(w.store.operations, []);
  assert.equal(w.app.state.get().quitting, false);
});

test('a paste before an answer is ready waits as well', async () => {
  const w = await world();
  w.press('m');
  w.app.paste('ada@analytical.example\ncharles@analytical.example\n');
  await w.app.settled();
  assert.equal(writing(w).fields.to.text, 'ada@analytical.example, charles@analytical.example');
});

test('Esc gives up an answer that is not ready, and its draft is not left behind', async () => {
  const w = await world();
  w.press('r', 'x', 'esc');
  assert.equal(top(w), 'list');
  await w.app.settled();
  assert.equal(top(w), 'list');
  assert.equal(w.app.state.get().drafts.length, 0);
  assert.ok(w.outgoing.calls.some(call => call.startsWith('discard')));
});

test('answering a message that is not here fetches it; without a connection it says so and leaves nothing', async () => {
  const w = await world();
  const uid = w.inbox.add({ subject: 'Only there' }, 0, false);
  w.press('g', 'g', 'r');
  await w.app.settled();
  assert.equal(top(w), 'list');
  assert.match(toast(w), /not on this computer, and there is no connection/);
  const engine = w.engines[0];
  assert.ok(engine);
  engine.onBody = () => {
    const entry = w.inbox.entries.get(uid);
    if (entry) entry.raw = true;
    return Promise.resolve();
  };
  w.press('r');
  await w.app.settled();
  assert.ok(engine.calls.includes(`body ${idOf(w.inbox, uid)}`));
  assert.equal(top(w), 'compose');
  assert.equal(writing(w).draft.origin?.id, idOf(w.inbox, uid));
});

test('reply, reply to all and forward begin as they should, with the caret where one writes', async () => {
  const w = await world();
  const message = parsed({
    cc: [{ name: 'Charles', address: 'charles@analytical.example' }],
    parts: [
      {
        n: 1,
        section: '2',
        filename: 'a.pdf',
        contentType: 'application/pdf',
        size: 10,
        disposition: 'attachment',
        contentId: null,
        omitted: false,
      },
    ],
  });
  w.parser.messages.set('/raw/60', message);
  w.press('R');
  await w.app.settled();
  assert.equal(writing(w).fields.to.text, 'Ada Lovelace <ada@analytical.example>');
  assert.equal(writing(w).fields.cc.text, 'Charles <charles@analytical.example>');
  assert.equal(writing(w).fields.subject.text, 'Re: Engine timetable for the spring meeting');
  assert.match(text(w), /^On .* wrote:\n> Charles,/);
  assert.ok(writing(w).editor.caret.line > 2, 'below the quotation');
  w.press('esc', 'q');
  await w.app.settled();
  assert.equal(top(w), 'list');

  w.press('f');
  await w.app.settled();
  assert.equal(writing(w).focus, 'to');
  assert.match(text(w), /Forwarded message/);
  assert.deepEqual(
    writing(w).draft.attachments.map(({ name }) => name),
    ['part-1.pdf'],
  );
});

test('sending waits for files that are still being copied', async () => {
  const w = await world();
  await written(w);
  let arrive: () => void = () => undefined;
  const copied = new Promise<DraftAttachment>(resolve => {
    arrive = () => resolve({ file: 'f', name: 'big.iso', contentType: 'x/y', size: 1 });
  });
  w.outgoing.attachFile = () => copied;
  w.press('esc', 'a');
  type(w, '/tmp/big.iso');
  w.press('enter', 'C-x');
  assert.match(toast(w), /still being attached/);
  arrive();
  await w.app.settled();
  assert.deepEqual(
    writing(w).draft.attachments.map(({ name }) => name),
    ['big.iso'],
  );
  w.press('C-x');
  await w.app.settled();
  assert.equal(w.outgoing.outbox().length, 1);
});

test('what stops a message is said and the keys go where it is mended; what only warns is asked about once', async () => {
  const w = await world();
  await written(w, 'not an address', 'x');
  w.press('C-x');
  assert.match(toast(w), /Not sent: To: "not an address" is no mail address/);
  assert.equal(writing(w).focus, 'to');
  w.press('C-k');
  w.press('C-x');
  assert.match(toast(w), /no recipient/);
  type(w, 'ada@analytical.exmaple');
  w.press('C-x');
  assert.equal(top(w), 'ask');
  const ask = topLayer(w.app.state.get());
  assert.match(ask.t === 'ask' ? ask.lines.join(' ') : '', /is ada@analytical.example meant/);
  w.press('n');
  assert.equal(top(w), 'compose');
  assert.equal(w.outgoing.outbox().length, 0);
  w.press('C-x', 'y');
  await w.app.settled();
  assert.equal(w.outgoing.outbox().length, 1);
});

test('a message that can not be handed over comes back on the screen, whole', async () => {
  const w = await world();
  await written(w);
  w.outgoing.trouble = new TmailError('storage', 'disk.full');
  w.press('C-x');
  await w.app.settled();
  assert.equal(top(w), 'compose');
  assert.equal(text(w), 'Hello.');
  assert.match(toast(w), /disk is full/);
  w.outgoing.trouble = null;
  w.press('C-x');
  await w.app.settled();
  assert.equal(w.outgoing.outbox().length, 1);
});

test('a draft is saved within two seconds of the first change, again after the next, and not while nothing changes', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const w = await world();
  w.press('m');
  await w.app.settled();
  t.mock.timers.tick(10_000);
  await w.app.settled();
  assert.equal(w.outgoing.saved.size, 0, 'nothing was typed');
  type(w, 'ada');
  t.mock.timers.tick(1000);
  type(w, '@x');
  t.mock.timers.tick(900);
  await w.app.settled();
  const [record] = [...w.outgoing.saved.values()];
  assert.equal(record?.draft.to, 'ada@x');
  const saves = w.outgoing.calls.length;
  t.mock.timers.tick(10_000);
  await w.app.settled();
  assert.equal(w.outgoing.calls.length, saves);
  type(w, '.example');
  t.mock.timers.tick(2000);
  await w.app.settled();
  assert.equal([...w.outgoing.saved.values()][0]?.draft.to, 'ada@x.example');
});

test('leaving the composer saves at once', async () => {
  const w = await world();
  await written(w);
  w.press('esc', '[');
  assert.equal(top(w), 'list');
  await w.app.settled();
  assert.equal([...w.outgoing.saved.values()][0]?.draft.text, 'Hello.');
});

test('a full disk is said once, the text stays, and it is tried again', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const w = await world();
  await written(w);
  w.outgoing.trouble = new TmailError('storage', 'disk.full');
  for (let i = 0; i < 5; i += 1) {
    t.mock.timers.tick(5000);
    await w.app.settled();
  }
  assert.equal(said(w).filter(line => line.includes('disk is full')).length, 1);
  assert.equal(text(w), 'Hello.');
  w.outgoing.trouble = null;
  t.mock.timers.tick(5000);
  await w.app.settled();
  assert.equal([...w.outgoing.saved.values()][0]?.draft.text, 'Hello.');
  assert.match(toast(w), /on the disk again/);
});

test('q leaves an untouched draft without a word, and asks about another one', async () => {
  const w = await world();
  w.press('m');
  await w.app.settled();
  w.press('esc', 'q');
  await w.app.settled();
  assert.equal(top(w), 'list');
  assert.equal(w.app.state.get().drafts.length, 0);

  await written(w);
  w.press('esc', 'q');
  assert.equal(top(w), 'ask');
  w.press('esc');
  assert.equal(top(w), 'review');
  w.press('q', 'enter');
  await w.app.settled();
  assert.deepEqual(
    w.outgoing.postponed.map(({ subject }) => subject),
    ['Cards'],
  );
  assert.equal(top(w), 'list');

  await written(w);
  w.press('esc', 'q', 'd');
  await w.app.settled();
  assert.equal(w.app.state.get().drafts.length, 0);
  assert.equal(w.outgoing.saved.size, 0);
  assert.equal(w.outgoing.postponed.length, 1);
});

test('several drafts at once: the list stays reachable, ] and [ go round, each keeps its place', async () => {
  const w = await world();
  await written(w, 'ada@analytical.example', 'One', 'First');
  w.press('M-,');
  assert.equal(top(w), 'list');
  w.press('j', 'enter');
  await w.app.settled();
  assert.equal(top(w), 'reader');
  w.press('r');
  await w.app.settled();
  type(w, 'Second');
  w.press('esc', ']');
  assert.equal(top(w), 'reader');
  w.press('q', ']');
  assert.equal(text(w), 'First');
  type(w, '!');
  w.press('M-.');
  assert.match(text(w), /Second/);
  w.press('esc', '[');
  assert.equal(text(w), 'First!');
});

const HALF: Draft = {
  id: 'recalled00000000',
  account: 'work',
  from: 'Me <me@work.example>',
  to: 'ada@analytical.example',
  cc: '',
  bcc: '',
  replyTo: '',
  subject: 'Half',
  text: 'Half a',
  format: 'plain',
  attachments: [],
  inReplyTo: '',
  references: [],
  origin: null,
  dsn: false,
  replaces: null,
  resend: null,
  created: 1,
  changed: 1,
};

/** The Drafts folder on the screen, HALF under the cursor. */
async function inDrafts(w: World, half: Draft) {
  const drafts = [...w.store.folders.values()].find(folder => folder.record.role === 'drafts');
  assert.ok(drafts);
  const id = idOf(drafts, drafts.add({ subject: 'Half' }, SEEN | DRAFT));
  w.outgoing.recallable.set(id, half);
  w.press('g', 'd');
  await w.app.settled();
  return id;
}

test('a draft with the HTML of another program says that it goes, and replaces nothing unasked', async () => {
  const w = await world();
  const id = await inDrafts(w, { ...HALF, losesHtml: true });
  w.press('enter');
  await w.app.settled();
  assert.match(toast(w), /formatting \(HTML\), which is not kept/);
  for (const keys of [['C-o'], ['C-x'], ['!', 'esc', 'q', 'k']]) {
    w.press(...keys);
    await w.app.settled();
    assert.equal(top(w), 'ask', keys.join(' '));
    assert.deepEqual([w.outgoing.postponed.length, w.outgoing.outbox().length], [0, 0]);
    w.press('n');
    assert.equal(writing(w).draft.replaces?.id, id);
    if (top(w) !== 'compose') w.press('esc');
  }
  w.press('C-o', 'k');
  await w.app.settled();
  assert.equal(w.outgoing.postponed[0]?.text, 'Half a!');
  assert.equal(w.outgoing.postponed[0]?.replaces, null, 'the original stays');
  assert.equal(w.app.state.get().drafts.length, 0);
});

test('a draft takes the place of the original with HTML when the person says so, and asks once', async () => {
  const w = await world();
  const id = await inDrafts(w, { ...HALF, subject: '', losesHtml: true });
  w.press('enter');
  await w.app.settled();
  w.press('C-x', 'r');
  assert.equal(top(w), 'ask', 'it has no subject');
  w.press('n', 'C-o');
  await w.app.settled();
  assert.equal(w.outgoing.postponed[0]?.replaces?.id, id);
});

test('what is typed into the line above a quote is written; a quote as it was offered is not', async () => {
  const w = await world();
  w.press('r');
  await w.app.settled();
  w.press('enter', 'C-x');
  assert.equal(top(w), 'ask');
  const { stack } = w.app.state.get();
  assert.match(JSON.stringify(stack.at(-1)), /Nothing is written in it/);
  w.press('n', 'C-home');
  type(w, 'Yes');
  assert.match(text(w), /^YesOn .* wrote:\n>/);
  w.press('C-x');
  await w.app.settled();
  assert.equal(top(w), 'list');
  assert.equal(w.outgoing.outbox().length, 1);
});

test('the cursor follows a draft that is put off again to its new row', async () => {
  const w = await world();
  const id = await inDrafts(w, HALF);
  const drafts = [...w.store.folders.values()].find(folder => folder.record.role === 'drafts');
  assert.ok(drafts);
  for (const subject of ['Third', 'Fourth']) drafts.add({ subject }, SEEN | DRAFT);
  await w.app.settled();
  w.press('G');
  w.outgoing.file = ({ subject }) => {
    drafts.drop(splitMessageId(id).uid);
    return idOf(drafts, drafts.add({ subject }, SEEN | DRAFT));
  };
  w.press('enter');
  await w.app.settled();
  type(w, 'now ');
  w.press('C-o');
  await w.app.settled();
  assert.equal(top(w), 'list');
  const found = target({ state: w.app.state.get(), data: w.app.data });
  assert.equal(found?.folder.envelope(found.uid)?.subject, 'Half');
});

test('Enter on a draft goes on with it, and goes to it where it is open already', async () => {
  const w = await world();
  const id = await inDrafts(w, HALF);
  w.press('enter');
  await w.app.settled();
  assert.equal(text(w), 'Half a');
  assert.equal(writing(w).draft.replaces?.id, id);
  for (const key of ['E', 'e']) {
    w.press('esc', '[', key);
    await w.app.settled();
    assert.equal(top(w), 'compose', key);
    assert.equal(w.app.state.get().drafts.length, 1);
  }
  assert.deepEqual(w.store.operations, [], 'nothing is archived');
});

test('what a crash left is offered at the next start', async () => {
  const first = await world();
  await written(first);
  first.press('M-,');
  await first.app.settled();
  const second = await world({ deps: { outgoing: first.outgoing } });
  assert.match(toast(second), /Not finished: "Cards"\. \] goes on with it/);
  second.press(']');
  assert.equal(text(second), 'Hello.');
});

test('leaving while something can be taken back asks; a signal does not, and saves what is written', async () => {
  const w = await world();
  await written(w);
  w.press('C-x');
  await w.app.settled();
  const id = w.outgoing.outbox()[0]?.id ?? '';
  w.press('q');
  assert.equal(top(w), 'ask');
  w.press('esc');
  assert.equal(w.app.state.get().quitting, false);
  w.press('q', 's');
  assert.equal(await w.app.ended, 0);
  assert.ok(w.outgoing.calls.includes(`send now ${id}`));
  assert.ok(w.outgoing.closed);

  const other = await world();
  await written(other);
  other.press('C-x');
  await other.app.settled();
  await written(other, 'ada@analytical.example', 'Second', 'Half');
  other.app.quit();
  assert.equal(await other.app.ended, 0);
  assert.equal([...other.outgoing.saved.values()][0]?.draft.text, 'Half');
  assert.ok(!other.outgoing.calls.some(call => call.startsWith('send now')));
});

test('a disk that takes nothing keeps nobody from leaving', async () => {
  const w = await world();
  await written(w);
  w.outgoing.trouble = new TmailError('storage', 'disk.full');
  w.app.quit();
  assert.equal(await w.app.ended, 0);
});

test('a path that is pasted is offered as a file; anything else is text', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-attach-'));
  try {
    const path = join(dir, 'my cards.csv');
    await writeFile(path, 'a,b\n');
    const w = await world();
    await written(w);
    for (const pasted of [
      path.replaceAll(' ', '\\ '),
      `'${path}'`,
      `"${path}"`,
      `file://${path.replaceAll(' ', '%20')}`,
      path,
    ]) {
      w.app.paste(`${pasted}\n`);
      await w.app.settled();
      assert.equal(top(w), 'ask', pasted);
      w.press('y');
      await w.app.settled();
      assert.ok(w.outgoing.calls.at(-1)?.endsWith(path), pasted);
    }
    assert.equal(writing(w).draft.attachments.length, 5);
    w.app.paste(path);
    await w.app.settled();
    w.press('t');
    assert.ok(text(w).endsWith(path));
    w.app.paste('/nowhere/at/all');
    await w.app.settled();
    assert.ok(text(w).endsWith('/nowhere/at/all'));
    w.app.paste('/usr is a folder, and this is prose');
    await w.app.settled();
    assert.ok(text(w).endsWith('prose'));
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('the path of a file is completed by Tab, and a file can be put into the text', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-attach-'));
  try {
    await writeFile(join(dir, 'cards-one.csv'), '');
    await writeFile(join(dir, 'cards-two.csv'), 'line one\r\nline two\r\n');
    const w = await world();
    await written(w);
    w.press('esc', 'a');
    type(w, `${dir}/c`);
    await w.app.settled();
    const prompt = () => {
      const layer = topLayer(w.app.state.get());
      return layer.t === 'line' ? layer.field.text : '';
    };
    w.press('tab');
    assert.equal(prompt(), `${dir}/cards-`);
    await w.app.settled();
    w.press('tab', 'tab');
    assert.equal(prompt(), `${dir}/cards-two.csv`);
    w.press('enter');
    await w.app.settled();
    assert.deepEqual(
      writing(w).draft.attachments.map(({ name }) => name),
      ['cards-two.csv'],
    );
    w.press('C-r');
    w.app.paste(join(dir, 'cards-two.csv'));
    w.press('enter');
    await w.app.settled();
    assert.equal(text(w), 'Hello.line one\nline two\n');
    w.press('esc', 'a');
    type(w, '/tmp/missing');
    w.press('enter');
    await w.app.settled();
    assert.match(toast(w), /missing does not exist/);
    w.press('esc', 'd', 'enter');
    assert.equal(writing(w).draft.attachments.length, 0);
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('a path in the prompt that exists as it is typed is taken so, a backslash in it too, else as a terminal escapes it', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-attach-'));
  try {
    const path = join(dir, 'back\\slash.txt');
    await writeFile(path, 'in the file');
    await writeFile(join(dir, 'my cards.csv'), '');
    const w = await world();
    await written(w);
    const attached = async (...keys: readonly string[]) => {
      w.press('esc', 'a');
      type(w, `${dir}/`);
      await w.app.settled();
      w.press(...keys, 'enter');
      await w.app.settled();
      return w.outgoing.calls.at(-1)?.replace(/^attach \S+ /, '');
    };
    assert.equal(await attached(...'back\\slash.txt'), path);
    assert.equal(await attached('tab'), path);
    assert.equal(await attached(...'my\\', 'space', ...'cards.csv'), join(dir, 'my cards.csv'));
    w.press('C-r');
    type(w, path);
    w.press('enter');
    await w.app.settled();
    assert.match(text(w), /in the file/);
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('a redirected message shows its text, and only its recipients are typed', async () => {
  const w = await world();
  w.press('b');
  await w.app.settled();
  assert.equal(writing(w).focus, 'to');
  type(w, 'grace@navy.example');
  w.press('tab', 'tab');
  const before = text(w);
  type(w, 'x');
  assert.match(toast(w), /goes on as it is/);
  assert.equal(text(w), before);
  w.press('C-x');
  await w.app.settled();
  const [item] = w.outgoing.outbox();
  assert.ok(w.outgoing.sources.get(item?.id ?? '')?.resend);
});

test('a megabyte is pasted into the composer without a stall', async () => {
  const w = await world();
  await written(w);
  const before = process.cpuUsage();
  w.app.paste('All work and no play makes Jack a dull boy.\n'.repeat(24_000));
  type(w, 'x');
  const { user, system } = process.cpuUsage(before);
  assert.ok((user + system) / 1000 < 1000, `${(user + system) / 1000} ms`);
  assert.ok(text(w).length > 1_000_000);
});

test('finding goes through the text; the prompt stays for the next place', async () => {
  const w = await world();
  await written(w, 'ada@analytical.example', 'Cards', 'one two one');
  w.press('C-home', 'C-w');
  type(w, 'ONE');
  w.press('enter');
  assert.equal(writing(w).editor.caret.at, 3);
  w.press('enter');
  assert.equal(writing(w).editor.caret.at, 11);
  w.press('enter');
  assert.match(toast(w), /From the top/);
  w.press('esc');
  assert.equal(top(w), 'compose');
});

test('format, delivery notice and identity are chosen by a letter', async () => {
  const w = await world({ accounts: ['work', 'home'] });
  await written(w);
  w.press('esc', 'm');
  assert.equal(writing(w).draft.format, 'markdown');
  w.press('w');
  assert.equal(writing(w).draft.format, 'flowed');
  w.press('w', 'n');
  assert.equal(writing(w).draft.format, 'plain');
  assert.equal(writing(w).draft.dsn, true);
  w.press('f', 'j', 'enter');
  await w.app.settled();
  assert.equal(writing(w).draft.from, 'Me <me@home.example>');
  assert.equal(writing(w).draft.account, 'home');
  w.press('esc', 'b');
  assert.equal(writing(w).focus, 'bcc');
});

test('addresses are offered from the mail that is here, those written to first; Enter takes one', async () => {
  const w = await world({
    prepare: store => {
      const inbox = store.addFolder('work', 'Other');
      for (let i = 0; i < 5; i += 1)
        inbox.add({ from: [{ name: 'Grace Bot', address: 'grace@bot.example' }] });
      const sent = [...store.folders.values()].find(folder => folder.record.role === 'sent');
      sent?.add({
        from: [{ name: 'Me', address: 'me@work.example' }],
        to: [{ name: 'Grace Hopper', address: 'grace@navy.example' }],
      });
    },
  });
  w.press('m');
  await w.app.settled();
  type(w, 'gr');
  // Addresses are gathered in the background; each letter asks for those known so far.
  for (let tries = 0; (writing(w).completion?.items.length ?? 0) < 2 && tries < 200; tries += 1) {
    await new Promise(resolve => setTimeout(resolve, 10));
    w.press('backspace', 'r');
  }
  type(w, 'a');
  assert.deepEqual(writing(w).completion?.items, [
    'Grace Hopper <grace@navy.example>',
    'Grace Bot <grace@bot.example>',
  ]);
  w.press('enter');
  assert.equal(writing(w).fields.to.text, 'Grace Hopper <grace@navy.example>, ');
  type(w, 'gra');
  assert.deepEqual(writing(w).completion?.items, ['Grace Bot <grace@bot.example>'], 'nobody twice');
  w.press('esc');
  assert.equal(top(w), 'compose');
  assert.equal(writing(w).completion, null);
});

test('a group is offered by its name with its count, and taking it puts those who are not there yet', async () => {
  const members = [
    { name: 'Grace Hopper', address: 'grace@navy.example' },
    { name: '', address: 'bob@example.org' },
  ];
  const groups = [
    { name: 'team north', members },
    { name: 'others', members },
  ];
  const w = await world({ deps: { config: { ...testConfig(), groups } } });
  w.press('m');
  await w.app.settled();
  type(w, 'nor');
  assert.deepEqual(writing(w).completion?.groups, ['team north (2 addresses)']);
  w.press('enter');
  assert.equal(writing(w).fields.to.text, 'Grace Hopper <grace@navy.example>, bob@example.org, ');
  type(w, 'team');
  assert.equal(writing(w).completion?.groups?.length ?? 0, 0, 'all of them are there');
  w.press('tab');
  type(w, 'Bob@Example.org, te');
  w.press('enter');
  assert.equal(writing(w).fields.cc.text, 'Bob@Example.org, Grace Hopper <grace@navy.example>, ');
});

test('the outbox says how each stands, and asks before what can not be taken back', async () => {
  const w = await world();
  await written(w);
  w.press('C-x');
  await w.app.settled();
  const id = w.outgoing.outbox()[0]?.id ?? '';
  w.outgoing.become(id, { state: 'unknown', tries: 1 });
  assert.match(toast(w), /may have arrived or not/);
  w.press('g', 'O', 'y');
  assert.equal(top(w), 'ask');
  w.press('n', 'a');
  await w.app.settled();
  assert.ok(w.outgoing.calls.includes(`assume sent ${id}`));
  w.outgoing.become(id, { state: 'failed', error: new TmailError('rejected', 'smtp.message-refused') });
  w.press('y');
  await w.app.settled();
  assert.ok(w.outgoing.calls.includes(`retry ${id}`));
  const refused = { address: 'nobody@navy.example', outcome: 'refused', reply: '550 no such user' } as const;
  const waiting = { address: 'grace@navy.example', outcome: 'pending', reply: '' } as const;
  w.outgoing.become(id, { state: 'failed', recipients: [refused, waiting] });
  w.press('y');
  const question = topLayer(w.app.state.get());
  assert.ok(question.t === 'ask' && question.lines.includes('nobody@navy.example: 550 no such user'));
  w.press('y');
  await w.app.settled();
  assert.ok(w.outgoing.calls.includes(`retry ${id} rest`));
  w.outgoing.become(id, { state: 'failed', recipients: [refused] });
  w.press('d', 'y');
  await w.app.settled();
  assert.equal(w.outgoing.outbox().length, 0);
  w.press('e');
  assert.match(toast(w), /nothing here/);
});

const LIST = {
  name: 'List-Unsubscribe',
  value: '<https://list.example/u/1>, <mailto:leave@list.example?subject=leave>',
};
const CLICK = { name: 'List-Unsubscribe-Post', value: 'List-Unsubscribe=One-Click' };

async function unsubscribing(headers: readonly { name: string; value: string }[]) {
  const posted: string[] = [];
  const w = await world({
    deps: {
      postUnsubscribe: url => {
        posted.push(url);
        return Promise.resolve();
      },
    },
  });
  w.parser.messages.set('/raw/60', parsed({ headers }));
  w.press('enter');
  await w.app.settled();
  w.press('g', 'u');
  await w.app.settled();
  return { w, posted };
}

test('before a list is left by mail all of that mail is shown', async () => {
  const asked = async (fields: string) => {
    const value = `<mailto:leave@list.example?${fields}>`;
    const { w } = await unsubscribing([{ name: 'List-Unsubscribe', value }]);
    const layer = topLayer(w.app.state.get());
    assert.ok(layer.t === 'ask');
    return layer.lines;
  };
  assert.deepEqual(await asked('subject=leave'), ['A mail is sent to leave@list.example, subject "leave".']);
  assert.deepEqual(await asked('subject=s&body=hi%0D%0Athere&cc=a@x.org&bcc=b@x.org'), [
    'A mail is sent to leave@list.example, with copies to a@x.org, b@x.org, subject "s".',
    'It says:',
    'hi',
    'there',
  ]);
  assert.equal((await asked(`body=${'x'.repeat(310)}`)).at(-1), '… and 10 characters more.');
  assert.equal((await asked(`body=${'x%0A'.repeat(7)}y`)).at(-1), '… and 4 characters more.');
});

test('leaving a list asks once, then tells it by one POST, by a mail, or shows the page', async () => {
  const click = await unsubscribing([LIST, CLICK]);
  assert.deepEqual(click.posted, []);
  click.w.press('y');
  await click.w.app.settled();
  assert.deepEqual(click.posted, ['https://list.example/u/1']);

  const mail = await unsubscribing([LIST]);
  mail.w.press('y');
  await mail.w.app.settled();
  assert.deepEqual(mail.posted, []);
  const [item] = mail.w.outgoing.outbox();
  assert.deepEqual([item?.subject, item?.recipients[0]?.address], ['leave', 'leave@list.example']);

  const link = await unsubscribing([{ name: 'List-Unsubscribe', value: '<https://list.example/u/1>' }]);
  const layer = topLayer(link.w.app.state.get());
  assert.ok(layer.t === 'ask' && layer.lines.includes('https://list.example/u/1'));

  const none = await unsubscribing([]);
  assert.match(toast(none.w), /names no way to leave/);
});

test('a mail link opens the composer with its harmless fields only', async () => {
  const w = await world();
  const url = 'mailto:ada@analytical.example?subject=Hi&attach=/etc/passwd&X-Evil=1&body=Dear%20Ada%2C';
  w.parser.messages.set('/raw/60', parsed({ links: [{ text: 'write', url }] }));
  w.press('enter');
  await w.app.settled();
  w.press('1', 'enter');
  await w.app.settled();
  const draft = draftOf(writing(w));
  assert.deepEqual(
    [draft.to, draft.subject, draft.text.trim()],
    ['ada@analytical.example', 'Hi', 'Dear Ada,'],
  );
  assert.deepEqual(draft.attachments, []);
});

test('where nothing can be sent, the keys say so', async () => {
  const w = await world({ deps: { outgoing: null } });
  for (const key of ['m', 'r', 'f', 'b']) {
    w.press(key);
    assert.match(toast(w), /No account can send/);
  }
  const reader = await world({ deps: { readOnly: 'other' } });
  reader.press('m');
  assert.match(toast(reader), /write there/);
});
