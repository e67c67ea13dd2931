// What waits for a server, in words: a row an operation, why it waits, and what builds on it. Pure, but for taking one
// out of the queue, which a person was asked about.
import { shownKeyword } from '../../mail/labels.ts';
import type { AccountId, FolderId, LocalUid } from '../../mail/types.ts';
import type { Operation } from '../../store/types.ts';
import type { View } from '../commands/command.ts';
import type { Core } from '../core.ts';
import { accountOf, folderLabel, folderRecord, plural } from '../selectors.ts';

const FLAG_WORDS: Readonly<Record<string, readonly [string, string]>> = {
  '\\Seen': ['Mark # read', 'Mark # unread'],
  '\\Flagged': ['Star #', 'Unstar #'],
  '\\Answered': ['Mark # answered', 'Mark # unanswered'],
  '\\Deleted': ['Mark # as deleted', 'Mark # as not deleted'],
  $Forwarded: ['Mark # forwarded', 'Mark # as not forwarded'],
};

/** `Move 3 messages from Inbox to Archive`. Hostile text. */
export function operationText(view: View, op: Operation): string {
  const name = (id: FolderId): string => {
    const record = folderRecord(view.state, id);
    return record ? folderLabel(record) : 'a folder that is gone';
  };
  const many = plural(op.targets.length, 'message');
  const subject = op.targets.length === 1 ? subjectOf(view, op) : undefined;
  const about = subject === undefined ? '' : `: ${subject || '(no subject)'}`;
  switch (op.t) {
    case 'flags': {
      const words = [
        ...op.add.map(flag => FLAG_WORDS[flag]?.[0] ?? `Label # "${shownKeyword(flag)}"`),
        ...op.remove.map(flag => FLAG_WORDS[flag]?.[1] ?? `Unlabel # "${shownKeyword(flag)}"`),
      ];
      return `${words.join(', ').replaceAll('#', many)} in ${name(op.folder)}${about}`;
    }
    case 'move':
      return `Move ${many} from ${name(op.folder)} to ${name(op.to)}${about}`;
    case 'copy':
      return `Copy ${many} from ${name(op.folder)} to ${name(op.to)}${about}`;
    case 'delete':
      if (op.after) return `Take ${many} away from ${name(op.folder)}, moved to ${op.after.account}`;
      return op.moved
        ? `Take ${many} away from ${name(op.folder)}, moved to another account`
        : `Delete ${many} from ${name(op.folder)} for good`;
    case 'append':
      return `Put ${many} into ${name(op.folder)}${about}`;
    case 'folder-create':
      return `Make the folder "${op.path}"`;
    case 'folder-rename':
      return `Rename the folder "${op.from}" to "${op.path}"`;
    case 'folder-delete':
      return `Delete the folder "${op.path}"`;
    case 'folder-subscribe':
      return `${op.subscribed ? 'Subscribe to' : 'Unsubscribe from'} the folder "${op.path}"`;
  }
}

/** Half of a move of which the other half is done: whoever takes it back has the message twice. */
export function leavesCopy(op: Operation): boolean {
  return op.t === 'delete' && op.moved === true;
}

/** Where the message is now; undefined: not in memory. */
function subjectOf({ data }: View, op: Operation): string | undefined {
  const lands = op.t === 'move' || op.t === 'copy';
  const uid = lands ? op.landing[0] : op.targets[0]?.uid;
  return data.folder(lands ? op.to : op.folder)?.envelope(uid ?? 0)?.subject;
}

/** Why it is still there. */
export function waitText(view: View, account: AccountId, op: Operation): string {
  if (!view.data.isReady(account, op)) {
    const other = op.t === 'delete' ? op.after?.account : undefined;
    return other === undefined ? 'waits' : `waits for the copy in ${other}`;
  }
  const tries = op.tries === 0 ? '' : `, ${plural(op.tries, 'try', 'tries')}`;
  const status = accountOf(view.state, account)?.status;
  switch (status?.phase) {
    case 'online':
      if (view.data.queue(account)[0]?.id === op.id && status.progress.length > 0)
        return `is sent now${tries}`;
      // The server said "not now".
      return op.tries > 0 ? `is tried again later, $ now${tries}` : 'next';
    case 'connecting':
      return `connecting${tries}`;
    case 'attention':
      return `needs you: @${tries}`;
    default:
      return `waits for a connection${tries}`;
  }
}

/** Later operations that would lose what they stand on, in this queue; and deletions of others that wait for it. */
export function buildsOn(queue: readonly Operation[], op: Operation): readonly Operation[] {
  const at = queue.findIndex(({ id }) => id === op.id);
  const places = new Set(landings(op));
  const folders = new Set(op.t === 'folder-create' ? [op.folder] : []);
  const found: Operation[] = [];
  for (const later of at < 0 ? [] : queue.slice(at + 1)) {
    const onFolder = folders.has(later.folder) || ('to' in later && folders.has(later.to));
    const onMessage = later.targets.some(({ uid }) => places.has(`${later.folder}:${uid}`));
    if (!onFolder && !onMessage) continue;
    found.push(later);
    for (const place of landings(later)) places.add(place);
  }
  return found;
}

/** The messages that are where they are because of it. */
function landings(op: Operation): readonly string[] {
  const at = (folder: FolderId, uids: readonly LocalUid[]) => uids.map(uid => `${folder}:${uid}`);
  if (op.t === 'move' || op.t === 'copy') return at(op.to, op.landing);
  return op.t === 'append'
    ? at(
        op.folder,
        op.targets.map(({ uid }) => uid),
      )
    : [];
}

export async function dropOperation(core: Core, account: AccountId, id: string): Promise<void> {
  const store = core.mail.get(account);
  const view = { state: core.state.get(), data: core.data };
  const op = store?.queue().find(each => each.id === id);
  if (!store?.drop || !op) {
    core.say('info', 'It has gone to the server already.');
    return;
  }
  const text = operationText(view, op);
  // A move to another account goes as a whole: with its copy, which has not reached the server there.
  const half = op.t === 'delete' ? op.after : undefined;
  const other = half && core.mail.get(half.account);
  const copy = other?.queue().find(each => each.id === half?.operation);
  const dropped = copy && other?.drop ? await other.drop(copy.id) : await store.drop(id);
  const others = dropped.length;
  const more = others === 0 ? '' : `, and ${others} that built on it`;
  const stays = leavesCopy(op) ? ' The copy in the other account stays; it can be deleted there.' : '';
  core.say('info', `Not done, and taken back here: ${text}${more}.${stays}`);
}
