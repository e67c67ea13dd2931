// Copies and moves messages to another account: each is here whole, its copy is durable and was read again, and the
// source goes only when the copy's server has it (a deletion that waits for the copy).
import { messageId } from '../../mail/ids.ts';
import { labelOf } from '../../mail/labels.ts';
import type { Envelope, FolderId, LocalUid, MessageId } from '../../mail/types.ts';
import { flagNames } from '../../store/flags.ts';
import type { AccountStore, FolderStore, NewAppend, Operation, OtherHalf } from '../../store/types.ts';
import { asTmailError, TmailError } from '../../util/errors.ts';
import type { Core } from '../core.ts';
import type { Messages } from '../state.ts';
import type { Carry } from './carry.ts';
import type { TakeBack } from './undo.ts';

/** Copies that are made at the same time: they share the waits for the disk. */
const AT_ONCE = 8;

export interface Across {
  /** Oldest first. `takeAway`: the sources go when their copies are where they belong. */
  send(messages: readonly Messages[], to: FolderId, takeAway: boolean): Promise<Sent>;
  /** Stops after what is under way; false when nothing is. */
  cancel(): boolean;
}

export interface Sent {
  readonly copies: readonly Copied[];
  /** Not on this computer, and can't be fetched now. */
  readonly notHere: readonly string[];
  readonly failed: readonly TmailError[];
  readonly stopped: boolean;
}

export interface Copied {
  readonly folder: FolderId;
  readonly uid: LocalUid;
  readonly append: Operation;
  /** What takes the source away; null: it stays. */
  readonly deletion: Operation | null;
}

export interface AcrossDeps {
  /** Has the whole message on this disk. @throws TmailError as the engine's `body` */
  readonly fetchWhole: (id: MessageId) => Promise<unknown>;
  readonly returned: (folder: FolderId, uids: readonly LocalUid[]) => void;
}

export function createAcross(core: Core, carry: Carry, deps: AcrossDeps): Across {
  let stopping = false;
  let running = 0;

  const readOne = async (source: Source): Promise<Whole> => {
    const { folder, uid } = source;
    const bytes = await wholeOf(source, deps.fetchWhole);
    const at = folder.positionOf(uid);
    if (folder.envelope(uid) === undefined) await folder.ensure(at, at);
    const envelope = folder.envelope(uid);
    if (!envelope || at < 0) throw new TmailError('storage', 'message.gone');
    return { ...source, bytes, envelope };
  };

  const putOne = async (
    { account, folder, uid, bytes, envelope }: Whole,
    target: AccountStore,
    to: FolderId,
    takeAway: boolean,
  ): Promise<Copied> => {
    if (!target.append) throw new TmailError('storage', 'store.reader');
    const flags = flagNames(folder.flags(uid) ?? 0, folder.keywords).filter(
      // Gmail's labels are folders of that account.
      name => name !== '\\Deleted' && labelOf(name) === null,
    );
    const from = folder.record.id;
    const message = {
      folder: to,
      bytes,
      envelope: { ...envelope, size: bytes.length },
      flags,
      date: envelope.arrival,
      upload: isRemote(core, to),
      verify: true,
    };
    if (!takeAway) return { folder: from, uid, append: await target.append(message), deletion: null };
    const targets = [{ uid, remote: folder.remote(uid) ?? null, messageId: envelope.messageId }];
    const leave = (after: OtherHalf) => account.commit({ t: 'delete', folder: from, targets, after });
    return { folder: from, uid, ...(await change(target, message, account, leave)) };
  };

  return {
    async send(messages, to, takeAway) {
      const copies: Copied[] = [];
      const notHere: string[] = [];
      const failed: TmailError[] = [];
      const target = carry.accountOf(to);
      if (!target) throw new TmailError('config', 'account.unknown', { facts: { account: to } });
      running += 1;
      stopping = false;
      try {
        for (const { folder: id, uids } of messages) {
          const account = carry.accountOf(id);
          // The others go on, and what went already can be taken back.
          const folder = await account?.folder(id).catch(thrown => {
            failed.push(asTmailError(thrown));
          });
          if (!account || !folder) continue;
          const oldestFirst = uids.toSorted((a, b) => a - b);
          for (let i = 0; i < oldestFirst.length && !stopping; i += AT_ONCE) {
            const part = oldestFirst.slice(i, i + AT_ONCE).map(uid => ({ account, folder, uid }));
            // Read first: whatever that takes, they are put there in their order.
            const read = await Promise.allSettled(part.map(readOne));
            const done = await Promise.allSettled(
              read.map(each =>
                each.status === 'fulfilled'
                  ? putOne(each.value, target, to, takeAway)
                  : Promise.reject(each.reason),
              ),
            );
            done.forEach((each, n) => {
              if (each.status === 'fulfilled') copies.push(each.value);
              else {
                const error = asTmailError(each.reason);
                const uid = part[n]?.uid ?? 0;
                if (NOT_HERE.has(error.code)) notHere.push(folder.envelope(uid)?.subject ?? '');
                else failed.push(error);
              }
            });
          }
        }
      } finally {
        running -= 1;
      }
      return { copies, notHere, failed, stopped: stopping };
    },
    cancel() {
      stopping = running > 0;
      return stopping;
    },
  };
}

