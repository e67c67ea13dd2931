import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import { type Session, type SessionOptions, session } from './session.tsx';

async function withDemo(run: (demo: Demo, dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-writing-'));
  const demo = await startDemo({ arrivals: null });
  try {
    await run(demo, dir);
  } finally {
    await demo.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

const SIZES = [
  [80, 24],
  [160, 45],
] as const;

async function inDemo(
  size: readonly [number, number],
  run: (at: Session, options: SessionOptions, dir: string) => Promise<void>,
): Promise<void> {
  await withDemo(async (demo, dir) => {
    const [columns, rows] = size;
    const config = { ...demo.config, undoSend: 600_000 };
    const options: SessionOptions = {
      config,
      dir: join(dir, 'data'),
      password: 'demo',
      columns,
      rows,
      sending: true,
    };
    await session(options, async at => {
      await at.robot.expectRow(/> N.*Jonas Weiß/);
      await at.engine.settled();
      await run(at, options, dir);
    });
  });
}

for (const size of SIZES) {
  test(`write, complete, attach, edit, take back and send at ${size.join('x')}: a mail to oneself arrives by push`, () =>
    inDemo(size, async ({ robot }, _options, dir) => {
      const path = join(dir, 'two words.csv');
      await writeFile(path, 'a,b\n');
      await robot.press('m');
      await robot.expectRow(/From +Ada Winter <ada@demo.example>/);
      await robot.waitFor('contacts', () => robot.app.data.contacts.complete('jonas', 1).length > 0);
      await robot.type('jonas');
      await robot.expectRow(/> Jonas Weiß <jonas.weiss@wanderfreunde.example>/);
      await robot.press('enter');
      await robot.expectRow(/To +Jonas Weiß <jonas.weiss@wanderfreunde.example>,/);
      // Another recipient in its place.
      await robot.press('C-k');
      await robot.type('ada@demo.example');
      await robot.press('tab', 'tab');
      await robot.type('Grüße vom See');
      await robot.press('tab');
      await robot.type('Hello wrld 漢字 👩‍🚀!');
      await robot.press('left', 'left', 'left', 'left', 'left');
      await robot.press('M-b', 'right');
      await robot.type('o');
      await robot.expectRow(/Hello world 漢字 👩‍🚀!/);
      // Dragged into the terminal.
      await robot.paste(path.replaceAll(' ', '\\ '));
      await robot.expectRow(/A file/);
      await robot.press('y');
      await robot.expectRow(/Files +1 two words\.csv 4 B/);
      // Sent, taken back, changed, sent.
      await robot.press('C-x');
      await robot.expectRow(/Sending in 600 s; u takes it back/);
      await robot.expectRow(/sends in \d+ s: u undo/);
      await robot.press('u');
      await robot.expectRow(/Hello world 漢字 👩‍🚀!/);
      await robot.press('C-end', 'enter');
      await robot.type('Second thought.');
      await robot.press('esc', 'y');
      await robot.expectNoRow('Second thought');
      await robot.press('g', 'O');
      await robot.expectRow(/> +sends in \d+ s +ada@demo\.example +Grüße vom See/);
      await robot.press('s');
      await robot.expectRow(/> +sent +ada@demo\.example/);
      await robot.press('q');
      await robot.expectRow(/N @.*Ada Winter +Grüße vom See/);
      await robot.press('k', 'enter');
      await robot.expectRow(/Second thought\./);
      await robot.expectRow(/two words\.csv/);
    }));
}

test('a reply marks its message, is filed in Sent, and a draft is postponed and gone on with', () =>
  inDemo([80, 24], async ({ robot, engine }) => {
    await robot.press('R');
    await robot.expectRow(/Cc +Lucía Prado/);
    await robot.type('I have the glove.');
    await robot.press('C-o');
    await robot.expectRow(/Kept in Drafts: Re: Lake Orrin/);
    await engine.settled();
    await robot.press('g', 'd');
    await robot.expectRow(/> .*Re: Lake Orrin/);
    await robot.press('enter');
    await robot.expectRow(/I have the glove\./);
    await robot.press('C-x');
    await robot.press('g', 'O', 's');
    await robot.expectRow(/> +sent/);
    await engine.settled();
    await robot.press('q');
    // Not before the copy that is sent is safe.
    await robot.waitFor(
      'the draft is gone',
      () =>
        !robot
          .rows()
          .slice(1, -2)
          .some(row => row.includes('Lake Orrin')),
    );
    await robot.press('g', 's');
    await robot.expectRow(/Re: Lake Orrin/);
    await robot.press('g', 'i', 'enter', 'q');
    await robot.expectRow(/^> R .*Jonas Weiß/);
  }));

test('the cursor follows a draft that is put off again, and stays on it when the server has it', () =>
  inDemo([80, 24], async ({ robot, engine }) => {
    for (const subject of ['First', 'Second', 'Third']) {
      await robot.press('m', 'tab', 'tab');
      await robot.type(subject);
      await robot.press('C-o');
      await robot.expectRow(new RegExp(`Kept in Drafts: ${subject}`));
    }
    await engine.settled();
    await robot.press('g', 'd');
    await robot.expectRow(/> .*Third/);
    await robot.press('j', 'j', 'enter');
    await robot.expectRow(/Subject +First/);
    await robot.press('tab', 'tab', 'tab');
    await robot.type('More.');
    await robot.press('C-o');
    await robot.expectRow(/> .*First/);
    await engine.settled();
    await robot.press('enter');
    await robot.expectRow(/^ More\./);
  }));

test('the next start goes on with a draft that was not finished', () =>
  withDemo(async (demo, dir) => {
    const options: SessionOptions = { config: demo.config, dir, password: 'demo', sending: true };
    await session(options, async ({ robot }) => {
      await robot.expectRow(/> N.*Jonas Weiß/);
      await robot.press('m');
      await robot.type('ada@demo.example');
      await robot.press('tab', 'tab', 'tab');
      await robot.type('Half a text');
    });
    await session({ ...options, offline: true }, async ({ robot }) => {
      await robot.expectRow(/Not finished: "\(no subject\)"\. \] goes on with it/);
      await robot.expectRow(/\[1:\(no subject\)\]/);
      await robot.press(']');
      await robot.expectRow(/^ Half a text/);
      await robot.expectRow(/To +ada@demo\.example/);
      // Without a connection it waits in the outbox.
      await robot.press('C-x', 'y');
      await robot.expectRow(/Sending in 10 s/);
    });
  }));

test('another editor on the same text, and the screen as it was afterwards', () =>
  withDemo(async (demo, dir) => {
    const editor = join(dir, 'editor');
    await writeFile(editor, '#!/bin/sh\nprintf "from outside\\n" >> "$1"\n');
    await chmod(editor, 0o700);
    const env = { ...process.env, VISUAL: editor };
    const options: SessionOptions = {
      config: demo.config,
      dir: join(dir, 'data'),
      password: 'demo',
      sending: true,
      env,
    };
    await session(options, async ({ robot }) => {
      await robot.expectRow(/> N.*Jonas Weiß/);
      await robot.press('m', 'tab', 'tab', 'tab');
      await robot.type('Mine.');
      await robot.press('enter', 'esc', 'e');
      await robot.expectRow(/^ from outside/);
      await robot.expectRow(/^ Mine\./);
      await robot.expectRow(/Compose {2}\(no subject\)/);
      await robot.press('C-_');
      await robot.expectNoRow('from outside');
    });
  }));

for (const [columns, rows] of SIZES) {
  test(`a template and a group on the screen at ${columns}x${rows}`, () =>
    withDemo(async (demo, dir) => {
      await mkdir(join(dir, 'templates'));
      await writeFile(
        join(dir, 'templates', 'minutes.md'),
        'To: Ada <ada@demo.example>\nSubject: Minutes of {{date}}\n\nDear {{to.first}},\n\n- {{cursor}}\n',
      );
      const groups = [{ name: 'hut', members: [{ name: 'Lou', address: 'lou@demo.example' }] }];
      const config = { ...demo.config, file: join(dir, 'config.json'), groups };
      const options = { config, dir: join(dir, 'data'), password: 'demo', columns, rows, sending: true };
      await session(options, async ({ robot }) => {
        await robot.expectRow(/> N.*Jonas Weiß/);
        await robot.press('g', 'T');
        await robot.expectRow(/Templates/);
        await robot.expectRow(/ > minutes +Markdown/);
        await robot.press('enter');
        await robot.expectRow(/ Dear Ada,/);
        await robot.expectRow(/Subject +Minutes of \d{4}-\d\d-\d\d/);
        await robot.type('first');
        await robot.expectRow(/ - first/);
        await robot.press('esc', 'c');
        await robot.type('hu');
        await robot.expectRow(/> hut \(1 address\)/);
        await robot.press('enter');
        await robot.expectRow(/Cc +Lou <lou@demo.example>,/);
        await robot.press('esc', 'T');
        await robot.expectRow(/ > minutes +Markdown/);
        await robot.press('enter');
        await robot.expectRow(/ - firstDear Ada,/);
      });
    }));
}
