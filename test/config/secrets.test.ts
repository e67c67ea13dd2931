import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { password } from '../../src/config/secrets.ts';
import type { AuthSettings } from '../../src/config/types.ts';
import { TmailError } from '../../src/util/errors.ts';

const CANARY = 'canary-7Q5f';
const env = { PATH: process.env.PATH };

async function refused(auth: AuthSettings, options: { timeoutMs?: number; signal?: AbortSignal } = {}) {
  try {
    await password(auth, { env, ...options });
  } catch (error) {
    assert.ok(error instanceof TmailError);
    // Everything that a log or a crash report could show.
    assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), new RegExp(CANARY));
    return error;
  }
  return assert.fail('a password was had');
}
const command = (command: string | string[]): AuthSettings => ({ t: 'command', command });

test('the first line of a command is the password, with its spaces', async () => {
  assert.equal(await password(command(['printf', ' a b \nuser: x\n']), { env }), ' a b ');
  assert.equal(await password(command(['printf', 'a\r\n']), { env }), 'a');
  assert.equal(await password(command(['printf', 'no newline']), { env }), 'no newline');
  assert.equal(await password(command(['printf', 'größe 💌']), { env }), 'größe 💌');
});

test('a list is run without a shell, a string by the shell', async () => {
  assert.equal(await password(command(['echo', '$HOME;x']), { env }), '$HOME;x');
  assert.equal(await password(command('A=5; echo $A | tr 5 6'), { env }), '6');
});

test('a command reads nothing from the terminal', async () => {
  assert.equal(await password(command('cat; echo done'), { env }), 'done');
});

test('a failed command gives its status and the end of its complaint, without control characters', async () => {
  const { kind, code, facts } = await refused(command("printf 'locked\\033[31m\\n' >&2; exit 3"));
  assert.deepEqual([kind, code], ['auth', 'secret.command-failed']);
  assert.deepEqual(facts, {
    from: 'command',
    program: 'sh',
    exit: 3,
    signal: undefined,
    stderr: 'locked [31m',
  });
  const long = await refused(command('yes complain | head -c 5000 >&2; exit 1'));
  assert.ok(String(long.facts.stderr).length <= 200);
});

test('neither the words of a command nor what it printed reach an error', async () => {
  await refused(command(['sh', '-c', `: ${CANARY}; exit 1`]));
  await refused(command(`echo ${CANARY}; echo "tried ${CANARY}" >&2; exit 1`));
  await refused(command(CANARY));
  await refused(command(['/nonexistent/program', CANARY]));
});

test('a program that is not there is named', async () => {
  const { code, facts } = await refused(command(['/nonexistent/pass', 'x']));
  assert.equal(code, 'secret.command-failed');
  assert.deepEqual([facts.program, facts.reason], ['pass', 'ENOENT']);
});

test('a command that hangs is ended with all that it started', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'tmail-secret-'));
  t.after(() => rm(folder, { recursive: true }));
  const pid = join(folder, 'pid');
  const { code, facts } = await refused(command(`sleep 60 & echo $! > ${pid}; wait`), { timeoutMs: 300 });
  assert.equal(code, 'secret.timeout');
  assert.equal(facts.seconds, 0.3);
  const child = Number(await readFile(pid, 'utf8'));
  // Its new parent may take a moment to collect it.
  while (await running(child)) await new Promise(resolve => setTimeout(resolve, 10));
});

async function running(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX]/.test(stat);
}

test('what a command leaves in the background does not delay the password', async () => {
  const before = performance.now();
  assert.equal(await password(command('sleep 5 & echo now'), { env }), 'now');
  assert.ok(performance.now() - before < 3000);
});

test('a cancelled wait ends at once', async () => {
  const controller = new AbortController();
  const wait = refused(command('sleep 60'), { signal: controller.signal });
  controller.abort();
  assert.equal((await wait).code, 'cancelled');
});

test('an environment variable that is missing or empty is named', async () => {
  assert.equal(await password({ t: 'env', variable: 'P' }, { env: { P: 'x' } }), 'x');
  const missing = await refused({ t: 'env', variable: 'TMAIL_NO_SUCH' });
  assert.deepEqual([missing.code, missing.facts.variable], ['secret.env-missing', 'TMAIL_NO_SUCH']);
  assert.equal((await refused({ t: 'env', variable: 'toString' })).code, 'secret.env-missing');
});

test('a file must be private; its last line break does not count', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'tmail-secret-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'p');
  const auth: AuthSettings = { t: 'file', path };
  assert.equal((await refused(auth)).code, 'secret.file-missing');
  await writeFile(path, `${CANARY}\n`, { mode: 0o600 });
  assert.equal(await password(auth, { env }), CANARY);
  for (const mode of [0o640, 0o604, 0o620]) {
    await chmod(path, mode);
    const { code, facts } = await refused(auth);
    assert.deepEqual([code, facts.mode], ['secret.file-mode', `0${mode.toString(8)}`]);
  }
  await chmod(path, 0o600);
  await writeFile(path, `${CANARY}\nQUIT\n`);
  assert.equal((await refused(auth)).code, 'secret.malformed');
  await writeFile(path, '\n');
  assert.equal((await refused(auth)).code, 'secret.empty');
  assert.equal((await refused({ t: 'file', path: folder })).code, 'secret.file-missing');
});

test('an empty answer is no password', async () => {
  assert.equal((await refused(command('true'))).code, 'secret.empty');
  assert.equal((await refused(command(['printf', '\nx']))).code, 'secret.empty');
});

test('what is not there yet says so', async () => {
  const { kind, code, facts } = await refused({ t: 'unsupported', what: 'oauth2' });
  assert.deepEqual([kind, code, facts.what], ['auth', 'auth.not-supported-yet', 'oauth2']);
});
