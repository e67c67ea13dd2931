import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkConfig, configErrors, loadConfig } from '../../src/config/load.ts';
import { TmailError } from '../../src/util/errors.ts';

const FILE = '/etc/tmail/config.json';
const ENV = { HOME: '/home/ada' };

function errorsOf(text: string): readonly TmailError[] {
  try {
    checkConfig(text, FILE, ENV);
  } catch (error) {
    assert.ok(error instanceof TmailError);
    return configErrors(error);
  }
  return assert.fail('it was accepted');
}

/** `code path line:column` of each error. */
function summary(text: string): string[] {
  return errorsOf(text).map(
    ({ code, facts }) => `${code} ${facts.path ?? '-'} ${facts.line}:${facts.column}`,
  );
}

interface Parts {
  incoming?: string;
  auth?: string;
  more?: string;
  top?: string;
}
const account = ({
  incoming = '"host": "imap.example.org"',
  auth = '"passwordEnv": "P"',
  more = '',
}: Parts = {}) =>
  `{"email": "a@b.c", "protocol": "imap", "incoming": {${incoming}}, "auth": {${auth}}${more}}`;
const file = (parts: Parts = {}) => `{"accounts": {"work": ${account(parts)}}${parts.top ?? ''}}`;
const read = (parts: Parts = {}) => {
  const { config, warnings } = checkConfig(file(parts), FILE, ENV);
  const [work] = config.accounts;
  assert.ok(work);
  return { config, warnings, work };
};

test('a short configuration is filled in with safe defaults', () => {
  const { config, warnings } = read();
  assert.deepEqual(warnings, []);
  assert.deepEqual(config, {
    file: FILE,
    accounts: [
      {
        id: 'work',
        email: 'a@b.c',
        name: '',
        protocol: 'imap',
        incoming: { host: 'imap.example.org', port: 993, security: 'tls', user: 'a@b.c', tls: {} },
        outgoing: null,
        auth: { t: 'env', variable: 'P' },
        outgoingAuth: { t: 'env', variable: 'P' },
        offline: 'all',
        serverCopy: null,
        disabled: false,
      },
    ],
    defaultAccount: 'work',
    undoSend: 10_000,
    notices: { by: ['bell'], command: null, every: 30_000, quiet: null, folders: {} },
    ui: { colors: 'auto', borders: 'auto', markReadAfter: 0, keys: {} },
  });
});

test('every mistake in a file is reported, each with its line, column and path', () => {
  const text = `{
  // Comments and a trailing comma are fine.
  "acounts": {},
  "accounts": {
    "work": {
      "email": "ada",
      "protocol": "imap4",
      "incoming": { "hots": "x", "port": "993", "security": "ssl" },
      "auth": {},
      "offline": { "days": 0 },
      "disabled": 1,
    },
    "../evil": ${account()}
  },
  "ui": { "keys": { "list.next": "j" }, "colors": "sixteen", "markReadAfter": -1 }
}`;
  assert.deepEqual(summary(text), [
    'config.unknown-key acounts 3:3',
    'config.value accounts.work.email 6:16',
    'config.value accounts.work.protocol 7:19',
    'config.unknown-key accounts.work.incoming.hots 8:21',
    'config.missing accounts.work.incoming.host 8:19',
    'config.type accounts.work.incoming.port 8:42',
    'config.value accounts.work.incoming.security 8:61',
    'config.auth-none accounts.work.auth 9:15',
    'config.value accounts.work.offline.days 10:28',
    'config.type accounts.work.disabled 11:19',
    'config.key accounts.../evil 13:5',
    'config.value ui.colors 15:51',
    'config.value ui.markReadAfter 15:79',
    'config.type ui.keys.list.next 15:34',
  ]);
});

const suggestions: [what: string, text: string, suggestion: string | undefined][] = [
  ['a swapped letter in a key', file({ incoming: '"hsot": "x"' }), 'host'],
  ['a synonym of a key', file({ incoming: '"server": "x"' }), 'host'],
  ['a missing capital', file({ top: ', "defaultaccount": "work"' }), 'defaultAccount'],
  ['a key of an auth form', file({ auth: '"passwordCmd": "x"' }), 'passwordCommand'],
  ['a near word', file({ incoming: '"host": "x", "security": "start-tls"' }), 'starttls'],
  ['an account that is nearly there', file({ top: ', "defaultAccount": "wrok"' }), 'work'],
  ['nothing near', file({ top: ', "colours-of-the-rainbow": 1' }), undefined],
  ['a name every object has', file({ top: ', "constructor": 1' }), undefined],
];
for (const [what, text, suggestion] of suggestions) {
  test(`did you mean: ${what}`, () => {
    assert.equal(errorsOf(text)[0]?.facts.suggestion, suggestion);
  });
}

