import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { createScreenTerminal, startScreen } from '../../src/ui/start.tsx';
import { createEcho, Echo } from '../robot/echo.tsx';
import { createRobot } from '../robot/robot.tsx';
import { createFakeTerminal } from '../robot/streams.ts';

const start = (options: { columns?: number; rows?: number; env?: NodeJS.ProcessEnv } = {}) =>
  createRobot({ ...options, app: createEcho, element: app => <Echo state={app.state} /> });

describe('start', () => {
  test('shows the first screen in raw mode on the alternate screen, and restores everything at the end', async () => {
    const robot = await start();
    const { emulator } = robot.terminal;
    assert.equal(robot.row(0), '80x24');
    assert.equal(robot.row(23), 'last row');
    assert.equal(robot.cell(0, 0).inverse, true);
    assert.deepEqual([emulator.alternate, emulator.bracketedPaste, robot.terminal.raw()], [true, true, true]);
    await robot.press('q');
    assert.equal(await robot.ended, 0);
    await robot.terminal.drained();
    assert.deepEqual(
      [emulator.alternate, emulator.bracketedPaste, robot.terminal.raw()],
      [false, false, false],
    );
    assert.equal(robot.cursor().shown, true);
    assert.equal(robot.terminal.listeners(), 0);
  });

  test('hands keys and pastes to the app and puts the cursor where it is wanted', async () => {
    const robot = await start();
    await robot.press('j', 'C-d', 'enter', 'esc', 'M-x', 'pgdn', 'S-tab', 'C-right');
    await robot.type('é漢');
    await robot.paste('two\r\nlines');
    assert.deepEqual(robot.app.state.get().keys, [
      'j',
      'C-d',
      'enter',
      'esc',
      'M-x',
      'pgdn',
      'S-tab',
      'C-right',
      'é',
      '漢',
      'paste(two\nlines)',
    ]);
    await robot.expectRow('j C-d enter esc M-x pgdn S-tab C-right é 漢');
    assert.equal(robot.cell(0, 1).fg, '1');
    assert.deepEqual(robot.cursor(), { x: 11, y: 1, shown: true });
    await robot.quit();
  });

  test('follows the window to any size', async () => {
    const robot = await start();
    for (const [columns, rows] of [
      [160, 45],
      [10, 3],
      [3, 1],
      [1, 1],
      [80, 24],
    ] as const) {
      await robot.resize(columns, rows);
      // Below three rows there is no room for what the component wants; it must not break all the same.
      if (rows < 3) continue;
      assert.equal(robot.row(0), `${columns}x${rows}`.slice(0, columns));
      assert.equal(robot.row(rows - 1), 'last row'.slice(0, columns).trim());
    }
    await robot.quit();
  });

  test('Ctrl-Z gives the terminal back, stops, and draws everything afterwards', async () => {
    const robot = await start();
    const { emulator } = robot.terminal;
    let stopped = '';
    robot.terminal.onStop(() => {
      stopped = `raw ${robot.terminal.raw()}`;
    });
    await robot.press('a');
    robot.terminal.takeText();
    await robot.press('C-z');
    assert.equal(stopped, 'raw false');
    const text = robot.terminal.takeText();
    assert.ok(text.indexOf('\x1b[?1049l') < text.indexOf('\x1b[?1049h'), JSON.stringify(text));
    assert.deepEqual([emulator.alternate, robot.terminal.raw()], [true, true]);
    assert.equal(robot.row(0), '80x24');
    assert.equal(robot.row(1), 'a C-z');
    await robot.quit();
  });

  test('SIGTSTP from outside does the same as Ctrl-Z', async () => {
    const robot = await start();
    let stops = 0;
    robot.terminal.onStop(() => {
      stops++;
    });
    robot.terminal.signal('SIGTSTP');
    await robot.settled();
    assert.equal(stops, 1);
    assert.equal(robot.row(0), '80x24');
    await robot.quit();
  });

  test('after SIGSTOP and SIGCONT the modes are set again and everything is drawn', async () => {
    const robot = await start();
    await robot.terminal.emulator.write('\x1b[?1049l\x1b[2Jgarbage of the shell');
    robot.terminal.signal('SIGCONT');
    await robot.settled();
    assert.equal(robot.terminal.emulator.alternate, true);
    assert.equal(robot.row(0), '80x24');
    await robot.quit();
  });

  test('Ctrl-L draws over garbage', async () => {
    const robot = await start();
    await robot.terminal.emulator.write('\x1b[5;5Hgarbage');
    assert.match(robot.row(4), /garbage/);
    await robot.press('C-l');
    await robot.expectNoRow('garbage');
    assert.equal(robot.row(23), 'last row');
    await robot.quit();
  });

  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
    test(`${signal} is a clean end`, async () => {
      const robot = await start();
      robot.terminal.signal(signal);
      assert.equal(await robot.ended, 0);
      await robot.terminal.drained();
      assert.equal(robot.terminal.emulator.alternate, false);
      assert.equal(robot.terminal.raw(), false);
    });
  }

  test('a second signal does not wait for the first', async () => {
    const robot = await start();
    robot.app.hang();
    robot.terminal.signal('SIGTERM');
    robot.terminal.signal('SIGTERM');
    assert.equal(await robot.ended, 1);
    assert.equal(robot.terminal.listeners(), 0);
  });

  test('the signal and the error of a closing terminal are one request, which the app answers in its time', async () => {
    const robot = await start();
    robot.app.hang();
    robot.terminal.signal('SIGHUP');
    robot.terminal.streams.input.destroy(Object.assign(new Error('read EIO'), { code: 'EIO' }));
    await robot.terminal.drained();
    robot.app.press('q');
    assert.equal(await robot.ended, 0);
  });

  test('a closed terminal is a clean end without a word', async () => {
    const robot = await start();
    robot.terminal.takeText();
    robot.terminal.streams.input.destroy(Object.assign(new Error('read EIO'), { code: 'EIO' }));
    assert.equal(await robot.ended, 0);
    assert.equal(robot.terminal.takeText(), '');
  });

  test('the end of the input is a clean end', async () => {
    const robot = await start();
    robot.terminal.streams.input.push(null);
    assert.equal(await robot.ended, 0);
  });

  for (const [what, crash] of [
    ['a component', 'X'],
    ['nobody’s catch', null],
  ] as const) {
    test(`what is thrown in ${what} restores the terminal first`, async () => {
      const robot = await start();
      const failed = assert.rejects(robot.ended, /thrown by/);
      if (crash === null) robot.terminal.uncaught(new Error('thrown by a timer'));
      else robot.terminal.send(crash);
      await failed;
      await robot.terminal.drained();
      assert.equal(robot.terminal.emulator.alternate, false);
      assert.equal(robot.terminal.raw(), false);
      assert.equal(robot.terminal.listeners(), 0);
    });
  }

  test('NO_COLOR, 16 colours and ASCII are obeyed whatever a component draws', async () => {
    const plain = await start({ env: { TERM: 'xterm', NO_COLOR: '1', LANG: 'C' } });
    await plain.type('é漢');
    assert.equal(plain.row(1), 'e ??');
    assert.equal(plain.cell(0, 1).fg, 'default');
    assert.equal(plain.cell(0, 0).inverse, true);
    await plain.quit();
  });

  test('the bell rings', async () => {
    const robot = await start();
    robot.terminal.takeText();
    await robot.press('B');
    assert.ok(robot.terminal.takeText().includes('\x07'));
    await robot.quit();
  });

  test('is refused without a terminal', async () => {
    const { streams } = createFakeTerminal(80, 24);
    const terminal = createScreenTerminal({ ...streams, input: new PassThrough() }, {});
    const app = createEcho(terminal);
    await assert.rejects(startScreen({ app, element: <Echo state={app.state} />, terminal }), {
      code: 'terminal.none',
    });
  });
});
