// Opens a message: is its file here, else the engine is asked; parsed off the main thread; marked as read. The
// latest request wins; nothing here blocks a key.
import { cameTo } from '../mail/delivered.ts';
import { splitMessageId } from '../mail/ids.ts';
import {
  type AccountId,
  type FolderId,
  type LocalUid,
  type MessageId,
  type RawRef,
  SEEN,
} from '../mail/types.ts';
import type { AccountStore, FolderStore } from '../store/types.ts';
import type { BodyWanted } from '../sync/types.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import { TEXT_BYTES } from '../util/limits.ts';
import type { ParsedMessage } from '../worker/types.ts';
import type { Core } from './core.ts';
import { forgetFile, lossOf } from './lost-file.ts';
import { said } from './said.ts';
import { hasLayer, type ReaderState, setReader } from './state.ts';

/** The engine's word for: not here, and no connection. */
const OFFLINE = 'body.offline';
/** Loading that takes longer than this is mentioned on the screen; less would only flicker. */
const SLOW_MS = 200;

export interface Reading {
  open(id: MessageId): void;
  /** Applies a change of flags here and queues it for the server. */
  flag(
    account: AccountStore,
    folder: FolderStore,
    uids: readonly LocalUid[],
    add: readonly string[],
    remove: readonly string[],
  ): void;
  loadRaw(): void;
  /** The account is connected again: opens what had to wait for that. */
  resume(account: AccountId): void;
  /** Gives up what is being opened; false when nothing was. */
  cancel(): boolean;
  /** The message's file: as it is here, or with everything that was left on the server. */
  file(id: MessageId, wanted: BodyWanted): Promise<string>;
  /** The message taken apart; fetched where it is not here. Leaves what is on the screen alone. */
  parsed(id: MessageId): Promise<ParsedMessage>;
  close(): void;
}

interface Place {
  readonly account: AccountStore;
  readonly folder: FolderStore;
  readonly uid: LocalUid;
  readonly id: MessageId;
}

