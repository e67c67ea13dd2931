// What the configuration says about a POP3 account, and how its mistakes are explained.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sentence } from '../../src/app/messages.ts';
import { checkConfig, configErrors } from '../../src/config/load.ts';
import { TmailError } from '../../src/util/errors.ts';

const read = (more: Record<string, unknown>, protocol = 'pop3') => {
  const copy = protocol === 'pop3' ? { serverCopy: 'keep' } : {};
  const home = {
    email: 'ada@example.org',
    protocol,
    incoming: { host: 'pop.example.org' },
    auth: { passwordEnv: 'P' },
    ...copy,
    ...more,
  };
  const { config, warnings } = checkConfig(JSON.stringify({ accounts: { home } }), '/c.json', {});
  return { account: config.accounts[0], warnings };
};

function mistakes(more: Record<string, unknown>): string[] {
  try {
    read(more);
  } catch (error) {
    assert.ok(error instanceof TmailError);
    return configErrors(error).map(one => sentence(one).replace(/^\S+ /, ''));
  }
  return assert.fail('it was accepted');
}

test('without a word all mail is fetched, whole, every ten minutes', () => {
  assert.deepEqual(read({}).account?.pop3, {
    firstRun: 'all',
    sizeLimit: null,
    sessionMessages: null,
    sessionBytes: null,
    checkEvery: 600_000,
  });
  assert.equal(read({}, 'imap').account?.pop3, undefined);
});

test('every setting is read, in megabytes of a million and in minutes', () => {
  const more = {
    firstRun: { days: 30 },
    sizeLimitMB: 2.5,
    sessionLimits: { messages: 500, megabytes: 50 },
    checkEveryMinutes: 15,
  };
  assert.deepEqual(read(more).account?.pop3, {
    firstRun: { days: 30 },
    sizeLimit: 2_500_000,
    sessionMessages: 500,
    sessionBytes: 50_000_000,
    checkEvery: 900_000,
  });
  assert.equal(read({ firstRun: 'today' }).account?.pop3?.firstRun, 'today');
  assert.equal(read({ sessionLimits: { messages: 5 } }).account?.pop3?.sessionBytes, null);
});

test('mistakes are named with what was expected', () => {
  assert.deepEqual(mistakes({ firstRun: 'todya' }), [
    '"accounts.home.firstRun" must be "all" or "today". Did you mean "today"?',
  ]);
  assert.deepEqual(mistakes({ firstRun: { day: 3 } }), [
    '"accounts.home.firstRun.day" is not a setting. Did you mean "days"?',
    '"accounts.home.firstRun.days" is missing: a whole number from 1 to 36500.',
  ]);
  assert.deepEqual(mistakes({ checkEveryMinutes: 0 }), [
    '"accounts.home.checkEveryMinutes" must be a whole number from 1 to 1440.',
  ]);
  assert.deepEqual(mistakes({ sizeLimitMB: '20' }), [
    '"accounts.home.sizeLimitMB" must be a number from 0.01 to 1000, not a string.',
  ]);
  assert.deepEqual(mistakes({ sessionLimits: { mb: 3 } }).length, 1);
  assert.deepEqual(
    mistakes({ pollInterval: 3, interval: 3 }).at(-1),
    '"accounts.home.interval" is not a setting. Did you mean "checkEveryMinutes"?',
  );
});

test('what means nothing for IMAP is warned about', () => {
  const more = {
    firstRun: 'all',
    checkEveryMinutes: 5,
    sizeLimitMB: 1,
    sessionLimits: {},
    serverCopy: 'keep',
  };
  const { warnings } = read(more, 'imap');
  assert.deepEqual(
    warnings.map(({ code, facts }) => [code, facts.key]).sort(),
    ['checkEveryMinutes', 'firstRun', 'serverCopy', 'sessionLimits', 'sizeLimitMB'].map(key => [
      'config.ignored',
      key,
    ]),
  );
});

const two = (deliverTo: string, more: Record<string, unknown> = {}, home: Record<string, unknown> = {}) => {
  const account = {
    email: 'ada@example.org',
    protocol: 'pop3',
    incoming: { host: 'pop.example.org' },
    auth: { passwordEnv: 'P' },
    serverCopy: 'keep',
  };
  const accounts = { home: { ...account, ...home }, work: { ...account, deliverTo, ...more } };
  return checkConfig(JSON.stringify({ accounts }, null, 1), '/c.json', {});
};

test('an account’s mail may come into the inbox of another POP3 account', () => {
  const { config, warnings } = two('home');
  assert.deepEqual(
    config.accounts.map(({ deliverTo }) => deliverTo),
    [undefined, 'home'],
  );
  assert.deepEqual(warnings, []);
  const imap = two('home', { protocol: 'imap', serverCopy: undefined });
  assert.equal(imap.config.accounts[1]?.deliverTo, undefined);
  assert.deepEqual(
    imap.warnings.map(({ code }) => code),
    ['config.ignored'],
  );
});

const DELIVERIES: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['an account that is not there', () => two('hom'), /no account "hom".*Did you mean "home"\?/],
  ['itself', () => two('work'), /"accounts\.work\.deliverTo" names the account itself/],
  [
    'an IMAP account',
    () => two('home', {}, { protocol: 'imap', serverCopy: undefined }),
    /"home" are on its IMAP server/,
  ],
  [
    'one that delivers on',
    () => two('home', {}, { deliverTo: 'work' }),
    /"work" goes to "home" itself; mail goes one step only/,
  ],
  [
    'one that is disabled',
    () => two('home', {}, { disabled: true }),
    /"home" is disabled, so nobody would see/,
  ],
];
for (const [what, check, wanted] of DELIVERIES) {
  test(`mail can't go to ${what}, and the place in the file is named`, () => {
    assert.throws(check, (error: unknown) => {
      assert.ok(error instanceof TmailError);
      const [one] = configErrors(error).map(each => sentence(each));
      assert.match(one ?? '', wanted);
      assert.match(one ?? '', /^\/c\.json:\d\d:\d+: /);
      return true;
    });
  });
}
