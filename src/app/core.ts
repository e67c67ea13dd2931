// What every part of the program works with: the state and how it changes, the things it names, and the work that
// is under way. Knows no key and no command.

import { identitiesOf } from '../config/identities.ts';
import { type AddressBook, createAddressBook } from '../mail/compose/contacts.ts';
import { splitFolderId } from '../mail/ids.ts';
import type { AccountId, FolderId } from '../mail/types.ts';
import type { AccountStore, FolderStore } from '../store/types.ts';
import type { Engine } from '../sync/types.ts';
import { asTmailError, type TmailError } from '../util/errors.ts';
import { randomSeed } from '../util/ids.ts';
import { caretOf } from './caret.ts';
import type { Data } from './commands/command.ts';
import { allCommands } from './commands/index.ts';
import { textFrame } from './compose/frame.ts';
import { changeWriting, writingIn } from './compose/writing.ts';
import { scrolled } from './editor/moving.ts';
import type { Keymap } from './keymap.ts';
import { cursorPosition, EMPTY_VIEW, rearranged, reconcile } from './list-view.ts';
import { createListings, type Listings } from './listing/listings.ts';
import type { ListId, Rows } from './listing/types.ts';
import { stretched } from './marking.ts';
import { sentence } from './messages.ts';
import { observable } from './observable.ts';
import { bodyHeight, documentOf, lastTop } from './reader-view.ts';
import { said } from './said.ts';
import { listHeight } from './selectors.ts';
import { type AppState, initialState, type Level, listOf, say, setList, setReader } from './state.ts';
import { type Conversations, createConversations } from './threads/conversations.ts';
import { createThreadLists, threadsWanted } from './threads/thread-lists.ts';
import type { AppDeps, Observable } from './types.ts';

export interface Core {
  readonly deps: AppDeps;
  readonly state: Observable<AppState>;
  readonly data: Data;
  readonly engines: ReadonlyMap<AccountId, Engine>;
  /** Whom mail was exchanged with, as far as the store has been looked through. */
  readonly contacts: AddressBook;
  /** Accounts that are not disabled, in the order of the configuration, once their store part is open. */
  readonly mail: Map<AccountId, AccountStore>;
  /** What belongs together, as far as it was looked through. */
  readonly conversations: Conversations;
  /** Folders that were shown. */
  readonly opened: Map<FolderId, FolderStore>;
  /** What can be in the list. */
  readonly listings: Listings;
  /** Opens a folder, unless it is. */
  openFolder(id: FolderId): Promise<FolderStore>;
  /** A step from one state to the next; everybody who listens has been told when it returns. */
  change(step: (state: AppState) => AppState): void;
  say(level: Level, text: string): void;
  /** Says what went wrong; nothing for what was cancelled. */
  fail(error: TmailError, account?: AccountId): void;
  /** Work that `settled` waits for; its failure is said. Never rejects. */
  track(work: Promise<unknown>): Promise<void>;
  /** Work on very many messages: what it announces is not shown within its own steps, but between them. */
  bulk<T>(work: () => Promise<T>): Promise<T>;
  readonly inBulk: boolean;
  /** Resolves when the work that is under way now has ended. */
  worked(): Promise<void>;
  readonly busy: boolean;
  /** Called after every change. */
  afterChange(listener: (state: AppState) => void): void;
}

const NO_ROWS: Rows = { length: 0, keyAt: () => undefined, positionOf: () => -1, locate: () => 0 };
/** A window before the terminal has told its size. */
const USUAL_SIZE = { columns: 80, rows: 24 };

