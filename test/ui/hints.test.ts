import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { View } from '../../src/app/commands/command.ts';
import { type AppState, type Layer, say } from '../../src/app/state.ts';
import { ANSWERED, DELETED, FLAGGED, FORWARDED, SEEN } from '../../src/mail/types.ts';
import { width } from '../../src/mail/width.ts';
import { statusRow } from '../../src/ui/parts/frame-rows.ts';
import { hintRow } from '../../src/ui/parts/hint-row.ts';
import { messageRow } from '../../src/ui/parts/message-row.ts';
import { themeFor } from '../../src/ui/theme.ts';
import { envelope, NOW, parsed, world } from '../app/fakes.ts';

const theme = themeFor({ colors: 'none', borders: 'ascii' }, { colors: 'none', unicode: true });
const plain = { ...theme, paint: (_: string, text: string) => text };

const LAYERS: readonly Layer[] = [
  { t: 'list' },
  { t: 'reader' },
  { t: 'drawer', cursor: null },
  { t: 'accounts', cursor: 0 },
  { t: 'log', back: 0 },
  { t: 'parts', cursor: 0 },
];

test('hints drop from the lowest rank on, are never cut, and end with the palette and help', async () => {
  const w = await world();
  w.press('enter');
  await w.app.settled();
  for (const layer of LAYERS) {
    const stack: AppState['stack'] = layer.t === 'list' ? [layer] : [{ t: 'list' }, layer];
    let before = '';
    for (let columns = 160; columns >= 40; columns -= 1) {
      const state = { ...w.app.state.get(), stack, size: { columns, rows: 24 } };
      const view: View = { state, data: w.app.data };
      const row = hintRow(view, plain);
      assert.match(row, /: cmds \? help $/, `${layer.t} ${columns}`);
      assert.doesNotMatch(row, /…/, `${layer.t} ${columns}`);
      const shown = row
        .trim()
        .split(/ {2,}/)
        .filter(hint => !hint.startsWith(':'));
      // Narrower never shows what wider did not.
      for (const hint of shown)
        assert.ok(before === '' || before.includes(hint), `${layer.t} ${columns}: ${hint}`);
      before = row;
    }
  }
});

test('a link says which key writes to its address, where it is one of mail', async () => {
  const w = await world();
  const links = ['mailto:ada@x.org', 'https://x.org/'].map(url => ({ text: url, url }));
  w.press('enter');
  await w.app.settled();
  const { reader } = w.app.state.get();
  assert.ok(reader);
  const hints = (index: number) => {
    const state: AppState = {
      ...w.app.state.get(),
      reader: { ...reader, message: parsed({ links }) },
      stack: [{ t: 'list' }, { t: 'reader' }, { t: 'link', index }],
    };
    return hintRow({ state, data: w.app.data }, plain);
  };
  assert.match(hints(0), /Ent write to it/);
  assert.doesNotMatch(hints(1), /Ent/);
});

test('a number or the beginning of a longer key is shown while the rest is awaited', async () => {
  const w = await world();
  w.press('1', '2', 'g');
  assert.match(hintRow({ state: w.app.state.get(), data: w.app.data }, plain), /12g {2}: cmds/);
});

test('what is said leaves the accounts in sight, and goes on in the hint row where it is long', async () => {
  const text = `${'This is a long sentence about the mail. '.repeat(2)}Next: press @.`;
  const w = await world();
  for (let columns = 160; columns >= 40; columns -= 1) {
    const state = say({ ...w.app.state.get(), size: { columns, rows: 24 } }, 'error', text);
    const view: View = { state, data: w.app.data };
    const status = statusRow(view, plain);
    const hints = hintRow(view, plain);
    assert.equal(width(status), columns);
    assert.equal(width(hints), columns);
    assert.match(status, /work: online {2}$/, `${columns}`);
    assert.match(hints, /: cmds \? help $/, `${columns}`);
    const seen = `${status.replace(/work: online {2}$/, '').trim()} ${hints.replace(/: cmds \? help $/, '').trim()}`;
    if (columns >= 80) assert.ok(seen.startsWith(text), `${columns}: ${seen}`);
    else assert.ok(text.startsWith(seen.replace(/…$/, '').trim()), `${columns}: ${seen}`);
  }
});

