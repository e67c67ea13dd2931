import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  emlBase,
  flagLetters,
  keywordLines,
  lettersFlags,
  maildirBase,
  maildirFolder,
  maildirLevels,
  nameTime,
  readKeywordLines,
  splitName,
} from '../../src/mail/maildir.ts';

test('flags are letters in ASCII order and come back, keywords by their table', () => {
  const keywords: string[] = [];
  const flags = ['\\Seen', '\\Flagged', '\\Answered', '\\Draft', '$Forwarded', 'todo', '\\Deleted', 'later'];
  const letters = flagLetters(flags, keywords);
  assert.equal(letters, 'DFPRSTabc');
  assert.equal(keywordLines(keywords), '0 $Forwarded\n1 todo\n2 later\n');
  assert.deepEqual(lettersFlags(letters, readKeywordLines(keywordLines(keywords))).sort(), [...flags].sort());
});

test('a keyword that could break its table, and a 27th one, are left out', () => {
  const keywords: string[] = [];
  const many = Array.from({ length: 30 }, (_, n) => `k${n}`);
  assert.equal(flagLetters(['a b', 'x\ny', ...many], keywords).length, 26);
  assert.equal(keywords.length, 26);
});

test('names of other programs are taken apart', () => {
  assert.deepEqual(splitName('1204680122.27c448.host,S=10:2,RS'), {
    base: '1204680122.27c448.host,S=10',
    letters: 'RS',
  });
  assert.deepEqual(splitName('1.a.b;2,F').letters, 'F');
  assert.deepEqual(splitName('1.a.b:1,F').letters, '');
  assert.deepEqual(splitName('1.a.b'), { base: '1.a.b', letters: '' });
  assert.equal(nameTime('1204680122.27c448.host'), 1204680122000);
  assert.equal(nameTime('cur'), null);
});

test('our own names keep their base whatever the letters', () => {
  const hash = 'ab'.repeat(32);
  const maildir = maildirBase(7, hash, 12, 1204680122999, 0);
  assert.equal(splitName(`${maildir}:2,FS`).base, maildir);
  assert.doesNotMatch(maildir, /[:/]/);
  for (const copy of [0, 3]) {
    const eml = emlBase(7, hash, copy);
    assert.deepEqual(splitName(`${eml},FSa.eml`), { base: eml, letters: 'FSa' });
  }
});

test('folder names become Maildir++ directories that Dovecot reads, and none leaves the Maildir', () => {
  assert.equal(maildirFolder(['Archive', '2026']), '.Archive.2026');
  assert.equal(maildirFolder(['Gesendet', 'für später']), '.Gesendet.f&APw-r sp&AOQ-ter');
  assert.deepEqual(maildirLevels('.Gesendet.f&APw-r sp&AOQ-ter'), ['Gesendet', 'für später']);
  for (const level of ['../..', '/etc', 'a.b', '\0', '', '.']) {
    assert.match(maildirFolder([level]), /^\.[^./\0]+$/);
  }
});
