// One value of the configuration is changed; everything else in the file stays as its owner wrote it.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { chmod, lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { editFile, setOffline, withoutValue, withValue } from '../../src/config/edit.ts';
import { loadConfig } from '../../src/config/load.ts';
import { TmailError } from '../../src/util/errors.ts';

const CONFIG = `// my mail
{
  "accounts": {
    /* at work */ "work": {
      "email": "ada@example.org", "name": "Ada",   // with two  spaces
      "protocol": "imap",
      "incoming": { "host": "imap.example.org", "port": 993, "security": "tls" },
      "auth": { "passwordEnv": "PASSWORD" },
      "offline": /* everything */ "all", // for the train
    },
    "home.2": {
      "email": "ada@home.example", "name": "Ada", "protocol": "imap",
      "incoming": { "host": "imap.home.example", "port": 993, "security": "tls" },
      "auth": { "passwordEnv": "PASSWORD" } // no offline here
    },
  },
}
`;

async function fileWith(t: TestContext, text: string | Buffer = CONFIG, mode = 0o600): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-edit-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const file = join(dir, 'config.json');
  await writeFile(file, text);
  await chmod(file, mode);
  return file;
}

async function code(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => assert.fail('it went well'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof TmailError, String(error));
  return error.code;
}

const leftovers = async (file: string) => (await readdir(join(file, '..'))).filter(name => /tmp/.test(name));

test('only the text of the value changes', async t => {
  const file = await fileWith(t);
  await setOffline(file, { account: 'work' }, { days: 90 }, {});
  assert.equal(
    await readFile(file, 'utf8'),
    CONFIG.replace('/* everything */ "all"', '/* everything */ { "days": 90 }'),
  );
  const { config } = await loadConfig({ file, env: {} });
  assert.deepEqual(config.accounts[0]?.offline, { days: 90 });
  await setOffline(file, { account: 'work' }, 'all', {});
  assert.equal(await readFile(file, 'utf8'), CONFIG, 'and back to the byte');
});

test('a value that is missing is added behind the last one, in the manner of the file', async t => {
  const file = await fileWith(t);
  await setOffline(file, { account: 'home.2' }, 'headers', {});
  assert.equal(
    await readFile(file, 'utf8'),
    CONFIG.replace(
      '"PASSWORD" } // no offline here\n',
      '"PASSWORD" }, // no offline here\n      "offline": "headers"\n',
    ),
  );
});

test('a missing value is added whatever the layout', () => {
  const table: [string, string][] = [
    ['{"a":{"b":1}}', '{"a":{"b":1, "offline": "all"}}'],
    ['{"a":{"b":1,}}', '{"a":{"b":1, "offline": "all",}}'],
    ['{"a":{}}', '{"a":{ "offline": "all" }}'],
    ['{"a":{\n\t"b": 1\n}}', '{"a":{\n\t"b": 1,\n\t"offline": "all"\n}}'],
    ['{"a":{\r\n  "b": 1, // x\r\n}}', '{"a":{\r\n  "b": 1, // x\r\n  "offline": "all",\r\n}}'],
    [
      '{"a":{\n  "b": 1 /* x */\n  , /* y */\n}}',
      '{"a":{\n  "b": 1 /* x */\n  , /* y */\n  "offline": "all",\n}}',
    ],
    ['{"a":{\n  "b": "}", "c": [1] // ,\n}}', '{"a":{\n  "b": "}", "c": [1], "offline": "all" // ,\n}}'],
    ['\uFEFF{"a":{ "b": 1 }}', '\uFEFF{"a":{ "b": 1, "offline": "all" }}'],
  ];
  for (const [before, after] of table) {
    assert.equal(withValue(before, ['a', 'offline'], 'all'), after);
    assert.equal(withValue(after, ['a', 'offline'], 'all'), after, 'a second time changes nothing');
  }
});

test('its rights stay, a link stays a link, and nothing is left behind', async t => {
  const file = await fileWith(t, CONFIG, 0o600);
  await setOffline(file, { account: 'work' }, 'headers', {});
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const open = await fileWith(t, CONFIG, 0o640);
  await setOffline(open, { account: 'work' }, 'headers', {});
  assert.equal((await stat(open)).mode & 0o777, 0o640);
  const link = join(file, '..', 'link.json');
  await symlink(file, link);
  await setOffline(link, { account: 'work' }, 'all', {});
  assert.ok((await lstat(link)).isSymbolicLink());
  assert.equal(await readFile(file, 'utf8'), CONFIG);
  assert.deepEqual(await leftovers(file), []);
});