const syntax: [what: string, text: string, place: string, expected: string, found: string][] = [
  ['an empty file', '', '1:1', 'a value', ''],
  ['a missing comma', '{\n  "a": 1\n  "b": 2\n}', '3:3', '"," or "}"', '"'],
  ['a missing quote', '{\n  "a: 1,\n  "b": 2\n}', '2:9', 'a closing double quote', '\n'],
  ['single quotes', "{'a': 1}", '1:2', 'a key in double quotes or "}"', "'"],
  ['a word that is no value', '{"a": nul}', '1:7', 'a value', 'n'],
  ['text after the end', '{} x', '1:4', 'the end of the file', 'x'],
  ['a wrong escape', '{"a": "C:\\Users"}', '1:7', 'a string without tabs or unknown \\ escapes', '"'],
  ['columns after an emoji count characters', '{"💌": x}', '1:7', 'a value', 'x'],
  ['an open comment', '{ /* a', '1:3', 'a key in double quotes or "}"', '/'],
  ['a number that JSON does not know', '{"a": 01}', '1:8', '"," or "}"', '1'],
];
for (const [what, text, place, expected, found] of syntax) {
  test(`syntax: ${what}`, () => {
    const [error, ...more] = errorsOf(text);
    assert.equal(error?.code, 'config.syntax');
    const { line, column, ...facts } = error.facts;
    assert.deepEqual([`${line}:${column}`, facts.expected, facts.found], [place, expected, found]);
    assert.equal(facts.file, FILE);
    assert.equal(more.length, 0);
  });
}

test('nesting without end is refused, not a stack overflow', () => {
  assert.equal(errorsOf('['.repeat(100_000))[0]?.code, 'config.syntax');
});

test('a byte order mark, comments and trailing commas are no mistakes', () => {
  const text = `\uFEFF// one\n${file({ more: ',' })}/* two */ // three`;
  assert.equal(checkConfig(text, FILE, ENV).config.accounts.length, 1);
});

test('a key that stands twice is an error at the second', () => {
  assert.deepEqual(summary('{"accounts": {}, "accounts": {}}'), ['config.duplicate-key accounts 1:18']);
});

test('ids that every object has are plain ids', () => {
  const text = `{"accounts": {"__proto__": ${account()}, "constructor": ${account()}}, "ui": {"keys": {"__proto__": ["x"]}}}`;
  const { config } = checkConfig(text, FILE, ENV);
  assert.deepEqual(
    config.accounts.map(({ id }) => id),
    ['__proto__', 'constructor'],
  );
  assert.deepEqual(Object.entries(config.ui.keys), [['__proto__', ['x']]]);
  assert.equal(Object.getPrototypeOf(config.ui.keys), Object.prototype);
});

test('ids that are one folder on a disk without case are refused', () => {
  assert.deepEqual(summary(`{"accounts": {"Work": ${account()}, "work": ${account()}}}`), [
    'config.same-name accounts 1:14',
  ]);
});

for (const id of ['', '.hidden', 'a/b', 'a b', '..', 'é', 'a:b', 'x'.repeat(65)]) {
  test(`the account id ${JSON.stringify(id)} is refused`, () => {
    const [error] = errorsOf(`{"accounts": {${JSON.stringify(id)}: ${account()}}}`);
    assert.equal(error?.code, 'config.key');
  });
}

test('no account at all is an error', () => {
  assert.deepEqual(summary('{"accounts": {}}'), ['config.no-accounts accounts 1:14']);
  assert.deepEqual(summary('{}'), ['config.missing accounts 1:1']);
  assert.deepEqual(summary('[]'), ['config.type  1:1']);
});

const insecure: [host: string, more: string, accepted: boolean][] = [
  ['imap.example.org', '', false],
  ['imap.example.org', ', "allowInsecure": false', false],
  ['imap.example.org', ', "allowInsecure": true', true],
  ['localhost', '', true],
  ['127.0.0.1', '', true],
  ['127.9.9.9', '', true],
  ['::1', '', true],
  ['[::1]', '', true],
  ['localhost.example.org', '', false],
  ['127.0.0.1.example.org', '', false],
  ['128.0.0.1', '', false],
];
for (const [host, more, accepted] of insecure) {
  test(`security none with ${host}${more} is ${accepted ? 'accepted' : 'refused'}`, () => {
    const text = file({ incoming: `"host": "${host}", "security": "none"${more}` });
    if (accepted) assert.equal(checkConfig(text, FILE, ENV).config.accounts[0]?.incoming.security, 'none');
    else
      assert.deepEqual(
        summary(text).map(line => line.split(' ')[0]),
        ['config.insecure'],
      );
  });
}

const ports: [protocol: string, security: string, port: number, smtp: number][] = [
  ['imap', 'tls', 993, 465],
  ['imap', 'starttls', 143, 587],
  ['imap', 'none', 143, 25],
  ['pop3', 'tls', 995, 465],
  ['pop3', 'starttls', 110, 587],
  ['pop3', 'none', 110, 25],
];
for (const [protocol, security, port, smtp] of ports) {
  test(`${protocol} with ${security} goes to port ${port}, SMTP to ${smtp}`, () => {
    const server = `{"host": "localhost", "security": "${security}"}`;
    const text = `{"accounts": {"a": {"email": "a@b.c", "protocol": "${protocol}", "incoming": ${server},
      "outgoing": ${server}, "auth": {"passwordEnv": "P"}, "serverCopy": "keep"}}}`;
    const [a] = checkConfig(text, FILE, ENV).config.accounts;
    assert.deepEqual([a?.incoming.port, a?.outgoing?.port], [port, smtp]);
  });
}

