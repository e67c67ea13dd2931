// Which folder each of these messages is filed in, an account at a time. Makes no folder and moves nothing.
import { splitFolderId } from '../../mail/ids.ts';
import type { AccountId, FolderId, LocalUid } from '../../mail/types.ts';
import type { Core } from '../core.ts';
import type { Messages } from '../state.ts';
import {
  archiveDestination,
  type Destination,
  type FilingRole,
  roleDestination,
  schemeOf,
} from './destinations.ts';

export interface Planned {
  readonly group: Messages;
  readonly destination: Destination;
  readonly id: FolderId | undefined;
}

/** Where each message goes; null: an envelope is not in memory. `read`: what is not in memory now is gone. */
export function planOf(
  core: Core,
  messages: readonly Messages[],
  role: FilingRole,
  read: boolean,
): readonly Planned[] | null {
  const state = core.state.get();
  const plan: Planned[] = [];
  for (const group of messages) {
    const { account } = splitFolderId(group.folder);
    const scheme = schemeOf(configOf(core, account));
    if (role !== 'archive' || scheme === 'flat') {
      const destination = roleDestination(state, account, role);
      plan.push({ group, destination, id: destination.id });
      continue;
    }
    const parts = new Map<string, { destination: Destination; uids: LocalUid[] }>();
    for (const uid of group.uids) {
      const date = core.opened.get(group.folder)?.envelope(uid)?.date;
      if (date === undefined && !read) return null;
      const destination = archiveDestination(state, account, scheme, date ?? state.now);
      const part = parts.get(destination.path);
      if (part) part.uids.push(uid);
      else parts.set(destination.path, { destination, uids: [uid] });
    }
    for (const { destination, uids } of parts.values())
      plan.push({ group: { folder: group.folder, uids }, destination, id: destination.id });
  }
  return plan;
}

const configOf = (core: Core, account: AccountId) =>
  core.deps.config.accounts.find(({ id }) => id === account);

/** Has the envelopes of these messages in memory. */
export async function envelopesOf(core: Core, messages: readonly Messages[]): Promise<void> {
  for (const { folder: id, uids } of messages) {
    const folder = core.opened.get(id);
    if (!folder) continue;
    for (const uid of uids) {
      const at = folder.positionOf(uid);
      if (at >= 0 && folder.envelope(uid) === undefined) await folder.ensure(at, at);
    }
  }
}
