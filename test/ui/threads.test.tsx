// Conversations on the screen: folded, as a tree with one's own answers, read through.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANSWERED, FLAGGED, SEEN } from '../../src/mail/types.ts';
import { App } from '../../src/ui/App.tsx';
import { fakeSettings } from '../app/fake-settings.ts';
import { FakeParser, type FakeStore, NOW, type World, world } from '../app/fakes.ts';
import { createRobot, type Robot } from '../robot/robot.tsx';
import { frame } from './frames.tsx';
import { golden } from './golden.ts';
import { fillParser, fillStore } from './mailbox.ts';

const HOUR = 3_600_000;
const TIMETABLE = 'Engine timetable for the spring meeting';

/** The mailbox of the sketches, with two conversations in it. */
function fill(store: FakeStore): void {
  store.folders.clear();
  store.settings = fakeSettings();
  fillStore(store);
  const named = (path: string) => [...store.folders.values()].find(({ record }) => record.path === path);
  const inbox = named('INBOX');
  const sent = named('Sent');
  const put = (
    folder: typeof inbox,
    id: string,
    name: string,
    subject: string,
    hours: number,
    references: string[],
    flags: number,
    attachments = 0,
  ) => {
    const date = NOW - hours * HOUR;
    const from = [{ name, address: `${name.split(' ')[0]?.toLowerCase()}@engine.example` }];
    folder?.add({ messageId: id, from, subject, date, arrival: date, references, attachments }, flags);
  };
  put(inbox, 'h1', 'Tony Hoare', 'header file question', 30, [], SEEN);
  put(inbox, 't1', 'Ada Lovelace', TIMETABLE, 80, [], SEEN | ANSWERED, 1);
  put(inbox, 't2', 'Charles Babbage', `Re: ${TIMETABLE}`, 70, ['t1'], SEEN);
  put(sent, 't3', 'Me', `Re: ${TIMETABLE}`, 24, ['t1', 't2'], SEEN);
  put(inbox, 't5', 'Grace Hopper', `Re: ${TIMETABLE}`, 12, ['t1'], SEEN | FLAGGED);
  put(inbox, 'h2', 'Dennis Ritchie', 'Re: header file question', 3, ['h1'], SEEN);
  put(inbox, 't4', 'Ada Lovelace', `Re: ${TIMETABLE}`, 0.5, ['t1', 't2', 't3'], 0);
}

async function screen(
  columns: number,
  rows: number,
  drive: (robot: Robot<World['app']>) => Promise<void>,
  name: string,
): Promise<void> {
  const parser = new FakeParser();
  fillParser(parser, '/raw/24');
  const w = await world({ prepare: fill, deps: { parser } });
  const traits = { colors: '256', unicode: false } as const;
  const robot = await createRobot({
    columns,
    rows,
    app: () => w.app,
    element: app => <App app={app} traits={traits} />,
  });
  try {
    await drive(robot);
    await robot.settled();
    await golden(`${name}-${columns}x${rows}`, robot.rows());
  } finally {
    await robot.quit();
  }
}

const SCREENS: Readonly<Record<string, (robot: Robot<World['app']>) => Promise<void>>> = {
  'threads-folded': async () => undefined,
  'threads-tree': robot => robot.press('z', 'o', 'k'),
  'threads-read': robot => robot.press('enter', 'K'),
};

for (const [name, drive] of Object.entries(SCREENS)) {
  test(`golden ${name} at 80x24`, () => screen(80, 24, drive, name));
  test(`golden ${name} at 160x45`, () => screen(160, 45, drive, name));
}

test('golden: the tree on a narrow terminal', () => screen(50, 20, r => r.press('z', 'R'), 'threads-tree'));
test('golden: muted conversations', () =>
  screen(
    80,
    24,
    async robot => {
      await robot.press('M', ':');
      await robot.type('muted');
      await robot.press('enter');
    },
    'threads-muted',
  ));

test('a mark inside a fold is seen on the fold', async () => {
  const w = await world({ prepare: fill });
  const shown = () => frame(w).map(text => text.replace(/\x1b\[[0-9;]*m/g, ''));
  // Its first message, which is not the one that the fold's row is of.
  w.press('z', 'o', 'g', 'g', 'x', 'z', 'M');
  await w.app.settled();
  const row = shown().find(text => text.includes('(5)'));
  assert.match(row ?? '', /^[> ]\+/);
  assert.match(shown()[0] ?? '', /1 marked/);
  assert.equal(shown().filter(text => /^[> ]\+/.test(text)).length, 1);
});
