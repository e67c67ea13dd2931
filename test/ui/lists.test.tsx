// Lists over all accounts, narrowed down, in another order and with marks, as they look.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAGGED, SEEN } from '../../src/mail/types.ts';
import { App } from '../../src/ui/App.tsx';
import { FakeParser, type FakeStore, NOW, type World, world } from '../app/fakes.ts';
import { createRobot, type Robot } from '../robot/robot.tsx';
import { golden } from './golden.ts';
import { fillParser, fillStore } from './mailbox.ts';

const TRAITS = { colors: '256', unicode: false } as const;
const HOUR = 3_600_000;

type Driver = Robot<World['app']>;

const HOME: readonly (readonly [string, string, number, number, number])[] = [
  ['Barbara Liskov', 'substitution, again', 0.9, 0, 0],
  ['Frances Allen', 'Re: dataflow slides', 1.3, SEEN | FLAGGED, 1],
  ['Radia Perlman', 'the bridge at noon', 26, SEEN, 0],
  ['Katherine Johnson', 'numbers for Friday', 50, 0, 0],
];

function fill(store: FakeStore): void {
  store.folders.clear();
  fillStore(store);
  const inbox = store.addFolder('home', 'INBOX', 'inbox');
  for (const [name, subject, hours, flags, attachments] of [...HOME].reverse()) {
    const from = [{ name, address: 'x@mail.example' }];
    inbox.add({ subject, from, date: NOW - hours * HOUR, arrival: NOW - hours * HOUR, attachments }, flags);
  }
  const sent = store.addFolder('home', 'Sent', 'sent');
  sent.add({ subject: 'Fuel', to: [{ name: 'Tony Hoare', address: 't@mail.example' }] }, SEEN);
  store.addFolder('home', 'Archive', 'archive');
  store.addFolder('home', 'Trash', 'trash');
  store.addFolder('home', 'Junk', 'junk');
}

async function robotAt(columns: number, rows: number): Promise<{ robot: Driver; w: World }> {
  const parser = new FakeParser();
  fillParser(parser, '/raw/24');
  const w = await world({ accounts: ['work', 'home'], prepare: fill, deps: { parser } });
  const robot = await createRobot({
    columns,
    rows,
    app: () => w.app,
    element: app => <App app={app} traits={TRAITS} />,
  });
  return { robot, w };
}

const SCREENS: Readonly<Record<string, (robot: Driver) => Promise<void>>> = {
  'all-inboxes': robot => robot.press('g', 'i'),
  'all-unread': robot => robot.press('g', 'N'),
  'all-sent': robot => robot.press('`', 'g', 'g', 'j', 'j', 'j', 'j', 'enter'),
  filter: async robot => {
    await robot.press('g', 'i');
    await robot.settled();
    await robot.press('l');
    await robot.type('re: -from:alan');
  },
  'filter-none': async robot => {
    await robot.press('l');
    await robot.type('zebra');
    await robot.press('enter');
  },
  'sort-choice': robot => robot.press('o', 'j', 'j'),
  sorted: robot => robot.press('o', 'j', 'j', 'enter'),
  marked: robot => robot.press('space', 'space', 'j', 'x'),
  'mark-by': async robot => {
    await robot.press('~');
    await robot.type('is:unread has:file');
  },
};

for (const [name, drive] of Object.entries(SCREENS)) {
  test(`golden ${name} at 80x24`, () => shown(80, 24, name, drive));
}
for (const name of ['all-inboxes', 'marked']) {
  const drive = SCREENS[name];
  if (drive) test(`golden ${name} at 160x45`, () => shown(160, 45, name, drive));
}
for (const name of ['all-inboxes', 'marked', 'filter']) {
  const drive = SCREENS[name];
  if (drive) test(`golden ${name} at 50x16`, () => shown(50, 16, name, drive));
}

async function shown(
  columns: number,
  rows: number,
  name: string,
  drive: (robot: Driver) => Promise<void>,
): Promise<void> {
  const { robot } = await robotAt(columns, rows);
  try {
    await drive(robot);
    await robot.settled();
    await golden(`${name}-${columns}x${rows}`, robot.rows());
  } finally {
    await robot.quit();
  }
}

test('from all inboxes a message is read, marked ones are deleted in their accounts, and undone', async () => {
  const { robot, w } = await robotAt(80, 24);
  try {
    await robot.press('g', 'i');
    await robot.settled();
    const row = (n: number) => robot.rows()[n] ?? '';
    const first = row(1);
    assert.match(first, /Ada Lovelace/);
    await robot.press('j', 'enter');
    await robot.settled();
    assert.match(row(0), /All inboxes {2}2\/28/);
    await robot.press('q');
    await robot.settled();
    await robot.press('g', 'g', 'space', 'space', 'd');
    await robot.settled();
    assert.doesNotMatch(robot.rows().join('\n'), /Ada Lovelace|substitution, again/);
    const trash = (account: string) =>
      [...w.store.folders.values()].find(
        ({ record }) => record.account === account && record.role === 'trash',
      )?.length;
    assert.deepEqual([trash('work'), trash('home')], [1, 1]);
    await robot.press('u');
    await robot.settled();
    assert.equal(row(1).slice(1), first.slice(1));
    assert.match(row(2), /substitution, again/);
    assert.deepEqual([trash('work'), trash('home')], [0, 0]);
  } finally {
    await robot.quit();
  }
});

test('mail that arrives while somebody filters shows, and Esc leads back to where the cursor was', async () => {
  const { robot, w } = await robotAt(80, 24);
  try {
    await robot.press('j', 'j', 'j');
    const before = robot.rows().find(text => text.startsWith('>'));
    await robot.press('l');
    await robot.type('zeppelin');
    await robot.settled();
    assert.match(robot.rows()[1] ?? '', /Nothing matches; Esc shows all again\./);
    w.store.folderOf('work:1').add({ subject: 'A zeppelin over the bay', date: NOW, arrival: NOW }, 0);
    await robot.settled();
    assert.match(robot.rows()[1] ?? '', /A zeppelin over the bay/);
    await robot.press('esc', 'esc');
    await robot.settled();
    assert.match(robot.rows().join('\n'), /Dennis Ritchie/);
    assert.ok(before?.includes('Dennis Ritchie'));
  } finally {
    await robot.quit();
  }
});
