// What a host and a user tell of Gmail's POP3.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GMAIL_POP_SETTING, gmailPop, shownUser } from '../../src/config/gmail.ts';
import { checkConfig } from '../../src/config/load.ts';

const CASES: readonly (readonly [string, string, ReturnType<typeof gmailPop>])[] = [
  ['pop.gmail.com', 'ada@gmail.com', { user: 'ada@gmail.com', recent: false }],
  ['pop.gmail.com', 'recent:ada@gmail.com', { user: 'ada@gmail.com', recent: true }],
  ['POP.Gmail.com.', 'Recent:ada', { user: 'ada', recent: true }],
  ['pop.googlemail.com', 'recent:ada@example.org', { user: 'ada@example.org', recent: true }],
  ['gmail.com', 'ada', { user: 'ada', recent: false }],
  ['pop.gmail.com.evil.example', 'recent:ada', null],
  ['notgmail.com', 'ada', null],
  ['pop.isp.example', 'recent:ada', null],
];

for (const [host, user, wanted] of CASES) {
  test(`${user} at ${host}: ${wanted ? `Gmail, ${wanted.recent ? 'the last 30 days' : 'the rest'}` : 'not Gmail'}`, () => {
    assert.deepEqual(gmailPop({ host, user }), wanted);
    assert.equal(shownUser({ host, user }), wanted?.user ?? user);
  });
}

test('the server that receives gets the whole name, the one that sends only the account’s', () => {
  const account = (more: string) =>
    `{"accounts": {"home": {"email": "ada@gmail.com", "protocol": "pop3", "serverCopy": "keep",
      "incoming": {"host": "pop.gmail.com", "user": "recent:ada@gmail.com"},
      "outgoing": {"host": "smtp.gmail.com"${more}}, "auth": {"passwordEnv": "P"}}}}`;
  const [home] = checkConfig(account(''), '/c.json', {}).config.accounts;
  assert.equal(home?.incoming.user, 'recent:ada@gmail.com');
  assert.equal(home?.outgoing?.user, 'ada@gmail.com');
  assert.match(GMAIL_POP_SETTING, /^https:\/\/mail\.google\.com\/.*#settings\/fwdandpop$/);
});
