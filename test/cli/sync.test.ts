import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Doorkeeper, doorkeeper } from '../../src/cli/door.ts';
import { fetchAgain } from '../../src/cli/fetched.ts';
import { sync } from '../../src/cli/sync.ts';
import { TmailError } from '../../src/util/errors.ts';
import {
  fakeAccount,
  fakeConfig,
  fakeContext,
  fakeEngine,
  fakeFolder,
  fakeReport,
  fakeStore,
} from './fakes.ts';

const inbox = fakeFolder('work', 1, 'INBOX', 'inbox');
const lists = fakeFolder('work', 2, 'Lists/Ink');
const network = new TmailError('network', 'net.timeout', { facts: { host: 'h', port: 993 } });
const refused = new TmailError('auth', 'auth.refused', {
  facts: { host: 'h', port: 993, text: 'no\u001b[2J' },
});
const locked = async () => {
  throw new TmailError('storage', 'store.locked');
};

test('each account that is not disabled gets a line', async () => {
  const store = fakeStore([]);
  const context = fakeContext('sync', {
    config: fakeConfig('work', 'old-', 'home'),
    owner: async () => store,
    engine: async id => fakeEngine(id, async () => fakeReport(id, { received: 2, onServer: 5, pushed: 1 })),
  });
  assert.equal(await sync(context), 0);
  assert.deepEqual(context.out.text().split('\n').sort(), [
    '',
    'home: 2 received, 1 change pushed, 5 on the server',
    'work: 2 received, 1 change pushed, 5 on the server',
  ]);
  assert.equal(context.err.text(), '');
  assert.ok(store.closed);
});

test('--json prints the contract, errors with a code and a sentence', async () => {
  const context = fakeContext('sync --json', {
    owner: async () => fakeStore([]),
    engine: async id => fakeEngine(id, async () => fakeReport(id, { errors: [refused] })),
  });
  assert.equal(await sync(context), 1);
  assert.deepEqual(JSON.parse(context.out.text()), {
    account: 'work',
    protocol: 'imap',
    received: 0,
    sent: 0,
    pushed: 0,
    deletedOnServer: 0,
    onServer: 0,
    errors: [
      {
        code: 'auth.refused',
        kind: 'auth',
        retry: 'user',
        message:
          'work: h:993 refused the sign-in. Mail here stays readable. Check user and password. The server said: "no�[2J"',
      },
    ],
  });
});

const outcomes: [what: string, errors: TmailError[], status: number][] = [
  ['network trouble', [network], 75],
  ['a refused sign-in', [refused], 1],
  ['both', [network, refused], 1],
  ['a full disk', [new TmailError('storage', 'disk.full', { retry: 'auto' })], 75],
];
for (const [what, errors, status] of outcomes) {
  test(`${what} is exit status ${status} and a sentence on standard error`, async () => {
    const context = fakeContext('sync', {
      owner: async () => fakeStore([]),
      engine: async id => fakeEngine(id, async () => fakeReport(id, { errors })),
    });
    assert.equal(await sync(context), status);
    assert.equal(context.out.text(), '');
    assert.equal(context.err.text().split('\n').length, errors.length + 1);
  });
}

test('an engine that cannot even be made fails its account only', async () => {
  const context = fakeContext('sync --json', {
    config: fakeConfig('work', 'home'),
    owner: async () => fakeStore([]),
    engine: async id => {
      if (id === 'work') throw new TmailError('auth', 'secret.env-missing', { facts: { variable: 'P' } });
      return fakeEngine(id, async () => fakeReport(id, { received: 1 }));
    },
  });
  assert.equal(await sync(context), 1);
  const lines = context.out
    .text()
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  assert.deepEqual(
    new Map(lines.map(({ account, received, errors }) => [account, [received, errors.length]])),
    new Map([
      ['work', [0, 1]],
      ['home', [1, 0]],
    ]),
  );
});

