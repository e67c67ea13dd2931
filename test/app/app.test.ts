import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cursorPosition } from '../../src/app/list-view.ts';
import { stateWord } from '../../src/app/selectors.ts';
import { listOf, topLayer } from '../../src/app/state.ts';
import { FLAGGED, SEEN } from '../../src/mail/types.ts';
import { TmailError } from '../../src/util/errors.ts';
import { FakeParser, idOf, parsed, type World, world } from './fakes.ts';

const top = (w: World) => topLayer(w.app.state.get()).t;
const toast = (w: World) => w.app.state.get().toast?.text ?? '';
const cursor = (w: World) => {
  const rows = w.app.data.listing(w.app.state.get());
  return rows ? cursorPosition(listOf(w.app.state.get(), rows.id), rows) : -1;
};

test('it starts in the inbox of the default account and tells the engine', async () => {
  const w = await world();
  assert.equal(w.app.state.get().folder, w.inbox.id);
  assert.deepEqual(w.engines[0]?.calls, [`show ${w.inbox.id}`]);
});

test('it starts where it is asked to, by path or by role', async () => {
  const byPath = await world({ deps: { start: { account: null, folder: 'lists/debian' } } });
  assert.equal(byPath.store.folderOf(byPath.app.state.get().folder ?? 'x:1').record.path, 'lists/debian');
  const byRole = await world({ deps: { start: { account: 'work', folder: 'sent' } } });
  assert.equal(byRole.store.folderOf(byRole.app.state.get().folder ?? 'x:1').record.role, 'sent');
});

test('a key moves the cursor at once, in one notification', async () => {
  const w = await world();
  let notified = 0;
  w.app.state.subscribe(() => {
    notified += 1;
  });
  w.press('j');
  assert.equal(cursor(w), 1);
  assert.equal(notified, 1);
  w.press('5', 'j');
  assert.equal(cursor(w), 6);
  w.press('G');
  await w.app.settled();
  assert.equal(cursor(w), 59);
  w.press('g', 'g');
  await w.app.settled();
  assert.equal(cursor(w), 0);
  w.press('1', '0', 'G');
  await w.app.settled();
  assert.equal(cursor(w), 9);
});

test('keys that nobody sees the effect of do nothing, until the terminal is large enough again', async () => {
  const w = await world();
  w.press('space', 'j');
  await w.app.settled();
  const before = w.app.state.get();
  w.app.resize({ columns: 39, rows: 24 });
  w.press('d', 'a', 'F', 'u', '3', 'j', 'm', 'C', 's', 'enter', 'g', 'C', ':', '%', 'esc', 'y', "'");
  w.app.paste('d');
  await w.app.settled();
  const { marks, stack, undo, drafts, lists, pending } = w.app.state.get();
  assert.deepEqual(
    { marks, stack, undo, drafts, pending, cursor: lists[w.inbox.id]?.cursor },
    {
      marks: before.marks,
      stack: before.stack,
      undo: [],
      drafts: [],
      pending: before.pending,
      cursor: before.lists[w.inbox.id]?.cursor,
    },
  );
  assert.deepEqual(w.store.operations, []);
  w.app.resize({ columns: 80, rows: 24 });
  w.press('F');
  await w.app.settled();
  assert.equal(w.store.operations.length, 1);
});

test('a prefix typed before the terminal became too small leads nowhere, and is forgotten', async () => {
  const w = await world();
  w.press('g');
  w.app.resize({ columns: 80, rows: 7 });
  w.press('s');
  await w.app.settled();
  w.app.resize({ columns: 80, rows: 24 });
  w.press('j');
  await w.app.settled();
  assert.equal(w.app.state.get().folder, w.inbox.id);
  assert.equal(cursor(w), 1);
});

test('a question that came before is not answered by a key that nobody sees it for', async () => {
  const w = await world();
  w.press('D');
  assert.equal(top(w), 'confirm');
  w.app.resize({ columns: 80, rows: 7 });
  w.press('y', 'enter');
  await w.app.settled();
  assert.equal(top(w), 'confirm');
  assert.deepEqual(w.store.operations, []);
});

