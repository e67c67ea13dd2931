import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeModifiedUtf7, encodeModifiedUtf7, pathOf } from '../../../src/sync/imap/names.ts';

test('names of RFC 3501 are read and written as its example says', () => {
  assert.equal(decodeModifiedUtf7('~peter/mail/&U,BTFw-/&ZeVnLIqe-'), '~peter/mail/台北/日本語');
  assert.equal(encodeModifiedUtf7('~peter/mail/台北/日本語'), '~peter/mail/&U,BTFw-/&ZeVnLIqe-');
  assert.equal(decodeModifiedUtf7('R&-D'), 'R&D');
});

test('every Unicode name survives the wire', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), text => {
      assert.equal(decodeModifiedUtf7(encodeModifiedUtf7(text)), text);
    }),
  );
});

test('broken modified UTF-7 is no name in Unicode and stays as it was listed', () => {
  for (const wire of ['&AG-broken&', '&&&', '&', '&A-', '&ABC', 'caf\xe9', '&AGE-', '&U,BTFw-&ZeVnLIqe-']) {
    assert.equal(decodeModifiedUtf7(wire), null, wire);
    assert.equal(pathOf(wire, false), wire);
  }
});

test('the inbox has one spelling, and UTF-8 names are taken as they are', () => {
  assert.equal(pathOf('inbox', false), 'INBOX');
  assert.equal(pathOf('R&-D', true), 'R&-D');
  assert.equal(pathOf('日本語', true), '日本語');
});
