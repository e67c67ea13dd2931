import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkConfig, configErrors } from '../../src/config/load.ts';
import { TmailError } from '../../src/util/errors.ts';

const file = (ui: string) =>
  `{"accounts": {"work": {"email": "a@b.c", "protocol": "imap", "incoming": {"host": "b.c"}, "auth": {"passwordEnv": "P"}}}, "ui": ${ui}}`;
const read = (ui: string) => checkConfig(file(ui), '/etc/tmail.json', { HOME: '/home/ada' }).config.ui;

test('columns and dates of the list are as they are set, and absent where they are not', () => {
  assert.deepEqual(read('{"columns": ["from", "subject", "size"], "dates": "iso"}'), {
    colors: 'auto',
    borders: 'auto',
    markReadAfter: 0,
    columns: ['from', 'subject', 'size'],
    dates: 'iso',
    keys: {},
  });
  assert.equal(read('{}').columns, undefined);
});

test('a column or a form of date that does not exist is told with what was meant', () => {
  for (const [ui, path, suggestion] of [
    ['{"columns": ["date", "form"]}', 'ui.columns[1]', 'from'],
    ['{"columns": []}', 'ui.columns', undefined],
    ['{"dates": "ISO"}', 'ui.dates', 'iso'],
  ] as const) {
    assert.throws(
      () => read(ui),
      thrown => {
        assert.ok(thrown instanceof TmailError);
        const [error] = configErrors(thrown);
        assert.deepEqual([error?.code, error?.facts.path], ['config.value', path]);
        assert.equal(error?.facts.suggestion, suggestion);
        return true;
      },
    );
  }
});
