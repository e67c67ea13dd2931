// What of each account is on this computer: counted when somebody looks, and again while they look and mail comes.
import type { AccountStore } from '../store/types.ts';
import type { Core } from './core.ts';
import { type AppState, type Copies, screenLayer } from './state.ts';

export interface CopyCounts {
  count(): void;
}

export function createCopies(core: Core): CopyCounts {
  let counted = '';
  let counting = false;

  async function count(): Promise<void> {
    counting = true;
    counted = mailOf(core.state.get());
    try {
      const diskFree = (await core.deps.freeSpace?.()) ?? null;
      core.change(before => (before.diskFree === diskFree ? before : { ...before, diskFree }));
      for (const [id, account] of core.mail) {
        const copies = await copiesOf(account);
        core.change(before => ({ ...before, copies: { ...before.copies, [id]: copies } }));
      }
    } finally {
      counting = false;
    }
  }

  // The clock of this screen ticks every second: often enough.
  let tick = 0;
  core.afterChange(state => {
    if (state.now === tick || counting || screenLayer(state).t !== 'accounts') return;
    tick = state.now;
    if (mailOf(state) !== counted) core.track(count());
  });

  return { count: () => void core.track(count()) };
}

/** Differs when messages came or went, and when fetching begins and ends. */
function mailOf({ accounts }: AppState): string {
  return accounts
    .map(({ status, folders }) => {
      const busy = status.progress.length > 0 ? 'busy ' : '';
      return busy + folders.map(({ id, counts }) => `${id} ${counts.total}`).join();
    })
    .join();
}

/** What of an account is on this computer. Reads every folder's state files: only when somebody asks. */
async function copiesOf(account: AccountStore): Promise<Copies> {
  let total = 0;
  let bodies = 0;
  for (const record of account.folders()) {
    if (!record.selectable) continue;
    const folder = await account.folder(record.id);
    await folder.loadAll();
    total += Math.max(record.counts.total, folder.length);
    for (let position = 0; position < folder.length; position += 1) {
      const uid = folder.uidAt(position);
      if (uid !== undefined && folder.raw(uid)) bodies += 1;
    }
  }
  const exported = (await account.exports?.last()) ?? null;
  return { total, bodies, bytes: await account.raw.usage(), exported };
}
