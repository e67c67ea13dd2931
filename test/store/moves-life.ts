// A life of mail that is only here (it comes, is moved, taken back, starred, deleted) that says what it begins and
// what was promised to it, and a check of what a reopened store owes it.
import assert from 'node:assert/strict';
import type { FolderId } from '../../src/mail/types.ts';
import type { Folder } from '../../src/store/folder.ts';
import type { LocalStore } from '../../src/store/store.ts';
import type { Operation } from '../../src/store/types.ts';
import { TmailError } from '../../src/util/errors.ts';
import { syntheticEnvelope } from '../fixtures/synthetic.ts';
import { info } from './harness.ts';
import { random } from './workload.ts';

/** `i` begins something with message `k`; `done` promises what `i` began. */
export type MoveNote =
  | { i: number; t: 'put'; k: number; to: string }
  | { i: number; t: 'move'; k: number; to: string }
  | { i: number; t: 'delete'; k: number }
  | { done: number };

const NAMES = ['Inbox', 'Archive', 'Trash'] as const;
const bodyOf = (k: number): Buffer =>
  Buffer.from(`Message-ID: <${k}@here>\r\nSubject: ${k}\r\n\r\n${'x'.repeat((k * 41) % 700)} ${k}\r\n`);

/** Also those that the life has made since. */
export async function localFolders(store: LocalStore): Promise<Folder[]> {
  const account = await store.account('home');
  if (account.folders().length === 0) {
    await account.setFolders(NAMES.map(name => info(name, { remote: name === 'Inbox' })));
  }
  const folders: Folder[] = [];
  for (const { id } of account.folders()) {
    const folder = await account.folder(id);
    await folder.loadAll();
    await folder.ensure(0, Math.max(0, folder.length - 1));
    // As the folders of a POP3 account are: what is here is all that there is to count.
    if (folder.sync.filledDownTo !== 1)
      await folder.apply({ sync: { ...folder.sync, filledDownTo: 1 } }, 'now');
    folders.push(folder);
  }
  return folders;
}

const numberOf = (folder: Folder, uid: number): number => {
  const remote = folder.remote(uid);
  assert.ok(remote?.t === 'pop3', `${folder.host.id}:${uid} has no name`);
  return Number(remote.uidl);
};

