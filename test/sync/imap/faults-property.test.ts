// Moves, copies, deletions and uploads while the server refuses, lies, forgets and hangs up at any of their commands:
// once it behaves again, both sides agree and each message is there as often as it was asked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type CommandFault,
  type FaultAction,
  type ImapServer,
  startImapServer,
} from '../../../src/demo/imap-server.ts';
import { envelopeOf } from '../../../src/mail/headers.ts';
import { DELETED, type FolderId, type LocalUid } from '../../../src/mail/types.ts';
import { message, openWorld, type World } from '../world.ts';

const PATHS = ['INBOX', 'Work', 'Trash'] as const;
const COMMANDS = [
  'MOVE',
  'COPY',
  'STORE',
  'EXPUNGE',
  'APPEND',
  'SEARCH',
  'SELECT',
  'FETCH',
  'CREATE',
] as const;

const answers: fc.Arbitrary<FaultAction> = fc.oneof(
  fc
    .constantFrom(
      '[TRYCREATE] make it',
      '[OVERQUOTA] full',
      '[NOPERM] not yours',
      '[EXPUNGEISSUED] some are gone',
      '[CANNOT] no',
      '[INUSE] later',
      'no',
    )
    .map((text): FaultAction => ({ t: 'answer', status: 'NO', text })),
  fc.constant<FaultAction>({ t: 'answer', status: 'BAD', text: 'what?' }),
  fc.constant<FaultAction>({ t: 'lost' }),
  fc.constant<FaultAction>({ t: 'lost' }),
  fc.constant<FaultAction>({ t: 'drop' }),
  fc.nat({ max: 40 }).map((bytes): FaultAction => ({ t: 'drop', bytes })),
  fc.constant<FaultAction>({ t: 'bye' }),
);

const times = { skip: fc.nat({ max: 3 }), times: fc.integer({ min: 1, max: 2 }) };
const faults: fc.Arbitrary<CommandFault> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ command: fc.constantFrom(...COMMANDS), ...times, action: answers }) },
  {
    weight: 1,
    arbitrary: fc.record({
      command: fc.constantFrom('MOVE', 'COPY', 'EXPUNGE'),
      ...times,
      action: fc.constant<FaultAction>({ t: 'answer', status: 'OK', text: 'done, it says' }),
    }),
  },
);

type Wish =
  | 'move'
  | 'copy'
  | 'delete'
  | 'append'
  | 'flags'
  | 'undo'
  | 'drop'
  | 'renumber'
  | 'expunge'
  | 'sync';

interface Step {
  readonly wish: Wish;
  readonly from: number;
  readonly to: number;
  readonly pick: number;
  readonly many: number;
}

interface Day {
  readonly hide: readonly string[];
  readonly steps: readonly Step[];
  readonly faults: readonly CommandFault[];
}

