// The embedded IMAP server is only worth testing against while it answers as a real one does: the same client
// runs the same scenarios against it and against Dovecot, and both must give what is written here.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { ImapFlow, type MailboxObject } from 'imapflow';
import { type ImapServer, startImapServer } from '../../src/demo/imap-server.ts';
import { type Dovecot, startDovecot } from './dovecot.ts';
import { HARD_MESSAGES } from './hard-messages.ts';

interface Bench {
  readonly name: string;
  connect(): Promise<ImapFlow>;
  deliver(folder: string, ...messages: (string | Buffer)[]): Promise<void>;
}

const crlf = (text: string) => text.replaceAll('\n', '\r\n');
const mail = (n: number, body = `Body ${n}\n`) =>
  crlf(
    `From: "Lovelace, Ada" <ada@a.example>\nTo: bob@b.example, Eve <eve@e.example>\nSubject: Number ${n}\n` +
      `Date: Mon, 0${(n % 9) + 1} Jan 2024 10:00:00 +0100\nMessage-ID: <m${n}@a.example>\n\n${body}`,
  );

let embedded: ImapServer;
let dovecot: Dovecot;
const benches: Bench[] = [];
const clients: ImapFlow[] = [];

async function client(port: number): Promise<ImapFlow> {
  const flow = new ImapFlow({
    host: '127.0.0.1',
    port,
    secure: false,
    doSTARTTLS: false,
    auth: { user: 'ada', pass: 'secret' },
    logger: false,
    disableAutoIdle: true,
  });
  flow.on('error', () => undefined);
  clients.push(flow);
  await flow.connect();
  return flow;
}

before(async () => {
  const uses = ['Drafts', 'Sent', 'Archive', 'Junk', 'Trash'];
  embedded = await startImapServer({
    users: { ada: 'secret' },
    mailboxes: uses.map(name => ({ name, use: `\\${name}` })),
  });
  dovecot = await startDovecot({ pop3: false, plain: true });
  benches.push(
    {
      name: 'embedded',
      connect: () => client(embedded.port),
      async deliver(folder, ...messages) {
        for (const message of messages) embedded.deliver(folder, message);
      },
    },
    {
      name: 'Dovecot',
      connect: () => client(dovecot.imapPort),
      deliver: (folder, ...messages) => dovecot.deliver(folder, messages),
    },
  );
});

after(async () => {
  for (const flow of clients) flow.close();
  await embedded.stop();
  assert.deepEqual(embedded.defects(), []);
  await dovecot.dispose();
});

/** Runs a scenario against both servers; each must give `expected`. */
function scenario<T>(name: string, expected: T, run: (bench: Bench) => Promise<T>): void {
  test(name, { timeout: 20_000 }, async () => {
    for (const bench of benches)
      assert.deepEqual(await run(bench), expected, `${bench.name} gives something else`);
  });
}

/** The same of both, without saying what: for structures too long to write down. */
function agreement(name: string, run: (bench: Bench) => Promise<unknown>): void {
  test(name, { timeout: 20_000 }, async () => {
    const results = [];
    for (const bench of benches) results.push(await run(bench));
    assert.deepEqual(results[0], results[1]);
  });
}

interface Execute {
  exec(command: string, attributes: readonly object[]): Promise<{ next(): void }>;
}

/** A command that ImapFlow sends but has no public method for. */
async function command(flow: ImapFlow, name: string, attributes: readonly object[] = []): Promise<void> {
  const raw = flow as unknown as Execute; // its types leave out `exec`
  (await raw.exec(name, attributes)).next();
}

async function status(flow: ImapFlow, path: string) {
  const query = { messages: true, unseen: true, uidNext: true, uidValidity: true, highestModseq: true };
  const found = await flow.status(path, query);
  assert.ok(found);
  return found;
}

const modseqOf = async (flow: ImapFlow, path: string) => (await status(flow, path)).highestModseq ?? 0n;

const flagsOf = (flags: Set<string> | undefined) =>
  [...(flags ?? [])].filter(flag => flag !== '\\Recent').sort();

async function open(bench: Bench, folder: string, ...messages: string[]): Promise<ImapFlow> {
  await bench.deliver(folder, ...messages);
  const flow = await bench.connect();
  await flow.mailboxOpen(folder);
  return flow;
}

