import { test } from 'node:test';
import type { MaildropFacts } from '../../src/sync/types.ts';
import { App } from '../../src/ui/App.tsx';
import { TmailError } from '../../src/util/errors.ts';
import { FakeParser, NOW, testConfig, type World, world } from '../app/fakes.ts';
import { createRobot, type Robot } from '../robot/robot.tsx';
import { golden } from './golden.ts';
import { fillParser, fillStore } from './mailbox.ts';

const TRAITS = { colors: '256', unicode: false } as const;

type Driver = Robot<World['app']>;

async function screen(
  columns: number,
  rows: number,
  drive: (robot: Driver, w: World) => Promise<void>,
  name: string,
  options: Parameters<typeof world>[0] = {},
): Promise<void> {
  const parser = new FakeParser();
  fillParser(parser, '/raw/24');
  const w = await world({
    accounts: ['work', 'home'],
    prepare: store => {
      store.folders.clear();
      fillStore(store);
      store.addFolder('home', 'INBOX', 'inbox');
      store.addFolder('home', 'Sent', 'sent');
    },
    ...options,
    deps: { parser, ...options.deps },
  });
  const robot = await createRobot({
    columns,
    rows,
    app: () => w.app,
    element: app => <App app={app} traits={TRAITS} />,
  });
  try {
    await drive(robot, w);
    await robot.settled();
    await golden(`${name}-${columns}x${rows}`, robot.rows());
  } finally {
    await robot.quit();
  }
}

const SCREENS: Readonly<Record<string, (robot: Driver, w: World) => Promise<void>>> = {
  list: async () => undefined,
  'list-moved': robot => robot.press('j', 'j', 'j'),
  reader: robot => robot.press('enter'),
  'reader-quotes': robot => robot.press('enter', 'T', 'G'),
  'reader-headers': robot => robot.press('enter', 'h'),
  'reader-raw': robot => robot.press('enter', '='),
  'reader-find': robot => robot.press('enter', '/', 'h', 'a', 'l', 'l', 'enter'),
  drawer: robot => robot.press('`', 'j', 'j'),
  picker: robot => robot.press('c', 'd', 'e'),
  palette: robot => robot.press(':', 's', 'y', 'n'),
  help: robot => robot.press('?'),
  'help-search': robot => robot.press('?', '/', 'u', 'n', 'r', 'e', 'a', 'd'),
  parts: robot => robot.press('enter', 'v', 'j'),
  links: robot => robot.press('enter', 'g', 'l'),
  link: robot => robot.press('enter', '2'),
  prefix: async (robot, w) => {
    await robot.press('g');
    await robot.waitFor('the choices', () => w.app.state.get().pending.shown);
  },
  offline: async (robot, w) => {
    const error = new TmailError('network', 'network.refused', {
      facts: { host: 'imap.home.example', port: 993 },
    });
    w.engines[1]?.become({ phase: 'offline', error, retryAt: NOW + 40_000 });
    const quota = { usedBytes: 4_050_000_000, limitBytes: 5_000_000_000 };
    w.engines[0]?.become({ progress: [{ label: 'Inbox', done: 1200, total: 5000 }], quota });
    await robot.press('@');
  },
  certificate: async (robot, w) => {
    const error = new TmailError('tls', 'tls.self-signed', {
      facts: { host: 'imap.work.example', issuer: 'nobody', fingerprint256: 'AB:'.repeat(31).concat('AB') },
    });
    w.engines[0]?.become({ phase: 'attention', error });
    await robot.press('@');
  },
  'not-here': async (robot, w) => {
    const folder = w.store.folderOf('work:1');
    w.engines[0]?.become({ phase: 'offline' });
    folder.add({ subject: 'Only on the server' }, 0, false);
    await robot.press('k', 'enter');
  },
  log: robot => robot.press('S', 'd', ':', 'l', 'o', 'g', 'enter'),
  later: robot => robot.press('S'),
  compose: robot => robot.press('m'),
  'compose-reply': robot => robot.press('enter', 'R'),
  'compose-menu': async robot => {
    await robot.press('r');
    await robot.type('I can carry the cards.');
    await robot.press('esc');
  },
  'compose-forward': robot => robot.press('enter', 'f'),
  'compose-warnings': async robot => {
    await robot.press('m');
    await robot.type('ada@analytical.example');
    await robot.press('tab', 'tab', 'tab');
    await robot.type('The plan is attached.');
    await robot.press('C-x');
  },
  'compose-from': robot => robot.press('m', 'esc', 'f'),
  'compose-preview': async robot => {
    await robot.press('m');
    await robot.type('ada@analytical.example');
    await robot.press('tab', 'tab');
    await robot.type('Cards');
    await robot.press('tab');
    await robot.paste('# Cards\n\nI can *carry* the cards:\n\n- one\n- two\n');
    await robot.press('esc', 'm', 'v');
  },
  outbox: async (robot, w) => {
    await robot.press('m');
    await robot.type('ada@analytical.example, charles@analytical.example');
    await robot.press('tab', 'tab');
    await robot.type('Re: cards');
    await robot.press('tab');
    await robot.type('Here.');
    await robot.press('C-x');
    const id = w.outgoing.outbox()[0]?.id ?? '';
    w.outgoing.become(id, {
      state: 'failed',
      tries: 1,
      error: new TmailError('rejected', 'smtp.recipients-refused', {
        facts: { host: 'smtp.work.example', port: 465, text: '550 no such user' },
      }),
      recipients: [
        { address: 'ada@analytical.example', outcome: 'accepted', reply: '250 ok' },
        { address: 'charles@analytical.example', outcome: 'refused', reply: '550 5.1.1 no such user here' },
      ],
    });
    await robot.press('g', 'O');
  },
  tabs: async robot => {
    await robot.press('r');
    await robot.type('Yes.');
    await robot.press('esc', '[', 'j', 'r');
    await robot.type('No.');
    await robot.press('M-.');
  },
};