const days: fc.Arbitrary<Day> = fc.record({
  hide: fc.constantFrom([], ['MOVE'], ['UIDPLUS'], ['MOVE', 'UIDPLUS'], ['MOVE', 'CONDSTORE', 'QRESYNC']),
  steps: fc.array(
    fc.record({
      wish: fc.constantFrom<Wish[]>(
        'move',
        'move',
        'move',
        'copy',
        'delete',
        'append',
        'flags',
        'undo',
        'drop',
        'sync',
        'sync',
      ),
      from: fc.nat({ max: 2 }),
      to: fc.nat({ max: 1 }),
      pick: fc.nat({ max: 9 }),
      many: fc.integer({ min: 1, max: 3 }),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  // Who may neither take a message away nor take its copy back has it twice.
  faults: fc.array(faults, { minLength: 1, maxLength: 4 }).filter(all => all.reduce(removalsRefused, 0) <= 1),
});

const removalsRefused = (sum: number, { command, action, times = 1 }: CommandFault): number =>
  action.t === 'answer' && /STORE|EXPUNGE/.test(command) ? sum + times : sum;

/** Message numbers, once for each time that it is there. */
function held(server: ImapServer, path: string): number[] {
  return server
    .folder(path)
    .messages.filter(({ flags }) => !flags.has('\\Deleted'))
    .map(({ raw }) => Number(/^Subject: message (\d+)\r$/m.exec(raw.toString())?.[1]))
    .sort((a, b) => a - b);
}

class Life {
  readonly #server: ImapServer;
  readonly #world: World;
  /** How often each message should be there in the end. */
  readonly wanted = new Map<number, { least: number; most: number }>();
  #undo: (() => Promise<void>) | null = null;
  #next = 100;

  constructor(server: ImapServer, world: World) {
    this.#server = server;
    this.#world = world;
  }

  async begin(): Promise<void> {
    for (let n = 1; n <= 6; n++) {
      this.#server.deliver(PATHS[n % 2] ?? 'INBOX', message(n));
      this.wanted.set(n, { least: 1, most: 1 });
    }
    await this.#world.engine.syncOnce(null);
  }

  async #numbersOf(id: FolderId, uids: readonly LocalUid[]): Promise<number[]> {
    const folder = await this.#world.account.folder(id);
    await folder.ensure(0, Math.max(0, folder.length - 1));
    return uids.map(uid => Number(folder.envelope(uid)?.subject.slice(8)));
  }

  async step({ wish, from, to, pick, many }: Step): Promise<void> {
    const { account, engine } = this.#world;
    const path = PATHS[from] ?? 'INBOX';
    const folder = await this.#world.folder(path);
    const { id } = folder.record;
    const target = this.#world.record(PATHS.filter(each => each !== path)[to] ?? 'Trash').id;
    const uids = Array.from(
      { length: Math.min(many, folder.length) },
      (_, i) => folder.uidAt((pick + i) % folder.length) ?? 0,
    );
    const targets = uids.map(uid => ({
      uid,
      remote: folder.remote(uid) ?? null,
      messageId: folder.envelope(uid)?.messageId ?? '',
    }));
    switch (wish) {
      case 'sync':
        await engine.syncOnce(null);
        return;
      case 'append': {
        const n = this.#next++;
        const bytes = Buffer.from(message(n));
        this.wanted.set(n, { least: 1, most: 1 });
        const envelope = envelopeOf(bytes, { size: bytes.length, arrival: 1_700_000_000_000 });
        await account.append?.({
          folder: id,
          bytes,
          envelope,
          flags: [],
          date: 1_700_000_000_000,
          upload: true,
        });
        return;
      }
      case 'flags':
        await account.commit({ t: 'flags', folder: id, targets, add: ['\\Flagged'], remove: [] });
        return;
      case 'undo':
        await this.#undo?.().catch(() => undefined);
        this.#undo = null;
        return;
      case 'drop': {
        const op = account.queue()[pick % Math.max(1, account.queue().length)];
        if (!op || op.t === 'append' || op.t === 'delete') return;
        await account.drop?.(op.id).catch(() => undefined);
        return;
      }
      case 'delete': {
        for (const n of await this.#numbersOf(id, uids)) this.#allow(n, -1);
        await account.commit({ t: 'delete', folder: id, targets });
        return;
      }
      case 'copy': {
        for (const n of await this.#numbersOf(id, uids)) this.#allow(n, 1);
        await account.commit({ t: 'copy', folder: id, to: target, targets });
        return;
      }
      case 'move': {
        const op = await account.commit({ t: 'move', folder: id, to: target, targets });
        if (op.t !== 'move') return;
        this.#undo = async () => {
          const back = op.landing.map(uid => ({ uid, remote: null, messageId: '' }));
          await account.commit({
            t: 'move',
            folder: target,
            to: id,
            targets: back,
            landing: op.targets.map(({ uid }) => uid),
          });
        };
        return;
      }
    }
  }

  #allow(n: number, by: 1 | -1): void {
    const { least, most } = this.wanted.get(n) ?? { least: 0, most: 0 };
    this.wanted.set(n, by > 0 ? { least, most: most + 1 } : { least: Math.max(0, least - 1), most });
  }

  async end(): Promise<void> {
    const { account, engine } = this.#world;
    this.#server.setFault({ commands: [] });
    engine.refresh();
    for (let i = 0; i < 6; i++) await engine.syncOnce(null);
    assert.deepEqual(account.queue(), []);
    const counts = new Map<number, number>();
    for (const path of PATHS) {
      const there = held(this.#server, path);
      const folder = await this.#world.folder(path);
      await folder.ensure(0, Math.max(0, folder.length - 1));
      const all = Array.from({ length: folder.length }, (_, i) => folder.uidAt(i) ?? 0);
      // An EXPUNGE that was answered and not made leaves them so.
      const uids = all.filter(uid => ((folder.flags(uid) ?? 0) & DELETED) === 0);
      const here = (await this.#numbersOf(folder.record.id, uids)).sort((a, b) => a - b);
      assert.deepEqual(here, there, `${path}: here, on the server`);
      for (const n of there) counts.set(n, (counts.get(n) ?? 0) + 1);
    }
    for (const [n, { least, most }] of this.wanted) {
      const count = counts.get(n) ?? 0;
      assert.ok(
        count >= least && count <= most,
        `message ${n} is there ${count} times, not ${least} to ${most}`,
      );
    }
  }
}

const { TMAIL_SEED, TMAIL_PATH } = process.env;

test('whatever a server answers, loses or refuses, nothing is lost and nothing is doubled', async () => {
  await fc.assert(
    fc.asyncProperty(days, async ({ hide, steps, faults }) => {
      const server = await startImapServer({
        users: { ada: 'secret' },
        mailboxes: [{ name: 'Work' }, { name: 'Trash', use: '\\Trash' }],
        faults: { hide },
      });
      try {
        await using world = await openWorld({
          port: server.port,
          user: 'ada',
          password: 'secret',
          groupMs: 2,
        });
        const life = new Life(server, world);
        await life.begin();
        server.setFault({ commands: faults });
        for (const step of steps) await life.step(step);
        for (let i = 0; i < 3; i++) await world.engine.syncOnce(null);
        await life.end();
        assert.deepEqual(server.defects(), []);
      } finally {
        await server.stop();
      }
    }),
    {
      includeErrorInReport: true,
      numRuns: 400,
      interruptAfterTimeLimit: 12_000,
      markInterruptAsFailure: false,
      ...(TMAIL_SEED && TMAIL_PATH && { seed: Number(TMAIL_SEED), path: TMAIL_PATH, endOnFailure: true }),
    },
  );
});
