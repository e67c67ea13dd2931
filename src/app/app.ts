// The program without a screen: ties store, engines and parser to the state, and keys to commands. A key changes
// the state and returns; whatever takes longer changes it again when it is done.
import { splitFolderId, splitMessageId } from '../mail/ids.ts';
import type { AccountId, FolderId, MessageId } from '../mail/types.ts';
import type { AccountStore, FolderStore, StoreEvent } from '../store/types.ts';
import type { AccountStatus, Engine } from '../sync/types.ts';
import { asTmailError, type TmailError } from '../util/errors.ts';
import { caretOf } from './caret.ts';
import type { Data, Effects } from './commands/command.ts';
import { allCommands } from './commands/index.ts';
import { gather } from './events.ts';
import { createFolders, type Folders } from './folders.ts';
import { buildKeymap, keyProblemText } from './keymap.ts';
import { putCursor, reconcile } from './list-view.ts';
import { sentence } from './messages.ts';
import { observable } from './observable.ts';
import { pasteText, pressKey } from './press.ts';
import { bodyHeight, documentOf, lastTop } from './reader-view.ts';
import { createReading, type ReadingDeps } from './reading.ts';
import { saveDirectory, savePart } from './saving.ts';
import { listHeight, plural } from './selectors.ts';
import {
  type AccountView,
  type AppState,
  type Copies,
  hasLayer,
  initialState,
  type Level,
  listOf,
  push,
  replaceTop,
  say,
  setList,
  setReader,
  topLayer,
} from './state.ts';
import { createTimers } from './timers.ts';
import type { App, AppDeps } from './types.ts';

export interface Program extends App<AppState> {
  /** What the state names by id. */
  readonly data: Data;
  /** The first folder is in the list (or there is none): the first frame can be drawn. */
  readonly ready: Promise<void>;
}

/** What an event touches. */
type Touched = AccountId | FolderId;
// An account's id never holds a colon.
const isFolder = (touched: Touched): touched is FolderId => touched.includes(':');