test('on a terminal that is too small it can be suspended, drawn again, stopped and left', async () => {
  const w = await world();
  w.press('enter');
  await w.app.settled();
  w.app.resize({ columns: 80, rows: 7 });
  w.press('C-z', 'C-l', 'C-c');
  assert.deepEqual(w.terminal.calls, ['suspend', 'redraw']);
  assert.match(toast(w), /Nothing is running/);
  w.press('q');
  assert.equal(top(w), 'list');
  w.press('q');
  await w.app.settled();
  assert.equal(w.app.state.get().quitting, true);
});

test('the cursor stays on its message when mail arrives', async () => {
  const w = await world();
  w.press('j', 'j');
  const on = listOf(w.app.state.get(), w.inbox.id).cursor;
  w.inbox.add({ subject: 'New' });
  w.inbox.add({ subject: 'Newer' });
  await w.app.settled();
  assert.equal(listOf(w.app.state.get(), w.inbox.id).cursor, on);
  assert.equal(cursor(w), 4);
});

test('the cursor goes to the neighbour when its message vanishes', async () => {
  const w = await world();
  w.press('j');
  w.inbox.drop(59);
  await w.app.settled();
  assert.equal(listOf(w.app.state.get(), w.inbox.id).cursor, 58);
});

test('Enter opens the message, marks it as read through the queue, and q goes back', async () => {
  const w = await world();
  w.press('enter');
  assert.equal(top(w), 'reader');
  await w.app.settled();
  assert.equal(w.app.state.get().reader?.phase, 'ready');
  assert.deepEqual(
    w.store.operations.map(op => [op.t === 'flags' && op.add, op.targets[0]?.uid]),
    [[['\\Seen'], 60]],
  );
  assert.equal((w.inbox.flags(60) ?? 0) & SEEN, SEEN);
  w.press('q');
  assert.equal(top(w), 'list');
});

test('a message is not marked as read when it is read only, by key only, or was read before', async () => {
  const readOnly = await world({ deps: { readOnly: 'other' } });
  readOnly.press('enter');
  await readOnly.app.settled();
  assert.deepEqual(readOnly.store.operations, []);
  const seen = await world();
  seen.press('G');
  await seen.app.settled();
  seen.press('enter');
  await seen.app.settled();
  assert.deepEqual(seen.store.operations, []);
});

test('a message that is not here is fetched, then shown', async () => {
  const w = await world();
  const uid = w.inbox.add({ subject: 'Only there' }, 0, false);
  const engine = w.engines[0];
  assert.ok(engine);
  engine.onBody = () => {
    const entry = w.inbox.entries.get(uid);
    if (entry) entry.raw = true;
    return Promise.resolve();
  };
  w.app.open(idOf(w.inbox, uid));
  await w.app.settled();
  assert.ok(engine.calls.includes(`body ${idOf(w.inbox, uid)}`));
  assert.equal(w.app.state.get().reader?.phase, 'ready');
});

test('offline and not kept: it says so in words', async () => {
  const w = await world();
  const uid = w.inbox.add({ subject: 'Only there' }, 0, false);
  w.app.open(idOf(w.inbox, uid));
  await w.app.settled();
  const { reader } = w.app.state.get();
  assert.equal(reader?.phase, 'failed');
  assert.ok((reader?.problem ?? '').length > 20, reader?.problem ?? '');
  assert.deepEqual(w.store.operations, []);
});

for (const loss of ['raw.missing', 'raw.damaged'] as const) {
  test(`a message file that is lost (${loss}) is fetched again, then shown`, async () => {
    const w = await world();
    const [engine] = w.engines;
    assert.ok(engine);
    const [uid = 0] = w.inbox.uids.slice(-1);
    w.store.lost.set(uid, loss);
    engine.onBody = async () => {
      // As the real one: what the index says to be here is not fetched.
      if (w.inbox.raw(uid) !== null) return;
      w.store.lost.delete(uid);
      const entry = w.inbox.entries.get(uid);
      if (entry) entry.raw = true;
    };
    w.app.press('enter');
    await w.app.settled();
    assert.ok(engine.calls.includes(`body ${w.inbox.id}:${uid}`));
    assert.equal(w.app.state.get().reader?.phase, 'ready');
    assert.equal(w.store.lost.size, 0);
  });
}