test('a folder is found by path or role; the engine is asked for it', async () => {
  for (const [word, id] of [
    ['inbox', 'work:1'],
    ['Lists/Ink', 'work:2'],
    ['lists/ink', 'work:2'],
  ] as const) {
    const asked: (string | null)[] = [];
    const context = fakeContext(`sync --folder ${word}`, {
      owner: async () => fakeStore([fakeAccount('work', [inbox, lists])]),
      engine: async account =>
        fakeEngine(account, async folder => {
          asked.push(folder);
          return fakeReport(account);
        }),
    });
    assert.equal(await sync(context), 0);
    assert.deepEqual(asked, [id]);
  }
});

test('a folder that is not there fails with a suggestion', async () => {
  const context = fakeContext('sync --folder Lists/Inc', {
    owner: async () => fakeStore([fakeAccount('work', [inbox, lists])]),
  });
  assert.equal(await sync(context), 1);
  assert.match(context.err.text(), /no folder "Lists\/Inc"\. Did you mean "Lists\/Ink"\?/);
});

test('an unknown or disabled account is wrong usage', async () => {
  const mail = { config: fakeConfig('work', 'old-') };
  for (const [line, code] of [
    ['sync --account wrok', 'account.unknown'],
    ['sync --account old', 'account.disabled'],
  ] as const) {
    await assert.rejects(
      sync(fakeContext(line, mail)),
      (error: TmailError) => error.code === code && error.kind === 'config',
    );
  }
});

/** What crosses the socket is JSON. */
const wire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

async function* lines(...values: unknown[]): AsyncGenerator<unknown> {
  yield* values;
}

/** Knocks on a doorkeeper as the store's door does it. */
function knockOn(keeper: Doorkeeper) {
  return async function* (request: unknown) {
    const replies: unknown[] = [];
    await keeper(wire(request), line => void replies.push(wire(line)), new AbortController().signal);
    yield* replies;
  };
}

test('beside an open screen its owner does the work, and the answer is printed as usual', async () => {
  const store = fakeStore([fakeAccount('work', [inbox, lists])]);
  const asked: (string | null)[] = [];
  const engine = fakeEngine('work', async (folder, onProgress) => {
    asked.push(folder);
    onProgress?.({ label: 'Inbox', done: 1, total: 3 });
    return fakeReport('work', { received: 3, onServer: 9, errors: [network] });
  });
  const knock = knockOn(doorkeeper(store, [engine]));
  const context = fakeContext('sync --folder inbox --json', { owner: locked, knock }, { terminal: true });
  assert.equal(await sync(context), 75);
  assert.deepEqual(asked, ['work:1']);
  assert.equal(JSON.parse(context.out.text()).received, 3);
  assert.match(context.err.text(), /Inbox 1 of 3[\s\S]*work: h:993 does not answer\./);
});

test('an owner that answers nonsense, throws or has just gone is told', async () => {
  const answers: [AsyncGenerator<unknown>, RegExp, number][] = [
    [lines({ t: 'report' }), /makes no sense/, 1],
    [lines('x', 7, null), /makes no sense/, 1],
    [lines(), /makes no sense/, 1],
  ];
  for (const [answer, words, status] of answers) {
    const context = fakeContext('sync', { owner: locked, knock: () => answer });
    assert.equal(await sync(context), status);
    assert.match(context.err.text(), words);
  }
  const gone = fakeContext('sync', { owner: locked });
  assert.equal(await sync(gone), 1);
  assert.match(gone.err.text(), /just ended/);
});

test('the doorkeeper refuses what it does not know', async () => {
  const keeper = doorkeeper(fakeStore([]), []);
  const ask = (request: unknown) => keeper(request, () => undefined, new AbortController().signal);
  const code = (code: string) => (error: TmailError) => error.code === code;
  for (const request of [
    null,
    1,
    'sync',
    {},
    { t: 'sync' },
    { t: 'body', id: 5, wanted: 'text' },
    { t: 'quit' },
  ]) {
    await assert.rejects(ask(request), code('door.request'));
  }
  await assert.rejects(ask({ t: 'sync', account: 'x', folder: null }), code('account.unknown'));
  await assert.rejects(ask({ t: 'body', id: '../x', wanted: 'text' }), code('id.malformed'));
});