test('a POP3 account must say what happens to the copy on the server', () => {
  const text = file().replace('"imap"', '"pop3"');
  assert.deepEqual(summary(text), ['config.server-copy-missing accounts.work.serverCopy 1:23']);
});

test('a setting of the other protocol is a warning with its place', () => {
  const text = file({ more: ', "serverCopy": "delete"' });
  const { warnings } = checkConfig(text, FILE, ENV);
  assert.deepEqual(
    warnings.map(({ code, facts }) => `${code} ${facts.path} ${facts.line}:${facts.column}`),
    [`config.ignored accounts.work.serverCopy 1:${text.indexOf('"delete"') + 1}`],
  );
});

test('a port of the other kind of security is a warning', () => {
  const { warnings } = read({ incoming: '"host": "x", "port": 143' });
  assert.deepEqual([warnings[0]?.code, warnings[0]?.facts.suggestion], ['config.unusual-port', 'starttls']);
});

test('exactly one auth form is accepted', () => {
  const text = file({ auth: '"passwordEnv": "A", "passwordFile": "b"' });
  const column = text.indexOf('{"passwordEnv"') + 1;
  assert.deepEqual(summary(text), [`config.auth-many accounts.work.auth 1:${column}`]);
});

test('auth forms are read, paths are made absolute, outgoing may have its own', () => {
  const auth = (text: string) => read({ auth: text }).work.auth;
  assert.deepEqual(auth('"passwordCommand": ["pass", "x"]'), { t: 'command', command: ['pass', 'x'] });
  assert.deepEqual(auth('"passwordCommand": "pass x"'), { t: 'command', command: 'pass x' });
  assert.deepEqual(auth('"passwordFile": "secret"'), { t: 'file', path: '/etc/tmail/secret' });
  assert.deepEqual(auth('"passwordFile": "~/secret"'), { t: 'file', path: '/home/ada/secret' });
  assert.deepEqual(auth('"keyring": true'), { t: 'unsupported', what: 'keyring' });
  assert.deepEqual(auth('"oauth2": {"any": 1}'), { t: 'unsupported', what: 'oauth2' });
  const { work } = read({
    incoming: '"host": "x", "user": "u"',
    more: ', "outgoing": {"host": "y", "auth": {"passwordEnv": "Q"}}',
  });
  assert.deepEqual(work.outgoingAuth, { t: 'env', variable: 'Q' });
  assert.equal(work.outgoing?.user, 'u');
});

test('tls settings are read and a fingerprint is brought into one form', () => {
  const hex = 'ab'.repeat(32);
  const { work } = read({
    incoming: `"host": "x", "tls": {"ca": "ca.pem", "servername": "y", "fingerprint256": "${hex}"}`,
  });
  assert.deepEqual(work.incoming.tls, {
    ca: '/etc/tmail/ca.pem',
    servername: 'y',
    fingerprint256: Array.from({ length: 32 }, () => 'AB').join(':'),
  });
});

test('a password of the wrong type is not repeated in the error', () => {
  const errors = errorsOf(file({ auth: '"password": ["hunter2"]' }));
  assert.equal(errors.length, 1);
  assert.doesNotMatch(JSON.stringify(errors.map(error => error.facts)), /hunter2/);
});

test('the first enabled account is the default one', () => {
  const text = `{"accounts": {"a": ${account({ more: ', "disabled": true' })}, "b": ${account()}}}`;
  assert.equal(checkConfig(text, FILE, ENV).config.defaultAccount, 'b');
});

test('a file that others can read is warned about only when it holds a password', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'tmail-config-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'config.json');
  const codes = async (mode: number, auth: string) => {
    await writeFile(path, file({ auth }));
    await chmod(path, mode);
    const { warnings } = await loadConfig({ file: path, env: {} });
    return warnings.map(({ code }) => code);
  };
  assert.deepEqual(await codes(0o644, '"password": "x"'), ['config.world-readable', 'config.plain-password']);
  assert.deepEqual(await codes(0o600, '"password": "x"'), ['config.plain-password']);
  assert.deepEqual(await codes(0o644, '"passwordEnv": "x"'), []);
});

test('a missing file is told apart from no configuration', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'tmail-config-'));
  t.after(() => rm(folder, { recursive: true }));
  const code = (options: Parameters<typeof loadConfig>[0]) =>
    loadConfig(options).then(
      () => 'loaded',
      (error: TmailError) => error.code,
    );
  assert.equal(await code({ env: { HOME: folder } }), 'config.none');
  assert.equal(await code({ env: { HOME: folder, TMAIL_CONFIG: join(folder, 'x') } }), 'config.file-missing');
  assert.equal(await code({ file: join(folder, 'x'), env: {} }), 'config.file-missing');
  assert.equal(await code({ file: folder, env: {} }), 'config.unreadable');
  assert.equal(await code({ file: '/dev/zero', env: {} }), 'config.too-large');
});
