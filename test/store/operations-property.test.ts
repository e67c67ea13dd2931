// Random operations, and a server that confirms, refuses, half does or forgets them: at every step each message is
// exactly where the server and the queue say.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FolderId, LocalUid } from '../../src/mail/types.ts';
import { type LocalStore, openStore } from '../../src/store/store.ts';
import type { Operation } from '../../src/store/types.ts';
import { TmailError } from '../../src/util/errors.ts';
import { type Account, assertAgrees, FakeServer, uidsOf } from './fake-server.ts';
import { MEMORY } from './harness.ts';

const KINDS = [
  'arrive',
  'arrive',
  'expunge',
  'mark',
  'pull',
  'move',
  'move',
  'move',
  'copy',
  'delete',
  'flags',
  'flags',
  'undo',
  'undo',
  'confirm',
  'confirm',
  'confirm',
  'vague',
  'silent',
  'refuse',
  'refuse',
  'drop',
  'reopen',
] as const;

interface Step {
  readonly kind: (typeof KINDS)[number];
  readonly a: number;
  readonly b: number;
  readonly many: number;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    a: fc.nat({ max: 30 }),
    b: fc.nat({ max: 30 }),
    many: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 5, maxLength: 45, size: 'max' },
);

const FLAGS = ['\\Seen', '\\Flagged', 'Later'] as const;

class Life {
  readonly server = new FakeServer();
  readonly #dir: string;
  #store: LocalStore;
  #account: Account;
  readonly #moves: Extract<Operation, { t: 'move' }>[] = [];
  /** Done there; nobody here has heard of it. */
  readonly #unheard = new Set<string>();

  private constructor(dir: string, store: LocalStore, account: Account) {
    this.#dir = dir;
    this.#store = store;
    this.#account = account;
  }

  static async begin(dir: string): Promise<Life> {
    const store = await openStore({ dir, mode: 'owner', groupMs: 2 });
    const life = new Life(dir, store, await store.account('work'));
    await life.server.connect(store);
    for (const id of life.#ids()) for (let n = 0; n < 3; n++) life.server.arrive(id);
    await life.pullAll();
    return life;
  }

  #ids(): FolderId[] {
    return this.#account.folders().map(({ id }) => id);
  }

  async pullAll(): Promise<void> {
    for (const id of this.#ids()) await this.server.pull(this.#account, id);
  }

  #pick<T>(all: readonly T[], n: number): T | undefined {
    return all[n % Math.max(1, all.length)];
  }

