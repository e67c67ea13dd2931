// Message files that the index names and that are not there any more, or not as they were: found out before they are
// shown, taken out of the index so that they are fetched again. Fetches nothing itself.
import type { LocalUid, RawRef } from '../mail/types.ts';
import type { FolderStore, RawStore } from '../store/types.ts';
import { TmailError } from '../util/errors.ts';

/** Why this file can't be used: `raw.missing`, `raw.damaged`; null: it is as it was received. */
export async function lossOf(raw: RawStore, ref: RawRef): Promise<TmailError | null> {
  try {
    await raw.read(ref);
    return null;
  } catch (error) {
    if (error instanceof TmailError && /^raw\.(missing|damaged)$/.test(error.code)) return error;
    throw error;
  }
}

/** The index no longer says that the message's file is here; durable. For the owner of the store. */
export async function forgetFile(folder: FolderStore, uid: LocalUid): Promise<void> {
  await folder.apply({ raw: [{ uid, raw: null }] }, 'now');
}
