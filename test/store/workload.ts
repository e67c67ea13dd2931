// A random life of a folder that says what it begins and what was promised to it, and a check of what a reopened
// store owes it. Used by whatever stops the store at a bad moment: kill -9, a disk that dies, a full disk.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { flagBits } from '../../src/store/flags.ts';
import type { Folder } from '../../src/store/folder.ts';
import type { LocalStore } from '../../src/store/store.ts';
import { TmailError } from '../../src/util/errors.ts';
import { syntheticEnvelope } from '../fixtures/synthetic.ts';
import { inbox } from './harness.ts';

/** `i` begins something; `done` promises what `i` began; both in the order in which they happened. */
export type Note =
  | { i: number; t: 'put'; validity: string; messages: { uid: number; r: number; flags: number }[] }
  | { i: number; t: 'flags'; uid: number; flags: number }
  | { i: number; t: 'remove'; uid: number }
  | { i: number; t: 'reset' }
  /** `bits`: those that the operation sets or clears. */
  | { i: number; t: 'commit'; uid: number; flags: number; bits: number }
  /** Settled or refused: `bits` may be anything then. */
  | { i: number; t: 'end'; id: string; uid: number; flags: number; bits: number }
  | { i: number; t: 'raw'; uid: number }
  | { done: number; id?: string };

