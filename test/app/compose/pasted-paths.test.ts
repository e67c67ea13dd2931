import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pastedPaths, typedPath } from '../../../src/app/compose/pasted-paths.ts';

const CASES: readonly (readonly [string, readonly string[] | null])[] = [
  ['/a/b.txt', ['/a/b.txt']],
  ['/a/b.txt \n', ['/a/b.txt']],
  ['/a/my\\ file\\ \\(1\\).txt', ['/a/my file (1).txt']],
  ["'/a/my file.txt'", ['/a/my file.txt']],
  ['"/a/my file.txt"', ['/a/my file.txt']],
  ["'/a/it'\\''s.txt'", ["/a/it's.txt"]],
  ['file:///a/my%20file.txt', ['/a/my file.txt']],
  ['/a/b.txt /c/d.txt', ['/a/b.txt', '/c/d.txt']],
  ["'/a/b c' '/d'", ['/a/b c', '/d']],
  ['/a/b.txt\n/c/d.txt\n', ['/a/b.txt', '/c/d.txt']],
  ['/a/my file.txt', ['/a/my file.txt']],
  ['~/x', [join(homedir(), 'x')]],
  ['file://elsewhere/a', null],
  ['hello', null],
  ['> /a/b', null],
  ['', null],
  ['/a\nis a path that stands in\na text', null],
];

test('paths as terminals paste them', () => {
  for (const [text, paths] of CASES) assert.deepEqual(pastedPaths(text), paths, JSON.stringify(text));
});

test('a path that is typed may be relative, at home, or quoted', () => {
  assert.equal(typedPath('a/b'), 'a/b');
  assert.equal(typedPath(' ~/x ', '/home/ada'), join(homedir(), 'x'));
  assert.equal(typedPath("'/a b'"), '/a b');
});