/** Builds the program and begins to read the cache. Engines are started by whoever made them. */
export function createApp(deps: AppDeps): Program {
  const { config, store, parser, terminal, now } = deps;
  const engines = new Map<AccountId, Engine>(deps.engines.map(engine => [engine.account, engine]));
  const accounts = config.accounts.filter(account => !account.disabled).map(account => account.id);
  const { keymap, problems } = buildKeymap(allCommands, config.ui.keys);
  const opened = new Map<FolderId, FolderStore>();
  const mail = new Map<AccountId, AccountStore>();
  const tasks = new Set<Promise<unknown>>();
  const state = observable(
    initialState({
      size: { columns: 80, rows: 24 },
      ui: config.ui,
      readOnly: deps.readOnly,
      now: now(),
      firstRun: deps.firstRun !== null,
    }),
  );
  const data: Data = {
    folder: id => opened.get(id),
    engine: id => engines.get(id),
    commands: allCommands,
    keymap,
    config,
    firstRun: deps.firstRun,
  };

  const change = (step: (before: AppState) => AppState): void => {
    const before = state.get();
    const after = step(before);
    if (after !== before) state.set(settleView(before, after, data));
    timers.arm(state.get());
    folders.loadVisible();
  };
  const tell = (level: Level, text: string) => change(before => say({ ...before, now: now() }, level, text));
  const fail = (error: TmailError, account?: AccountId) => {
    if (error.kind === 'cancelled') return;
    tell('error', sentence(error, account === undefined ? {} : { account }));
  };
  const track = (work: Promise<unknown>): Promise<void> => {
    const watched: Promise<void> = work
      .then(
        () => undefined,
        thrown => fail(asTmailError(thrown)),
      )
      .finally(() => tasks.delete(watched));
    tasks.add(watched);
    return watched;
  };

  const timers = createTimers({ state: () => state.get(), change, now });
  const folders: Folders = createFolders({
    store,
    engines,
    opened,
    data,
    state: () => state.get(),
    change,
    track,
    openMessage: id => openMessage(id),
  });
  const commitFlags: ReadingDeps['flag'] = (account, folder, uids, add, remove) => {
    const targets = uids.map(uid => ({
      uid,
      remote: folder.remote(uid) ?? null,
      messageId: folder.envelope(uid)?.messageId ?? '',
    }));
    // Applied and announced before commit returns; what it promises is that it is durable.
    track(account.commit({ t: 'flags', folder: folder.record.id, targets, add, remove }));
    touched.flush();
  };
  const reading = createReading({
    store,
    parser,
    engine: id => engines.get(id),
    state: () => state.get(),
    change,
    say: tell,
    track,
    flag: commitFlags,
  });

  const openMessage = (id: MessageId): void => {
    const { folder } = splitMessageId(id);
    if (state.get().folder === folder) showMessage(id);
    else track(folders.open(folder).then(() => showMessage(id)));
  };
  const showMessage = (id: MessageId): void => {
    const { folder, uid } = splitMessageId(id);
    reading.open(id);
    change(before => {
      const there = opened.get(folder);
      const position = there?.positionOf(uid) ?? -1;
      const list = listOf(before, folder);
      const view = there && position >= 0 ? putCursor(list, there, listHeight(before), position) : list;
      return push(setList(before, folder, view), { t: 'reader' });
    });
  };

  const save = (wanted: readonly number[]): void => {
    const { reader } = state.get();
    const parts = reader?.message?.parts.filter(part => wanted.includes(part.n)) ?? [];
    if (!reader || parts.length === 0) return;
    if (parts.some(part => part.omitted)) tell('info', 'Fetching the rest of the message first.');
    track(
      (async () => {
        const file = parts.some(part => part.omitted)
          ? await reading.wholeFile(reader.id)
          : await reading.file(reader.id);
        const directory = await saveDirectory();
        const saved: string[] = [];
        for (const part of parts) saved.push(await savePart(parser, file, part, directory));
        tell(
          'info',
          saved.length === 1
            ? `Saved as ${saved[0]}`
            : `${plural(saved.length, 'file')} saved in ${directory}`,
        );
      })(),
    );
  };

  const effects: Effects = {
    openFolder: (id, cursor) => void folders.open(id, cursor),
    openMessage,
    flag: (uids, add, remove) => {
      const { reader, folder } = state.get();
      const id = hasLayer(state.get(), 'reader') && reader ? reader.folder : folder;
      const account = id && mail.get(splitFolderId(id).account);
      const there = id && opened.get(id);
      if (account && there) commitFlags(account, there, uids, add, remove);
    },
    whenLoaded: then => folders.whenLoaded(then),
    refresh: () => {
      for (const engine of engines.values()) engine.refresh();
    },
    cancel: () => {
      const busy = [...engines.values()].filter(engine => engine.status().progress.length > 0);
      for (const engine of busy) engine.cancel();
      return reading.cancel() || busy.length > 0;
    },
    save,
    loadRaw: () => reading.loadRaw(),
    countCopies: () => {
      for (const [id, account] of mail) {
        track(
          countCopies(account).then(copies =>
            change(before => ({ ...before, copies: { ...before.copies, [id]: copies } })),
          ),
        );
      }
    },
    suspend: () => terminal.suspend(),
    redraw: () => terminal.redraw(),
    quit: () => quit(),
    demo: () => deps.firstRun?.demo(),
    rereadConfig: () => {
      const { firstRun } = deps;
      if (!firstRun?.reread) return;
      track(
        firstRun.reread().then(problem => {
          change(before => {
            const layer = topLayer(before);
            return layer.t === 'first-run' ? replaceTop(before, { ...layer, problem }) : before;
          });
        }),
      );
    },
  };

  const viewOf = (id: AccountId): AccountView => {
    const account = mail.get(id);
    return {
      id,
      status: engines.get(id)?.status() ?? stopped(id),
      folders: account?.folders() ?? [],
      queued: account?.queue().length ?? 0,
    };
  };

  const refresh = (items: ReadonlySet<Touched>): void => {
    const changed = [...items].filter(isFolder);
    const ids = new Set([...items].map(item => (isFolder(item) ? splitFolderId(item).account : item)));
    state.batch(() => {
      for (const id of ids) {
        const { status } = viewOf(id);
        announce(status);
        if (status.phase === 'online') reading.resume(id);
      }
      change(before => {
        const revs = { ...before.revs };
        for (const id of changed) if (opened.has(id)) revs[id] = (revs[id] ?? 0) + 1;
        const views = before.accounts.map(view => (ids.has(view.id) ? viewOf(view.id) : view));
        return { ...before, revs, accounts: views };
      });
    });
    if (state.get().folder === null) track(folders.openFirst(deps.start));
  };
  const touched = gather<Touched>(refresh, now);

  const known = new Map<AccountId, string>();
  /** Says once why an account is not connected, and once that it is again. */
  const announce = ({ account, phase, error }: AccountStatus): void => {
    const trouble = (phase === 'offline' || phase === 'attention') && error ? error.code : '';
    if (phase === 'connecting' || (known.get(account) ?? '') === trouble) return;
    known.set(account, trouble);
    if (error && trouble !== '') {
      tell(phase === 'attention' ? 'error' : 'warning', sentence(error, { account }));
    } else tell('info', `${account}: online again.`);
  };

  const onStore = (event: StoreEvent): void => {
    switch (event.t) {
      case 'folders':
      case 'queue':
        touched.add(event.account);
        break;
      case 'folder':
        touched.add(event.folder);
        break;
      case 'trouble':
        fail(event.error);
        break;
    }
  };

  const begin = async (): Promise<void> => {
    for (const id of accounts) mail.set(id, await store.account(id));
    change(before => ({ ...before, accounts: accounts.map(viewOf) }));
    await folders.openFirst(deps.start);
    for (const problem of problems) {
      if (problem.wished) tell('warning', keyProblemText(problem));
    }
    if (deps.readOnly) tell('info', 'Another tmail has this mail open: here it can only be read.');
  };

  const unsubscribe = [
    store.subscribe(onStore),
    ...deps.engines.map(engine => engine.subscribe(() => touched.add(engine.account))),
  ];
  const ready = begin().catch(thrown => fail(asTmailError(thrown)));

  let finish: (status: number) => void = () => undefined;
  const ended = new Promise<number>(resolve => {
    finish = resolve;
  });
  const quit = (): void => {
    if (state.get().quitting) return;
    change(before => ({ ...before, quitting: true }));
    end().then(finish, () => finish(1));
  };
  const end = async (): Promise<number> => {
    reading.close();
    timers.close();
    await Promise.allSettled(deps.engines.map(engine => engine.stop()));
    for (const off of unsubscribe) off();
    touched.close();
    await Promise.allSettled([...tasks]);
    await store.flush();
    return 0;
  };

  const on = { state: () => state.get(), change, say: tell, data, effects };
  return {
    state,
    data,
    ready,
    ended,
    press(key) {
      if (!state.get().quitting) state.batch(() => pressKey(on, key));
    },
    paste(text) {
      if (!state.get().quitting) state.batch(() => pasteText(on, text));
    },
    resize(size) {
      change(before => ({ ...before, size }));
    },
    open(id) {
      if (id.split(':').length === 3) openMessage(id as MessageId);
      else void folders.open(id as FolderId);
    },
    async settled() {
      await ready;
      for (;;) {
        touched.flush();
        await Promise.allSettled([...tasks]);
        await Promise.all(deps.engines.map(engine => engine.settled()));
        await store.flush();
        if (tasks.size === 0 && !touched.waiting) return;
      }
    },
    quit,
  };
}

