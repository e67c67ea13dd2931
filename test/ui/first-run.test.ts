import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkConfig } from '../../src/config/load.ts';
import { EXAMPLE } from '../../src/ui/parts/first-run-rows.ts';

test('the example on the first screen is a complete configuration', () => {
  const { config, warnings } = checkConfig(EXAMPLE.join('\n'), '/home/ada/.config/tmail/config.json', {});
  assert.deepEqual(
    config.accounts.map(account => [account.id, account.incoming.host]),
    [['work', 'imap.example.org']],
  );
  assert.deepEqual(warnings, []);
});