export function createReading(core: Core, on: { readonly applied: () => void }): Reading {
  const { change, track, say } = core;
  const { store, parser, owner } = core.deps;
  const state = () => core.state.get();
  let latest = 0;
  let slowTimer: NodeJS.Timeout | undefined;
  let readTimer: NodeJS.Timeout | undefined;

  const stopTimers = () => {
    clearTimeout(slowTimer);
    clearTimeout(readTimer);
  };

  const place = async (id: MessageId): Promise<Place> => {
    const { account, folder, uid } = splitMessageId(id);
    const mail = await store.account(account);
    return { account: mail, folder: await mail.folder(folder), uid, id };
  };

  /** Whose server has it: mail of another account may have come here. */
  const cameFrom = (id: MessageId): AccountId => {
    const { account, folder, uid } = splitMessageId(id);
    return cameTo(core.opened.get(folder)?.remote(uid), account);
  };
  const online = (id: MessageId) => core.engines.get(cameFrom(id))?.status().phase === 'online';

  const source = async ({ account, folder, uid }: Place): Promise<AccountId> => {
    const at = folder.positionOf(uid);
    if (at >= 0) await folder.ensure(at, at);
    return cameTo(folder.remote(uid), account.id);
  };

  const rawRef = async ({ folder, uid }: Place): Promise<RawRef | null> => {
    const at = folder.positionOf(uid);
    if (at < 0) throw new TmailError('storage', 'body.gone', { retry: 'never' });
    if (folder.raw(uid) === undefined) await folder.ensure(at, at);
    return folder.raw(uid) ?? null;
  };

  /** POP3, over the size limit: opening it is what fetches it. */
  const isHeadOnly = (where: Place, raw: RawRef): boolean => raw.partial && isPop3(where);
  const isPop3 = ({ account }: Place): boolean =>
    core.deps.config.accounts.find(({ id }) => id === account.id)?.protocol === 'pop3';

  const fetch = async (where: Place, asked: BodyWanted): Promise<RawRef> => {
    // It has no parts that could come alone.
    const wanted = isPop3(where) ? 'whole' : asked;
    const engine = core.engines.get(await source(where));
    if (engine) await engine.body(where.id, wanted);
    else if (owner) await owner.ask(where.id, wanted);
    else throw new TmailError('network', OFFLINE);
    const ref = await rawRef(where);
    if (ref === null) throw new TmailError('storage', 'raw.missing');
    return ref;
  };

  /** Fetches what was lost here; null where that is not possible now. */
  const fetchLost = async (where: Place, wanted: BodyWanted): Promise<RawRef | null> => {
    const phase = core.engines.get(await source(where))?.status().phase;
    if (!where.folder.remote(where.uid)) return null;
    if (phase === 'online' || phase === 'connecting') await forgetFile(where.folder, where.uid);
    else if (phase !== undefined || !owner) return null;
    return fetch(where, wanted);
  };

  /** The message's file. `loss`: it is damaged, nothing better can be had now. */
  const found = async (
    where: Place,
    wanted: BodyWanted,
  ): Promise<{ readonly ref: RawRef; readonly loss: TmailError | null }> => {
    const ref = await rawRef(where);
    if (ref === null || isHeadOnly(where, ref) || (ref.partial && wanted === 'whole')) {
      return { ref: await fetch(where, wanted), loss: null };
    }
    const loss = await lossOf(where.account.raw, ref);
    const again = loss && (await fetchLost(where, wanted));
    if (again) return { ref: again, loss: null };
    if (loss?.code === 'raw.missing') throw loss;
    return { ref, loss };
  };

  const flag: Reading['flag'] = (account, folder, uids, add, remove) => {
    const targets = uids.map(uid => ({
      uid,
      remote: folder.remote(uid) ?? null,
      messageId: folder.envelope(uid)?.messageId ?? '',
    }));
    // Applied and announced before commit returns; what it promises is that it is durable.
    track(account.commit({ t: 'flags', folder: folder.record.id, targets, add, remove }));
    on.applied();
  };

  const markRead = (id: MessageId, token: number) => {
    const { ui, readOnly } = state();
    if (ui.markReadAfter === null || readOnly) return;
    const mark = () => {
      if (token !== latest || !hasLayer(state(), 'reader')) return;
      track(
        place(id).then(({ account, folder, uid }) => {
          const flags = folder.flags(uid);
          if (flags !== undefined && (flags & SEEN) === 0) flag(account, folder, [uid], ['\\Seen'], []);
        }),
      );
    };
    if (ui.markReadAfter === 0) mark();
    else {
      readTimer = setTimeout(mark, ui.markReadAfter * 1000);
      readTimer.unref();
    }
  };

  const settle = (id: MessageId, token: number, fields: Partial<ReaderState>) => {
    if (token !== latest) return;
    clearTimeout(slowTimer);
    change(before => (before.reader?.id === id ? setReader(before, { ...fields, slow: false }) : before));
  };

  return {
    open(id) {
      latest += 1;
      const token = latest;
      stopTimers();
      const { folder, uid } = splitMessageId(id);
      change(before => ({ ...before, reader: opening(id, folder, uid) }));
      slowTimer = setTimeout(() => {
        if (token === latest) change(before => setReader(before, { slow: true }));
      }, SLOW_MS);
      slowTimer.unref();
      track(
        place(id)
          .then(async where => {
            const { ref, loss } = await found(where, 'text');
            return { loss, message: await parser.parse(where.account.raw.path(ref)) };
          })
          .then(
            ({ message, loss }) => {
              settle(id, token, { phase: 'ready', message });
              if (token !== latest) return;
              if (loss) say('warning', said(loss));
              markRead(id, token);
            },
            thrown => {
              const error = asTmailError(thrown);
              settle(id, token, {
                phase: 'failed',
                problem: problemOf(error),
                waiting: error.code === OFFLINE || (error.code === 'raw.missing' && !online(id)),
              });
            },
          ),
      );
    },
    loadRaw() {
      const { reader } = state();
      if (!reader || reader.raw !== null) return;
      const token = latest;
      const { id } = reader;
      track(
        place(id)
          .then(async where => {
            const { ref } = await found(where, 'text');
            return where.account.raw.read(ref);
          })
          .then(
            bytes => settle(id, token, { raw: rawText(bytes) }),
            thrown => {
              settle(id, token, { headers: 'short' });
              say('error', said(asTmailError(thrown)));
            },
          ),
      );
    },
    resume(account) {
      const { reader } = state();
      if (reader?.waiting && cameFrom(reader.id) === account) this.open(reader.id);
    },
    cancel() {
      if (state().reader?.phase !== 'loading') return false;
      latest += 1;
      stopTimers();
      change(before =>
        setReader(before, {
          phase: 'failed',
          slow: false,
          problem: 'Opening was stopped. q goes back; J and K return to it.',
        }),
      );
      return true;
    },
    async file(id, wanted) {
      const where = await place(id);
      const { ref, loss } = await found(where, wanted);
      if (loss) throw loss;
      return where.account.raw.path(ref);
    },
    async parsed(id) {
      const { reader } = state();
      if (reader?.id === id && reader.message) return reader.message;
      const where = await place(id);
      const { ref } = await found(where, 'text');
      return parser.parse(where.account.raw.path(ref));
    },
    flag,
    close() {
      latest += 1;
      stopTimers();
    },
  };
}

function opening(id: MessageId, folder: FolderId, uid: LocalUid): ReaderState {
  return {
    id,
    folder,
    uid,
    phase: 'loading',
    slow: false,
    problem: null,
    waiting: false,
    message: null,
    raw: null,
    headers: 'short',
    quotesOpen: false,
    top: 0,
    find: null,
  };
}

/** UTF-8 where it is, else byte for byte: what is shown is sanitised, never stored. */
function rawText(bytes: Buffer): string {
  const part = bytes.subarray(0, TEXT_BYTES);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(part);
  } catch {
    return part.toString('latin1');
  }
}

/** Why it can't be shown, with what to press. */
function problemOf(error: TmailError): string {
  const text = said(error);
  if (error.code === OFFLINE) return `${text} $ tries to connect now, q goes back.`;
  return error.code.startsWith('parse.') ? `${text} Press = to see it as it came.` : text;
}