export function random(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const body = (uid: number, i: number): Buffer =>
  Buffer.from(`Subject: ${uid}\r\n\r\n${'x'.repeat((uid * 37 + i) % 900)} ${uid} ${i}\r\n`);

const NAMES = ['\\Seen', '\\Answered', '\\Flagged', 'Later'];

/** Runs `steps` random steps; several wait for the disk at once. Storage errors break a promise, nothing else. */
export async function live(
  store: LocalStore,
  seed: number,
  steps: number,
  from: number,
  note: (note: Note) => void,
  stop: () => boolean = () => false,
): Promise<void> {
  const { account, folder } = await inbox(store);
  await folder.loadAll();
  const chance = random(seed);
  const below = (n: number) => Math.floor(chance() * n);
  const some = (list: readonly string[]) => list.filter(() => chance() < 0.4);
  let i = from;
  let validity = folder.sync.uidValidity ?? String(from + 1);
  let nextRemote = Math.max(folder.sync.uidNext, highestRemote(folder) + 1);
  const waiting = new Set<Promise<void>>();
  const promise = (n: number, work: Promise<unknown>, also?: (result: unknown) => string) => {
    const settled = work.then(
      result => note(also ? { done: n, id: also(result) } : { done: n }),
      (error: unknown) => {
        if (!(error instanceof TmailError) || error.kind !== 'storage') throw error;
      },
    );
    waiting.add(settled);
    settled.finally(() => waiting.delete(settled)).catch(() => undefined);
  };
  const durable = () => (chance() < 0.3 ? 'now' : 'grouped');
  const anyUid = () => folder.uidAt(below(folder.length));

  const put = () => {
    const count = 1 + below(chance() < 0.05 ? 400 : 5);
    const first = folder.reserve(count);
    const messages = Array.from({ length: count }, (_, k) => ({
      uid: first + k,
      remote: { t: 'imap', uidValidity: validity, uid: nextRemote + k } as const,
      flags: some(NAMES),
      envelope: syntheticEnvelope(nextRemote + k),
    }));
    nextRemote += count;
    const n = i++;
    const sync = { uidValidity: validity, uidNext: nextRemote, highestModseq: String(n), filledDownTo: 1 };
    const done = folder.apply({ put: messages, sync }, durable());
    const noted = messages.map(({ uid, remote }) => ({ uid, r: remote.uid, flags: folder.flags(uid) ?? -1 }));
    note({ i: n, t: 'put', validity, messages: noted });
    promise(n, done);
  };
  const bitsOf = (names: readonly string[]) => flagBits(names, folder.keywords);
  const steppers: (() => void)[] = [
    put,
    put,
    put,
    () => {
      const uid = anyUid();
      if (uid === undefined) return;
      const n = i++;
      const done = folder.apply({ flags: [{ uid, flags: some(NAMES) }] }, durable());
      note({ i: n, t: 'flags', uid, flags: folder.flags(uid) ?? -1 });
      promise(n, done);
    },
    () => {
      const uid = anyUid();
      if (uid === undefined) return;
      const n = i++;
      note({ i: n, t: 'remove', uid });
      promise(n, folder.apply({ remove: [uid] }, durable()));
    },
    () => {
      const uid = anyUid();
      if (uid === undefined) return;
      const n = i++;
      const add = some(NAMES);
      const remove = some(NAMES).filter(name => !add.includes(name));
      const target = { uid, remote: folder.remote(uid) ?? null, messageId: '' };
      const op = { t: 'flags', folder: folder.host.id, targets: [target], add, remove } as const;
      const committed = account.commit(op);
      note({ i: n, t: 'commit', uid, flags: folder.flags(uid) ?? -1, bits: bitsOf([...add, ...remove]) });
      promise(n, committed, result => (result as { id: string }).id);
    },
    () => {
      const [op] = account.queue();
      const uid = op?.targets[0]?.uid;
      if (op?.t !== 'flags' || uid === undefined) return;
      const n = i++;
      const refuse = chance() < 0.3;
      const bits = bitsOf([...op.add, ...op.remove]);
      note({ i: n, t: 'end', id: op.id, uid, flags: folder.flags(uid) ?? -1, bits });
      const error = new TmailError('rejected', 'test.no');
      promise(n, refuse ? account.refused(op.id, error) : account.settled(op.id));
    },
    () => {
      const uid = anyUid();
      if (uid === undefined) return;
      const n = i++;
      note({ i: n, t: 'raw', uid });
      const remote = folder.remote(uid) ?? null;
      const owner = { folder: folder.host.id, uid, remote, partial: false };
      promise(
        n,
        account.raw.write(body(uid, n), owner).then(raw => folder.apply({ raw: [{ uid, raw }] }, durable())),
      );
    },
  ];
  for (let step = 0; step < steps && !stop(); step++) {
    if (chance() < 0.01) {
      const n = i++;
      note({ i: n, t: 'reset' });
      promise(n, folder.apply({ reset: true }, durable()));
      validity = String(n + 1);
      nextRemote = 1;
    } else steppers[below(steppers.length)]?.();
    if (waiting.size > 12) await Promise.race(waiting);
    else if (chance() < 0.2) await new Promise(resolve => setImmediate(resolve));
  }
  await Promise.all(waiting);
}

function highestRemote(folder: Folder): number {
  let highest = 0;
  for (let position = 0; position < folder.length; position++) {
    const remote = folder.remote(folder.uidAt(position) ?? -1);
    if (remote?.t === 'imap') highest = Math.max(highest, remote.uid);
  }
  return highest;
}

/** Where in the notes something began. */
type Place = number;

interface Told {
  r: number;
  validity: string;
  /** Visible flags in the order of what began; -1: removed. See Note for `kept` and `loose`. */
  flags: { i: number; at: Place; flags: number; kept: number; loose: number }[];
  bodies: number[];
}

/** Asserts that the store holds what was promised, nothing twice, and nothing that never began. */
export async function check(store: LocalStore, notes: readonly Note[]): Promise<void> {
  const { account, folder } = await inbox(store);
  await folder.loadAll();
  const done = new Map<number, Place>();
  const ids = new Map<string, number>();
  for (const [at, note] of notes.entries()) {
    if (!('done' in note)) continue;
    done.set(note.done, at);
    if (note.id !== undefined) ids.set(note.id, note.done);
  }
  const told = new Map<number, Told>();
  const ended = new Map<string, number>();
  let resets: number[] = [];
  for (const [at, note] of notes.entries()) {
    if ('done' in note) continue;
    if (note.t === 'put') {
      for (const { uid, r, flags } of note.messages) {
        // In the order of what began, also for a number that a crash gave back.
        told.delete(uid);
        told.set(uid, {
          r,
          validity: note.validity,
          flags: [{ i: note.i, at, flags, kept: -1, loose: 0 }],
          bodies: [],
        });
      }
    } else if (note.t === 'reset') {
      if (done.has(note.i)) resets = [];
      resets.push(note.i);
    } else if (note.t === 'raw') told.get(note.uid)?.bodies.push(note.i);
    else {
      if (note.t === 'end') ended.set(note.id, note.i);
      const flags = note.t === 'remove' ? -1 : note.flags;
      // An end promises nothing of other flags: what a refused operation gives back may be the server's newer word.
      const kept = note.t === 'commit' ? note.bits : note.t === 'end' ? 0 : -1;
      const loose = note.t === 'end' ? note.bits : 0;
      told.get(note.uid)?.flags.push({ i: note.i, at, flags, kept, loose });
    }
  }
  checkMessages(folder, told, done, resets);
  await checkBodies(folder, account.raw, told, done);
  // Markers speak only of messages that are here.
  const { uidValidity, uidNext } = folder.sync;
  // A server's number that was not kept before a crash was given to the next message.
  const latest = new Map([...told.values()].map(message => [`${message.validity} ${message.r}`, message]));
  for (const { r, validity, flags } of latest.values()) {
    if (validity !== uidValidity || r >= uidNext || flags.some(state => state.flags === -1)) continue;
    assert.notEqual(folder.byRemoteUid(r), undefined, `the marker says that ${r} is here`);
  }
  const queued = account.queue().map(op => op.id);
  assert.equal(new Set(queued).size, queued.length, 'an operation twice in the queue');
  for (const [id, i] of ids) {
    const end = ended.get(id);
    if (end === undefined) assert.ok(queued.includes(id), `operation ${i} is lost`);
    else if (done.has(end)) assert.ok(!queued.includes(id), `operation ${i} came back`);
  }
  const next = folder.reserve(1);
  for (const [uid, { flags }] of told) {
    if (flags.some(({ i }) => done.has(i))) assert.ok(uid < next, `number ${uid} would be used again`);
  }
}

function checkMessages(
  folder: Folder,
  told: Map<number, Told>,
  done: ReadonlyMap<number, Place>,
  resets: number[],
): void {
  const remotes = new Set<string>();
  let unread = 0;
  for (let position = 0; position < folder.length; position++) {
    const uid = folder.uidAt(position) ?? -1;
    const known = told.get(uid);
    const remote = folder.remote(uid);
    assert.ok(known, `${uid} was never put`);
    assert.equal(folder.positionOf(uid), position);
    assert.deepEqual(remote, { t: 'imap', uidValidity: known.validity, uid: known.r });
    assert.ok(!remotes.has(JSON.stringify(remote)), `${uid} is here twice`);
    remotes.add(JSON.stringify(remote));
    if (((folder.flags(uid) ?? 0) & 1) === 0) unread++;
  }
  assert.equal(folder.unread, unread);
  assert.ok(new Set([...remotes].map(text => JSON.parse(text).uidValidity)).size <= 1, 'two UIDVALIDITYs');
  for (const [uid, { flags, validity }] of told) {
    // An operation in the queue does not promise that the message itself is durable; the server still has it.
    const last = flags.findLastIndex(({ i, kept }) => done.has(i) && kept === -1);
    const here = folder.flags(uid);
    // `resets`: the last one that was promised, and those that began later.
    const forgotten = resets.some(i => i > (flags[0]?.i ?? 0));
    const surely = forgotten && done.has(resets[0] ?? -1) && (resets[0] ?? 0) > (flags[0]?.i ?? 0);
    const possible = flags.slice(Math.max(0, last));
    if (here === undefined) {
      const mayBeGone = last < 0 || forgotten || possible.some(state => state.flags === -1);
      assert.ok(mayBeGone, `message ${uid} of ${validity} is lost`);
      continue;
    }
    assert.ok(!surely, `message ${uid} came back after a reset`);
    assert.ok(
      possible.some(state => state.flags !== -1),
      `message ${uid} came back`,
    );
    for (let bit = 1; bit < 1 << 12; bit <<= 1) {
      const pinned = flags.findLastIndex(({ i, kept }) => done.has(i) && kept & bit);
      const since = flags.slice(Math.max(0, pinned));
      if (since.some(({ loose }) => loose & bit)) continue;
      // An end takes its effect some time before it is promised, not when it begins.
      const from = since[0]?.at ?? 0;
      if (flags.some(({ i, loose }) => loose & bit && (done.get(i) ?? Number.POSITIVE_INFINITY) > from))
        continue;
      // What was seen may have come from an operation that was never promised, and be gone with it; but not where a
      // later one has the last word.
      const operation = pinned >= 0 && flags[pinned]?.kept !== -1;
      if ((operation ? since : flags).some(state => unpromised(state, bit, done))) continue;
      const values = since.filter(state => state.flags !== -1).map(state => state.flags & bit);
      assert.ok(values.includes(here & bit), `flag ${bit} of ${uid} is ${here & bit}, promised ${values}`);
    }
  }
}

/** An operation on this bit that nobody was told is kept. */
function unpromised(
  { i, kept, loose }: Told['flags'][number],
  bit: number,
  done: ReadonlyMap<number, Place>,
): boolean {
  return kept !== -1 && loose === 0 && (kept & bit) !== 0 && !done.has(i);
}

async function checkBodies(
  folder: Folder,
  raw: { read(ref: { n: number; partial: boolean }): Promise<Buffer> },
  told: Map<number, Told>,
  done: ReadonlyMap<number, Place>,
): Promise<void> {
  const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  const used = new Set<number>();
  for (const [uid, { bodies }] of told) {
    if (folder.flags(uid) === undefined) continue;
    const ref = folder.raw(uid);
    const last = bodies.findLastIndex(i => done.has(i));
    if (!ref) {
      assert.ok(last < 0, `the body of ${uid} is lost`);
      continue;
    }
    assert.ok(!used.has(ref.n), `two messages share file ${ref.n}`);
    used.add(ref.n);
    const bytes = hash(await raw.read(ref));
    // Two writes for one message may end in either order.
    assert.ok(
      bodies.some(i => hash(body(uid, i)) === bytes),
      `the body of ${uid} is another message's`,
    );
  }
}