test('offline, a missing message file says so and opens when the line is back', async () => {
  const w = await world();
  const [engine] = w.engines;
  assert.ok(engine);
  const [uid = 0] = w.inbox.uids.slice(-1);
  w.store.lost.set(uid, 'raw.missing');
  engine.become({ phase: 'offline' });
  w.app.press('enter');
  await w.app.settled();
  assert.match(w.app.state.get().reader?.problem ?? '', /^The file of this message is not on this disk\./);
  assert.equal(w.inbox.raw(uid)?.n, uid, 'the index is left alone while nothing can replace the file');
  engine.onBody = async () => {
    w.store.lost.delete(uid);
    const entry = w.inbox.entries.get(uid);
    if (entry) entry.raw = true;
  };
  engine.become({ phase: 'online' });
  await w.app.settled();
  assert.equal(w.app.state.get().reader?.phase, 'ready');
});

test('offline, what is left of a damaged message is shown, with a warning', async () => {
  const w = await world();
  const [engine] = w.engines;
  assert.ok(engine);
  const [uid = 0] = w.inbox.uids.slice(-1);
  w.store.lost.set(uid, 'raw.damaged');
  engine.become({ phase: 'offline' });
  w.app.press('enter');
  await w.app.settled();
  const { reader, toast } = w.app.state.get();
  assert.equal(reader?.phase, 'ready');
  assert.match(toast?.text ?? '', /^The file of this message is damaged/);
});

test('beside another process, a message that is not here is asked of that one', async () => {
  const asked: string[] = [];
  const w = await world({
    deps: {
      engines: [],
      readOnly: 'other',
      owner: {
        ask: (id, wanted) => {
          asked.push(`${wanted} ${id}`);
          for (const entry of w.inbox.entries.values()) entry.raw = true;
          return Promise.resolve();
        },
        runs: () => Promise.resolve(true),
        takeOver: () => undefined,
      },
    },
  });
  const [uid = 0] = w.inbox.uids.slice(-1);
  const entry = w.inbox.entries.get(uid);
  if (entry) entry.raw = false;
  w.app.press('enter');
  await w.app.settled();
  assert.deepEqual(asked, [`text ${w.inbox.id}:${uid}`]);
  assert.equal(w.app.state.get().reader?.phase, 'ready');
});

test('a message that can not be parsed offers the raw view, which works', async () => {
  const parser = new FakeParser();
  parser.messages.set('/raw/60', new TmailError('protocol', 'parse.failed'));
  const w = await world({ deps: { parser } });
  w.press('enter');
  await w.app.settled();
  assert.match(w.app.state.get().reader?.problem ?? '', /=/);
  w.press('=');
  await w.app.settled();
  assert.match(w.app.state.get().reader?.raw ?? '', /The raw text/);
});

test('the latest request wins, however late the earlier one answers', async () => {
  const w = await world();
  const slow = w.inbox.add({ subject: 'Slow' }, 0, false);
  const fast = w.inbox.add({ subject: 'Fast' });
  let release: () => void = () => undefined;
  const engine = w.engines[0];
  assert.ok(engine);
  engine.onBody = () =>
    new Promise(resolve => {
      release = () => {
        const entry = w.inbox.entries.get(slow);
        if (entry) entry.raw = true;
        resolve();
      };
    });
  w.app.open(idOf(w.inbox, slow));
  await new Promise(resolve => setImmediate(resolve));
  w.app.open(idOf(w.inbox, fast));
  await new Promise(resolve => setImmediate(resolve));
  release();
  await w.app.settled();
  const { reader } = w.app.state.get();
  assert.equal(reader?.uid, fast);
  assert.equal(reader?.message?.text, `Text of /raw/${fast}.\n`);
  assert.equal((w.inbox.flags(slow) ?? 0) & SEEN, 0, 'what was never shown stays unread');
});

test('^c stops only what runs and never quits', async () => {
  const w = await world();
  w.press('C-c');
  assert.match(toast(w), /Nothing is running/);
  w.engines[0]?.become({ progress: [{ label: 'Inbox', done: 10, total: 100 }] });
  w.press('C-c');
  assert.ok(w.engines[0]?.calls.includes('cancel'));
  assert.equal(w.app.state.get().quitting, false);
});

