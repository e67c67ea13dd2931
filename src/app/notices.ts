// Tells of new mail by bell, terminal notice or a program of the person's: the first at once, then together, at most
// one in a while. Mail of muted threads is marked read in place of that. Decides nothing about how a terminal is told.
import { messageId, splitFolderId } from '../mail/ids.ts';
import { type Envelope, type FolderId, type LocalUid, SEEN } from '../mail/types.ts';
import type { AccountStore, FolderStore } from '../store/types.ts';
import { asTmailError } from '../util/errors.ts';
import type { Core } from './core.ts';
import { isQuiet, noticeText, rings } from './notice-rule.ts';

/** Mail that comes together is fetched in a few steps: one notice for it. */
const GATHER_MS = 300;
/** Messages that the program is told of one by one. */
const NAMED = 100;

export interface Notices {
  close(): void;
}

export interface NoticesDeps {
  /** The thread of this message is muted; absent: none is. */
  readonly isMuted?: (folder: FolderId, envelope: Envelope) => boolean;
}

interface Arrived {
  readonly folder: FolderStore;
  readonly uids: Set<LocalUid>;
}

export function createNotices(core: Core, { isMuted = () => false }: NoticesDeps = {}): Notices {
  const { config, terminal, now, env = process.env } = core.deps;
  const settings = config.notices;
  const wanted = settings && (settings.by.length > 0 || settings.command !== null);
  const waiting = new Map<FolderId, Arrived>();
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | null = null;
  let last = Number.NEGATIVE_INFINITY;
  let running = false;
  /** Said once, until it goes well again. */
  let complained = '';

  const takeIn = async (id: FolderId, uids: readonly LocalUid[]): Promise<void> => {
    const account = core.mail.get(splitFolderId(id).account);
    if (!account) return;
    const folder = await account.folder(id);
    const unread = uids.filter(uid => isUnread(folder, uid));
    const muted = new Set<LocalUid>();
    for (const uid of unread) {
      const envelope = await envelopeOf(folder, uid);
      if (envelope && isMuted(id, envelope)) muted.add(uid);
    }
    if (muted.size > 0) await markRead(account, folder, [...muted]);
    if (!wanted || isQuiet(settings.quiet, now()) || !rings(folder.record, settings.folders)) return;
    const known = waiting.get(id) ?? { folder, uids: new Set() };
    for (const uid of unread) if (!muted.has(uid)) known.uids.add(uid);
    if (known.uids.size === 0) return;
    waiting.set(id, known);
    arm();
  };

  const arm = (): void => {
    if (!settings || timer !== null || stopping.signal.aborted) return;
    const since = now() - last;
    // A clock that was set back must not silence it.
    const rest = since < 0 ? 0 : settings.every - since;
    timer = setTimeout(
      () => {
        timer = null;
        void core.track(tell());
      },
      Math.max(GATHER_MS, rest),
    ).unref();
  };

  const tell = async (): Promise<void> => {
    if (!settings || running || stopping.signal.aborted) return;
    const all = [...waiting.values()];
    waiting.clear();
    if (isQuiet(settings.quiet, now())) return;
    const news = [];
    for (const { folder, uids } of all) {
      const found = [];
      for (const uid of [...uids].sort((a, b) => a - b)) {
        // Read, moved or deleted meanwhile: no news any more.
        const envelope = isUnread(folder, uid) ? await envelopeOf(folder, uid) : undefined;
        if (envelope) found.push({ uid, envelope });
      }
      if (found.length > 0) news.push({ record: folder.record, found });
    }
    if (news.length === 0) return;
    last = now();
    const text = noticeText(
      news.map(({ record, found }) => ({ record, from: found.map(({ envelope }) => envelope.from) })),
    );
    if (settings.by.length > 0) terminal.notify ? terminal.notify(settings.by, text) : terminal.bell();
    if (settings.command !== null) await command(settings.command, text, news);
  };

  const command = async (
    words: readonly string[],
    text: string,
    news: readonly {
      record: FolderStore['record'];
      found: readonly { uid: LocalUid; envelope: Envelope }[];
    }[],
  ): Promise<void> => {
    running = true;
    try {
      const input = factsLine(text, news);
      const { runNotice } = await import('./notice-command.ts');
      await runNotice({ command: words, input, env, signal: stopping.signal });
      complained = '';
    } catch (thrown) {
      const error = asTmailError(thrown);
      const reason = String(error.facts.reason);
      if (reason !== complained) core.fail(error);
      complained = reason;
    } finally {
      running = false;
      if (waiting.size > 0) arm();
    }
  };

  const stop = core.deps.arrivals?.subscribe((folder, uids) => void core.track(takeIn(folder, uids)));
  return {
    close() {
      stop?.();
      stopping.abort();
      if (timer !== null) clearTimeout(timer);
    },
  };
}

function isUnread(folder: FolderStore, uid: LocalUid): boolean {
  const flags = folder.flags(uid);
  return flags !== undefined && (flags & SEEN) === 0;
}

async function envelopeOf(folder: FolderStore, uid: LocalUid): Promise<Envelope | undefined> {
  const at = folder.positionOf(uid);
  if (at >= 0 && !folder.envelope(uid)) await folder.ensure(at, at);
  return folder.envelope(uid);
}

async function markRead(
  account: AccountStore,
  folder: FolderStore,
  uids: readonly LocalUid[],
): Promise<void> {
  const targets = uids.map(uid => ({
    uid,
    remote: folder.remote(uid) ?? null,
    messageId: folder.envelope(uid)?.messageId ?? '',
  }));
  await account.commit({ t: 'flags', folder: folder.record.id, targets, add: ['\\Seen'], remove: [] });
}

/** What the program reads: the contract with people's scripts. */
function factsLine(
  text: string,
  news: readonly { record: FolderStore['record']; found: readonly { uid: LocalUid; envelope: Envelope }[] }[],
): string {
  const all = news.flatMap(({ record, found }) =>
    found.map(({ uid, envelope }) => ({
      id: messageId(record.id, uid),
      account: record.account,
      folder: record.path,
      from: envelope.from,
      to: envelope.to,
      subject: envelope.subject,
      date: new Date(envelope.date).toISOString(),
      messageId: envelope.messageId,
    })),
  );
  const facts = { version: 1, event: 'new-mail', text, count: all.length, messages: all.slice(0, NAMED) };
  return `${JSON.stringify(facts)}\n`;
}