test('a message that is missing here is fetched by the owner, or by this process where there is none', async () => {
  const log: string[] = [];
  const engine = fakeEngine('work', async () => fakeReport('work'), log);
  const store = fakeStore([fakeAccount('work', [inbox])]);
  const { mail } = fakeContext('show work:1:2', { knock: knockOn(doorkeeper(store, [engine])) });
  await fetchAgain(await mail(), 'work:1:2', { wanted: 'text', offline: false });
  assert.deepEqual(log, ['body work:1:2 text']);
  const alone = fakeContext('show work:1:2', { owner: async () => store, engine: async () => engine });
  await fetchAgain(await alone.mail(), 'work:1:2', { wanted: 'whole', offline: false });
  assert.deepEqual(log.slice(1), ['start', 'body work:1:2 whole', 'stop']);
  assert.ok(store.closed);
  await assert.rejects(
    async () => fetchAgain(await alone.mail(), 'work:1:2', { wanted: 'text', offline: true }),
    (error: TmailError) => error.code === 'body.offline',
  );
});

test('Ctrl-C stops the engine and closes the store', async () => {
  const controller = new AbortController();
  const store = fakeStore([]);
  const log: string[] = [];
  const context = fakeContext(
    'sync',
    {
      owner: async () => store,
      engine: async id =>
        fakeEngine(
          id,
          async () => {
            controller.abort();
            return fakeReport(id, { errors: [new TmailError('cancelled', 'cancelled')] });
          },
          log,
        ),
    },
    { signal: controller.signal },
  );
  await assert.rejects(sync(context));
  assert.ok(log.includes('stop'));
  assert.ok(store.closed);
});

test('progress is drawn on a terminal only, over itself, and taken away', async () => {
  for (const terminal of [true, false]) {
    const context = fakeContext(
      'sync',
      {
        owner: async () => fakeStore([]),
        engine: async id =>
          fakeEngine(id, async (_folder, onProgress) => {
            onProgress?.({ label: 'In\u001bbox', done: 3, total: 7 });
            return fakeReport(id);
          }),
      },
      { terminal },
    );
    await sync(context);
    assert.equal(context.err.text(), terminal ? '\r\u001b[Kwork: In�box 3 of 7\r\u001b[K' : '');
  }
});

test('--agree is said to the engine first, here and through the door; what will be deleted is on standard error', async () => {
  const warnings = [{ t: 'first-deletion', policy: 'delete', count: 3, held: false }] as const;
  const log: string[] = [];
  const engine = fakeEngine(
    'work',
    async () => {
      log.push('sync');
      return fakeReport('work', { deletedOnServer: 3, warnings });
    },
    log,
  );
  const agreeing = { ...engine, agree: async () => void log.push('agree') };
  const here = fakeContext('sync --agree --json', {
    owner: async () => fakeStore([]),
    engine: async () => agreeing,
  });
  assert.equal(await sync(here), 0);
  assert.deepEqual(log, ['agree', 'sync', 'stop']);
  assert.match(here.err.text(), /^work: 3 messages on the server/);
  assert.deepEqual(JSON.parse(here.out.text()).warnings[0].code, 'first-deletion');
  log.length = 0;
  const knock = knockOn(doorkeeper(fakeStore([]), [agreeing]));
  const there = fakeContext('sync --agree', { owner: locked, knock });
  assert.equal(await sync(there), 0);
  assert.deepEqual(log, ['agree', 'sync']);
  assert.match(there.err.text(), /^work: 3 messages on the server/);
  log.length = 0;
  await sync(fakeContext('sync', { owner: locked, knock }));
  assert.deepEqual(log, ['sync']);
});
