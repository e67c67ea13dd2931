import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArguments, usageText } from '../../src/cli/arguments.ts';
import { TmailError } from '../../src/util/errors.ts';

const parse = (line: string) => parseArguments(line.split(' ').filter(Boolean), '1.2.3');

function run(line: string) {
  const wish = parse(line);
  assert.ok(wish.t === 'run', 'it prints');
  return wish.args;
}

function refused(line: string): TmailError {
  try {
    parse(line);
  } catch (error) {
    assert.ok(error instanceof TmailError);
    assert.equal(error.kind, 'config');
    return error;
  }
  return assert.fail(`accepted: ${line}`);
}

test('no command is the screen, with its options', () => {
  const args = run('--account work --folder Inbox --offline');
  assert.equal(args.command, null);
  assert.deepEqual([args.value('account'), args.value('folder')], ['work', 'Inbox']);
  assert.deepEqual([args.has('offline'), args.has('demo')], [true, false]);
});

test('options may stand before and after the command and its words', () => {
  for (const line of ['--config c show a:1:2 --raw', 'show --raw --config=c a:1:2']) {
    const args = run(line);
    assert.deepEqual([args.command, args.words, args.value('config')], ['show', ['a:1:2'], 'c']);
    assert.ok(args.has('raw'));
  }
});

test('an option that may be repeated keeps all its values', () => {
  assert.deepEqual(run('sync --account a --account b').values('account'), ['a', 'b']);
  assert.deepEqual(run('save x:1:1 --part 1 --part 3').values('part'), ['1', '3']);
});

test('after -- everything is a word', () => {
  assert.deepEqual(run('show -- --raw').words, ['--raw']);
});

test('--message without a file is standard input, before another option as well', () => {
  for (const line of [
    'send --message',
    'send --message --json',
    'send --message -',
    'send --json --message',
    'send --message -a f',
    'send --message --',
  ]) {
    assert.deepEqual([run(line).value('message'), run(line).words], ['-', []], line);
    assert.equal(run(line).has('json'), line.includes('--json'));
  }
  assert.equal(run('send --message file --json').value('message'), 'file');
  assert.equal(run('send --message=-odd --json').value('message'), '-odd');
  assert.deepEqual(run('send -- --message --json').words, ['--message', '--json']);
});

const wrong: [line: string, code: string, facts: Record<string, unknown>][] = [
  ['lits', 'cli.unknown-command', { word: 'lits', suggestion: 'list' }],
  ['frobnicate', 'cli.unknown-command', { suggestion: undefined }],
  ['constructor', 'cli.unknown-command', { suggestion: undefined }],
  ['search --server x', 'cli.not-available', { word: 'search' }],
  ['list --jsno', 'cli.unknown-option', { option: '--jsno', suggestion: '--json', command: 'list' }],
  ['list --raw', 'cli.unknown-option', { option: '--raw', suggestion: undefined, command: 'list' }],
  ['list -x', 'cli.unknown-option', { option: '-x' }],
  ['--json', 'cli.unknown-option', { option: '--json', command: undefined }],
  ['list --constructor', 'cli.unknown-option', { option: '--constructor' }],
  ['list --account', 'cli.option-value', { option: '--account', expected: 'A' }],
  ['list --account --json', 'cli.option-value', { option: '--account' }],
  ['list --account=', 'cli.option-value', { option: '--account' }],
  ['list --json=yes', 'cli.option-no-value', { option: '--json' }],
  ['list --account a --account b', 'cli.option-once', { option: '--account' }],
  ['show', 'cli.words', { expected: 'ID', got: 0 }],
  ['show a b', 'cli.words', { expected: 'ID', got: 2 }],
  ['list extra', 'cli.words', { expected: '', got: 1 }],
  ['config check more', 'cli.words', { got: 2 }],
];
for (const [line, code, facts] of wrong) {
  test(`"tmail ${line}" is wrong usage`, () => {
    const error = refused(line);
    assert.equal(error.code, code);
    for (const [key, value] of Object.entries(facts)) assert.equal(error.facts[key], value, key);
  });
}

test('help and version print and win over missing words', () => {
  assert.deepEqual(parse('--version'), { t: 'print', text: 'tmail 1.2.3\n' });
  assert.deepEqual(parse('show --help'), { t: 'print', text: usageText('show') });
  assert.deepEqual(parse('help export'), { t: 'print', text: usageText('export') });
  assert.deepEqual(parse('help'), { t: 'print', text: usageText(null) });
  assert.equal(refused('help exprot').facts.suggestion, 'export');
  assert.deepEqual(parse('-h'), { t: 'print', text: usageText(null) });
});

test('the usage of a command names each of its options, and every line fits 120 columns', () => {
  const text = usageText('save');
  for (const word of ['ID', '--part N', '--to DIR', '--config FILE', '--data DIR'])
    assert.ok(text.includes(word), word);
  for (const name of [
    null,
    'sync',
    'list',
    'show',
    'save',
    'unread',
    'flag',
    'move',
    'archive',
    'delete',
    'export',
    'import',
    'send',
    'outbox',
    'doctor',
    'config',
  ] as const) {
    for (const line of usageText(name).split('\n')) assert.ok(line.length <= 120, line);
  }
});
