// What a person may say about notices of new mail, and where a mistake is shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkConfig, configErrors } from '../../src/config/load.ts';
import { TmailError } from '../../src/util/errors.ts';

const file = (notices: string) => `{"accounts": {"work": {"email": "a@b.c", "protocol": "imap",
  "incoming": {"host": "imap.example.org"}, "auth": {"passwordEnv": "P"}}},
  "notices": ${notices}}`;
const read = (notices: string) => checkConfig(file(notices), '/c.json', {}).config.notices;

function mistakes(notices: string): string[] {
  try {
    read(notices);
  } catch (error) {
    assert.ok(error instanceof TmailError);
    return configErrors(error).map(
      ({ code, facts }) => `${code} ${facts.path} ${facts.line}:${facts.column}`,
    );
  }
  return [];
}

test('ways, command, hours and folders are read', () => {
  assert.deepEqual(
    read(`{"by": ["osc777", "bell", "bell"], "command": ["say", "new mail"], "everySeconds": 5,
      "quiet": {"from": "22:30", "to": "7:00"}, "folders": {"work": false, "work/INBOX": true, "work/a b/c": true}}`),
    {
      by: ['osc777', 'bell'],
      command: ['say', 'new mail'],
      every: 5000,
      quiet: { from: 1350, to: 420 },
      folders: { work: false, 'work/INBOX': true, 'work/a b/c': true },
    },
  );
  assert.deepEqual(read('{"by": []}')?.by, []);
});

test('a mistake is shown where it stands', () => {
  assert.deepEqual(mistakes('{"by": ["popup"]}'), ['config.value notices.by[0] 3:22']);
  assert.deepEqual(mistakes('{"command": "notify-send"}'), ['config.type notices.command 3:26']);
  assert.deepEqual(mistakes('{"command": []}').length, 1);
  assert.deepEqual(mistakes('{"quiet": {"from": "24:00", "to": "7:00"}}'), [
    'config.value notices.quiet.from 3:33',
  ]);
  assert.deepEqual(mistakes('{"quiet": {"from": "22:00"}}').length, 1);
  assert.deepEqual(mistakes('{"folders": {"wrok/INBOX": true}}'), [
    'config.unknown-account notices.folders.wrok/INBOX 3:41',
  ]);
  assert.deepEqual(mistakes('{"folder": {}}').length, 1);
});