/**
 * Puts a message into one account, and takes it out of the other. The leaving is said first and done last: a crash in
 * between leaves the message where it was, and nowhere else. @throws TmailError of either; then nothing has changed
 */
async function change(
  to: AccountStore,
  message: NewAppend,
  from: AccountStore,
  leave: (after: OtherHalf) => Promise<Operation | null>,
): Promise<{ append: Operation; deletion: Operation }> {
  if (!to.append || !to.announce) throw new TmailError('storage', 'store.reader');
  const id = to.announce();
  const deletion = await leave({ account: to.id, operation: id });
  if (!deletion || deletion.targets.length === 0) throw new TmailError('storage', 'message.gone');
  try {
    return { append: await to.append({ ...message, id }), deletion };
  } catch (error) {
    // What can't be taken back now is at the next start; what the person has to know is why there is no copy.
    await from.drop?.(deletion.id).catch(() => undefined);
    throw error;
  }
}

/** No connection, or nothing that could be fetched. */
const NOT_HERE: ReadonlySet<string> = new Set(['body.offline', 'body.gone', 'raw.missing']);

interface Source {
  readonly account: AccountStore;
  readonly folder: FolderStore;
  readonly uid: LocalUid;
}

interface Whole extends Source {
  readonly bytes: Buffer;
  readonly envelope: Envelope;
}

/** @throws TmailError `body.*`, `raw.*` */
async function wholeOf(source: Source, fetchWhole: AcrossDeps['fetchWhole']): Promise<Buffer> {
  const { account, folder, uid } = source;
  if (folder.positionOf(uid) < 0) throw new TmailError('storage', 'message.gone');
  const here = folder.raw(uid);
  if (!here || here.partial) await fetchWhole(messageId(folder.record.id, uid));
  const raw = folder.raw(uid);
  if (!raw || raw.partial) throw new TmailError('network', 'body.offline');
  return account.raw.read(raw);
}

function isRemote(core: Core, folder: FolderId): boolean {
  const { account } = { account: folder.slice(0, folder.lastIndexOf(':')) };
  return core.deps.config.accounts.find(({ id }) => id === account)?.protocol === 'imap';
}

/** Takes a copy away again, and brings its source back: by taking the deletion back where it waits, else as a copy. */
export function takeBackCopy(
  core: Core,
  carry: Carry,
  deps: AcrossDeps,
  { folder: from, uid, append, deletion }: Copied,
): TakeBack {
  const leave = (after?: OtherHalf): Promise<Operation | null> => {
    const { folder, targets } = append;
    return carry.commit({ t: 'delete', folder, targets, ...(after && { after }) });
  };
  /** `place`: the number that it had, where nobody is about to delete that any more. */
  const copyBack = async (place: { readonly uid?: LocalUid }): Promise<boolean> => {
    const target = carry.accountOf(append.folder);
    const source = carry.accountOf(from);
    const folder = await target?.folder(append.folder);
    const copy = append.targets[0]?.uid ?? 0;
    if (!target || !source || !folder || folder.flags(copy) === undefined) return false;
    const bytes = await wholeOf({ account: target, folder, uid: copy }, deps.fetchWhole);
    const at = folder.positionOf(copy);
    await folder.ensure(at, at);
    const envelope = folder.envelope(copy);
    if (!envelope) return false;
    const flags = flagNames(folder.flags(copy) ?? 0, folder.keywords);
    const upload = isRemote(core, from);
    const date = envelope.arrival;
    const message = { folder: from, bytes, envelope, flags, date, upload, verify: true, ...place };
    const back = await change(source, message, target, leave);
    deps.returned(
      from,
      back.append.targets.map(({ uid: number }) => number),
    );
    return true;
  };
  return async () => {
    if (!deletion) return ((await leave())?.targets.length ?? 0) > 0;
    const source = carry.accountOf(from);
    try {
      // Also where nothing is sent: until it is settled it can be taken back.
      await source?.drop?.(deletion.id);
    } catch (thrown) {
      if (asTmailError(thrown).code !== 'operation.under-way') throw thrown;
      return copyBack({});
    }
    const folder = await source?.folder(from);
    if (folder?.flags(uid) === undefined) return copyBack({ uid });
    deps.returned(from, [uid]);
    await leave();
    return true;
  };
}