async function rows<T>(
  flow: ImapFlow,
  range: string,
  pick: (row: { uid: number; flags: string[] }) => T,
): Promise<T[]> {
  const found: T[] = [];
  for await (const row of flow.fetch(range, { uid: true, flags: true }, { uid: true })) {
    found.push(pick({ uid: row.uid, flags: flagsOf(row.flags) }));
  }
  return found;
}

scenario(
  'folders are listed with their special use, separator and subscription',
  [
    ['Archive', '/', '\\Archive', true],
    ['Drafts', '/', '\\Drafts', true],
    ['INBOX', '/', '\\Inbox', true],
    ['Junk', '/', '\\Junk', true],
    ['Sent', '/', '\\Sent', true],
    ['Trash', '/', '\\Trash', true],
  ],
  async bench => {
    const flow = await bench.connect();
    await flow.mailboxSubscribe('INBOX');
    const list = await flow.list();
    return list
      .filter(one => !one.path.startsWith('t-'))
      .map(one => [one.path, one.delimiter, one.specialUse, one.subscribed])
      .sort() as [string, string, string, boolean][];
  },
);

scenario(
  'folders are made, renamed with what lies below, unsubscribed and deleted; names of all kinds survive',
  {
    made: ['t-ä', 't-ä/日本語 & mehr', 't-ä/😀'],
    renamed: ['t-neu', 't-neu/日本語 & mehr', 't-neu/😀'],
    subscribed: [true, false, true],
    again: false,
    missing: 'NONEXISTENT',
    left: [],
  },
  async bench => {
    const flow = await bench.connect();
    const mine = async (prefix: string) =>
      (await flow.list()).filter(one => one.path.startsWith(prefix) && !one.flags.has('\\Noselect'));
    const paths = async (prefix: string) => (await mine(prefix)).map(one => one.path).sort();
    const code = (run: Promise<unknown>) =>
      run.then(
        () => 'accepted',
        error => error.serverResponseCode,
      );
    for (const path of ['t-ä', 't-ä/日本語 & mehr', 't-ä/😀']) await flow.mailboxCreate(path);
    const made = await paths('t-ä');
    await flow.mailboxRename('t-ä', 't-neu');
    const renamed = await paths('t-neu');
    for (const path of renamed) await flow.mailboxSubscribe(path);
    await flow.mailboxUnsubscribe('t-neu/日本語 & mehr');
    const subscribed = (await mine('t-neu'))
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .map(one => one.subscribed === true);
    const again = (await flow.mailboxCreate('t-neu')).created;
    const missing = await code(flow.mailboxDelete('t-missing'));
    for (const path of [...renamed].reverse()) await flow.mailboxDelete(path);
    return { made, renamed, subscribed, again, missing, left: await paths('t-neu') };
  },
);

scenario(
  'STATUS and SELECT count messages, unread ones and the next uid, and offer mod-sequences',
  {
    messages: 3,
    unseen: 2,
    uidNext: 4,
    exists: 3,
    sameValidity: true,
    modseq: true,
    permanent: true,
  },
  async bench => {
    const flow = await open(bench, 't-status', mail(1), mail(2), mail(3));
    await flow.messageFlagsAdd('2', ['\\Seen']);
    const box = flow.mailbox as MailboxObject; // it is open
    const counted = await status(flow, 't-status');
    return {
      messages: counted.messages,
      unseen: counted.unseen,
      uidNext: counted.uidNext,
      exists: box.exists,
      sameValidity: counted.uidValidity === box.uidValidity,
      modseq: (counted.highestModseq ?? 0n) > 0n,
      permanent: box.permanentFlags?.has('\\*') === true && box.permanentFlags.has('\\Seen'),
    };
  },
);

