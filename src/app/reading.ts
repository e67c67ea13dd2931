// Opens a message: is its file here, else the engine is asked; parsed off the main thread; marked as read. The
// latest request wins; nothing here blocks a key.
import { splitMessageId } from '../mail/ids.ts';
import {
  type AccountId,
  type FolderId,
  type LocalUid,
  type MessageId,
  type RawRef,
  SEEN,
} from '../mail/types.ts';
import type { AccountStore, FolderStore, Store } from '../store/types.ts';
import type { Engine } from '../sync/types.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import { TEXT_BYTES } from '../util/limits.ts';
import type { ParsedMessage, Parser } from '../worker/types.ts';
import { said } from './said.ts';
import { type AppState, hasLayer, type Level, type ReaderState, setReader } from './state.ts';

/** The engine's word for: not here, and no connection. */
const OFFLINE = 'body.offline';
/** Loading that takes longer than this is mentioned on the screen; less would only flicker. */
const SLOW_MS = 200;

export interface ReadingDeps {
  readonly store: Store;
  readonly parser: Parser;
  engine(account: string): Engine | undefined;
  state(): AppState;
  change(step: (state: AppState) => AppState): void;
  say(level: Level, text: string): void;
  /** Registers work that `settled()` waits for. */
  track(work: Promise<unknown>): Promise<void>;
  /** Applies and queues a change of flags. */
  flag(
    account: AccountStore,
    folder: FolderStore,
    uids: readonly LocalUid[],
    add: readonly string[],
    remove: readonly string[],
  ): void;
}

export interface Reading {
  open(id: MessageId): void;
  loadRaw(): void;
  /** The account is connected again: opens what had to wait for that. */
  resume(account: AccountId): void;
  /** Gives up what is being opened; false when nothing was. */
  cancel(): boolean;
  /** The message's file as it is here. */
  file(id: MessageId): Promise<string>;
  /** The message's whole file, fetched when parts of it are missing. */
  wholeFile(id: MessageId): Promise<string>;
  close(): void;
}

interface Place {
  readonly account: AccountStore;
  readonly folder: FolderStore;
  readonly uid: LocalUid;
  readonly id: MessageId;
}

export function createReading(deps: ReadingDeps): Reading {
  let latest = 0;
  let slowTimer: NodeJS.Timeout | undefined;
  let readTimer: NodeJS.Timeout | undefined;

  const stopTimers = () => {
    clearTimeout(slowTimer);
    clearTimeout(readTimer);
  };

  const place = async (id: MessageId): Promise<Place> => {
    const { account, folder, uid } = splitMessageId(id);
    const mail = await deps.store.account(account);
    return { account: mail, folder: await mail.folder(folder), uid, id };
  };

  const rawRef = async ({ folder, uid }: Place): Promise<RawRef | null> => {
    const at = folder.positionOf(uid);
    if (at < 0) throw new TmailError('storage', 'body.gone', { retry: 'never' });
    if (folder.raw(uid) === undefined) await folder.ensure(at, at);
    return folder.raw(uid) ?? null;
  };

  const fetch = async (where: Place, wanted: 'text' | 'whole'): Promise<RawRef> => {
    const engine = deps.engine(where.account.id);
    if (!engine) throw new TmailError('network', OFFLINE);
    await engine.body(where.id, wanted);
    const ref = await rawRef(where);
    if (ref === null) throw new TmailError('storage', 'raw.missing');
    return ref;
  };

  /** Parses what is here; a file that is gone or damaged is fetched once more. */
  const parsed = async (where: Place): Promise<ParsedMessage> => {
    const ref = (await rawRef(where)) ?? (await fetch(where, 'text'));
    try {
      return await deps.parser.parse(where.account.raw.path(ref));
    } catch (thrown) {
      const error = asTmailError(thrown);
      if (error.code !== 'raw.missing' && error.code !== 'raw.damaged') throw error;
      const again = await fetch(where, 'text');
      return deps.parser.parse(where.account.raw.path(again));
    }
  };

  const markRead = (id: MessageId, token: number) => {
    const { ui, readOnly } = deps.state();
    if (ui.markReadAfter === null || readOnly) return;
    const mark = () => {
      if (token !== latest || !hasLayer(deps.state(), 'reader')) return;
      deps.track(
        place(id).then(({ account, folder, uid }) => {
          const flags = folder.flags(uid);
          if (flags !== undefined && (flags & SEEN) === 0) deps.flag(account, folder, [uid], ['\\Seen'], []);
        }),
      );
    };
    if (ui.markReadAfter === 0) mark();
    else {
      readTimer = setTimeout(mark, ui.markReadAfter * 1000);
      readTimer.unref();
    }
  };

  const settle = (id: MessageId, token: number, change: Partial<ReaderState>) => {
    if (token !== latest) return;
    clearTimeout(slowTimer);
    deps.change(state => (state.reader?.id === id ? setReader(state, { ...change, slow: false }) : state));
  };

  return {
    open(id) {
      latest += 1;
      const token = latest;
      stopTimers();
      const { folder, uid } = splitMessageId(id);
      deps.change(state => ({ ...state, reader: opening(id, folder, uid) }));
      slowTimer = setTimeout(() => {
        if (token === latest) deps.change(state => setReader(state, { slow: true }));
      }, SLOW_MS);
      slowTimer.unref();
      deps.track(
        place(id)
          .then(parsed)
          .then(
            message => {
              settle(id, token, { phase: 'ready', message });
              if (token === latest) markRead(id, token);
            },
            thrown => {
              const error = asTmailError(thrown);
              settle(id, token, {
                phase: 'failed',
                problem: problemOf(error),
                waiting: error.code === OFFLINE,
              });
            },
          ),
      );
    },
    loadRaw() {
      const { reader } = deps.state();
      if (!reader || reader.raw !== null) return;
      const token = latest;
      const { id } = reader;
      deps.track(
        place(id)
          .then(async where => {
            const ref = (await rawRef(where)) ?? (await fetch(where, 'text'));
            return where.account.raw.read(ref);
          })
          .then(
            bytes => settle(id, token, { raw: rawText(bytes) }),
            thrown => {
              settle(id, token, { headers: 'short' });
              deps.say('error', said(asTmailError(thrown)));
            },
          ),
      );
    },
    resume(account) {
      const { reader } = deps.state();
      if (reader?.waiting && splitMessageId(reader.id).account === account) this.open(reader.id);
    },
    cancel() {
      if (deps.state().reader?.phase !== 'loading') return false;
      latest += 1;
      stopTimers();
      deps.change(state =>
        setReader(state, {
          phase: 'failed',
          slow: false,
          problem: 'Opening was stopped. q goes back; J and K return to it.',
        }),
      );
      return true;
    },
    async file(id) {
      const where = await place(id);
      const ref = (await rawRef(where)) ?? (await fetch(where, 'text'));
      return where.account.raw.path(ref);
    },
    async wholeFile(id) {
      const where = await place(id);
      const ref = await rawRef(where);
      const whole = ref === null || ref.partial ? await fetch(where, 'whole') : ref;
      return where.account.raw.path(whole);
    },
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
