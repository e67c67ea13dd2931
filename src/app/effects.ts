// What commands set in motion besides a change of state. Every function returns at once; its outcome is a later
// change.
import { looksExecutable, safeFileName } from '../mail/file-name.ts';
import type { Effects } from './commands/command.ts';
import type { Composing } from './compose/composing.ts';
import type { CopyCounts } from './copies.ts';
import type { Core } from './core.ts';
import type { Exports } from './exporting.ts';
import type { Folders } from './folders.ts';
import { markBy } from './marking.ts';
import { notes } from './notes.ts';
import { askArchive } from './organising/older.ts';
import { dropOperation } from './organising/queue.ts';
import type { Organising } from './organising.ts';
import type { OwnFolders } from './own-folders.ts';
import type { Reading } from './reading.ts';
import { saveAs, saveDirectory } from './saving.ts';
import { folderRecord, plural } from './selectors.ts';
import { type Deed, replaceTop, topLayer } from './state.ts';
import type { StorageEffects } from './storage/storage.ts';
import type { Threads } from './threads/threads.ts';

export interface EffectsDeps {
  readonly folders: Folders;
  readonly reading: Reading;
  readonly organising: Organising;
  readonly own: OwnFolders;
  readonly copies: CopyCounts;
  readonly exports: Exports;
  readonly storage: StorageEffects;
  readonly openMessage: Effects['openMessage'];
  readonly composing: Composing;
  readonly threads: Threads;
}

export function createEffects(core: Core, deps: EffectsDeps): Effects {
  const { folders, reading, organising, own, copies, exports, storage, openMessage, composing, threads } =
    deps;
  const { state, engines, change, track } = core;
  const did = (deed: Deed) => change(before => ({ ...before, deed }));
  return {
    openFolder: (id, cursor) => void folders.open(id, cursor),
    openMessage,
    flag(messages, add, remove) {
      did({ t: 'flag', add, remove });
      organising.flag(messages, { add, remove });
    },
    file(messages, role) {
      did({ t: 'file', role });
      organising.file(messages, role);
    },
    move(messages, to) {
      did({ t: 'move', to });
      organising.move(messages, to);
    },
    copy(messages, to) {
      did({ t: 'copy', to });
      organising.copy(messages, to);
    },
    repeat(messages) {
      const { deed } = state.get();
      if (deed?.t === 'file') organising.file(messages, deed.role);
      else if (deed?.t === 'move') organising.move(messages, deed.to);
      else if (deed?.t === 'copy') organising.copy(messages, deed.to);
      else if (deed?.t === 'flag') organising.flag(messages, deed);
    },
    archiveOlder: (folder, age) => track(askArchive(core, folder, age)),
    markBy: words => track(markBy(core, words)),
    dropOperation: (account, id) => track(dropOperation(core, account, id)),
    destroy(messages) {
      did({ t: 'destroy' });
      organising.destroy(messages);
    },
    empty: organising.empty,
    undo() {
      const step = state.get().undo.at(-1);
      if (step?.sending === undefined) organising.undo();
      else composing.effects.takeBack(step.sending);
    },
    createFolder: own.create,
    renameFolder: own.rename,
    removeFolder: own.remove,
    emptyToTrash: own.emptyToTrash,
    subscribeFolder: own.subscribe,
    assignRole: own.assignRole,
    whenLoaded: then => folders.whenLoaded(then),
    chooseLayout(layout) {
      change(before => ({ ...before, layout }));
      core.deps.store.settings?.change(before => ({ ...before, layout: { ...before.layout, ...layout } }));
    },
    sort(sort) {
      const { list } = state.get();
      if (list === null) return;
      change(before => ({ ...before, sorts: { ...before.sorts, [list]: sort } }));
      core.deps.store.settings?.change(before => {
        const { sort: _, ...others } = before.lists[list] ?? {};
        const usual = sort.by === 'arrival' && !sort.reverse;
        return { ...before, lists: { ...before.lists, [list]: usual ? others : { ...others, sort } } };
      });
    },
    refresh() {
      for (const engine of engines.values()) engine.refresh();
    },
    agree(account) {
      const engine = engines.get(account);
      if (engine?.agree) track(engine.agree().then(() => engine.refresh()));
    },
    cancel() {
      const busy = [...engines.values()].filter(engine => engine.status().progress.length > 0);
      for (const engine of busy) engine.cancel();
      const exporting = exports.cancel();
      const copying = organising.cancel();
      return reading.cancel() || exporting || copying || busy.length > 0;
    },
    save: parts => void track(save(core, reading, parts)),
    loadRaw: () => reading.loadRaw(),
    mute: threads.mute,
    unmute: threads.unmute,
    showMuted: threads.showMuted,
    threadsOn(list, on) {
      core.deps.store.settings?.change(before => ({
        ...before,
        lists: { ...before.lists, [list]: { ...before.lists[list], threads: on } },
      }));
      change(before => ({ ...before, revs: { ...before.revs, [list]: (before.revs[list] ?? 0) + 1 } }));
    },
    countCopies: () => copies.count(),
    storage,
    askExport: exports.ask,
    beginExport: exports.begin,
    suspend: () => core.deps.terminal.suspend(),
    redraw: () => core.deps.terminal.redraw(),
    quit: composing.quit,
    writing: composing.effects,
    takeOver() {
      const shown = folderRecord(state.get(), state.get().folder);
      core.deps.owner?.takeOver(shown ? { account: shown.account, folder: shown.path } : core.deps.start);
    },
    demo: () => core.deps.firstRun?.demo(),
    rereadConfig() {
      if (!core.deps.firstRun?.reread) return;
      const shown = (problem: string | null) =>
        change(before => {
          const layer = topLayer(before);
          return layer.t === 'first-run' ? replaceTop(before, { ...layer, problem }) : before;
        });
      track(core.deps.firstRun.reread().then(shown));
    },
  };
}

async function save(core: Core, reading: Reading, wanted: readonly number[]): Promise<void> {
  const { reader } = core.state.get();
  const parts = reader?.message?.parts.filter(part => wanted.includes(part.n)) ?? [];
  if (!reader || parts.length === 0) return;
  const incomplete = parts.some(part => part.omitted);
  if (incomplete) core.say('info', 'Fetching the rest of the message first.');
  const file = await reading.file(reader.id, incomplete ? 'whole' : 'text');
  const directory = await saveDirectory();
  const saved: string[] = [];
  const programs: string[] = [];
  for (const part of parts) {
    const name = safeFileName(part.filename, part.contentType, part.n);
    saved.push(await saveAs(directory, name, to => core.deps.parser.savePart(file, part.n, to)));
    if (looksExecutable(name, part.contentType)) programs.push(name);
  }
  core.say(
    'info',
    saved.length === 1 ? `Saved as ${saved[0]}` : `${plural(saved.length, 'file')} saved in ${directory}`,
  );
  for (const name of programs) core.say('warning', notes.program(name));
}
