// What is kept of an account and of its folders: how it is written, and what it means for one message.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkConfig } from '../../src/config/load.ts';
import { keepsFiles, normalOffline, offlineOf, reachOf, textAlone } from '../../src/config/offline.ts';
import { TmailError } from '../../src/util/errors.ts';

const DAY = 86_400_000;

function check(settings: object, protocol = 'imap') {
  const account = {
    email: 'ada@example.org',
    protocol,
    ...(protocol === 'pop3' && { serverCopy: 'keep' }),
    incoming: { host: 'mail.example.org' },
    auth: { passwordEnv: 'P' },
    ...settings,
  };
  return checkConfig(JSON.stringify({ accounts: { work: account } }), '/x/config.json', {});
}

const accountOf = (settings: object, protocol?: string) => check(settings, protocol).config.accounts[0];

function mistakes(settings: object): string[] {
  try {
    check(settings);
  } catch (error) {
    assert.ok(error instanceof TmailError);
    return JSON.stringify(error.facts).match(/accounts\.work[A-Za-z.]*/g) ?? [error.code];
  }
  return [];
}

test('each form is read, and what says nothing is left out', () => {
  const table: [unknown, unknown][] = [
    ['all', 'all'],
    ['headers', 'headers'],
    ['none', 'none'],
    [{ days: 3 }, { days: 3 }],
    [{ newest: 3, attachments: true }, { newest: 3 }],
    [
      { attachments: false, days: 3 },
      { days: 3, attachments: false },
    ],
    [{ attachments: true }, 'all'],
  ];
  for (const [written, meant] of table) {
    const account = accountOf({ offline: written, offlineFolders: { Archive: written } });
    assert.deepEqual(account?.offline, meant);
    assert.deepEqual(account?.offlineFolders, { Archive: meant });
  }
  assert.equal(accountOf({})?.offline, 'all');
});

test('what can not be meant is refused', () => {
  for (const wrong of [
    'some',
    5,
    {},
    { days: 0 },
    { newest: 1.5 },
    { days: 1, newest: 1 },
    { flagged: true },
  ]) {
    assert.notDeepEqual(mistakes({ offline: wrong }), [], JSON.stringify(wrong));
    assert.notDeepEqual(mistakes({ offlineFolders: { Archive: wrong } }), [], JSON.stringify(wrong));
  }
  assert.notDeepEqual(mistakes({ offlineFolders: 'headers' }), []);
});

test('a POP3 account has none of it, and is told so', () => {
  const { config, warnings } = check({ offlineFolders: { Archive: 'none' }, offline: 'headers' }, 'pop3');
  assert.deepEqual(
    warnings.map(({ code, facts }) => `${code} ${facts.key}`),
    ['config.ignored offline', 'config.ignored offlineFolders'],
  );
  assert.equal(config.accounts[0]?.offlineFolders, undefined);
});

test('a folder is as its account unless something is said of it, whatever it is called', () => {
  const keeping = { offline: 'all', offlineFolders: { Lists: 'headers' } } as const;
  assert.equal(offlineOf(keeping, 'Lists'), 'headers');
  for (const path of ['Lists/debian', 'lists', 'INBOX', 'constructor', '__proto__'])
    assert.equal(offlineOf(keeping, path), 'all');
  assert.equal(offlineOf({ offline: 'none' }, 'toString'), 'none');
});

test('how far back it goes', () => {
  assert.deepEqual(reachOf('all', 0), {
    since: Number.NEGATIVE_INFINITY,
    newest: Number.POSITIVE_INFINITY,
    starred: false,
  });
  assert.equal(reachOf({ days: 3 }, 10 * DAY).since, 7 * DAY);
  assert.deepEqual(reachOf({ newest: 5 }, 0), { since: Number.NEGATIVE_INFINITY, newest: 5, starred: true });
  assert.equal(reachOf({ attachments: false }, 0).starred, false);
  for (const nothing of ['headers', 'none'] as const) {
    assert.equal(keepsFiles(nothing), false);
    assert.deepEqual(reachOf(nothing, 0), { since: Number.POSITIVE_INFINITY, newest: 0, starred: false });
  }
});

test('without attachments only large messages that have some are cut down to their text', () => {
  const texts = normalOffline({ days: 30, attachments: false });
  const large = 33 * 1024;
  assert.equal(textAlone(texts, { size: large, attachments: 1 }), true);
  assert.equal(textAlone(texts, { size: large, attachments: null }), true);
  assert.equal(textAlone(texts, { size: large, attachments: 0 }), false);
  assert.equal(textAlone(texts, { size: 1000, attachments: 9 }), false);
  for (const whole of ['all', 'headers', { days: 30 }] as const)
    assert.equal(textAlone(whole, { size: large, attachments: 1 }), false);
});