test('J and K read on in the list order; at the ends they say so', async () => {
  const w = await world();
  w.press('enter', 'J');
  await w.app.settled();
  assert.equal(w.app.state.get().reader?.uid, 59);
  assert.equal(cursor(w), 1);
  w.press('K', 'K');
  await w.app.settled();
  assert.equal(w.app.state.get().reader?.uid, 60);
  assert.match(toast(w), /first message/);
});

test('Tab goes to the next unread message, then on to another folder, then says there is none', async () => {
  const w = await world();
  w.press('tab');
  assert.equal(cursor(w), 1);
  w.press('tab', 'tab');
  await w.app.settled();
  const folder = w.store.folderOf(w.app.state.get().folder ?? 'x:1');
  assert.equal(folder.record.path, 'lists/debian');
  for (const one of w.store.folders.values()) for (const entry of one.entries.values()) entry.flags |= SEEN;
  for (const one of w.store.folders.values()) one.changed();
  w.press('tab');
  await w.app.settled();
  assert.match(toast(w), /no unread mail/);
});

test('U and F set and clear flags as queued operations', async () => {
  const w = await world();
  w.press('U', 'F');
  assert.equal(w.inbox.flags(60), SEEN | FLAGGED, 'applied at once');
  w.press('F', 'U');
  await w.app.settled();
  assert.equal(w.inbox.flags(60), 0);
  assert.equal(w.store.operations.length, 4);
});

test('on a disk that takes no changes, keys say that it is the disk', async () => {
  const w = await world({ deps: { readOnly: 'disk' } });
  for (const key of ['F', '$', 'm']) {
    w.press(key);
    assert.match(toast(w), /^The disk takes no changes/);
  }
});

test('the tmail that had the mail open ends: it is said, $ opens it here, unless another one came first', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let runs = true;
  const places: unknown[] = [];
  const owner = {
    ask: () => Promise.resolve(),
    runs: () => Promise.resolve(runs),
    takeOver: (start: unknown) => void places.push(start),
  };
  const w = await world({ deps: { engines: [], readOnly: 'other', owner } });
  const look = async () => {
    t.mock.timers.tick(3000);
    await w.app.settled();
  };
  await look();
  w.press('F');
  assert.match(toast(w), /^Another tmail has this mail open/);
  w.press('$');
  assert.match(toast(w), /it keeps everything up to date/);
  assert.deepEqual(places, []);

  runs = false;
  await look();
  assert.match(toast(w), /^The other tmail has ended/);
  w.press('F');
  assert.match(toast(w), /\$ opens this mail here/);
  assert.equal(w.store.operations.length, 0);
  w.press('g', 's');
  await w.app.settled();
  w.press('$');
  assert.deepEqual(places, [{ account: 'work', folder: 'Sent' }]);

  runs = true;
  await look();
  assert.match(toast(w), /^Another tmail has this mail open/);
  w.press('$');
  assert.equal(places.length, 1);
});

test('read only: flags say why not', async () => {
  const w = await world({ deps: { readOnly: 'other' } });
  w.press('F');
  assert.match(toast(w), /only be read/);
});

test('each folder keeps its own cursor', async () => {
  const w = await world();
  w.press('j', 'j', 'j', 'g', 's');
  await w.app.settled();
  assert.equal(w.store.folderOf(w.app.state.get().folder ?? 'x:1').record.role, 'sent');
  w.press('g', 'i');
  assert.equal(cursor(w), 3);
  assert.ok(w.engines[0]?.calls.filter(call => call === `show ${w.inbox.id}`).length === 2);
});

test('c finds a folder by a few letters', async () => {
  const w = await world();
  w.press('c', 'd', 'e', 'b', 'enter');
  await w.app.settled();
  assert.equal(w.store.folderOf(w.app.state.get().folder ?? 'x:1').record.path, 'lists/debian');
  assert.equal(top(w), 'list');
});

test('the drawer opens, moves and closes; a folder without messages says so', async () => {
  const w = await world({
    prepare: store => {
      store.addFolder('work', 'only-folders', null, false);
    },
  });
  w.press('`', 'j', 'j', 'enter');
  await w.app.settled();
  assert.equal(w.store.folderOf(w.app.state.get().folder ?? 'x:1').record.role, 'sent');
  w.press('`', '`');
  assert.equal(top(w), 'list');
});

