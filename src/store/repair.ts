// What is done about a folder's missing or damaged files: brought back from the file beside it or from the message
// files, else left to be fetched again. Whatever is taken out of the index takes the sync markers back with it.
import type { RemoteRef } from '../mail/types.ts';
import { TmailError } from '../util/errors.ts';
import { SHARD_SIZE } from '../util/limits.ts';
import type { EnvelopeShard } from './envelopes.ts';
import { Folder, type FolderHost, initialSync } from './folder.ts';
import type { IndexFile } from './shapes.ts';
import { shardOf, uidOf } from './shards.ts';
import { EMPTY, StateShard } from './state.ts';

/** Opens a folder: the summary and the newest shard; everything's state when the last owner did not close it. */
export async function openFolder(host: FolderHost): Promise<Folder> {
  const folder = new Folder(host);
  const { low, found } = await host.files.index(() => emptyIndex(host));
  if (found !== 'good') {
    await rebuildIndex(folder, found === 'damaged');
    return folder;
  }
  const index = low.data;
  folder.writer.opened(index);
  folder.next = Math.max(1, index.next);
  folder.floor = index.floor;
  folder.sync = index.sync;
  folder.keywords.push(...index.keywords);
  if (index.uidls) folder.uidls = new Map();
  for (const row of index.shards) if (shardOf(row[0]) >= shardOf(index.floor)) folder.table.expect(row);
  if (index.open) await recount(folder);
  await folder.ensure(0, 0);
  // A crash between shard and summary: numbers in use are never handed out again.
  for (const number of folder.table.numbers().slice(-1)) await folder.loadStates([number]);
  folder.next = Math.max(folder.next, nextAfter(folder));
  // A crash between the first messages after a reset and the markers that name their UIDVALIDITY.
  folder.sync = { ...folder.sync, uidValidity: folder.sync.uidValidity ?? validityOf(folder) };
  return folder;
}

/** The UIDVALIDITY of the messages that are here, as far as their shards are in memory. */
function validityOf(folder: Folder): string | null {
  const states = folder.table.numbers().map(number => folder.table.state(number));
  return states.findLast(state => state && state.count > 0 && state.validity !== null)?.validity ?? null;
}

/** The summary may be older than the shards. */
async function recount(folder: Folder): Promise<void> {
  const { states, envelopes } = await folder.host.files.shards();
  const lowest = shardOf(folder.floor);
  const unknown = states.filter(number => number >= lowest && !folder.table.has(number));
  for (const number of unknown) expectAnything(folder, number);
  // A reader beside a living owner is content with the summary for the rest.
  if (!folder.host.writable) return folder.loadStates(unknown);
  // A reset that was not finished.
  for (const number of new Set([...states, ...envelopes])) {
    if (number < lowest) folder.writer.shardForgotten(number);
  }
  await folder.loadStates(folder.table.numbers());
}

/** No summary: from the shards, and (`thorough`) from the message files of shards that are gone altogether. */
async function rebuildIndex(folder: Folder, thorough: boolean): Promise<void> {
  const { states, envelopes } = await folder.host.files.shards();
  const numbers = new Set([...states, ...envelopes]);
  if (thorough || numbers.size > 0) {
    const owned = await folder.host.ownedRaw();
    for (const uid of owned.keys()) numbers.add(shardOf(uid));
  }
  if (numbers.size === 0) return;
  for (const number of numbers) expectAnything(folder, number);
  await folder.loadStates([...numbers]);
  for (const number of folder.table.numbers().reverse()) {
    const shard = await folder.readEnvelopes(number);
    if (shard.uidls) folder.uidls ??= new Map();
    folder.next = Math.max(folder.next, uidOf(number, shard.end));
    if (folder.table.numbers().at(-1) === number) folder.hold(number, shard, true);
  }
  folder.next = Math.max(folder.next, nextAfter(folder));
  folder.sync = { ...initialSync(), uidValidity: validityOf(folder) };
  folder.writer.retreated();
  folder.writer.request(false);
}

/**
 * A shard whose state is missing or damaged: which messages it had is in the envelopes' file and in the message
 * files. Their flags are asked of the server again.
 */
