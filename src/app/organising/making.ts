// Makes the folder that messages are filed in where it is missing, and says what it is for. Moves nothing.
import type { FolderId } from '../../mail/types.ts';
import type { AccountStore } from '../../store/types.ts';
import type { Destination } from './destinations.ts';

/** Durable when it resolves. @throws TmailError as the store's `createFolder` */
export async function makeDestination(
  store: AccountStore,
  { id, path, becomes, top }: Destination,
): Promise<FolderId> {
  if (top) await makeDestination(store, top);
  // Another message of this step may have had it made.
  const known = id ?? store.folders().find(folder => folder.path === path && folder.selectable)?.id;
  const folder = known ?? (await store.createFolder(path));
  if (becomes) await store.setRole?.(folder, becomes);
  return folder;
}
