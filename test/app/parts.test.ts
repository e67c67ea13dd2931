import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gather } from '../../src/app/events.ts';
import { EMPTY_FIELD, editField, fieldOf, insertText } from '../../src/app/field.ts';
import { fuzzyScore } from '../../src/app/fuzzy.ts';
import { layoutFor, layoutsFor, nextLayout } from '../../src/app/layout.ts';
import { linkHost, linkWarning } from '../../src/app/links.ts';
import { observable } from '../../src/app/observable.ts';
import { saveAs, saveDirectory } from '../../src/app/saving.ts';
import { grouped, progressText } from '../../src/app/selectors.ts';

test('an observable tells its listeners once a batch, and not when nothing changed', () => {
  const value = observable(1);
  let told = 0;
  const off = value.subscribe(() => {
    told += 1;
  });
  value.set(1);
  assert.equal(told, 0);
  value.batch(() => {
    value.set(2);
    value.batch(() => value.set(3));
    assert.equal(told, 0);
  });
  assert.equal(told, 1);
  off();
  value.set(4);
  assert.equal(told, 1);
});

test('a field is edited by what a person sees as one character', () => {
  let field = fieldOf('ab👩‍🚀');
  const press = (key: string) => {
    field = editField(field, key) ?? field;
  };
  press('backspace');
  assert.equal(field.text, 'ab');
  press('left');
  press('X');
  assert.deepEqual(field, { text: 'aXb', caret: 2 });
  press('home');
  press('delete');
  assert.deepEqual(field, { text: 'Xb', caret: 0 });
  field = fieldOf('one two three');
  press('C-w');
  assert.equal(field.text, 'one two ');
  press('C-u');
  assert.deepEqual(field, EMPTY_FIELD);
  assert.equal(editField(field, 'enter'), null);
  assert.equal(insertText(field, 'a\r\nb\u001b[31m\u0007').text, 'a b[31m');
  assert.equal(insertText(field, 'x'.repeat(5000)).text.length, 500);
});

test('fuzzy: the whole word beats its beginning, that a word inside, that letters in order', () => {
  const order = ['sync', 'sync now', 'now sync', 'resync', 's-y-n-c'];
  const scores = order.map(text => fuzzyScore('sync', text) ?? -1);
  assert.deepEqual(
    [...scores].sort((a, b) => b - a),
    scores,
  );
  assert.equal(fuzzyScore('xyz', 'Archive'), null);
  assert.equal(fuzzyScore('', 'anything'), 0);
  assert.notEqual(fuzzyScore('ubersee', 'Übersee'), null);
});

test('layouts follow the width; ^w goes round those that fit and comes back', () => {
  assert.deepEqual(layoutsFor({ columns: 80, rows: 24 }), ['one']);
  assert.equal(layoutFor({ columns: 120, rows: 30 }, {}).name, 'two');
  assert.equal(layoutFor({ columns: 160, rows: 45 }, {}).name, 'three');
  assert.equal(layoutFor({ columns: 50, rows: 20 }, {}).rowHeight, 2);
  assert.equal(layoutFor({ columns: 39, rows: 24 }, {}).tooSmall, true);
  assert.equal(layoutFor({ columns: 80, rows: 7 }, {}).tooSmall, true);
  const size = { columns: 160, rows: 45 };
  let choice = {};
  const seen: string[] = [];
  for (let i = 0; i < 4; i += 1) {
    seen.push(layoutFor(size, choice).name);
    choice = nextLayout(size, choice);
  }
  assert.deepEqual(seen, ['three', 'two', 'two-below', 'one']);
  assert.equal(layoutFor(size, choice).name, 'three');
});