test('the palette runs by name, offers what was used first, and its synonyms are those of other programs', async () => {
  const w = await world();
  w.press(':', ...'check-mail'.split(''), 'enter');
  assert.ok(w.engines[0]?.calls.includes('refresh'));
  assert.equal(top(w), 'list');
  assert.equal(w.app.state.get().recent[0], 'sync.now');
  w.press(':', 'l', 'o', 'g', 'enter');
  assert.equal(top(w), 'log');
});

test(':quit leaves from anywhere; q on the top screen leaves; engines are stopped', async () => {
  const w = await world();
  w.press('enter', ':', 'q', 'u', 'i', 't', 'enter');
  assert.equal(await w.app.ended, 0);
  assert.ok(w.engines[0]?.calls.includes('stop'));
  const other = await world();
  other.press('q');
  assert.equal(await other.app.ended, 0);
});

test('help lists and runs; Esc takes the search away first, then help', async () => {
  const w = await world();
  w.press('?', '/', 's', 't', 'a', 'r', 'enter');
  assert.equal(top(w), 'help');
  w.press('esc');
  assert.equal(top(w), 'help');
  w.press('esc');
  assert.equal(top(w), 'list');
  w.press('?', '/', ...'puts a star'.split('').map(c => (c === ' ' ? 'space' : c)), 'enter', 'enter');
  assert.equal(top(w), 'list');
  assert.equal(w.inbox.flags(60), FLAGGED);
});

test('Esc leads back one step from everywhere', async () => {
  const w = await world();
  w.parser.messages.set('/raw/60', parsed({ links: [{ text: 'x', url: 'https://x.example/' }] }));
  w.press('enter');
  await w.app.settled();
  for (const opener of [['v'], ['g', 'l'], ['1'], ['/'], ['?'], [':'], ['@'], ['`'], ['c']]) {
    const before = w.app.state.get().stack.length;
    w.press(...opener);
    if (w.app.state.get().stack.length > before) w.press('esc');
    assert.equal(w.app.state.get().stack.length, before, opener.join(''));
  }
  w.press('esc');
  assert.equal(top(w), 'list');
  w.press('esc', 'esc');
  assert.match(toast(w), /first screen/);
});

test('every key does something or says why not', async () => {
  const w = await world();
  const keys = [...'abdefghjklmnoprstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890!@#$%^&*()_+[]{};,./<>|~'];
  for (const key of keys) {
    const fresh = await world();
    const before = fresh.app.state.get();
    fresh.press(key);
    await fresh.app.settled();
    assert.notEqual(fresh.app.state.get(), before, `list ${key}`);
    fresh.app.quit();
  }
  w.app.quit();
});

test('a key that means nothing says so', async () => {
  const w = await world();
  w.press('H');
  assert.match(toast(w), /H means nothing here/);
  w.press('g', 'H');
  assert.match(toast(w), /gH means nothing here/);
});

test('a prefix shows its choices after a while and Esc takes it away', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const w = await world();
  w.press('g');
  assert.equal(w.app.state.get().pending.shown, false);
  t.mock.timers.tick(400);
  assert.equal(w.app.state.get().pending.shown, true);
  w.press('esc');
  assert.deepEqual(w.app.state.get().pending.keys, []);
});

test('pasted text is never run as keys', async () => {
  const w = await world();
  w.app.paste('qqqq');
  assert.equal(w.app.state.get().quitting, false);
  assert.match(toast(w), /not run as keys/);
  w.press('c');
  w.app.paste('debian\r\n');
  const layer = topLayer(w.app.state.get());
  assert.equal(layer.t === 'picker' ? layer.field.text : '', 'debian ');
});

test('finding in a message goes round its places and says when there is no more', async () => {
  const w = await world();
  const text = Array.from({ length: 100 }, (_, i) => (i % 30 === 7 ? `line ${i} needle` : `line ${i}`)).join(
    '\n',
  );
  w.parser.messages.set('/raw/60', parsed({ text }));
  w.press('enter');
  await w.app.settled();
  w.press('/', ...'needle', 'enter');
  assert.equal(w.app.state.get().reader?.find?.line, 7);
  w.press('n');
  assert.equal(w.app.state.get().reader?.find?.line, 37);
  assert.ok((w.app.state.get().reader?.top ?? 0) > 0);
  w.press('N');
  assert.equal(w.app.state.get().reader?.find?.line, 7);
  w.press('N');
  assert.match(toast(w), /Nothing more/);
});

