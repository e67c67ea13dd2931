// Message files as what is left when an index is damaged: whose each is, and what its header says. Changes nothing.
import type { Envelope, LocalUid, RawRef, RemoteRef } from '../mail/types.ts';
import { asTmailError } from '../util/errors.ts';
import type { AccountOptions } from './account.ts';
import type { Manifests } from './manifests.ts';
import type { RawFiles } from './raw.ts';
import { loadRemote } from './remote.ts';

export interface OwnedRaw {
  readonly raw: RawRef;
  readonly remote: RemoteRef | null;
}

/** The message files of one folder's messages. */
export async function ownedRaw(manifests: Manifests, folder: number): Promise<Map<LocalUid, OwnedRaw>> {
  const owned = new Map<LocalUid, OwnedRaw>();
  for (const directory of await manifests.directories()) {
    for (const [n, entry] of Object.entries(await manifests.files(directory))) {
      if (entry.folder !== folder || entry.uid === 0) continue;
      const known = owned.get(entry.uid);
      // The whole message is worth more than its text.
      if (known && entry.partial && !known.raw.partial) continue;
      owned.set(entry.uid, {
        raw: { n: Number(n), partial: entry.partial },
        remote: loadRemote(entry.remote),
      });
    }
  }
  return owned;
}

/** The envelope as far as the message file tells it; null when that is missing or damaged. */
export async function envelopeIn(
  account: { readonly options: AccountOptions; readonly raw: RawFiles },
  ref: RawRef,
): Promise<Envelope | null> {
  const { id, log, envelopeOf } = account.options;
  try {
    const bytes = await account.raw.read(ref);
    return await envelopeOf(bytes, await account.raw.writtenAt(ref), ref.partial);
  } catch (thrown) {
    const error = asTmailError(thrown);
    if (error.kind !== 'storage') log.warn('envelope', { account: id, n: ref.n });
    else if (!error.code.startsWith('raw.')) throw error;
    return null;
  }
}
