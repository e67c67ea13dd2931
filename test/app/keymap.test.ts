import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Context, EVERYWHERE, TEXT_CONTEXTS } from '../../src/app/commands/command.ts';
import { allCommands } from '../../src/app/commands/index.ts';
import { typedText } from '../../src/app/field.ts';
import { keyTables } from '../../src/app/key-tables.ts';
import { buildKeymap, keyProblemText, meaning } from '../../src/app/keymap.ts';
import { parseKeys, showBindings, showKeys } from '../../src/app/keys.ts';

const { keymap, problems } = buildKeymap(allCommands);

function commandOf(context: Context, written: string): string {
  const found = meaning(keymap, context, parseKeys(written) ?? []);
  return found.t === 'command' ? found.command.id : found.t;
}

test('no key stands for two commands in one context, and no prefix key is a command', () => {
  assert.deepEqual(problems.map(keyProblemText), []);
  for (const context of EVERYWHERE) {
    // Questions and bars know no prefix: y is an answer.
    if (['confirm', 'ask', 'review', 'outbox'].includes(context)) continue;
    for (const prefix of ['g', 'z', 'y']) {
      if (!TEXT_CONTEXTS.includes(context)) assert.notEqual(meaning(keymap, context, [prefix]).t, 'command');
    }
  }
});

test('every command has a unique id, a title, a sentence of help and a place', () => {
  assert.equal(new Set(allCommands.map(command => command.id)).size, allCommands.length);
  for (const command of allCommands) {
    assert.match(command.title, /^[A-Z]/, command.id);
    assert.match(command.help, /^[A-Z].*\.$/, command.id);
    assert.ok(command.in.length > 0, command.id);
    for (const written of command.keys) assert.ok(parseKeys(written), `${command.id}: ${written}`);
    if (command.hint) assert.ok(command.hint.label.length <= 14, command.id);
  }
});

test('a command of a later version says so and is never hinted', () => {
  for (const command of allCommands.filter(command => command.later)) {
    assert.equal(command.hint, undefined, command.id);
    assert.match(command.disabled?.({} as never) ?? '', /later version/, command.id);
  }
});

// product.md section 2.1: what a key does in the list and in the reader.
const LIST: Readonly<Record<string, string>> = {
  j: 'move.down',
  k: 'move.up',
  down: 'move.down',
  'C-f': 'move.page-down',
  pgup: 'move.page-up',
  '-': 'move.page-up',
  'C-d': 'move.half-down',
  'C-u': 'move.half-up',
  gg: 'move.first',
  G: 'move.last',
  enter: 'message.open',
  right: 'message.open',
  q: 'quit',
  tab: 'unread.next',
  'S-tab': 'unread.previous',
  K: 'folder.previous',
  J: 'folder.next',
  c: 'folder.pick',
  gi: 'folder.inbox',
  gs: 'folder.sent',
  gd: 'folder.drafts',
  gt: 'folder.trash',
  ga: 'folder.archive',
  gj: 'folder.junk',
  m: 'compose',
  C: 'compose',
  r: 'reply',
  R: 'reply-all',
  L: 'reply-list',
  f: 'forward',
  b: 'bounce',
  E: 'edit-as-new',
  d: 'delete',
  D: 'delete-for-ever',
  u: 'undo',
  a: 'archive',
  e: 'archive',
  A: 'archive-thread',
  s: 'move',
  gC: 'copy',
  x: 'mark',
  t: 'mark',
  space: 'mark-next',
  ';': 'for-marked',
  V: 'mark-range',
  '%': 'mark-all',
  '~': 'mark-by',
  U: 'message.toggle-read',
  F: 'message.toggle-star',
  '*': 'message.toggle-star',
  Y: 'labels',
  X: 'junk',
  S: 'snooze',
  M: 'mute',
  W: 'remind',
  l: 'filter',
  '\\': 'filter',
  '/': 'search',
  n: 'search.next',
  N: 'search.previous',
  o: 'sort',
  T: 'threads',
  zc: 'fold',
  zo: 'unfold',
  za: 'fold-toggle',
  zM: 'fold-all',
  zR: 'unfold-all',
  P: 'parent',
  '|': 'pipe',
  '!': 'shell',
  Q: 'contacts',
  $: 'sync.now',
  '@': 'accounts.open',
  gO: 'outbox',
  '`': 'folder.pane',
  'C-w': 'layout.next',
  ']': 'tab.next',
  '[': 'tab.previous',
  '.': 'repeat',
  ':': 'palette.open',
  'C-p': 'palette.open',
  'C-k': 'palette.open',
  '?': 'help.open',
  f1: 'help.open',
  'C-l': 'terminal.redraw',
  'C-z': 'terminal.suspend',
  'C-c': 'cancel',
};
const READER: Readonly<Record<string, string>> = {
  J: 'message.next',
  K: 'message.previous',
  j: 'move.down',
  k: 'move.up',
  space: 'reader.page',
  'C-f': 'move.page-down',
  '-': 'move.page-up',
  'C-b': 'move.page-up',
  gg: 'move.first',
  G: 'move.last',
  q: 'back',
  esc: 'back',
  i: 'back',
  left: 'back',
  tab: 'unread.next',
  c: 'folder.pick',
  gi: 'folder.inbox',
  r: 'reply',
  d: 'delete',
  s: 'move',
  U: 'message.toggle-read',
  F: 'message.toggle-star',
  '/': 'find.open',
  n: 'find.next',
  N: 'find.previous',
  T: 'reader.quotes',
  za: 'reader.quotes',
  ']': 'reader.skip-quote',
  h: 'reader.headers',
  '=': 'reader.raw',
  v: 'parts.open',
  gl: 'links.open',
  '1': 'links.show-number',
  '9': 'links.show-number',
  y1: 'copy.link',
  gx: 'browser',
  gu: 'unsubscribe',
  '|': 'pipe',
  $: 'sync.now',
  '@': 'accounts.open',
  '`': 'folder.pane',
  ':': 'palette.open',
  '?': 'help.open',
  gI: 'remote-images',
  gy: 'invite.accept',
  gn: 'invite.decline',
  gm: 'invite.maybe',
  ya: 'copy.address',
};

