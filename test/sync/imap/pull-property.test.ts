// Whatever happened on the server, and wherever earlier pulls were cut off: after a pull both sides agree, the order
// is the server's, and no number was given twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ImapServer, startImapServer } from '../../../src/demo/imap-server.ts';
import { flagNames } from '../../../src/store/flags.ts';
import { Caution } from '../../../src/sync/imap/caution.ts';
import { openClient } from '../../../src/sync/imap/client.ts';
import { Line } from '../../../src/sync/imap/line.ts';
import { pullFolder } from '../../../src/sync/imap/pull.ts';
import { FakeFolder } from '../../fakes/folder-store.ts';
import { message } from '../world.ts';

type Step =
  | { t: 'deliver'; count: number }
  | { t: 'expunge'; share: number; seed: number }
  | { t: 'flags'; share: number; seed: number; flag: string }
  | { t: 'renumber' }
  | { t: 'reconnect' }
  | { t: 'pull'; steps: number; meanwhile: 'nothing' | 'expunge' | 'deliver'; seed: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ t: fc.constant('deliver' as const), count: fc.integer({ min: 1, max: 25 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      t: fc.constant('expunge' as const),
      share: fc.constantFrom(0.05, 0.3, 0.9),
      seed: fc.nat(1000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      t: fc.constant('flags' as const),
      share: fc.constantFrom(0.1, 0.5),
      seed: fc.nat(1000),
      flag: fc.constantFrom('\\Seen', '\\Flagged', '$Label', '$Forwarded'),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ t: 'renumber' as const }) },
  { weight: 1, arbitrary: fc.constant({ t: 'reconnect' as const }) },
  {
    weight: 5,
    arbitrary: fc.record({
      t: fc.constant('pull' as const),
      steps: fc.integer({ min: 0, max: 6 }),
      meanwhile: fc.constantFrom('nothing' as const, 'expunge' as const, 'deliver' as const),
      seed: fc.nat(1000),
    }),
  },
);

/** Whether chance with this seed picks this message. */
function picks(uid: number, seed: number, share: number): boolean {
  return ((uid * 2654435761 + seed * 40503) >>> 0) % 1000 < share * 1000;
}

class Case {
  readonly server: ImapServer;
  readonly folder = new FakeFolder();
  line: Line | null = null;
  delivered = 0;
  received = 0;
  /** Number → message, for as long as its UIDVALIDITY lasts: a number never changes its message. */
  readonly owners = new Map<number, string>();

  constructor(server: ImapServer) {
    this.server = server;
  }

  async run(step: Step): Promise<void> {
    const inbox = this.server.folder('INBOX');
    if (step.t === 'deliver') for (let i = 0; i < step.count; i++) this.deliver();
    if (step.t === 'expunge') inbox.expunge(each => picks(each.uid, step.seed, step.share));
    if (step.t === 'flags') {
      for (const each of inbox.messages.filter(one => picks(one.uid, step.seed, step.share))) {
        const had = each.flags.has(step.flag);
        inbox.setFlags(
          each,
          had ? [...each.flags].filter(flag => flag !== step.flag) : [...each.flags, step.flag],
        );
      }
    }
    if (step.t === 'renumber') inbox.renumber();
    if (step.t === 'reconnect') this.disconnect();
    if (step.t === 'pull') await this.pull(step);
  }

  deliver(): void {
    this.server.deliver('INBOX', message(++this.delivered));
  }

  disconnect(): void {
    this.line?.client.close();
    this.line = null;
  }

  async connect(): Promise<Line> {
    const server = {
      host: '127.0.0.1',
      port: this.server.port,
      security: 'none' as const,
      user: 'ada',
      tls: {},
    };
    this.line ??= new Line(
      await openClient({ server, password: 'secret', version: '0' }, new AbortController().signal),
    );
    return this.line;
  }

  /** Stops after that many steps; something may happen between them. */
  async pull(how: { steps: number; meanwhile: string; seed: number }): Promise<void> {
    const pull = pullFolder({
      line: await this.connect(),
      name: { path: 'INBOX', wire: 'INBOX' },
      record: this.folder.record,
      folder: this.folder,
      now: () => 0,
      thorough: true,
      caution: new Caution(),
      report: () => undefined,
      received: count => {
        this.received += count;
      },
      chunks: { first: 4, next: 7 },
    });
    let steps = 0;
    try {
      for await (const _ of pull) {
        if (how.meanwhile === 'expunge') {
          this.server.folder('INBOX').expunge(each => picks(each.uid, how.seed + steps, 0.15));
        }
        if (how.meanwhile === 'deliver') this.deliver();
        this.remember();
        if (++steps > how.steps) break;
      }
    } catch (error) {
      // A folder that was renumbered under the pull is pulled anew the next time.
      assert.match(String((error as { code?: string }).code), /^imap\.(uidvalidity|unstable)$/);
    }
    this.remember();
  }

  remember(): void {
    for (let position = 0; position < this.folder.length; position++) {
      const uid = this.folder.uidAt(position) ?? 0;
      const remote = this.folder.remote(uid);
      const whose = remote?.t === 'imap' ? `${remote.uidValidity}/${remote.uid}` : '';
      assert.equal(this.owners.get(uid) ?? whose, whose, `number ${uid} changed its message`);
      this.owners.set(uid, whose);
    }
  }

  agree(): void {
    const inbox = this.server.folder('INBOX');
    const there = [...inbox.messages].reverse();
    const here = Array.from(
      { length: this.folder.length },
      (_, position) => this.folder.uidAt(position) ?? 0,
    );
    assert.deepEqual(
      here.map(uid => {
        const remote = this.folder.remote(uid);
        return remote?.t === 'imap' ? remote.uid : 0;
      }),
      there.map(each => each.uid),
      'the same messages in the same order',
    );
    assert.deepEqual(
      here.map(uid => this.folder.envelope(uid)?.subject),
      there.map(each => /Subject: (.*)\r/.exec(each.raw.toString())?.[1]),
    );
    assert.deepEqual(
      here.map(uid => flagNames(this.folder.flags(uid) ?? 0, this.folder.keywords).sort()),
      there.map(each => [...each.flags].sort()),
      'the same flags',
    );
    assert.equal(this.folder.sync.filledDownTo, 1);
  }
}

for (const hide of [[], ['QRESYNC'], ['QRESYNC', 'CONDSTORE', 'ENABLE', 'ESEARCH']]) {
  test(`after any history a pull makes both sides agree, without ${hide.join(', ') || 'nothing'}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 10 }), async steps => {
        const server = await startImapServer({ users: { ada: 'secret' }, faults: { hide } });
        const run = new Case(server);
        try {
          for (const each of steps) await run.run(each);
          // A pull that finds the folder renumbered under it may end early; then the next one is whole.
          for (let i = 0; i < 3; i++) await run.pull({ steps: 1e6, meanwhile: 'nothing', seed: 0 });
          run.agree();
        } finally {
          run.disconnect();
          await server.stop();
        }
      }),
      { numRuns: 20, endOnFailure: false },
    );
  });
}