test('what can not be changed is said, and the file stays as it was', async t => {
  const file = await fileWith(t);
  assert.equal(await code(setOffline(file, { account: 'nobody' }, 'all', {})), 'config.edit-lost');
  assert.equal(await readFile(file, 'utf8'), CONFIG);
  assert.equal(
    await code(setOffline(join(file, '..', 'none.json'), { account: 'work' }, 'all', {})),
    'config.unwritable',
  );
  const latin = Buffer.from(CONFIG.replace('Ada', 'Ad\xe0'), 'latin1');
  const other = await fileWith(t, latin);
  assert.equal(await code(setOffline(other, { account: 'work' }, 'headers', {})), 'config.unwritable');
  assert.deepEqual(await readFile(other), latin);
  const broken = await fileWith(t, CONFIG.replace('"imap"', '"imapp"'));
  assert.equal(await code(setOffline(broken, { account: 'work' }, 'headers', {})), 'config.invalid');
  assert.deepEqual(await leftovers(file), []);
});

test('a POP3 account keeps everything: it has no such setting', async t => {
  const file = await fileWith(
    t,
    CONFIG.replace('"protocol": "imap",', '"protocol": "pop3", "serverCopy": "keep",').replace(
      /"offline".*\n/,
      '',
    ),
  );
  const before = await readFile(file, 'utf8');
  assert.equal(await code(setOffline(file, { account: 'work' }, 'headers', {})), 'config.edit-lost');
  assert.equal(await readFile(file, 'utf8'), before);
});

test('a file that somebody else changes at the same time keeps what they wrote', async t => {
  const file = await fileWith(t);
  const editing = editFile(file, text => {
    writeFileSync(file, '// theirs');
    return text.replace('"all"', '"headers"');
  });
  assert.equal(await code(editing), 'config.changed');
  assert.equal(await readFile(file, 'utf8'), '// theirs');
  assert.deepEqual(await leftovers(file), []);
});

const offlineIn = async (file: string) => {
  const { config } = await loadConfig({ file, env: {} });
  return config.accounts[0];
};

test("a folder's own setting is added, changed and taken away again, and nothing else moves", async t => {
  const file = await fileWith(t);
  const at = (folder: string) => ({ account: 'work', folder });
  await setOffline(file, at('Lists/debian'), 'headers', {});
  const added = CONFIG.replace(
    '"all", // for the train\n',
    '"all", // for the train\n      "offlineFolders": { "Lists/debian": "headers" },\n',
  );
  assert.equal(await readFile(file, 'utf8'), added);
  await setOffline(file, at('Archive "old"'), { newest: 20, attachments: false }, {});
  assert.deepEqual((await offlineIn(file))?.offlineFolders, {
    'Lists/debian': 'headers',
    'Archive "old"': { newest: 20, attachments: false },
  });
  await setOffline(file, at('Lists/debian'), 'none', {});
  assert.equal((await offlineIn(file))?.offlineFolders?.['Lists/debian'], 'none');
  assert.equal((await offlineIn(file))?.offline, 'all', "the account's own stays");
  await setOffline(file, at('Lists/debian'), null, {});
  await setOffline(file, at('Archive "old"'), null, {});
  await setOffline(file, at('Archive "old"'), null, {});
  assert.equal(await readFile(file, 'utf8'), added.replace('{ "Lists/debian": "headers" }', '{ }'));
  assert.deepEqual((await offlineIn(file))?.offlineFolders, {});
});

test('folders may be called anything', async t => {
  const file = await fileWith(t);
  const names = ['__proto__', 'constructor', '', 'a.b', 'Müll/会議', 'line\nbreak', '// no comment', '"'];
  for (const folder of names) await setOffline(file, { account: 'work', folder }, 'none', {});
  const folders = (await offlineIn(file))?.offlineFolders ?? {};
  assert.deepEqual(Object.keys(folders), names);
  for (const folder of names) await setOffline(file, { account: 'work', folder }, null, {});
  assert.deepEqual(Object.keys((await offlineIn(file))?.offlineFolders ?? {}), []);
});

test('an entry is taken out whatever the layout, with its line and its comma, and without the comments', () => {
  const table: [string, string][] = [
    ['{"f":{"x":1}}', '{"f":{}}'],
    ['{"f":{ "x": 1 }}', '{"f":{ }}'],
    ['{"f":{"x":1,"y":2}}', '{"f":{"y":2}}'],
    ['{"f":{"y":2, "x":1}}', '{"f":{"y":2 }}'],
    ['{"f":{\n  "y": 2,\n  "x": 1\n}}', '{"f":{\n  "y": 2\n}}'],
    ['{"f":{\n  "x": 1, // why\n  "y": 2\n}}', '{"f":{\n  // why\n  "y": 2\n}}'],
    ['{"f":{\r\n  "x": 1,\r\n  "y": 2,\r\n}}', '{"f":{\r\n  "y": 2,\r\n}}'],
    ['{"f":{\n  "y": 2 /* , */,\n  "x": {"z": [1, 2]}\n}}', '{"f":{\n  "y": 2 /* , */\n}}'],
    ['{"f":{"y":2}}', '{"f":{"y":2}}'],
    ['{"g":{"x":2}}', '{"g":{"x":2}}'],
  ];
  for (const [before, after] of table) assert.equal(withoutValue(before, ['f', 'x']), after, before);
});
