import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkConfig } from '../../src/config/load.ts';
import { tmail } from './program.ts';

const CANARY = 'canary-Zx81';

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tmail-cli-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

test('the version and the usage go to standard output', async () => {
  const version = await tmail(['--version']);
  assert.deepEqual([version.status, version.stderr], [0, '']);
  assert.match(version.stdout, /^tmail \d+\.\d+\.\d+\n$/);
  const help = await tmail(['list', '--help']);
  assert.deepEqual([help.status, help.stderr], [0, '']);
  assert.match(help.stdout, /^tmail list .*--json/);
});

test('wrong usage is exit status 2, a sentence on standard error, and nothing on standard output', async () => {
  for (const [args, words] of [
    [['lits'], /no command "lits"\. Did you mean "list"\?/],
    [['list', '--jsno'], /no option --jsno of "tmail list"\. Did you mean "--json"\?/],
    [['search', 'x'], /"tmail search" is not available yet/],
    [['config', 'chekc'], /Did you mean "check"\?/],
  ] as const) {
    const { status, stdout, stderr } = await tmail([...args]);
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(stderr, words);
    assert.match(stderr, /^[^\n]+\n$/);
  }
});

test('the screen without a terminal says what works without one', async () => {
  const { status, stderr } = await tmail([]);
  assert.equal(status, 2);
  assert.match(stderr, /needs a terminal/);
});

test('without a configuration a command says so and ends with 2', async t => {
  const home = await folder(t);
  const { status, stdout, stderr } = await tmail(['config', 'check'], { env: { HOME: home } });
  assert.deepEqual([status, stdout], [2, '']);
  assert.ok(stderr.includes(join(home, '.config/tmail/config.json')));
});

test('config check prints every mistake with its place, and no secret', async t => {
  const file = join(await folder(t), 'config.json');
  await writeFile(
    file,
    `{"accounts": {"work": {\n  "emial": "x",\n  "auth": {"password": ["${CANARY}"]}\n}}}`,
  );
  const { status, stdout, stderr } = await tmail(['config', 'check', '--config', file]);
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, new RegExp(`^${file}:2:3: "accounts\\.work\\.emial" is not a setting\\.`, 'm'));
  assert.match(stderr, new RegExp(`^${file}:3:24: "accounts\\.work\\.auth\\.password" must be`, 'm'));
  assert.equal(stderr.includes(CANARY), false);
});

test('config check accepts the example and warns about its password', async () => {
  const { status, stdout, stderr } = await tmail(['config', '--config', 'config.example.json']);
  // The example names files that do not exist here.
  assert.equal(status, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /the password stands in the file itself/);
  assert.match(stderr, /club: the password file .*club-smtp-password can't be read/);
});

test('config check looks into the files that the configuration names', async t => {
  const dir = await folder(t);
  const file = join(dir, 'config.json');
  const account = {
    email: 'a@b.c',
    protocol: 'imap',
    incoming: { host: 'x', tls: { ca: 'ca.pem' } },
    auth: { passwordFile: 'secret' },
  };
  await writeFile(file, JSON.stringify({ accounts: { work: account } }));
  await writeFile(join(dir, 'secret'), CANARY, { mode: 0o600 });
  await writeFile(join(dir, 'ca.pem'), '');
  const good = await tmail(['config', '--config', file]);
  assert.deepEqual([good.status, good.stdout, good.stderr], [0, `${file}: 1 account, no mistakes\n`, '']);
  await chmod(join(dir, 'secret'), 0o644);
  await rm(join(dir, 'ca.pem'));
  const bad = await tmail(['config', '--config', file]);
  assert.equal(bad.status, 2);
  assert.match(
    bad.stderr,
    /work: others can read the password file .*secret \(mode 0644\)\. Next: chmod 600/,
  );
  assert.match(bad.stderr, /work: the certificates of "tls.ca" can't be read/);
  assert.equal(bad.stderr.includes(CANARY), false);
});

test('config path and schema are made for scripts', async () => {
  const path = await tmail(['config', 'path'], { env: { XDG_CONFIG_HOME: '/x' } });
  assert.deepEqual([path.status, path.stdout], [0, '/x/tmail/config.json\n']);
  const schema = await tmail(['config', 'schema']);
  assert.equal(schema.status, 0);
  assert.equal(JSON.parse(schema.stdout).title, 'tmail configuration');
});

test('a reader that goes away is no error', async () => {
  const ran = await tmail(['config', 'schema'], { during: child => child.stdout?.destroy() });
  assert.deepEqual([ran.status, ran.signal, ran.stderr], [0, null, '']);
});

test('the configuration of the usage page is one that is accepted', async () => {
  const text = `{"accounts": {"work": {"email": "ada@example.org", "name": "Ada", "protocol": "imap",
    "incoming": {"host": "imap.example.org", "port": 993, "security": "tls", "user": "ada"},
    "auth": {"passwordCommand": ["pass", "show", "mail/work"]}, "offline": "all"}}}`;
  assert.equal(checkConfig(text, '/x', {}).config.accounts.length, 1);
});