test('an account that loses its line says so once, and once that it is back', async () => {
  const w = await world();
  const engine = w.engines[0];
  const error = new TmailError('network', 'network.refused', { facts: { host: 'imap.work.example' } });
  const said = () => w.app.state.get().log.filter(entry => entry.text.startsWith('work: ')).length;
  engine?.become({ phase: 'offline', error, retryAt: 5 });
  await w.app.settled();
  engine?.become({ phase: 'connecting', error });
  engine?.become({ phase: 'offline', error, retryAt: 10 });
  await w.app.settled();
  assert.equal(said(), 1);
  // The person asks for it at once, and it has to wait a moment: that is neither news nor back.
  engine?.become({ phase: 'offline', error: null, retryAt: 12 });
  await w.app.settled();
  engine?.become({ phase: 'offline', error, retryAt: 20 });
  await w.app.settled();
  assert.equal(said(), 1);
  engine?.become({ phase: 'online', error: null });
  await w.app.settled();
  assert.equal(said(), 2);
  assert.match(w.app.state.get().log.at(-1)?.text ?? '', /online again/);
});

test('a full disk is said although the line holds, and shows in the state of the account', async () => {
  const w = await world();
  const error = new TmailError('storage', 'disk.floor', { facts: { free: 10_000_000, floor: 500_000_000 } });
  w.engines[0]?.become({ error });
  await w.app.settled();
  assert.match(toast(w), /^work: this disk is nearly full \(10 MB free\)/);
  const [account] = w.app.state.get().accounts;
  assert.ok(account);
  assert.equal(stateWord(account, false), 'disk: @');
  const said = w.app.state.get().log.length;
  w.engines[0]?.become({ error: null });
  await w.app.settled();
  assert.equal(w.app.state.get().log.length, said, 'nobody was away');
});

test('attachments are saved under safe names and the place is said', async () => {
  const w = await world();
  const part = {
    n: 2,
    section: '2',
    contentType: 'text/plain',
    size: 10,
    disposition: 'attachment',
    contentId: null,
    omitted: false,
  } as const;
  w.parser.messages.set('/raw/60', parsed({ parts: [{ ...part, filename: '../../etc/passwd' }] }));
  w.press('enter');
  await w.app.settled();
  w.press('v', 's');
  await w.app.settled();
  assert.equal(w.parser.saved.length, 1);
  assert.match(w.parser.saved[0] ?? '', /\/passwd$/);
  assert.match(toast(w), /Saved as \//);
});

test('the first start offers the demo and to read the configuration again', async () => {
  let demo = 0;
  const answers: (string | null)[] = ['config.json:3:5: nonsense'];
  const w = await world({
    accounts: [],
    deps: {
      firstRun: {
        configPath: '/home/ada/.config/tmail/config.json',
        demo: () => {
          demo += 1;
        },
        reread: () => Promise.resolve(answers.shift() ?? null),
      },
    },
  });
  assert.equal(top(w), 'first-run');
  w.press('enter');
  await w.app.settled();
  const layer = topLayer(w.app.state.get());
  assert.equal(layer.t === 'first-run' ? layer.problem : '', 'config.json:3:5: nonsense');
  w.press('d');
  assert.equal(demo, 1);
});

test('^z, ^l reach the terminal', async () => {
  const w = await world();
  w.press('C-z', 'C-l');
  assert.deepEqual(w.terminal.calls, ['suspend', 'redraw']);
});

test('the real cursor stands on the selected row, or in the text field', async () => {
  const w = await world();
  assert.deepEqual(w.app.state.get().caret, { row: 1, column: 0 });
  w.press('j', 'j');
  assert.deepEqual(w.app.state.get().caret, { row: 3, column: 0 });
  w.press(':', 'a', 'b');
  const before = w.app.state.get().caret;
  w.press('c');
  assert.deepEqual(w.app.state.get().caret, { row: before?.row ?? 0, column: (before?.column ?? 0) + 1 });
});