test('the keys of the list and of the reader mean what the product says', () => {
  for (const [written, id] of Object.entries(LIST))
    assert.equal(commandOf('list', written), id, `list ${written}`);
  for (const [written, id] of Object.entries(READER))
    assert.equal(commandOf('reader', written), id, `reader ${written}`);
});

test('every action can be reached without Ctrl or Alt', () => {
  for (const command of allCommands) {
    if (command.hidden || command.in.every(context => TEXT_CONTEXTS.includes(context))) continue;
    const plain = command.keys.some(written => !/C-|M-/.test(written));
    // What has no plain key stands in the palette under its title.
    assert.ok(plain || command.title !== '', command.id);
  }
});

test('in a text field no letter is a command', () => {
  for (const context of TEXT_CONTEXTS) {
    for (const letter of ['j', 'q', ':', '?', '1', 'space', 'g']) {
      assert.equal(meaning(keymap, context, [letter]).t, 'unbound', `${context} ${letter}`);
    }
  }
  assert.equal(typedText('space'), ' ');
  assert.equal(typedText('👩‍🚀'), '👩‍🚀');
  assert.equal(typedText('enter'), null);
  assert.equal(typedText('C-a'), null);
});

test('a prefix lists its choices, with the keys from the beginning', () => {
  const found = meaning(keymap, 'list', ['g']);
  assert.equal(found.t, 'pending');
  const keys = found.t === 'pending' ? found.choices.map(choice => showKeys(choice.keys)) : [];
  assert.ok(keys.includes('gi') && keys.includes('gg'));
});

test('the configuration changes keys: a wish beats a default, a wish that can not be granted is reported', () => {
  const built = buildKeymap(allCommands, {
    'sync.now': ['j'],
    archive: ['g'],
    nonsense: ['x'],
    quit: ['C-'],
    'folder.pick': [],
  });
  const press = (written: string) => {
    const found = meaning(built.keymap, 'list', parseKeys(written) ?? []);
    return found.t === 'command' ? found.command.id : found.t;
  };
  assert.equal(press('j'), 'sync.now');
  assert.equal(press('down'), 'move.down');
  assert.equal(press('c'), 'unbound');
  assert.equal(press('g'), 'archive');
  const wished = built.problems.filter(problem => problem.wished).map(keyProblemText);
  assert.deepEqual(wished.length, 2, wished.join('\n'));
  assert.ok(wished.some(text => text.includes('nonsense')) && wished.some(text => text.includes('C-')));
  assert.ok(built.problems.some(problem => !problem.wished && problem.command === 'move.down'));
});

test('keys are read as people write them and shown as people know them', () => {
  assert.deepEqual(parseKeys('gg'), ['g', 'g']);
  assert.deepEqual(parseKeys('C-d'), ['C-d']);
  assert.deepEqual(parseKeys('g enter'), ['g', 'enter']);
  assert.deepEqual(parseKeys('-'), ['-']);
  assert.deepEqual(parseKeys('S-tab'), ['S-tab']);
  assert.deepEqual(parseKeys('ä'), ['ä']);
  assert.equal(parseKeys(''), null);
  assert.equal(parseKeys('C-nonsense'), null);
  assert.equal(parseKeys('hello'), null);
  assert.equal(showKeys(['C-d']), '^d');
  assert.equal(showKeys(['g', 'g']), 'gg');
  assert.equal(showKeys(['S-tab']), 'S-Tab');
  assert.equal(showKeys(['enter'], true), 'Ent');
  assert.equal(showBindings([...'123456789'].map(digit => [digit])), '1-9');
});

test('the key tables say of every command where its keys work', () => {
  const rows = keyTables()
    .split('\n')
    .filter(line => /^\| `/.test(line))
    .map(line => line.split(' | ').at(-1)?.replace(/\|$/, '').trim() ?? '');
  assert.deepEqual(
    rows.filter(place => place === ''),
    [],
  );
  assert.match(keyTables(), /Writes to the address of a mail link\. +\| one link /);
});
