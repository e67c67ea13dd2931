// The program without a screen: ties store, engines and parser to the state, and keys to commands. A key changes
// the state and returns; whatever takes longer changes it again when it is done.
import { splitMessageId } from '../mail/ids.ts';
import type { FolderId, MessageId } from '../mail/types.ts';
import type { SettingsShape } from '../store/types.ts';
import { asTmailError } from '../util/errors.ts';
import { watchBackup } from './backup.ts';
import type { Data } from './commands/command.ts';
import { allCommands } from './commands/index.ts';
import { type Composing, createComposing } from './compose/composing.ts';
import { createHarvest } from './compose/harvest.ts';
import { createCopies } from './copies.ts';
import { type Core, createCore } from './core.ts';
import { createEffects } from './effects.ts';
import { createExports } from './exporting.ts';
import { createFolders, type Folders } from './folders.ts';
import { buildKeymap, type KeyProblem, keyProblemText } from './keymap.ts';
import { layoutChoice } from './layout.ts';
import { putCursor } from './list-view.ts';
import { createStarred, type Starred } from './listing/starred.ts';
import { sentence } from './messages.ts';
import { accountView, listen } from './news.ts';
import { createNotices } from './notices.ts';
import { createOrganising } from './organising.ts';
import { createOwnFolders } from './own-folders.ts';
import { pasteText, pressKey } from './press.ts';
import { watchQuota } from './quota.ts';
import { cannotChange, watchOwner } from './read-only.ts';
import { createReading } from './reading.ts';
import { listHeight } from './selectors.ts';
import { watchAlerts } from './server-alerts.ts';
import { type AppState, listOf, push, setList } from './state.ts';
import { createStorage } from './storage/storage.ts';
import { createThreads, type Threads } from './threads/threads.ts';
import { createTimers } from './timers.ts';
import type { App, AppDeps } from './types.ts';

export interface Program extends App<AppState> {
  /** What the state names by id. */
  readonly data: Data;
  /** The first folder is in the list (or there is none): the first frame can be drawn. */
  readonly ready: Promise<void>;
}

