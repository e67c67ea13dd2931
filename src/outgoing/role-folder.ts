// The folder of an account that is for drafts, or for what was sent; made here where it is missing, and on the server
// when something is put into it.
import type { FolderId, Role } from '../mail/types.ts';
import type { AccountStore, FolderInfo, FolderRecord } from '../store/types.ts';

const NAMES = { sent: 'Sent', drafts: 'Drafts' } as const;

export function withRole(store: AccountStore, role: Role): FolderRecord | undefined {
  return store.folders().find(folder => folder.role === role && folder.selectable);
}

/** Durable when it resolves. The next LIST of a server leaves it, since it says that it is only here. */
export async function roleFolder(
  store: AccountStore,
  role: Extract<Role, 'sent' | 'drafts'>,
): Promise<FolderId> {
  const found = withRole(store, role);
  if (found) return found.id;
  const here = store.folders();
  const { prefix, delimiter } = namespaceOf(here);
  // A folder of that name without that purpose is as good: the server has no better one.
  const path = prefix + NAMES[role];
  const same = here.find(folder => folder.path.toLowerCase() === path.toLowerCase() && folder.selectable);
  if (same) return same.id;
  const added: FolderInfo = {
    path,
    name: NAMES[role],
    delimiter,
    role,
    subscribed: true,
    selectable: true,
    remote: false,
  };
  await store.setFolders([...here.map(infoOf), added]);
  const made = store.folders().find(folder => folder.path === path);
  return made?.id ?? roleFolder(store, role);
}

/** Some servers have every folder below the inbox. */
function namespaceOf(folders: readonly FolderRecord[]): { prefix: string; delimiter: string } {
  const others = folders.filter(folder => folder.role !== 'inbox' && folder.remote);
  const [first] = others;
  if (!first) return { prefix: '', delimiter: '/' };
  const { delimiter } = first;
  const prefix = `INBOX${delimiter}`;
  const below = delimiter !== '' && others.every(({ path }) => path.startsWith(prefix));
  return { prefix: below ? prefix : '', delimiter };
}

function infoOf(record: FolderRecord): FolderInfo {
  const { path, name, delimiter, role, subscribed, selectable, remote, counts } = record;
  return { path, name, delimiter, role, subscribed, selectable, remote, counts };
}
