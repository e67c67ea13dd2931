import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import { session } from './session.tsx';

async function withDemo(run: (demo: Demo, dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-demo-'));
  const demo = await startDemo({ arrivals: null });
  try {
    await run(demo, dir);
  } finally {
    await demo.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

const NEW = (subject: string) =>
  `From: Grace <grace@navy.example>\r\nTo: Ada <ada@demo.example>\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@x>\r\nDate: ${new Date().toUTCString()}\r\n\r\nJust now.\r\n`;

test('the demo, walked through: list, message, push, flags, folders, HTML; then again without the server', () =>
  withDemo(async (demo, dir) => {
    const options = { config: demo.config, dir, password: 'demo' };
    let unread = '';
    await session(options, async ({ robot, engine }) => {
      await robot.expectRow(/^> N.*Jonas Weiß +\(8\) Re: Lake Orrin on Saturday\?/);
      await engine.settled();
      await robot.expectRow(/demo \/ Inbox +12 unread of 46/);

      // The conversation opens at its first unread message, the next one follows; here and on the server.
      await robot.press('enter');
      await robot.expectRow(/^ Subject +Re: Lake Orrin/);
      await robot.expectRow(/^ From +Lucía Prado/);
      await robot.expectRow(/11 unread of 46/);
      await robot.press('J');
      await robot.expectRow(/grey glove/);
      await robot.press('q');
      await robot.expectRow(/10 unread of 46/);

      // What arrives is shown above; the cursor stays on its message.
      const before = robot.cursor();
      demo.imap.deliver('INBOX', NEW('Look up'));
      await robot.expectRow(/^ +N +\d\d:\d\d Grace +Look up/);
      await robot.expectRow(/^> .*Jonas Weiß +\(8\) Re: Lake Orrin/);
      assert.equal(robot.cursor().y, before.y + 1, 'the real cursor goes with its row');
      await robot.expectRow(/11 unread of 47/);

      // A star, then another folder and its HTML.
      await robot.type('kF');
      await robot.expectRow(/^> N\*.*Look up/);
      await robot.type('cnews');
      await robot.press('enter');
      await robot.expectRow(/demo \/ Lists\/Newsletters/);
      await robot.press('enter');
      await robot.expectRow(/Spoke & Chain/);
      await robot.press('G');
      await robot.expectRow(/remote pictures not fetched/);
      await robot.press('2');
      await robot.expectRow(/^https:\/\/spoke-and-chain\.example\/$/);
      await robot.press('esc', 'esc');
      await robot.type('gi');
      await engine.settled();
      unread = robot.row(0);
    });
    assert.match(unread, /unread of 47/);

    // The server's word for what was done here.
    await session({ ...options, dir: join(dir, 'other') }, async ({ robot }) => {
      await robot.expectRow(/^> N\*.*Look up/);
      await robot.expectRow(/^ {4}@ {3}.*Jonas Weiß/);
    });

    // Without the server everything that was kept opens and lists.
    await demo.imap.stop();
    await session({ ...options, offline: true }, async ({ robot }) => {
      await robot.expectRow(/^> N\*.*Look up/);
      assert.equal(robot.row(0), unread);
      await robot.expectRow(/Jonas Weiß +\(8\)/);
      await robot.press('j', 'enter');
      await robot.expectRow(/grey glove/);
      await robot.press('J', 'J', 'J', 'J');
      await robot.expectRow(/North shore/);
      await robot.press('q', 'U');
      await robot.expectRow(/not connected, 3 queued/);
      await robot.press('@');
      await robot.expectRow(/3 changes waiting for the server/);
    });
  }));

test('the demo at 160x45: three panes, the message beside the list, and back', () =>
  withDemo(async (demo, dir) => {
    const options = { config: demo.config, dir, password: 'demo', columns: 160, rows: 45 };
    await session(options, async ({ robot, engine }) => {
      await robot.expectRow(/> N.*Jonas Weiß/);
      await engine.settled();
      await robot.press('j', 'enter');
      await robot.expectRow(/│ Subject Re: Dad's seventieth/);
      await robot.expectRow(/│> +\S+ Sam Winter/);
      await robot.press('q', 'j', 'j');
      await robot.expectRow(/│ Subject Re: Dad's seventieth/);
      await robot.resize(80, 24);
      await robot.expectRow(/^> .*North shore map/);
      await robot.expectNoRow('│');
    });
  }));
