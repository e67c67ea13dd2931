import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { createKeyReader } from '../../src/ui/keys.ts';
import { createHome, type Home } from './home.ts';
import { bytesOfKey } from './key-bytes.ts';
import { createPty, type Pty } from './pty.ts';

describe('the built program in a terminal', () => {
  const ptys: Pty[] = [];
  const homes: Home[] = [];
  afterEach(async () => {
    for (const pty of ptys.splice(0)) await pty.close();
    for (const home of homes.splice(0)) await home.dispose();
  });

  async function start(shell = false): Promise<{ pty: Pty; line: string }> {
    const home = await createHome(300);
    homes.push(home);
    const words = home.command('--offline');
    const env = { PW: 'x', XDG_CACHE_HOME: `${home.dir}/cache` };
    const pty = await createPty(shell ? ['sh', '-i'] : words, { env });
    ptys.push(pty);
    if (!shell) await pty.waitForText(/ 300/);
    return { pty, line: words.join(' ') };
  }

  test('shows the cached mail, moves, and leaves the terminal as it was', async () => {
    const { pty } = await start();
    assert.equal(pty.emulator.alternate, true);
    const first = pty.emulator.cursor();
    pty.send('j');
    await pty.waitFor('the cursor one row below', () => pty.emulator.cursor().y === first.y + 1);
    pty.send('q');
    assert.equal(await pty.exited, 0);
    assert.equal(pty.emulator.alternate, false);
    assert.equal(pty.emulator.cursor().shown, true);
  });

  test('survives every size down to one cell and comes back', async () => {
    const { pty } = await start();
    for (const [columns, rows] of [
      [160, 45],
      [40, 8],
      [10, 3],
      [1, 1],
    ] as const) {
      const before = pty.bytes();
      await pty.resize(columns, rows);
      await pty.waitFor(`a frame of ${columns}x${rows}`, () => pty.bytes() > before);
    }
    await pty.resize(80, 24);
    await pty.waitForText(/ 300/);
    await pty.waitForText('help');
    pty.signal('SIGTERM');
    assert.equal(await pty.exited, 0);
  });

  /** A home whose account could send, were there a network. */
  async function writingHome(): Promise<() => Promise<Pty>> {
    const outgoing = { host: '127.0.0.1', port: 1, security: 'none' };
    const home = await createHome(300, { outgoing });
    homes.push(home);
    return async () => {
      const pty = await createPty(home.command('--offline'), {
        env: { PW: 'x', XDG_CACHE_HOME: `${home.dir}/cache` },
      });
      ptys.push(pty);
      await pty.waitForText(/ 300/);
      return pty;
    };
  }

  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGHUP'] as const) {
    test(`what was written before ${signal} is offered at the next start`, async () => {
      const open = await writingHome();
      const first = await open();
      first.send('m');
      await first.waitForText('Compose');
      first.send('ada@example.org\t\tHalf a letter\tSo far and no further');
      await first.waitForText('So far and no further');
      // Two seconds are promised; a signal that can be answered needs none of them.
      if (signal === 'SIGKILL') await first.waitForText(/draft saved \d\d:\d\d/);
      first.signal(signal);
      await first.exited;
      const second = await open();
      await second.waitForText('Not finished: "Half a letter"');
      second.send(']');
      await second.waitForText('So far and no further');
      second.signal('SIGTERM');
      assert.equal(await second.exited, 0);
    });
  }

  for (const end of ['q', 'SIGKILL'] as const) {
    test(`beside another tmail it reads; when that one ends by ${end}, $ opens the mail for changes`, async () => {
      const open = await writingHome();
      const first = await open();
      const second = await open();
      await second.waitForText('Another tmail has this mail open');
      second.send('F');
      await second.waitForText('here it can only be read');
      if (end === 'q') first.send('q');
      else first.signal(end);
      await first.exited;
      await second.waitForText('$ opens this mail here');
      second.send('$');
      await second.waitFor('the mail without that word', () => !second.find('read only'));
      await second.waitForText(/ 300/);
      second.send('F');
      await second.waitForText('*');
      second.send('u');
      await second.waitForText('Taken back');
      second.send('q');
      assert.equal(await second.exited, 0);
    });
  }

  test('Ctrl-Z and fg', async () => {
    const { pty, line } = await start(true);
    pty.send(`${line}\n`);
    await pty.waitForText(/ of 300/);
    pty.send('\x1a');
    await pty.waitForText('Stopped');
    assert.equal(pty.emulator.alternate, false);
    assert.match(await pty.modes(), /\sicanon\s/);
    pty.send('fg\n');
    await pty.waitFor('the alternate screen', () => pty.emulator.alternate);
    await pty.waitForText(/ of 300/);
    await pty.waitForText('help');
    pty.send('q');
    await pty.waitFor('the main screen', () => !pty.emulator.alternate);
    pty.send('exit\n');
    assert.equal(await pty.exited, 0);
  });

  for (const signal of ['SIGHUP', 'SIGTERM', 'SIGINT'] as const) {
    test(`${signal} restores the terminal and ends with status 0`, async () => {
      const { pty } = await start();
      pty.signal(signal);
      assert.equal(await pty.exited, 0);
      assert.equal(pty.emulator.alternate, false);
      assert.equal(pty.emulator.cursor().shown, true);
    });
  }
});

test('what the robot sends for a key is read as that key', () => {
  const names = [
    'up',
    'down',
    'left',
    'right',
    'home',
    'end',
    'pgup',
    'pgdn',
    'delete',
    'insert',
    'f1',
    'f5',
    'f12',
  ];
  const words = [
    ...'jGé?:#~ß漢',
    ...[
      'enter',
      'esc',
      'tab',
      'space',
      'backspace',
      'S-tab',
      'C-space',
      'C-a',
      'C-z',
      'M-x',
      'C-M-a',
      'M-enter',
    ],
    ...names.flatMap(name => [name, `S-${name}`, `C-${name}`, `M-${name}`, `C-M-S-${name}`]),
  ];
  for (const word of words) {
    const reader = createKeyReader();
    const events = [...reader.push(Buffer.from(bytesOfKey(word))), ...reader.timeout()];
    assert.deepEqual(events, [{ t: 'key', key: word }]);
  }
});
