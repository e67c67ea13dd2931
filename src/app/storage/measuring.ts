// Looks through what is known of all messages for the storage screen: in the background, in slices that no key waits
// for, while somebody looks; and again when mail came or went. Reads envelopes and manifests, never a message.
import { splitFolderId } from '../../mail/ids.ts';
import type { AccountId, FolderId } from '../../mail/types.ts';
import type { AccountStore, FolderRecord, FolderStore } from '../../store/types.ts';
import { nextTurn } from '../../util/turn.ts';
import type { Core } from '../core.ts';
import { hasLayer } from '../state.ts';
import { largestOf, sendersOf, Tally } from './tally.ts';
import type { FolderSpace, Space } from './types.ts';

/** A slice of work: a key that is pressed meanwhile waits no longer (design.md §7). */
const SLICE_MS = 4;
/** What changed is looked at again this long after the last time. */
const AGAIN_MS = 3000;
/** What was found so far is shown this often. */
const SHOWN_MS = 250;

export interface Measuring {
  /** Begins, for all accounts; of `sender` alone, or of everybody (null). */
  begin(sender: string | null): void;
  /** Looks at everything again. */
  again(): void;
  close(): void;
}

interface Known {
  readonly rev: number;
  readonly tally: Tally;
}

export function createMeasuring(core: Core): Measuring {
  /** Tallies of folders that did not change since; of everybody. */
  const known = new Map<FolderId, Known>();
  let run = 0;
  /** Something changed since it was looked through. */
  let stale = false;
  let begun = 0;
  let working = false;
  let sender: string | null = null;

  const open = () => hasLayer(core.state.get(), 'storage');

  async function measure(): Promise<void> {
    const mine = ++run;
    working = true;
    stale = false;
    begun = core.deps.now();
    const going = () => mine === run && open();
    try {
      const diskFree = (await core.deps.freeSpace?.()) ?? null;
      core.change(before => ({ ...before, diskFree }));
      for (const [id, account] of core.mail) {
        if (!going()) return;
        await measureAccount(id, account, going);
      }
    } finally {
      if (mine === run) working = false;
    }
  }

  async function measureAccount(id: AccountId, account: AccountStore, going: () => boolean): Promise<void> {
    const files = await filesOf(account, going);
    const records = account.folders().filter(record => record.selectable);
    const total = records.reduce((sum, { counts }) => sum + counts.total, 0);
    const tallies = new Map<FolderRecord, Tally>();
    let shown = performance.now();
    const show = (complete: boolean): void => {
      shown = performance.now();
      const space = spaceOf(id, tallies, files, { total, complete });
      core.change(before => ({ ...before, space: { ...before.space, [id]: space } }));
    };
    for (const record of records) {
      const folder = await account.folder(record.id);
      const before = sender === null ? known.get(record.id) : undefined;
      const { rev } = folder;
      if (before?.rev === rev) {
        tallies.set(record, before.tally);
        continue;
      }
      const tally = new Tally(sender);
      tallies.set(record, tally);
      const whole = await walk(folder, tally, going, () => {
        if (performance.now() - shown > SHOWN_MS) show(false);
      });
      if (!whole) return;
      if (sender === null) known.set(record.id, { rev, tally });
    }
    if (going()) show(true);
  }

  const forget = core.deps.store.subscribe(event => {
    if (event.t === 'folder' || event.t === 'folders') stale = true;
  });
  /** The clock of this screen ticks every second. */
  let tick = 0;
  core.afterChange(state => {
    if (!open()) {
      // Senders of a large mailbox take some room: they are counted again when somebody looks again.
      if (known.size > 0) known.clear();
      return;
    }
    if (state.now === tick || working) return;
    tick = state.now;
    // Not all the time while a folder fills; a clock that was put back must not stop it.
    if (stale && Math.abs(state.now - begun) >= AGAIN_MS) core.track(measure());
  });

  return {
    begin(whose) {
      sender = whose;
      core.change(before => ({ ...before, space: {} }));
      core.track(measure());
    },
    again: () => void core.track(measure()),
    close() {
      forget();
      run++;
      known.clear();
    },
  };
}

/** False: it was stopped. */
async function walk(
  folder: FolderStore,
  tally: Tally,
  going: () => boolean,
  paused: () => void,
): Promise<boolean> {
  const { id } = folder.record;
  let since = performance.now();
  for await (const { uid, envelope } of folder.scan()) {
    tally.add(id, uid, envelope);
    if (performance.now() - since < SLICE_MS) continue;
    paused();
    await nextTurn();
    if (!going()) return false;
    since = performance.now();
  }
  return going();
}

type Files = ReadonlyMap<number, { files: number; bytes: number }>;

/** What each folder's message files take; by the folder's number. */
async function filesOf(account: AccountStore, going: () => boolean): Promise<Files> {
  const found = new Map<number, { files: number; bytes: number }>();
  if (!account.raw.files) return found;
  for await (const batch of account.raw.files()) {
    for (const { folder, size } of batch) {
      const sum = found.get(folder) ?? { files: 0, bytes: 0 };
      sum.files++;
      sum.bytes += size;
      found.set(folder, sum);
    }
    await nextTurn();
    if (!going()) break;
  }
  return found;
}

/** Gmail's folders show the same mail several times: there, All Mail stands for those that are parts of it. */
function counted(records: readonly FolderRecord[]): readonly FolderRecord[] {
  if (!records.some(({ role }) => role === 'all'))
    return records.filter(({ role }) => role !== 'flagged' && role !== 'important');
  return records.filter(({ role }) => role === 'all' || role === 'junk' || role === 'trash');
}

function spaceOf(
  account: AccountId,
  tallies: ReadonlyMap<FolderRecord, Tally>,
  files: Files,
  state: { readonly total: number; readonly complete: boolean },
): Space {
  const records = [...tallies.keys()];
  const mine = counted(records).flatMap(record => tallies.get(record) ?? []);
  const folders = records.map((record): FolderSpace => {
    const tally = tallies.get(record);
    const here = files.get(splitFolderId(record.id).folder);
    return {
      account,
      folder: record.id,
      messages: tally?.messages ?? 0,
      there: record.counts.total,
      bytes: tally?.bytes ?? 0,
      files: here?.files ?? 0,
      fileBytes: here?.bytes ?? 0,
    };
  });
  return {
    account,
    looked: folders.reduce((sum, { messages }) => sum + messages, 0),
    ...state,
    messages: largestOf(mine.map(({ largest }) => largest)),
    folders,
    senders: sendersOf(mine.map(({ senders }) => senders)),
  };
}
