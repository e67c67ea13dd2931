import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { terminalTraits } from '../../src/ui/traits.ts';
import { createPty, type Pty } from '../robot/pty.ts';

describe('terminal', () => {
  let dir = '';
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tmail-terminal-'));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  const ptys: Pty[] = [];
  afterEach(async () => {
    for (const pty of ptys.splice(0)) await pty.close();
  });
  async function open(command: readonly string[], env?: NodeJS.ProcessEnv): Promise<Pty> {
    const pty = await createPty(command, env === undefined ? {} : { env });
    ptys.push(pty);
    return pty;
  }
  const program = () => [process.execPath, '.build/test/robot/echo.child.js', dir];
  const start = async (): Promise<Pty> => {
    const pty = await open(program());
    await pty.waitForText('last row');
    return pty;
  };
  /** As the shell had it: cooked, echoing, main screen, cursor there. */
  async function restored(pty: Pty, modes: string) {
    assert.equal(pty.emulator.alternate, false);
    assert.equal(pty.emulator.bracketedPaste, false);
    assert.equal(pty.emulator.cursor().shown, true);
    assert.match(modes, /\sicanon\s/);
    assert.match(modes, /\secho\s/);
    assert.match(modes, /\sisig\s/);
  }

  test('keys, paste and resize reach the program, and q leaves the terminal as it was', async () => {
    const shell = await open(['sh', '-c', `${program().join(' ')}; stty -a | tr '\\n' ' '; echo; read wait`]);
    await shell.waitForText('last row');
    assert.match(await shell.modes(), /-icanon/);
    shell.send('j\x1b[A');
    await shell.waitForText('j up');
    shell.send('\x1b[200~dd\nq\x1b[201~');
    await shell.waitForText('paste(dd');
    await shell.resize(100, 30);
    await shell.waitForText('100x30');
    await shell.waitFor('the last row', () => shell.emulator.row(29) === 'last row');
    shell.send('q');
    await shell.waitForText(/icanon/);
    await restored(shell, shell.emulator.lines().join(' '));
    shell.send('\n');
    assert.equal(await shell.exited, 0);
  });

  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
    test(`${signal} ends cleanly with the terminal restored`, async () => {
      const pty = await start();
      pty.signal(signal);
      assert.equal(await pty.exited, 0);
      assert.equal(pty.emulator.alternate, false);
      assert.equal(pty.emulator.cursor().shown, true);
    });
  }

  test('a crash restores the terminal first, leaves a report without the message, and ends with 1', async () => {
    const pty = await start();
    pty.send('!');
    assert.equal(await pty.exited, 1);
    assert.equal(pty.emulator.alternate, false);
    const [name = ''] = (await readdir(dir)).filter(file => file.startsWith('crash-'));
    assert.notEqual(name, '');
    const report = await readFile(join(dir, name), 'utf8');
    assert.match(report, /\n {4}at /);
    assert.ok(!report.includes('thrown by a key'));
    assert.equal((await stat(join(dir, name))).mode & 0o777, 0o600);
    assert.ok(pty.find('crashed: ') !== undefined);
  });

  test('Ctrl-Z gives the shell its terminal back, fg draws everything again', async () => {
    const pty = await open(['sh', '-i'], { PS1: 'shell> ' });
    await pty.waitForText('shell>');
    pty.send(`${program().join(' ')}\n`);
    await pty.waitForText('last row');
    pty.send('a\x1a');
    await pty.waitForText('Stopped');
    await restored(pty, await pty.modes());
    pty.send('echo in the shell\n');
    // What is typed before the prompt is there leaves no newline after it.
    await pty.waitForText(/^(shell> )?in the shell/);
    pty.send('fg\n');
    await pty.waitForText('last row');
    await pty.waitForText('a C-z');
    assert.equal(pty.emulator.alternate, true);
    pty.send('b');
    await pty.waitForText('a C-z b');
    pty.send('q');
    await pty.waitFor('the main screen', () => !pty.emulator.alternate);
    pty.send('exit 7\n');
    assert.equal(await pty.exited, 7);
  });

  const lending = async (script: string): Promise<Pty> => {
    const pty = await open(program(), { TMAIL_TEST_LEND: script });
    await pty.waitForText('last row');
    return pty;
  };

  test("a lent terminal is the other program's, keys and all; then everything is drawn again", async () => {
    const pty = await lending("printf 'name: '; read name; printf 'got %s\\n' \"$name\"; read wait");
    pty.send('aL');
    await pty.waitForText('name:');
    await restored(pty, await pty.modes());
    pty.send('xyz\r');
    await pty.waitForText('got xyz');
    await pty.resize(100, 30);
    pty.send('\r');
    await pty.waitForText('100x30');
    await pty.waitForText(/^a L$/);
    assert.match(await pty.modes(), /-icanon/);
    pty.send('b');
    await pty.waitForText('a L b');
    pty.send('q');
    assert.equal(await pty.exited, 0);
  });

  test('Ctrl-C in the other program ends that one and not this one', async () => {
    const pty = await lending("printf 'name: '; read name");
    pty.send('L');
    await pty.waitForText('name:');
    pty.send('\x03');
    await pty.waitForText('last row');
    pty.send('b');
    await pty.waitForText('L b');
    pty.signal('SIGINT');
    assert.equal(await pty.exited, 0);
  });

  test('Ctrl-Z in the other program stops the job, and fg goes on where it was', async () => {
    const pty = await open(['sh', '-i'], {
      PS1: 'shell> ',
      TMAIL_TEST_LEND: 'echo ready; cat > /dev/null; echo over',
    });
    await pty.waitForText('shell>');
    pty.send(`${program().join(' ')}\n`);
    await pty.waitForText('last row');
    pty.send('L');
    await pty.waitForText('ready');
    pty.send('\x1a');
    await pty.waitForText('Stopped');
    pty.send('echo in the shell\n');
    // What is typed before the prompt is there leaves no newline after it.
    await pty.waitForText(/^(shell> )?in the shell/);
    pty.send('fg\n');
    pty.send('text\n\x04');
    await pty.waitForText('last row');
    pty.send('b');
    await pty.waitForText('L b');
    pty.send('q');
    await pty.waitFor('the main screen', () => !pty.emulator.alternate);
    pty.send('exit 7\n');
    assert.equal(await pty.exited, 7);
  });

  test('a closed terminal ends the program', async () => {
    const pty = await start();
    await pty.close();
    // `script` is gone, and with it the terminal's other end; the program must follow.
    await untilGone(pty.pid());
  });

  test('while the terminal takes nothing keys are read, and later the newest state is shown', async () => {
    const pty = await start();
    await pty.stall(true);
    const before = pty.bytes();
    for (let i = 0; i < 30; i++) pty.send('\x0cj');
    await pty.stall(false);
    await pty.waitForText('C-l j '.repeat(10).trim());
    await pty.waitFor('the cursor behind the last key', () => pty.emulator.cursor().x === 60);
    assert.ok(pty.bytes() - before < 30_000);
  });

  test('a terminal that takes nothing does not keep the program from ending', async () => {
    const pty = await start();
    await pty.stall(true);
    pty.send('j');
    pty.signal('SIGTERM');
    assert.equal(await pty.exited, 0);
  });
});