export function createCore(deps: AppDeps, keymap: Keymap): Core {
  const engines = new Map<AccountId, Engine>(deps.engines.map(engine => [engine.account, engine]));
  const opened = new Map<FolderId, FolderStore>();
  const mail = new Map<AccountId, AccountStore>();
  const contacts = createAddressBook(deps.now);
  const tasks = new Set<Promise<void>>();
  let bulks = 0;
  const after: ((state: AppState) => void)[] = [];
  const state = observable(
    initialState({
      size: USUAL_SIZE,
      ui: deps.config.ui,
      readOnly: deps.readOnly,
      now: deps.now(),
      firstRun: deps.firstRun !== null,
    }),
  );
  const openFolder = async (id: FolderId): Promise<FolderStore> => {
    const known = opened.get(id);
    if (known) return known;
    const folder = await (await deps.store.account(splitFolderId(id).account)).folder(id);
    opened.set(id, folder);
    return folder;
  };
  const bump = (before: AppState, id: ListId): AppState => ({
    ...before,
    revs: { ...before.revs, [id]: (before.revs[id] ?? 0) + 1 },
  });
  const listings = createListings({
    opened,
    openFolder,
    background: work => void track(work),
    arranged: (id, take, fresh) =>
      change(before => {
        const was = listings.of(before);
        take();
        const rows = listings.of(before);
        const next = bump(before, id);
        if (fresh && cursorPosition(listOf(next, id), was ?? NO_ROWS) <= 0)
          return setList(next, id, EMPTY_VIEW);
        if (!was || !rows || was === rows || rows.id !== id) return next;
        return setList(next, id, rearranged(listOf(next, id), was, rows, listHeight(next)));
      }),
    changed: id => change(before => bump(before, id)),
    now: deps.now,
  });
  after.push(now => listings.arrange(now));
  const conversations = createConversations(randomSeed);
  const threadLists = createThreadLists({
    conversations,
    settings: deps.store.settings,
    read: messages => listings.envelopes.read(messages),
  });
  const data: Data = {
    folder: id => opened.get(id) ?? conversations.folder(id),
    envelope: message => listings.envelopes.of(message),
    threadsWanted: (state, list) => threadsWanted(deps.store.settings, state, list),
    listing: state => {
      const base = listings.of(state);
      return base && threadLists.of(base, state);
    },
    engine: id => engines.get(id),
    queue: id => mail.get(id)?.queue() ?? [],
    isReady: (id, op) => mail.get(id)?.ready?.(op) ?? true,
    commands: allCommands,
    keymap,
    config: deps.config,
    firstRun: deps.firstRun,
    outgoing: deps.outgoing,
    contacts,
    identities: identitiesOf(deps.config),
    exports: deps.exportAll !== undefined,
  };
  const track: Core['track'] = work => {
    const watched: Promise<void> = work
      .then(
        () => undefined,
        thrown => fail(asTmailError(thrown)),
      )
      .finally(() => tasks.delete(watched));
    tasks.add(watched);
    return watched;
  };
  const change: Core['change'] = step => {
    const before = state.get();
    const next = step(before);
    if (next !== before) state.set(fitted(before, next, data));
    for (const listener of after) listener(state.get());
  };
  const tell: Core['say'] = (level, text) =>
    change(before => say({ ...before, now: deps.now() }, level, text));
  const fail: Core['fail'] = (error, account) => {
    if (error.kind === 'cancelled') return;
    tell('error', account === undefined ? said(error) : sentence(error, { account }));
  };
  return {
    deps,
    state,
    data,
    engines,
    contacts,
    mail,
    conversations,
    opened,
    listings,
    openFolder,
    change,
    say: tell,
    fail,
    track,
    async bulk(work) {
      bulks += 1;
      try {
        return await work();
      } finally {
        bulks -= 1;
      }
    },
    get inBulk() {
      return bulks > 0;
    },
    async worked() {
      await Promise.all([...tasks]);
    },
    get busy() {
      return tasks.size > 0;
    },
    afterChange(listener) {
      after.push(listener);
    },
  };
}

/** After any change the list's window, the reader's scroll position and the real cursor fit again. */
function fitted(before: AppState, after: AppState, data: Data): AppState {
  let next = stretched(after, data);
  const rows = data.listing(next);
  const resized = before.size !== next.size || before.layout !== next.layout;
  if (rows) {
    const { id } = rows;
    const was = before.list === id && before.filter !== next.filter ? data.listing(before) : rows;
    if (was && was !== rows)
      next = setList(next, id, rearranged(listOf(next, id), was, rows, listHeight(next)));
    const moved = before.lists[id] !== next.lists[id];
    const other = resized || before.revs[id] !== next.revs[id] || before.list !== id;
    if (other || !moved) next = setList(next, id, reconcile(listOf(next, id), rows, listHeight(next)));
  }
  if (next.reader && resized) {
    const last = lastTop(documentOf(next), bodyHeight(next));
    if (next.reader.top > last) next = setReader(next, { top: last });
  }
  // The text's window fits the screen, and its rows above: a list of files takes one.
  const writing = writingIn(next);
  if (writing && (resized || before.drafts !== next.drafts || before.stack !== next.stack)) {
    const frame = textFrame(next, writing);
    next = changeWriting(next, writing.draft.id, now => {
      const editor = scrolled(now.editor, frame);
      return editor === now.editor ? now : { ...now, editor };
    });
  }
  const caret = caretOf({ state: next, data });
  const same = caret?.row === next.caret?.row && caret?.column === next.caret?.column;
  return same ? next : { ...next, caret };
}