test('every state has a letter of its own', () => {
  const row = (flags: number, attachments = 0, here = true) =>
    messageRow(
      {
        envelope: envelope({ attachments }),
        flags,
        cursor: false,
        marked: false,
        badge: null,
        fold: null,
        focused: true,
        outgoing: false,
        here,
        now: NOW,
      },
      80,
      plain,
    ).slice(0, 6);
  assert.equal(row(0), '  N   ');
  assert.equal(row(SEEN), '      ');
  assert.equal(row(SEEN | ANSWERED), '  R   ');
  assert.equal(row(SEEN | FORWARDED), '  F   ');
  assert.equal(row(SEEN | DELETED), '  D   ');
  assert.equal(row(FLAGGED, 2), '  N*@ ');
  assert.equal(row(SEEN, 0, false), ' ~    ');
});

test('labels stand behind the subject in the room that it leaves, and go first', () => {
  const row = (columns: number, subject: string, labels: readonly string[]) =>
    messageRow(
      {
        envelope: envelope({ subject }),
        flags: SEEN,
        cursor: false,
        marked: false,
        badge: null,
        fold: null,
        focused: true,
        outgoing: false,
        here: true,
        labels,
        now: NOW,
      },
      columns,
      plain,
    );
  for (const columns of [40, 60, 80, 160]) {
    const short = row(columns, 'Short', ['Work', 'a\u001b[2Jb']);
    assert.equal(width(short), columns);
    assert.match(short, columns > 40 ? /Short +\[Work\]/ : /Short/);
    assert.ok(!short.includes('\u001b'));
    const long = row(columns, 's'.repeat(300), ['Work']);
    assert.equal(width(long), columns);
    assert.equal(long.includes('[Work]'), columns === 160);
    assert.equal(row(columns, 'Short', []), row(columns, 'Short', ['']).replace('[]', '  '));
  }
});

test('the subject has at least 20 cells, and 40 at 80 columns', () => {
  const subject = 's'.repeat(300);
  for (const columns of [50, 60, 80, 160]) {
    const row = messageRow(
      {
        envelope: envelope({ subject }),
        flags: SEEN,
        cursor: false,
        marked: false,
        badge: null,
        fold: null,
        focused: true,
        outgoing: false,
        here: true,
        now: NOW,
      },
      columns,
      plain,
    );
    const cells = row.match(/s{5,}…?/)?.[0].length ?? 0;
    assert.ok(cells >= (columns >= 80 ? 40 : 20), `${columns}: ${cells}`);
  }
});

test('without colours only attributes are used; with 16 only the 16', () => {
  const meanings = [
    'title',
    'unread',
    'selected',
    'star',
    'dim',
    'key',
    'quote-1',
    'link',
    'warning',
    'error',
  ] as const;
  const none = themeFor({ colors: 'auto', borders: 'auto' }, { colors: 'none', unicode: false });
  const few = themeFor({ colors: 'auto', borders: 'auto' }, { colors: '16', unicode: false });
  for (const meaning of meanings) {
    assert.doesNotMatch(none.paint(meaning, 'x'), /\x1b\[[\d;]*[345]\d/);
    assert.doesNotMatch(few.paint(meaning, 'x'), /38;/);
  }
  assert.equal(none.borders.vertical, '|');
  assert.equal(
    themeFor({ colors: 'none', borders: 'unicode' }, { colors: '256', unicode: false }).borders.vertical,
    '│',
  );
  assert.doesNotMatch(
    themeFor({ colors: 'none', borders: 'auto' }, { colors: '256', unicode: true }).paint('link', 'x'),
    /38;/,
  );
});
