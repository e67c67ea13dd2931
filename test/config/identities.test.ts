// Who may write, as the configuration says it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identitiesOf } from '../../src/config/identities.ts';
import { checkConfig, configErrors } from '../../src/config/load.ts';
import { TmailError } from '../../src/util/errors.ts';

const read = (more: Record<string, unknown>, top: Record<string, unknown> = {}) => {
  const base = { email: 'ada@example.org', name: 'Ada', protocol: 'imap', auth: { passwordEnv: 'P' } };
  const work = { ...base, incoming: { host: 'imap.example.org' }, ...more };
  return checkConfig(JSON.stringify({ accounts: { work }, ...top }), '/c.json', {}).config;
};

const codes = (more: Record<string, unknown>, top: Record<string, unknown> = {}): string[] => {
  try {
    read(more, top);
  } catch (error) {
    assert.ok(error instanceof TmailError);
    return configErrors(error).map(({ code, facts }) => `${code} ${facts.path}`);
  }
  return [];
};

test("an account's own address is an identity, without a word", () => {
  assert.deepEqual(identitiesOf(read({})), [
    {
      account: 'work',
      name: 'Ada',
      address: 'ada@example.org',
      replyTo: '',
      signature: '',
      signatureAbove: false,
    },
  ]);
  assert.deepEqual(identitiesOf(read({ disabled: true })), []);
});

test('other identities take from the account what they do not say', () => {
  const config = read({
    signature: 'Ada\nExample Org',
    signatureAbove: true,
    replyTo: 'team@example.org',
    identities: [
      { email: 'info@example.org' },
      { email: 'x@example.net', name: 'X', replyTo: 'y@example.net', signature: '' },
    ],
  });
  const shown = identitiesOf(config).map(({ name, address, replyTo, signature, signatureAbove }) =>
    [name, address, replyTo, signature, signatureAbove].join('|'),
  );
  assert.deepEqual(shown, [
    'Ada|ada@example.org|team@example.org|Ada\nExample Org|true',
    'Ada|info@example.org|team@example.org|Ada\nExample Org|true',
    'X|x@example.net|y@example.net||true',
  ]);
});

test('an identity with the own address replaces it', () => {
  const config = read({ identities: [{ email: 'Ada@example.org', name: 'A. Lovelace' }] });
  assert.deepEqual(
    identitiesOf(config).map(({ name }) => name),
    ['A. Lovelace'],
  );
});

test('the time to take a message back is 0 to 60 seconds, 10 unless told', () => {
  assert.deepEqual(
    [read({}), read({}, { undoSendSeconds: 0 }), read({}, { undoSendSeconds: 60 })].map(
      ({ undoSend }) => undoSend,
    ),
    [10_000, 0, 60_000],
  );
  assert.deepEqual(codes({}, { undoSendSeconds: 61 }), ['config.value undoSendSeconds']);
});

test('mistakes have their place', () => {
  assert.deepEqual(codes({ identities: [{ name: 'X' }], sentCopy: 'maybe', replyTo: 'nobody' }), [
    'config.missing accounts.work.identities[0].email',
    'config.value accounts.work.replyTo',
    'config.value accounts.work.sentCopy',
  ]);
});

test('groups are names for several addresses', () => {
  const groups = {
    team: ['Ada <ada@example.org>', '"Hopper, Grace" <grace@example.net>', 'bob@example.org'],
  };
  assert.deepEqual(read({}, { groups }).groups, [
    {
      name: 'team',
      members: [
        { name: 'Ada', address: 'ada@example.org' },
        { name: 'Hopper, Grace', address: 'grace@example.net' },
        { name: '', address: 'bob@example.org' },
      ],
    },
  ]);
  assert.equal(read({}).groups, undefined);
});

test('mistakes in groups have their place', () => {
  const groups = {
    team: [
      'a@example.org',
      'bob',
      'a@example.org, b@example.org',
      'Ada <a@example.org> x',
      'A\nB <a@example.org>',
    ],
    empty: [],
    'a,b': ['a@example.org'],
    'x@y': ['a@example.org'],
    ' ': ['a@example.org'],
    one: 'a@example.org',
  };
  assert.deepEqual(codes({}, { groups }), [
    'config.value groups.team[1]',
    'config.value groups.team[2]',
    'config.value groups.team[3]',
    'config.value groups.team[4]',
    'config.value groups.empty',
    'config.key groups.a,b',
    'config.key groups.x@y',
    'config.key groups. ',
    'config.type groups.one',
  ]);
});
