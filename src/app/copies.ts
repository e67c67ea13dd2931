// What of each account is on this computer: counted when somebody looks, and again while they look and mail comes.
import type { LocalUid } from '../mail/types.ts';
import type { AccountStore, FolderStore } from '../store/types.ts';
import type { Core } from './core.ts';
import { type Copies, screenLayer } from './state.ts';

export interface CopyCounts {
  count(): void;
}

export function createCopies(core: Core): CopyCounts {
  /** Something changed since it was counted: messages, or files of theirs. */
  let stale = false;
  let counting = false;

  async function count(): Promise<void> {
    counting = true;
    stale = false;
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

  core.deps.store.subscribe(event => {
    if (event.t === 'folder' || event.t === 'folders') stale = true;
  });
  // The clock of this screen ticks every second: often enough.
  let tick = 0;
  core.afterChange(state => {
    if (state.now === tick || counting || screenLayer(state).t !== 'accounts') return;
    tick = state.now;
    if (stale) core.track(count());
  });

  return { count: () => void core.track(count()) };
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
      if (uid !== undefined && hasText(folder, uid)) bodies += 1;
    }
  }
  const exported = (await account.exports?.last()) ?? null;
  return { total, bodies, bytes: await account.raw.usage(), exported };
}

/** What is partial of IMAP mail is all of its text; of POP3 mail only its head, since it is over the size limit. */
function hasText(folder: FolderStore, uid: LocalUid): boolean {
  const raw = folder.raw(uid);
  return raw ? !raw.partial || folder.remote(uid)?.t !== 'pop3' : false;
}