  async #some({ a, b, many }: Step): Promise<{ folder: FolderId; uids: LocalUid[]; to: FolderId }> {
    const ids = this.#ids();
    const folder = this.#pick(ids, a) ?? 'work:0';
    const to = this.#pick(
      ids.filter(id => id !== folder),
      b,
    );
    const all = uidsOf(await this.#account.folder(folder));
    const uids = Array.from({ length: many }, (_, i) => this.#pick(all, b + i)).filter(
      uid => uid !== undefined,
    );
    return { folder, uids: [...new Set(uids)], to: to ?? 'work:0' };
  }

  async step(step: Step, n: number): Promise<void> {
    await this.#do(step);
    if (this.#unheard.size === 0) {
      await this.pullAll();
      await assertAgrees(this.#account, this.server, `${n} ${step.kind}`);
    }
  }

  async #do(step: Step): Promise<void> {
    const { folder, uids, to } = await this.#some(step);
    const targets = uids.map(uid => ({ uid, remote: null, messageId: '' }));
    const account = this.#account;
    switch (step.kind) {
      case 'arrive':
        return this.server.arrive(folder);
      case 'expunge':
        return this.server.expunge(folder, step.b);
      case 'mark':
        // Of one that is moved before anybody pulls nobody here would hear.
        if (this.#unheard.size > 0) return;
        return this.server.mark(account, folder, step.b, '\\Answered');
      case 'pull':
        return this.pullAll();
      case 'move': {
        const op = await account.commit({ t: 'move', folder, to, targets });
        if (op.t === 'move' && op.targets.length > 0) this.#moves.push(op);
        return;
      }
      case 'copy':
        await account.commit({ t: 'copy', folder, to, targets });
        return;
      case 'delete':
        await account.commit({ t: 'delete', folder, targets });
        return;
      case 'flags': {
        const flag = FLAGS[step.b % FLAGS.length] ?? '\\Seen';
        const [add, remove] = step.many % 2 ? [[flag], []] : [[], [flag]];
        await account.commit({ t: 'flags', folder, targets, add, remove });
        return;
      }
      case 'undo': {
        const op = this.#moves.pop();
        if (!op) return;
        const back = op.landing.map(uid => ({ uid, remote: null, messageId: '' }));
        const landing = op.targets.map(({ uid }) => uid);
        await account.commit({ t: 'move', folder: op.to, to: op.folder, targets: back, landing });
        return;
      }
      case 'drop': {
        const op = this.#pick(account.queue(), step.a);
        if (!op || this.#unheard.size > 0) return;
        await account.drop(op.id);
        return;
      }
      case 'reopen':
        await this.#store.close();
        this.#store = await openStore({ dir: this.#dir, mode: 'owner', groupMs: 2 });
        this.#account = await this.#store.account('work');
        for (const id of this.#ids()) await (await this.#account.folder(id)).loadAll();
        return;
      default:
        await this.#answer(step);
    }
  }

  /** The server hears of one that can go. */
  async #answer({ kind, a }: Step): Promise<void> {
    const account = this.#account;
    const queue = account.queue();
    // Of one message in order, as an engine sends them.
    const isFirst = (op: Operation, i: number) => !queue.slice(0, i).some(earlier => touches(earlier, op));
    const first = queue.filter((op, i) => account.ready(op) && isFirst(op, i));
    const op = this.#pick(first, a);
    if (!op) return;
    await account.attempt(op.id);
    if (this.#unheard.has(op.id)) return this.#lookFirst(op.id);
    if (kind === 'refuse') return account.refused(op.id, new TmailError('rejected', 'test.no'));
    const folder = await account.folder(op.folder);
    const there = this.server.find(account, op, folder);
    const lost = op.targets.filter((_, i) => there[i] === 0).map(({ uid }) => uid);
    if (lost.length > 0) await account.gone(op.id, lost, new TmailError('rejected', 'test.gone'));
    const now = account.queue().find(({ id }) => id === op.id);
    assert.ok(now, 'an operation without targets is still there');
    const places = this.server.perform(
      now,
      there.filter(uid => uid !== 0),
    );
    if (kind === 'silent') {
      this.#unheard.add(op.id);
      this.#places.set(op.id, places);
      account.tried(op.id);
      return;
    }
    if (now.t === 'move' || now.t === 'copy')
      await account.moved(op.id, kind === 'vague' ? places.map(() => null) : places);
    await account.settled(op.id);
  }

  readonly #places = new Map<string, ReturnType<FakeServer['perform']>>();

  async #lookFirst(id: string): Promise<void> {
    await this.#account.moved(id, this.#places.get(id) ?? []);
    await this.#account.moved(id, this.#places.get(id) ?? []);
    await this.#account.settled(id);
    this.#unheard.delete(id);
  }

  /** Everything goes through; then nothing waits and both sides are the same. */
  async end(): Promise<void> {
    for (let rounds = 0; this.#account.queue().length > 0; rounds++) {
      assert.ok(rounds < 500, 'an operation never goes');
      await this.#answer({ kind: 'confirm', a: 0, b: 0, many: 1 });
      if (this.#unheard.size === 0) await this.pullAll();
    }
    await this.pullAll();
    await assertAgrees(this.#account, this.server, 'at the end');
    await this.close();
    this.#store = await openStore({ dir: this.#dir, mode: 'owner' });
    this.#account = await this.#store.account('work');
    for (const id of this.#ids()) await (await this.#account.folder(id)).loadAll();
    await assertAgrees(this.#account, this.server, 'after a restart');
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

function touches(a: Operation, b: Operation): boolean {
  const mine = new Set(a.targets.map(({ uid }) => `${a.folder}/${uid}`));
  return b.targets.some(({ uid }) => mine.has(`${b.folder}/${uid}`));
}

const { TMAIL_SEED, TMAIL_PATH, TMAIL_MINUTES } = process.env;
/** For a long run: 0 is the short one. */
const minutes = Number(TMAIL_MINUTES ?? 0);

test('whatever is asked for and answered, each message is where the server and the queue say', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async list => {
      const dir = await mkdtemp(join(MEMORY, 'tmail-operations-'));
      const life = await Life.begin(dir);
      try {
        for (const [n, step] of list.entries()) await life.step(step, n);
        await life.end();
      } finally {
        await life.close();
        await rm(dir, { recursive: true, force: true });
      }
    }),
    {
      includeErrorInReport: true,
      numRuns: minutes > 0 ? 1_000_000 : 150,
      interruptAfterTimeLimit: minutes > 0 ? minutes * 60_000 : 9000,
      markInterruptAsFailure: false,
      // Once more what a failure printed.
      ...(TMAIL_SEED && { seed: Number(TMAIL_SEED) }),
      ...(TMAIL_PATH && { path: TMAIL_PATH }),
    },
  );
});