agreement(
  'envelopes, structures, headers and parts of hard messages are the same, byte for byte',
  async bench => {
    await bench.deliver('t-hard', ...HARD_MESSAGES);
    const flow = await bench.connect();
    await flow.mailboxOpen('t-hard', { readOnly: true });
    const found = [];
    const bodyParts = ['1', '1.mime', '2', '2.mime', '2.1', '2.header', '2.text', '1.1', 'text'];
    const query = { uid: true, envelope: true, bodyStructure: true, size: true, source: true, bodyParts };
    for await (const row of flow.fetch('1:*', { ...query, headers: ['subject', 'x-none', 'references'] })) {
      found.push({
        uid: row.uid,
        size: row.size,
        envelope: row.envelope,
        structure: row.bodyStructure,
        source: row.source?.toString('latin1'),
        headers: row.headers?.toString('latin1'),
        parts: [...(row.bodyParts ?? [])]
          .map(([name, bytes]) => [name, bytes ? bytes.toString('latin1') : ''])
          .sort(),
      });
    }
    assert.equal(found.length, HARD_MESSAGES.length);
    return found;
  },
);

scenario(
  'a partial fetch gives the bytes asked for, and none beyond the end',
  ['234', '89\r\n', ''],
  async bench => {
    const flow = await open(bench, 't-partial', mail(1, '0123456789\n'));
    const results: string[] = [];
    for (const [start, maxLength] of [
      [2, 3],
      [8, 100],
      [50, 10],
    ] as const) {
      const row = await flow.fetchOne('1', { uid: true, bodyParts: [{ key: '1', start, maxLength }] });
      results.push(row ? (row.bodyParts?.get('1')?.toString() ?? 'none') : 'no row');
    }
    return results;
  },
);

scenario(
  'flags and keywords are set, added and taken away, and CHANGEDSINCE finds exactly those messages',
  { flags: [['$Forwarded', '\\Answered'], ['\\Flagged'], ['\\Seen']], changed: [1, 3], unchanged: [] },
  async bench => {
    const flow = await open(bench, 't-flags', mail(1), mail(2), mail(3));
    await flow.messageFlagsAdd('2', ['\\Flagged']);
    const since = await modseqOf(flow, 't-flags');
    await flow.messageFlagsAdd('1', ['\\Answered', '$Forwarded', '\\Seen'], { uid: true });
    await flow.messageFlagsRemove('1', ['\\Seen'], { uid: true });
    await flow.messageFlagsSet('3', ['\\Seen']);
    const changed: number[] = [];
    for await (const row of flow.fetch('1:*', { uid: true, flags: true }, { changedSince: since }))
      changed.push(row.uid);
    const now = await modseqOf(flow, 't-flags');
    const unchanged: number[] = [];
    for await (const row of flow.fetch('1:*', { uid: true }, { changedSince: now })) {
      unchanged.push(row.uid);
    }
    return { flags: await rows(flow, '1:*', row => row.flags), changed, unchanged };
  },
);

scenario(
  'STORE UNCHANGEDSINCE leaves a message alone that changed meanwhile',
  { first: ['\\Seen'], refused: ['\\Seen'] },
  async bench => {
    const flow = await open(bench, 't-unchanged', mail(1));
    const start = await modseqOf(flow, 't-unchanged');
    await flow.messageFlagsAdd('1', ['\\Seen'], { unchangedSince: start });
    const first = (await rows(flow, '1:*', row => row.flags)).flat();
    await flow.messageFlagsAdd('1', ['\\Flagged'], { unchangedSince: start });
    return { first, refused: (await rows(flow, '1:*', row => row.flags)).flat() };
  },
);

scenario(
  'APPEND keeps bytes, flags and date, and says the uid; a missing folder is refused with TRYCREATE',
  { uid: 1, same: true, flags: ['\\Draft', '\\Seen'], date: '2023-05-06T07:08:09.000Z', code: 'TRYCREATE' },
  async bench => {
    const flow = await bench.connect();
    await flow.mailboxCreate('t-append');
    const raw = mail(7, `caf\xe9 ${'x'.repeat(5000)}\n`);
    const bytes = Buffer.from(raw, 'latin1');
    const date = new Date('2023-05-06T07:08:09Z');
    const result = await flow.append('t-append', bytes, ['\\Draft', '\\Seen'], date);
    await flow.mailboxOpen('t-append');
    const row = await flow.fetchOne('1', { source: true, flags: true, internalDate: true });
    const code = await flow.append('t-nowhere', bytes).then(
      () => 'accepted',
      error => error.serverResponseCode,
    );
    assert.ok(result && row);
    return {
      uid: result.uid ?? 0,
      same: row.source?.equals(bytes) === true,
      flags: flagsOf(row.flags),
      date: new Date(row.internalDate ?? 0).toISOString(),
      code,
    };
  },
);