/** Builds the program and begins to read the cache. Engines are started by whoever made them. */
export function createApp(deps: AppDeps): Program {
  const { keymap, problems } = buildKeymap(allCommands, deps.config.ui.keys);
  const core = createCore(deps, keymap);
  const { state, data, change } = core;
  const timers = createTimers({ state: () => state.get(), change, now: deps.now });
  const folders = createFolders(core, id => openMessage(id));
  const reading = createReading(core, { applied: () => news.flush() });
  core.afterChange(now => {
    timers.arm(now);
    folders.loadVisible();
  });

  const openMessage = (id: MessageId): void => {
    const { folder, uid } = splitMessageId(id);
    if (data.listing(state.get())?.keyOf(folder, uid) !== undefined) showMessage(id);
    else core.track(folders.open(folder).then(() => showMessage(id)));
  };
  const showMessage = (id: MessageId): void => {
    const { folder, uid } = splitMessageId(id);
    const { reader } = state.get();
    // What is open already stays as it is, with its place in the text.
    if (reader?.id !== id || reader.phase === 'failed') reading.open(id);
    change(before => {
      const rows = data.listing(before);
      const key = rows?.keyOf(folder, uid);
      const position = key === undefined ? -1 : (rows?.positionOf(key) ?? -1);
      // Inside a fold: the cursor is on that already.
      if (!rows || position < 0) return push(before, { t: 'reader' });
      const view = putCursor(listOf(before, rows.id), rows, listHeight(before), position);
      return push(setList(before, rows.id, view), { t: 'reader' });
    });
  };

  const threads = createThreads(core);
  const starred = createStarred({
    store: deps.store,
    records: () => {
      const all = [...core.mail.values()].map(account => account.folders());
      // One account's folders say it themselves.
      return all.filter(folders => folders.length > 0).length > 1 ? all.flat() : [];
    },
    openFolder: core.openFolder,
    background: core.track,
    changed: count => change(before => (before.starred === count ? before : { ...before, starred: count })),
  });
  watchQuota(core);
  watchAlerts(core);
  watchBackup(core);
  const copies = createCopies(core);
  const exports = createExports(core, () => copies.count());
  const { ended, quit } = ending(core, async () => {
    exports.cancel();
    reading.close();
    timers.close();
    notices.close();
    beside.close();
    storage.close();
    threads.close();
    starred.close();
    harvest.close();
    await composing.close();
    return () => news.close();
  });
  const composing = createComposing(core, {
    reading,
    applied: () => news.flush(),
    replay: typed =>
      state.batch(() => ('key' in typed ? pressKey(on, typed.key) : pasteText(on, typed.text))),
    quit,
  });
  const organising = createOrganising(core, {
    openMessage: id => openMessage(id),
    applied: () => news.flush(),
    fetchWhole: id => reading.file(id, 'whole'),
  });
  const own = createOwnFolders(core, { folders, organising, applied: () => news.flush() });
  const storage = createStorage(core, {
    folders,
    organising,
    openMessage: id => openMessage(id),
    recount: () => copies.count(),
  });
  const effects = createEffects(core, {
    folders,
    reading,
    organising,
    own,
    copies,
    exports,
    storage: storage.effects,
    openMessage,
    composing,
    threads,
  });
  const news = listen(core, {
    lostFolder: () => {
      if (state.get().folder !== null)
        core.say('warning', 'The folder that was open is gone from the server.');
      core.track(folders.openFirst(deps.start));
    },
    online: account => reading.resume(account),
  });
  const beside = watchOwner(core);
  const notices = createNotices(core, { isMuted: threads.isMuted });
  const harvest = createHarvest(core, { writing: () => state.get().drafts.length > 0 });
  const ready = begin(core, { folders, composing, threads, starred }, problems).catch(thrown =>
    core.fail(asTmailError(thrown)),
  );

  const on = { state: () => state.get(), change, say: core.say, data, effects };
  return {
    state,
    data,
    ready,
    ended,
    press(key) {
      deps.pace?.touched();
      harvest.touched();
      core.listings.typed();
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
    rescue: composing.rescue,
    async settled() {
      await ready;
      do {
        news.flush();
        await core.worked();
        await Promise.all(deps.engines.map(engine => engine.settled()));
        await deps.store.flush();
      } while (core.busy || news.waiting);
    },
    quit,
  };
}

/** Reads what is kept here into the first state. */
async function begin(
  core: Core,
  parts: {
    readonly folders: Folders;
    readonly composing: Composing;
    readonly threads: Threads;
    readonly starred: Starred;
  },
  problems: readonly KeyProblem[],
): Promise<void> {
  const { folders, composing, threads, starred } = parts;
  const { deps, mail } = core;
  const ids = deps.config.accounts.filter(account => !account.disabled).map(account => account.id);
  for (const id of ids) mail.set(id, await deps.store.account(id));
  const settings = deps.store.settings?.get();
  core.change(before => ({
    ...before,
    accounts: ids.map(id => accountView(core, id)),
    ...(settings && { sorts: sortsOf(settings), layout: layoutChoice(settings.layout) }),
  }));
  await folders.openFirst(deps.start);
  // Not before the first frame, which needs none of it.
  core.track(composing.begin());
  core.track(threads.begin().then(starred.begin));
  for (const problem of problems) {
    if (problem.wished) core.say('warning', keyProblemText(problem));
  }
  for (const warning of deps.warnings ?? []) core.say('warning', sentence(warning));
  const readOnly = cannotChange(core.state.get());
  if (deps.owner && readOnly) core.say('info', readOnly);
}

/** The orders of lists that were chosen before. */
function sortsOf({ lists }: SettingsShape): AppState['sorts'] {
  return Object.fromEntries(Object.entries(lists).flatMap(([id, { sort }]) => (sort ? [[id, sort]] : [])));
}

/** How it ends: nothing new begins, engines stop, everything is durable. `letGo` gives the last thing to close. */
function ending(core: Core, letGo: () => Promise<() => void>): { ended: Promise<number>; quit: () => void } {
  const { deps, state, change } = core;
  let finish: (status: number) => void = () => undefined;
  const ended = new Promise<number>(resolve => {
    finish = resolve;
  });
  const end = async () => {
    const close = await letGo();
    await Promise.allSettled(deps.engines.map(engine => engine.stop()));
    await core.worked();
    close();
    await deps.store.flush();
  };
  return {
    ended,
    quit() {
      if (state.get().quitting) return;
      change(before => ({ ...before, quitting: true }));
      end().then(
        () => finish(0),
        () => finish(1),
      );
    },
  };
}