async function untilGone(pid: number) {
  for (let tries = 0; isAlive(pid); tries++) {
    assert.ok(tries < 400, 'still running');
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('terminal traits', () => {
  const colors = (env: NodeJS.ProcessEnv) => terminalTraits(env).colors;
  const unicode = (env: NodeJS.ProcessEnv) => terminalTraits(env).unicode;

  test('colours come from NO_COLOR, COLORTERM and TERM, in this order', () => {
    assert.equal(colors({ TERM: 'xterm-256color', COLORTERM: 'truecolor', NO_COLOR: '1' }), 'none');
    assert.equal(colors({ TERM: 'xterm-256color', COLORTERM: 'truecolor', NO_COLOR: '' }), 'truecolor');
    assert.equal(colors({ TERM: 'xterm-256color' }), '256');
    assert.equal(colors({ TERM: 'tmux-256color', COLORTERM: '24bit' }), 'truecolor');
    assert.equal(colors({ TERM: 'xterm-kitty' }), 'truecolor');
    assert.equal(colors({ TERM: 'xterm' }), '16');
    assert.equal(colors({ TERM: 'linux' }), '16');
    assert.equal(colors({ TERM: 'vt220' }), 'none');
    assert.equal(colors({ TERM: 'dumb', COLORTERM: 'truecolor' }), 'none');
    assert.equal(colors({}), 'none');
  });

  test('Unicode comes from the locale, LC_ALL before LC_CTYPE before LANG', () => {
    assert.equal(unicode({ LANG: 'en_GB.UTF-8', TERM: 'xterm' }), true);
    assert.equal(unicode({ LANG: 'C.utf8', TERM: 'linux' }), true);
    assert.equal(unicode({ LANG: 'en_GB.UTF-8', LC_ALL: 'C', TERM: 'xterm' }), false);
    assert.equal(unicode({ LANG: 'en_GB.UTF-8', LC_ALL: '', LC_CTYPE: 'POSIX', TERM: 'xterm' }), false);
    assert.equal(unicode({ LANG: 'de_DE.ISO-8859-1', TERM: 'xterm' }), false);
    assert.equal(unicode({ TERM: 'xterm-256color' }), true);
    assert.equal(unicode({ TERM: 'linux' }), false);
  });

  test('a dumb terminal is sent nothing beyond the basics', () => {
    const traits = terminalTraits({ TERM: 'dumb' });
    assert.deepEqual([traits.scrollRegions, traits.synchronized], [false, false]);
  });
});