for (const [name, drive] of Object.entries(SCREENS)) {
  test(`golden ${name} at 80x24`, () => screen(80, 24, drive, name));
}

// Three panes change the panes, and help has more room; the other screens are the same rows, only wider.
for (const name of [
  'list',
  'reader',
  'drawer',
  'palette',
  'help',
  'offline',
  'compose-reply',
  'compose-menu',
  'outbox',
  'tabs',
]) {
  test(`golden ${name} at 160x45`, () => screen(160, 45, SCREENS[name] ?? Promise.reject, name));
}

test('a resize while reading leaves the same screen as a start at that size, and comes back', () =>
  screen(
    160,
    45,
    async robot => {
      await robot.press('enter');
      await robot.resize(80, 24);
      await golden('reader-80x24', robot.rows());
      await robot.resize(30, 6);
      await robot.resize(50, 20);
      await robot.resize(160, 45);
    },
    'reader',
  ));

test('golden: two-line rows on a narrow terminal', () =>
  screen(50, 20, SCREENS['list-moved'] ?? Promise.reject, 'narrow'));
test('golden: two panes', () => screen(120, 30, robot => robot.press('j'), 'two-panes'));
test('golden: the message under the list', () =>
  screen(100, 40, robot => robot.press('C-w', 'enter'), 'below'));
test('golden: the smallest terminal', () => screen(40, 8, robot => robot.press('enter'), 'smallest'));
test('golden: too small', () => screen(30, 6, async () => undefined, 'too-small'));

/** The accounts' mail is only here: folders can be made. */
const POP3 = (() => {
  const config = testConfig(['work', 'home']);
  const accounts = config.accounts.map(account => ({
    ...account,
    protocol: 'pop3' as const,
    serverCopy: 'keep' as const,
  }));
  return { deps: { config: { ...config, accounts } } };
})();
test('golden: a name for a new folder, with what was wrong with the last one', () =>
  screen(80, 24, robot => robot.press('`', 'C', ...'Sent', 'enter'), 'folder-new', POP3));
test('golden: a folder with mail in it is about to go', () =>
  screen(
    80,
    24,
    async (robot, w) => {
      w.store.addFolder('work', 'old \u001b[2J\u202e').add();
      await robot.press('c', ...'old', 'enter', ':', ...'rmdir', 'enter');
    },
    'folder-delete',
    POP3,
  ));
test('golden: a folder that is not there is offered to be made', () =>
  screen(80, 24, robot => robot.press('s', ...'deb/new'), 'picker-new', POP3));

/** One account of each kind, on a disk with room. */
const BOTH_KINDS = (() => {
  const config = testConfig(['work', 'home']);
  const pop3 = { protocol: 'pop3' as const, serverCopy: { deleteAfterDays: 14 } };
  const accounts = config.accounts.map(one => (one.id === 'home' ? { ...one, ...pop3 } : one));
  return { deps: { config: { ...config, accounts }, freeSpace: async () => 41_000_000_000 } };
})();
const maildrop: MaildropFacts = {
  lastCheck: NOW - 15 * 60_000,
  onServer: { messages: 212, bytes: 118_000_000, oldest: NOW - 13 * 86_400_000 },
  alsoHere: { home: 200 },
  willDelete: 10,
  held: 0,
  placeholders: { messages: 1, bytes: 64_000_000, largest: { subject: 'Scans', bytes: 64_000_000 } },
  skipped: 0,
  later: 0,
  warnings: [],
};
const LARGE: Readonly<Record<string, (robot: Driver, w: World) => Promise<void>>> = {
  accounts: async (robot, w) => {
    const quota = { usedBytes: 4_650_000_000, limitBytes: 5_000_000_000 };
    w.engines[0]?.become({ quota });
    w.engines[1]?.become({ maildrop, nextCheck: NOW + 8 * 60_000 });
    await robot.press('@');
    await robot.settled();
    await robot.press('j');
  },
  storage: robot => robot.press('@', 'f', 'w', 'w', 'j', 'j'),
  'storage-folders': robot => robot.press('@', 'f', 'tab'),
  'storage-senders': robot => robot.press('@', 'f', 'tab', 'tab'),
  'storage-here': robot => robot.press('@', 'f', 'S-tab', 'j'),
  'storage-keep': robot => robot.press('@', 'f', 'p'),
};
for (const [name, drive] of Object.entries(LARGE)) {
  test(`golden ${name} at 80x24`, () => screen(80, 24, drive, name, BOTH_KINDS));
}
for (const name of ['accounts', 'storage']) {
  test(`golden ${name} at 160x45`, () => screen(160, 45, LARGE[name] ?? Promise.reject, name, BOTH_KINDS));
}

test('golden: the first start', () =>
  screen(80, 24, async () => undefined, 'first-run', {
    accounts: [],
    deps: {
      firstRun: { configPath: '/home/ada/.config/tmail/config.json', demo: () => undefined },
      config: {
        file: null,
        accounts: [],
        defaultAccount: null,
        ui: { colors: 'none', borders: 'ascii', markReadAfter: 0, keys: {} },
      },
    },
  }));