scenario(
  'COPY and MOVE say which uid became which, and MOVE takes the messages away',
  {
    copied: [
      [2, 1],
      [3, 2],
    ],
    moved: [[1, 3]],
    left: [2, 3],
    there: [1, 2, 3],
  },
  async bench => {
    const flow = await open(bench, 't-from', mail(1), mail(2), mail(3));
    await flow.mailboxCreate('t-to');
    const copied = await flow.messageCopy('2:3', 't-to', { uid: true });
    const moved = await flow.messageMove('1', 't-to', { uid: true });
    assert.ok(copied && moved);
    const left = await rows(flow, '1:*', row => row.uid);
    await flow.mailboxOpen('t-to');
    const there = await rows(flow, '1:*', row => row.uid);
    return { copied: [...(copied.uidMap ?? [])], moved: [...(moved.uidMap ?? [])], left, there };
  },
);

scenario(
  'UID EXPUNGE takes only the uids named, EXPUNGE all that are marked',
  { some: [1, 3, 4], all: [4] },
  async bench => {
    const flow = await open(bench, 't-expunge', mail(1), mail(2), mail(3), mail(4));
    await flow.messageFlagsAdd('1:3', ['\\Deleted']);
    await command(flow, 'UID EXPUNGE', [{ type: 'SEQUENCE', value: '2' }]);
    const some = await rows(flow, '1:*', row => row.uid);
    await command(flow, 'EXPUNGE');
    return { some, all: await rows(flow, '1:*', row => row.uid) };
  },
);

const SEARCHES: readonly [string, Parameters<ImapFlow['search']>[0], number[]][] = [
  ['all', { all: true }, [1, 2, 3, 4]],
  ['subject', { subject: 'number 2' }, [2]],
  ['encoded subject', { subject: 'grüße' }, [4]],
  ['from', { from: 'ADA@' }, [1, 2, 3]],
  ['to', { to: 'eve' }, [1, 2, 3]],
  ['body', { body: 'needle' }, [3]],
  ['encoded body', { body: 'straße' }, [4]],
  ['text', { text: 'bob@b.example' }, [1, 2, 3, 4]],
  ['header', { header: { 'message-id': 'm1@' } }, [1]],
  ['seen', { seen: true }, [1]],
  ['unseen and not flagged', { seen: false, flagged: false }, [3, 4]],
  ['or', { or: [{ subject: 'number 1' }, { subject: 'number 3' }] }, [1, 3]],
  ['not', { not: { from: 'ada' } }, [4]],
  ['sent before', { sentBefore: new Date('2024-01-03T00:00:00Z') }, [1]],
  ['sent on', { sentOn: new Date('2024-01-03T00:00:00Z') }, [2]],
  ['larger', { larger: 1000 }, [3]],
  ['keyword', { keyword: '$Work' }, [2]],
  ['uid', { uid: '2:3' }, [2, 3]],
  ['sequence', { seq: '4' }, [4]],
];

scenario(
  'SEARCH finds by text, header, flag, date, size and number',
  SEARCHES.map(([name, , hits]) => [name, hits]),
  async bench => {
    const other = crlf(
      'From: =?utf-8?q?J=C3=BCrgen?= <j@j.example>\nTo: bob@b.example\nSubject: =?utf-8?b?R3LDvMOfZQ==?=\n' +
        'Date: Fri, 05 Jan 2024 10:00:00 +0100\nContent-Type: text/plain; charset=iso-8859-1\n' +
        'Content-Transfer-Encoding: quoted-printable\nMIME-Version: 1.0\n\nLange Stra=DFe\n',
    );
    const flow = await open(
      bench,
      't-search',
      mail(1),
      mail(2),
      mail(3, `${'hay '.repeat(400)}\nneedle\n`),
      other,
    );
    await flow.messageFlagsAdd('1', ['\\Seen']);
    await flow.messageFlagsAdd('2', ['\\Flagged', '$Work']);
    const found: [string, number[]][] = [];
    for (const [name, query] of SEARCHES) found.push([name, (await flow.search(query, { uid: true })) || []]);
    return found;
  },
);