export async function rebuildState(folder: Folder, number: number): Promise<StateShard> {
  const { host } = folder;
  const { shard } = await host.files.envelopes(number);
  const owned = await host.ownedRaw();
  const state = new StateShard();
  for (let slot = 0; slot < SHARD_SIZE; slot++) {
    const uid = uidOf(number, slot);
    const file = owned.get(uid);
    if (uid < folder.floor) continue;
    const remote = shard.remote(slot) ?? file?.remote ?? null;
    // Without a file, and without a server that says what is there, it was moved or deleted: its file is another's now
    // or gone. A maildrop says nothing of folders; what it still has and is not here comes with the next check.
    if (!file && (!shard.has(slot) || remote?.t !== 'imap')) continue;
    if (!shard.has(slot) && file) {
      const envelope = await host.envelopeOf(file.raw);
      if (!envelope) continue;
      shard.set(slot, envelope, remote);
    }
    place(state, slot, remote);
    state.setFlags(slot, 0);
    if (file) state.setRaw(slot, file.raw);
  }
  folder.writer.envelopesChanged(number);
  folder.hold(number, shard, true);
  folder.writer.stateChanged(number);
  folder.sync = { ...folder.sync, highestModseq: null };
  folder.writer.retreated();
  return folder.adopt(number, state.file([]));
}

function place(state: StateShard, slot: number, remote: RemoteRef | null): void {
  if (remote?.t !== 'imap') return;
  state.validity ??= remote.uidValidity;
  if (state.validity === remote.uidValidity) state.setRemote(slot, remote.uid);
}

/** Messages that the state knows and whose envelope is not in `shard`: from their files, else fetched again. */
export async function restoreEnvelopes(folder: Folder, number: number, shard: EnvelopeShard): Promise<void> {
  const state = folder.table.state(number);
  const holes = [...(state?.order() ?? [])].filter(slot => !shard.has(slot));
  if (!state || holes.length === 0) return;
  const owned = await folder.host.ownedRaw();
  const before = { length: folder.length, unread: folder.unread };
  let highest = 0;
  let lost = 0;
  for (const slot of holes) {
    const raw = state.raw(slot);
    const envelope = raw ? await folder.host.envelopeOf(raw) : null;
    if (!state.has(slot) || shard.has(slot)) continue;
    const uid = state.remote(slot);
    const imap =
      uid !== 0 && state.validity !== null ? { t: 'imap' as const, uidValidity: state.validity, uid } : null;
    const remote = imap ?? owned.get(uidOf(number, slot))?.remote ?? null;
    if (envelope) {
      shard.set(slot, envelope, remote);
      continue;
    }
    state.clear(slot, EMPTY);
    highest = Math.max(highest, uid);
    if (remote === null) lost++;
  }
  folder.writer.envelopesChanged(number);
  folder.hold(number, shard, true);
  folder.writer.stateChanged(number);
  folder.table.changed();
  if (highest > 0) fetchAgain(folder, highest);
  if (lost > 0) {
    const facts = { folder: folder.host.id, count: lost };
    folder.host.trouble(new TmailError('storage', 'store.lost', { retry: 'never', facts }));
  }
  folder.shown({
    total: folder.length - before.length,
    unread: folder.unread - before.unread,
    counted: false,
    messages: 'all',
  });
}

/** Everything up to this IMAP UID is asked for again; what is here keeps its number (`byRemoteUid`, `vacant`). */
function fetchAgain(folder: Folder, uid: number): void {
  const { filledDownTo } = folder.sync;
  if (filledDownTo === null) return;
  folder.sync = { ...folder.sync, filledDownTo: Math.max(filledDownTo, uid + 1) };
  folder.writer.retreated();
}

function expectAnything(folder: Folder, number: number): void {
  folder.table.expect([uidOf(number, 0), uidOf(number, SHARD_SIZE - 1), 0, 0]);
}

function nextAfter(folder: Folder): number {
  const number = folder.table.numbers().at(-1);
  const state = number === undefined ? undefined : folder.table.state(number);
  return number === undefined || !state ? 1 : uidOf(number, state.highest()) + 1;
}

function emptyIndex(host: FolderHost): IndexFile {
  return {
    v: 1,
    folder: host.entry(),
    open: false,
    next: 1,
    floor: 1,
    sync: initialSync(),
    keywords: [],
    uidls: false,
    shards: [],
  };
}
