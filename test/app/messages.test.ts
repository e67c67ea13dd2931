import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasSentence, sentence } from '../../src/app/messages.ts';
import { TmailError } from '../../src/util/errors.ts';

/** Dotted words that look like codes and are none: file names and the like. */
const NO_CODES = /\.(?:jsonl?|steps|eml|ts|js|log|tmp|txt|pem|html?)$/;
/** Errors of the demo's own server, and events of the log: no person meets them. */
const NOT_SHOWN = /^demo\.|^raw\.remove$/;

async function sources(): Promise<Map<string, string>> {
  const names = (await readdir('src', { recursive: true })).filter(name => /\.tsx?$/.test(name));
  return new Map(
    await Promise.all(names.map(async name => [name, await readFile(join('src', name), 'utf8')] as const)),
  );
}

/** Codes thrown outright: every dotted word in the arguments of `new TmailError(…)` and of the shapes' reports. */
function thrown(text: string): string[] {
  const calls = text.matchAll(/(?:new TmailError|\b(?:add|report|warn|usage|error))\(([^;]{0,160})/g);
  return [...calls].flatMap(([, words]) => codesIn((words ?? '').split('facts')[0] ?? ''));
}

/** Codes kept in tables and verdicts: dotted words with a prefix that codes have. */
function kept(text: string, prefixes: ReadonlySet<string>): string[] {
  return codesIn(text).filter(code => prefixes.has(code.split('.')[0] ?? ''));
}

function codesIn(text: string): string[] {
  return [...text.matchAll(/'([a-z][a-z0-9]*(?:\.[a-z][a-z0-9-]*)+)'/g)]
    .map(([, code]) => code ?? '')
    .filter(code => !NO_CODES.test(code) && !NOT_SHOWN.test(code));
}

test('every code that the program can throw has a sentence', async () => {
  const all = await sources();
  const outright = new Set([...all.values()].flatMap(thrown));
  assert.ok(outright.size > 40, `only ${outright.size} codes were found: does the search still work?`);
  const found = new Set(outright);
  for (const [name, text] of all) {
    // Commands have dotted ids as well; the tables of codes live below these two.
    if (!/^(?:sync|store|worker|mail)\//.test(name)) continue;
    const prefixes = new Set([...outright].map(code => code.split('.')[0] ?? ''));
    for (const code of kept(text, prefixes)) found.add(code);
  }
  assert.deepEqual([...found].filter(code => !hasSentence(code)).sort(), []);
});

test('a sentence names the account and what to do next, and never steers the terminal', () => {
  const error = new TmailError('auth', 'auth.refused', {
    facts: { host: 'imap.example.org', port: 993, text: 'no \u001b[31m\u202e way\r\nINJECTED' },
  });
  const text = sentence(error, { account: 'work' });
  assert.match(text, /^work: imap\.example\.org:993 refused the sign-in\. Mail here stays readable\./);
  assert.doesNotMatch(text, /[\p{Cc}\u202e]/u);
});

test('a mistake in the configuration starts with its place, as editors read it', () => {
  const facts = { file: '/c.json', line: 3, column: 7, path: 'accounts.work.usr', suggestion: 'user' };
  const text = sentence(new TmailError('config', 'config.unknown-key', { facts }));
  assert.equal(text, '/c.json:3:7: "accounts.work.usr" is not a setting. Did you mean "user"?');
});

test('an unknown code and facts that are missing still make a sentence', () => {
  for (const kind of [
    'network',
    'tls',
    'auth',
    'rejected',
    'protocol',
    'storage',
    'config',
    'bug',
  ] as const) {
    const text = sentence(new TmailError(kind, 'never.seen', { facts: { text: 'odd' } }));
    assert.match(text, /never\.seen.*odd/);
  }
  assert.doesNotMatch(sentence(new TmailError('tls', 'tls.expired')), /undefined/);
});

test('long words of a server are cut', () => {
  const error = new TmailError('network', 'imap.bye', { facts: { host: 'h', text: 'x'.repeat(10_000) } });
  assert.ok(sentence(error).length < 400);
});