scenario(
  'another client sees deliveries, flags and expunges by IDLE',
  { exists: [2, 3], flags: [[2, ['\\Flagged']]], expunged: [1], view: [2, 3] },
  async bench => {
    const watcher = await open(bench, 't-idle', mail(1), mail(2));
    const actor = await bench.connect();
    await actor.mailboxOpen('t-idle');
    const idling = watcher.idle();
    const exists = once(watcher, 'exists');
    await bench.deliver('t-idle', mail(3));
    const [arrival] = await exists;
    const flags = once(watcher, 'flags');
    await actor.messageFlagsAdd('2', ['\\Flagged'], { uid: true });
    const [flagged] = await flags;
    const expunge = once(watcher, 'expunge');
    await actor.messageDelete('1', { uid: true });
    const [gone] = await expunge;
    const view = await rows(watcher, '1:*', row => row.uid);
    await idling;
    return {
      exists: [arrival.prevCount, arrival.count],
      flags: [[flagged.seq, flagsOf(flagged.flags)]],
      expunged: [gone.seq],
      view,
    };
  },
);

scenario(
  'QRESYNC tells what vanished and what changed while the client was away',
  { vanished: [2], changed: [3] },
  async bench => {
    const flow = await open(bench, 't-resync', mail(1), mail(2), mail(3));
    const box = flow.mailbox as MailboxObject; // it is open
    const { uidValidity, highestModseq } = box;
    await flow.messageFlagsAdd('3', ['\\Flagged'], { uid: true });
    await flow.messageDelete('2', { uid: true });
    const back = new ImapFlow({
      host: '127.0.0.1',
      port: flow.port,
      secure: false,
      doSTARTTLS: false,
      auth: { user: 'ada', pass: 'secret' },
      logger: false,
      qresync: true,
      disableAutoIdle: true,
    });
    clients.push(back);
    await back.connect();
    const vanished: number[] = [];
    const changed: number[] = [];
    back.on('expunge', event => vanished.push(event.uid ?? 0));
    back.on('flags', event => changed.push(event.uid ?? 0));
    await back.mailboxOpen('t-resync', { changedSince: highestModseq, uidValidity } as Parameters<
      ImapFlow['mailboxOpen']
    >[1]);
    return { vanished, changed };
  },
);

scenario(
  'LIST gives the counts of every folder in one answer',
  [
    ['t-counts', 2, 1],
    ['t-counts/deep', 1, 1],
  ],
  async bench => {
    const flow = await open(bench, 't-counts', mail(1), mail(2));
    await bench.deliver('t-counts/deep', mail(3));
    await flow.messageFlagsAdd('1', ['\\Seen']);
    await flow.mailboxClose();
    const list = await flow.list({ statusQuery: { messages: true, unseen: true } });
    return list
      .filter(one => one.path.startsWith('t-counts'))
      .map(
        one =>
          [one.path, one.status?.messages ?? -1, one.status?.unseen ?? -1] satisfies [string, number, number],
      )
      .sort();
  },
);

scenario(
  'CLOSE takes away what is marked as deleted, unless the folder was opened read-only',
  { readOnly: 2, readWrite: 1 },
  async bench => {
    const flow = await open(bench, 't-close', mail(1), mail(2));
    await flow.messageFlagsAdd('1', ['\\Deleted']);
    await flow.mailboxOpen('t-close', { readOnly: true });
    await command(flow, 'CLOSE');
    const readOnly = (await status(flow, 't-close')).messages ?? -1;
    await command(flow, 'SELECT', [{ type: 'ATOM', value: 't-close' }]);
    await command(flow, 'CLOSE');
    return { readOnly, readWrite: (await status(flow, 't-close')).messages ?? -1 };
  },
);

scenario(
  'sequence numbers move only when the client is told that messages are gone',
  { before: [3], after: [2], left: [2, 3] },
  async bench => {
    const watcher = await open(bench, 't-sequence', mail(1), mail(2), mail(3));
    const actor = await bench.connect();
    await actor.mailboxOpen('t-sequence');
    const sequence = async () => {
      const found: number[] = [];
      for await (const row of watcher.fetch('3', { uid: true }, { uid: true })) found.push(row.seq);
      return found;
    };
    const before = await sequence();
    await actor.messageDelete('1', { uid: true });
    await command(watcher, 'NOOP');
    return { before, after: await sequence(), left: await rows(watcher, '1:*', row => row.uid) };
  },
);