export async function liveWithMoves(
  store: LocalStore,
  seed: number,
  from: { readonly i: number; readonly k: number },
  note: (note: MoveNote) => void,
  steps = 1_000_000,
): Promise<void> {
  const account = await store.account('home');
  let folders = await localFolders(store);
  const chance = random(seed);
  const below = (n: number) => Math.floor(chance() * n);
  let { i, k } = from;
  const waiting = new Set<Promise<unknown>>();
  const undo: Extract<Operation, { t: 'move' }>[] = [];
  const promise = (n: number, work: Promise<unknown>) => {
    const ended = work.then(
      () => note({ done: n }),
      (error: unknown) => {
        // The folder that it was to go to has just been removed: then it stayed where it was.
        if (!(error instanceof TmailError) || error.kind !== 'storage') throw error;
      },
    );
    waiting.add(ended);
    ended.finally(() => waiting.delete(ended)).catch(() => undefined);
  };
  const any = () => {
    const folder = folders[below(folders.length)];
    const uid = folder?.uidAt(below(folder.length));
    return folder && uid !== undefined ? { folder, uid, k: numberOf(folder, uid) } : undefined;
  };
  const target = (uid: number) => ({ uid, remote: null, messageId: '' });
  const move = (one: { folder: Folder; uid: number; k: number }, to: Folder, landing?: number) => {
    const n = i++;
    note({ i: n, t: 'move', k: one.k, to: to.host.id });
    const committed = account.commit({
      t: 'move',
      folder: one.folder.host.id,
      to: to.host.id,
      targets: [target(one.uid)],
      ...(landing !== undefined && { landing: [landing] }),
    });
    promise(
      n,
      committed.then(op => {
        if (op.t === 'move' && landing === undefined) undo.push(op);
      }),
    );
  };

  async function put(): Promise<void> {
    const folder = folders[0];
    assert.ok(folder);
    const mine = k++;
    const uid = folder.reserve(1);
    const n = i++;
    note({ i: n, t: 'put', k: mine, to: folder.host.id });
    const remote = { t: 'pop3', uidl: String(mine) } as const;
    const owner = { folder: folder.host.id, uid, remote, partial: false };
    const raw = await account.raw.write(bodyOf(mine), owner);
    await folder.apply(
      {
        put: [
          { uid, remote, flags: [], envelope: { ...syntheticEnvelope(mine), subject: String(mine) }, raw },
        ],
      },
      'now',
    );
    note({ done: n });
  }

  /** Folders of one's own come, change their names and go; one that holds mail, or is about to, stays. */
  async function ownFolders(): Promise<void> {
    const own = folders.slice(NAMES.length);
    const one = own[below(own.length)];
    const name = `own ${below(5)}/${below(3)}`;
    const dice = chance();
    try {
      if (!one || dice < 0.3) await account.createFolder(name);
      else if (dice < 0.5) await account.renameFolder(one.host.id, name);
      else await account.removeFolder(one.host.id);
    } catch (error) {
      const expected = ['folder.exists', 'folder.not-empty', 'folder.within-itself'];
      if (!(error instanceof TmailError) || !expected.includes(error.code)) throw error;
    }
    folders = await localFolders(store);
  }

  for (let step = 0; step < steps; step++) {
    if (chance() < 0.04) await ownFolders();
    const dice = chance();
    const one = any();
    if (!one || dice < 0.15) await put();
    else if (dice < 0.65) {
      const to = folders[below(folders.length)];
      if (to && to !== one.folder) move(one, to);
    } else if (dice < 0.8) {
      const last = undo.pop();
      const at = folders.find(({ host }) => host.id === last?.to);
      const back = folders.find(({ host }) => host.id === last?.folder);
      const [uid, landing] = [last?.landing[0], last?.targets[0]?.uid];
      if (at && back && uid !== undefined && landing !== undefined && at.flags(uid) !== undefined) {
        move({ folder: at, uid, k: numberOf(at, uid) }, back, landing);
      }
    } else if (dice < 0.88) {
      const flags = { t: 'flags', add: ['\\Flagged'], remove: ['\\Seen'] } as const;
      waiting.add(
        account
          .commit({ ...flags, folder: one.folder.host.id, targets: [target(one.uid)] })
          .catch(() => null),
      );
    } else if (dice < 0.93) {
      const n = i++;
      note({ i: n, t: 'delete', k: one.k });
      promise(n, account.commit({ t: 'delete', folder: one.folder.host.id, targets: [target(one.uid)] }));
    } else {
      // What the engine does when the maildrop's memory has heard of it.
      const [op] = account.queue();
      if (op) waiting.add(account.settled(op.id).catch(() => null));
    }
    if (waiting.size > 6) {
      await Promise.race(waiting);
      if (chance() < 0.2) {
        await Promise.all(waiting);
        waiting.clear();
      }
    }
  }
  await Promise.all(waiting);
}

/** Everything once, where it was put last, with its bytes; nothing of what was deleted. */
export async function checkMoves(store: LocalStore, notes: readonly MoveNote[]): Promise<void> {
  const account = await store.account('home');
  await account.recovered();
  const folders = await localFolders(store);
  const found = new Map<number, { folder: FolderId; uid: number }[]>();
  for (const folder of folders) {
    let unread = 0;
    for (let position = 0; position < folder.length; position++) {
      const uid = folder.uidAt(position) ?? -1;
      await folder.ensure(position, position);
      const k = numberOf(folder, uid);
      found.set(k, [...(found.get(k) ?? []), { folder: folder.host.id, uid }]);
      if (((folder.flags(uid) ?? 0) & 1) === 0) unread++;
      assert.equal(folder.envelope(uid)?.subject, String(k));
      const raw = folder.raw(uid);
      assert.ok(raw, `message ${k} has no file`);
      assert.deepEqual(await account.raw.read(raw), bodyOf(k));
    }
    assert.equal(folder.unread, unread);
    assert.deepEqual(folder.record.counts, { total: folder.length, unread }, folder.record.name);
  }
  const done = new Set(notes.flatMap(note => ('done' in note ? [note.done] : [])));
  const lives = new Map<number, Exclude<MoveNote, { done: number }>[]>();
  for (const note of notes) if (!('done' in note)) lives.set(note.k, [...(lives.get(note.k) ?? []), note]);
  for (const [k, life] of lives) {
    const here = found.get(k) ?? [];
    assert.ok(here.length <= 1, `message ${k} is here ${here.length} times: ${JSON.stringify(here)}`);
    const deleted = life.find(note => note.t === 'delete');
    if (deleted && done.has(deleted.i)) assert.equal(here.length, 0, `message ${k} came back`);
    const last = life.findLastIndex(note => done.has(note.i));
    if (!deleted && last >= 0) assert.equal(here.length, 1, `message ${k} is lost`);
    const [at] = here;
    if (!at) continue;
    const possible = life.slice(Math.max(0, last)).flatMap(note => ('to' in note ? [note.to] : []));
    assert.ok(possible.includes(at.folder), `message ${k} is in ${at.folder}, not in ${possible}`);
  }
}
