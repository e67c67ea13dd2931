import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { looksExecutable, numbered, safeFileName } from '../../src/mail/file-name.ts';

const names: [from: string | null, type: string, to: string][] = [
  ['report.pdf', 'application/pdf', 'report.pdf'],
  ['Größe 表.txt', 'text/plain', 'Größe 表.txt'],
  ['../../.bashrc', 'text/plain', '_bashrc'],
  ['/etc/passwd', 'text/plain', 'passwd'],
  ['C:\\Windows\\system.ini', 'text/plain', 'system.ini'],
  ['.ssh', 'text/plain', '_ssh'],
  ['-rf', 'text/plain', '_rf'],
  ['--output=x', 'text/plain', '__output=x'],
  ['~root', 'text/plain', '_root'],
  ['..', 'text/plain', 'part-3.txt'],
  ['', 'image/png', 'part-3.png'],
  [null, 'application/x-odd', 'part-3.bin'],
  ['a\u0000b\u001b[31m.txt', 'text/plain', 'ab[31m.txt'],
  ['a\r\nb.txt', 'text/plain', 'ab.txt'],
  ['invoice\u202efdp.exe', 'application/pdf', 'invoicefdp.exe'],
  ['a\u200b.txt ', 'text/plain', 'a.txt'],
  ['trailing. . .', 'text/plain', 'trailing'],
  ['con.txt', 'text/plain', '_con.txt'],
  ['a:b*?.txt', 'text/plain', 'a_b__.txt'],
  ['x/', 'text/plain', 'part-3.txt'],
];
for (const [from, type, to] of names) {
  test(`the name ${JSON.stringify(from)} becomes ${to}`, () => {
    assert.equal(safeFileName(from, type, 3), to);
  });
}

test('a long name is cut between characters and keeps its extension', () => {
  const name = safeFileName(`${'💌'.repeat(300)}.pdf`, 'application/pdf', 1);
  assert.ok(Buffer.byteLength(name) <= 200);
  assert.ok(name.endsWith('💌.pdf'));
});

test('no name from a mail is a path, hidden, an option, empty or unprintable', () => {
  const hostile = fc.array(
    fc.constantFrom('.', '/', '\\', '-', ' ', '\u202e', '\0', '\n', 'a', 'é', '~', '\ud800'),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        hostile.map(parts => parts.join('')),
      ),
      text => {
        const name = safeFileName(text, 'text/plain', 1);
        assert.ok(name.length > 0 && Buffer.byteLength(name) <= 200);
        assert.doesNotMatch(name, /^[.\-~]|[/\\]|[. ]$|[\p{Cc}\p{Cf}\p{Cs}]/u);
      },
    ),
  );
});

test('a taken name gets a number before its extension', () => {
  assert.equal(numbered('a.tar.gz', 0), 'a.tar.gz');
  assert.equal(numbered('a.txt', 2), 'a (2).txt');
  assert.equal(numbered('README', 1), 'README (1)');
});

test('what may run is recognised by name or type', () => {
  assert.ok(looksExecutable('a.EXE', 'application/pdf'));
  assert.ok(looksExecutable('a.pdf.js', 'text/plain'));
  assert.ok(looksExecutable('a', 'application/x-msdownload'));
  assert.ok(!looksExecutable('a.pdf', 'application/pdf'));
  assert.ok(!looksExecutable('exe', 'text/plain'));
});