/** What of an account is on this computer. Reads every folder's state files: only when somebody asks. */
async function countCopies(account: AccountStore): Promise<Copies> {
  let total = 0;
  let bodies = 0;
  for (const record of account.folders()) {
    if (!record.selectable) continue;
    const folder = await account.folder(record.id);
    await folder.loadAll();
    total += Math.max(record.counts.total, folder.length);
    for (let position = 0; position < folder.length; position += 1) {
      const uid = folder.uidAt(position);
      if (uid !== undefined && folder.raw(uid)) bodies += 1;
    }
  }
  return { total, bodies, bytes: await account.raw.usage() };
}

function stopped(account: AccountId): AccountStatus {
  return { account, phase: 'stopped', error: null, retryAt: null, progress: [], queued: 0, lastSync: null };
}

/** After any change: the list's window, the reader's scroll position and the real cursor fit again. */
function settleView(before: AppState, after: AppState, data: Data): AppState {
  let next = after;
  const id = next.folder;
  const folder = id === null ? undefined : data.folder(id);
  if (id !== null && folder) {
    const moved = before.lists[id] !== next.lists[id];
    const other =
      before.revs[id] !== next.revs[id] ||
      before.folder !== id ||
      before.size !== next.size ||
      before.layout !== next.layout;
    if (other || !moved) next = setList(next, id, reconcile(listOf(next, id), folder, listHeight(next)));
  }
  if (next.reader && (before.size !== next.size || before.layout !== next.layout)) {
    const last = lastTop(documentOf(next), bodyHeight(next));
    if (next.reader.top > last) next = setReader(next, { top: last });
  }
  const caret = caretOf({ state: next, data });
  if (caret?.row !== next.caret?.row || caret?.column !== next.caret?.column) next = { ...next, caret };
  return next;
}
