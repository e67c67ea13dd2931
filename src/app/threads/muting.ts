// Conversations that one wants to hear no more of: remembered by the Message-ID of their first message, so that it is
// the same conversation whatever comes and goes.
import { splitFolderId } from '../../mail/ids.ts';
import type { AccountId, Envelope, FolderId, LocalUid } from '../../mail/types.ts';
import type { FolderStore, SettingsShape } from '../../store/types.ts';
import type { Core } from '../core.ts';
import { push, topLayer, without } from '../state.ts';
import { type AccountThreads, placeOf } from './conversations.ts';
import type { MutedThread } from './folds.ts';

/** Muted conversations of one account; the oldest are forgotten. */
const MOST = 2000;

export interface Muting {
  isMuted(folder: FolderId, envelope: Envelope): boolean;
  /** Mutes the message's conversation, or lets it be heard again. */
  mute(folder: FolderStore, uid: LocalUid): void;
  unmute(thread: MutedThread): void;
  /** Lists what is muted. */
  showMuted(): void;
}

export function createMuting(core: Core): Muting {
  const { conversations, change, track } = core;
  const settings = core.deps.store.settings;
  const mutedOf = (account: AccountId): readonly string[] => settings?.get().muted[account] ?? [];
  const remember = (account: AccountId, step: (ids: readonly string[]) => readonly string[]): void =>
    settings?.change((before: SettingsShape) => ({
      ...before,
      muted: { ...before.muted, [account]: step(before.muted[account] ?? []) },
    }));

  /** Those of the account's muted ids that are this message's conversation. */
  const mutedBy = (account: AccountId, envelope: Envelope): readonly string[] => {
    const ids = mutedOf(account);
    if (ids.length === 0) return [];
    const index = conversations.of(account)?.index;
    const thread = index?.threadFor(envelope);
    const named = new Set([...envelope.references, envelope.inReplyTo, envelope.messageId]);
    return ids.filter(id => named.has(id) || (thread !== undefined && index?.threadOfId(id) === thread));
  };

  const mute = async (folder: FolderStore, uid: LocalUid): Promise<void> => {
    const envelope = await envelopeOf(folder, uid);
    if (!envelope) return;
    const { account } = splitFolderId(folder.record.id);
    const muted = mutedBy(account, envelope);
    const what = envelope.subject || '(no subject)';
    if (muted.length > 0) {
      remember(account, ids => ids.filter(id => !muted.includes(id)));
      core.say('info', `Not muted any more: ${what}.`);
      return;
    }
    const id = await firstId(conversations.of(account), folder, uid, envelope);
    if (id === '') {
      core.say('warning', 'This message has no Message-ID: nothing can tell its answers.');
      return;
    }
    remember(account, ids => [...ids, id].slice(-MOST));
    core.say('info', `Muted, answers come read: ${what}. M to hear them again.`);
  };

  const subjectOf = async (account: AccountId, messageId: string): Promise<string> => {
    const threads = conversations.of(account);
    const thread = threads?.index.threadOfId(messageId);
    const row = thread === undefined ? undefined : threads?.index.rows(thread, places => places)[0];
    const message = row && threads?.messageAt(row.place);
    return (message && (await envelopeOf(message.folder, message.uid))?.subject) ?? '';
  };

  return {
    isMuted: (folder, envelope) => mutedBy(splitFolderId(folder).account, envelope).length > 0,
    mute: (folder, uid) => void track(mute(folder, uid)),
    unmute({ account, messageId, subject }) {
      remember(account, ids => ids.filter(id => id !== messageId));
      core.say('info', `Not muted any more: ${subject || messageId}.`);
    },
    showMuted() {
      const all = [...core.mail.keys()].flatMap(account =>
        mutedOf(account).map(messageId => ({ account, messageId })),
      );
      if (all.length === 0) {
        core.say('info', 'No conversation is muted; M mutes the one under the cursor.');
        return;
      }
      const asked = { t: 'chooser', about: 'muted', muted: null, cursor: 0 } as const;
      change(before => push(before, asked));
      const look = async (): Promise<void> => {
        const muted: MutedThread[] = [];
        for (const one of all) muted.push({ ...one, subject: await subjectOf(one.account, one.messageId) });
        change(before =>
          topLayer(before) === asked ? push(without(before, 'chooser'), { ...asked, muted }) : before,
        );
      };
      track(look());
    },
  };
}

/** The Message-ID that names the conversation: its root's, also when that message never came. */
async function firstId(
  threads: AccountThreads | undefined,
  folder: FolderStore,
  uid: LocalUid,
  envelope: Envelope,
): Promise<string> {
  const { folder: number } = splitFolderId(folder.record.id);
  const thread = threads?.index.threadOf(placeOf(number, uid));
  if (!threads || thread === undefined) return envelope.references[0] ?? envelope.messageId;
  const row = threads.index.rows(thread, places => places)[0];
  const message = row && threads.messageAt(row.place);
  const first = (message && (await envelopeOf(message.folder, message.uid))) ?? envelope;
  const named = [first, envelope].flatMap(({ references, inReplyTo, messageId }) => [
    ...references,
    inReplyTo,
    messageId,
  ]);
  return threads.index.rootAmong(thread, named) ?? (first.messageId || envelope.messageId);
}

async function envelopeOf(folder: FolderStore, uid: LocalUid): Promise<Envelope | undefined> {
  const at = folder.positionOf(uid);
  if (at >= 0 && !folder.envelope(uid)) await folder.ensure(at, at);
  return folder.envelope(uid);
}
