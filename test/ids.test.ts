import assert from 'node:assert/strict';
import { test } from 'node:test';
import { folderId, messageId, splitMessageId } from '../src/mail/ids.ts';
import { TmailError } from '../src/util/errors.ts';

test('a message id names its account, folder and number, and is safe in a shell', () => {
  const id = messageId(folderId('work.mail', 3), 41);
  assert.match(id, /^[A-Za-z0-9._:-]+$/);
  assert.deepEqual(splitMessageId(id), { account: 'work.mail', folder: 'work.mail:3', uid: 41 });
});

test('text that is no message id is refused with a code', () => {
  for (const text of ['', 'work', 'work:3', '../x:1:2', 'a:1:2:3', '.a:1:2', 'a b:1:2']) {
    assert.throws(
      () => splitMessageId(text),
      (error: unknown) => error instanceof TmailError && error.code === 'id.malformed',
    );
  }
});