test('panes fill the screen and never overlap', () => {
  for (let columns = 40; columns <= 200; columns += 7) {
    for (let rows = 8; rows <= 60; rows += 5) {
      const size = { columns, rows };
      let choice = {};
      for (const name of layoutsFor(size)) {
        const layout = layoutFor(size, choice);
        assert.equal(layout.name, name);
        const { list, reader, content, sidebar } = layout;
        for (const rect of [list, reader]) {
          assert.ok(rect.column >= 0 && rect.column + rect.columns <= columns, `${name} ${columns}x${rows}`);
          assert.ok(rect.row >= content.row && rect.row + rect.rows <= content.row + content.rows);
          assert.ok(rect.rows >= 1 && rect.columns >= 10);
        }
        if (sidebar) assert.equal(sidebar.columns + 1, list.column);
        if (name === 'three') assert.equal(list.column + list.columns + 1, reader.column);
        if (layout.split && name !== 'three') assert.equal(list.row + list.rows + 1, reader.row);
        choice = nextLayout(size, choice);
      }
    }
  }
});

test('a link whose text names another host, or whose host looks like another, is warned about', () => {
  const warn = (text: string, url: string) => linkWarning({ text, url });
  assert.equal(warn('the plan', 'https://wiki.example/plan'), null);
  assert.equal(warn('www.bank.example', 'https://bank.example/'), null);
  assert.match(
    warn('https://bank.example', 'https://evil.example/bank.example') ?? '',
    /goes to evil\.example/,
  );
  assert.match(warn('click', 'https://xn--pple-43d.example/') ?? '', /letters/);
  assert.match(warn('аpple.example', 'https://apple.example/') ?? '', /xn--/);
  assert.equal(linkHost('not a url'), '');
  assert.equal(linkHost('mailto:ada@mail.example'), 'mail.example');
});

test('announcements come at once when they are few and gathered when they are many', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const handed: string[][] = [];
  let now = 0;
  const news = gather<string>(
    items => handed.push([...items]),
    () => now,
  );
  news.add('a');
  assert.deepEqual(handed, [['a']]);
  for (let i = 0; i < 50; i += 1) news.add(i % 2 ? 'b' : 'c');
  assert.equal(handed.length, 1);
  now = 150;
  t.mock.timers.tick(150);
  assert.deepEqual(handed[1], ['c', 'b']);
  news.add('d');
  assert.equal(news.waiting, true);
  news.flush();
  assert.deepEqual(handed[2], ['d']);
  news.add('e');
  news.close();
  t.mock.timers.tick(1000);
  assert.equal(handed.length, 3);
});

test('what is announced in the middle of much work is handed over between two of its steps', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const handed: string[][] = [];
  const news = gather<string>(
    items => handed.push([...items]),
    () => 0,
    () => true,
  );
  news.add('a');
  assert.deepEqual(handed, []);
  assert.equal(news.waiting, true);
  t.mock.timers.tick(0);
  assert.deepEqual(handed, [['a']]);
  news.close();
});

test('a file is saved beside one of the same name, never over it and never through a link', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-save-'));
  try {
    await writeFile(join(dir, 'a.txt'), 'old');
    await symlink(join(dir, 'elsewhere'), join(dir, 'a (1).txt'));
    const path = await saveAs(dir, 'a.txt', to => writeFile(to, 'new', { flag: 'wx' }));
    assert.equal(path, join(dir, 'a (2).txt'));
    assert.equal(await readFile(join(dir, 'a.txt'), 'utf8'), 'old');
    assert.equal(await saveDirectory(dir, '/here'), '/here');
    await mkdir(join(dir, 'Downloads'));
    assert.equal(await saveDirectory(dir, '/here'), join(dir, 'Downloads'));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

test('numbers and progress are written the same everywhere', () => {
  assert.equal(grouped(1234567), '1,234,567');
  assert.equal(progressText({ label: 'INBOX', done: 1200, total: 5000 }), 'Inbox 1,200 of 5,000');
  assert.equal(
    progressText({ label: 'Photos', done: 524_288, total: 1_431_182, unit: 'bytes' }),
    'Photos 524 kB of 1.4 MB',
  );
  assert.equal(progressText({ label: '', done: 1, total: 3 }), 'sending changes 1 of 3');
  assert.equal(progressText({ label: 'x', done: 1, total: 0 }), 'x');
});
