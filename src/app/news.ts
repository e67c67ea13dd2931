// What the store and the engines announce, as changes of the state: account states, folder counts, revisions. Says
// once why an account is not connected, and once that it is again.
import { splitFolderId } from '../mail/ids.ts';
import type { AccountId, FolderId } from '../mail/types.ts';
import type { StoreEvent } from '../store/types.ts';
import type { AccountStatus } from '../sync/types.ts';
import type { Core } from './core.ts';
import { gather } from './events.ts';
import { warningLevel, warningText } from './maildrop.ts';
import { forgetMarks } from './marking.ts';
import { againText, sentence } from './messages.ts';
import { createTroubles } from './organising/troubles.ts';
import { folderLabel, folderRecord } from './selectors.ts';
import type { AccountView } from './state.ts';

/** What an event touches; an account's id never holds a colon. */
type Touched = AccountId | FolderId;
const isFolder = (touched: Touched): touched is FolderId => touched.includes(':');

export interface News {
  /** Takes what is waiting into the state now: for what a person has just done. */
  flush(): void;
  readonly waiting: boolean;
  close(): void;
}

export interface NewsDeps {
  /** The folder on the screen is not there (any more). */
  lostFolder(): void;
  /** An account is connected. */
  online(account: AccountId): void;
}

export function accountView({ mail, engines }: Core, id: AccountId): AccountView {
  const account = mail.get(id);
  return {
    id,
    status: engines.get(id)?.status() ?? stopped(id),
    folders: account?.folders() ?? [],
    queued: account?.queue().length ?? 0,
  };
}

export function listen(core: Core, deps: NewsDeps): News {
  const { state, opened } = core;
  const troubles = new Map<AccountId, { readonly code: string; readonly cut: boolean }>();
  const warned = new Map<AccountId, AccountStatus['maildrop']>();

  const announce = ({ account, phase, error }: AccountStatus): void => {
    // Offline without a reason: only a moment until it may connect again.
    if (phase === 'connecting' || (phase === 'offline' && !error)) return;
    const before = troubles.get(account) ?? { code: '', cut: false };
    const cut = phase === 'offline' || phase === 'attention';
    // What goes wrong on a line that holds (a full disk) is said as well.
    const code = error && phase !== 'stopped' ? error.code : '';
    if (before.code === code) return;
    troubles.set(account, { code, cut });
    if (error && code !== '')
      core.say(
        phase === 'attention' ? 'error' : 'warning',
        sentence(error, { account, again: againText(core.mail.get(account)?.queue().length ?? 0) }),
      );
    else if (before.cut) core.say('info', `${account}: online again.`);
  };

  /** Before mail is deleted on a server, and when something about it is odd. */
  const warn = ({ account, maildrop }: AccountStatus): void => {
    const before = warned.get(account)?.warnings;
    if (!maildrop || maildrop.warnings === before) return;
    warned.set(account, maildrop);
    const said = new Set(before?.map(warningText));
    for (const warning of maildrop.warnings) {
      const text = warningText(warning);
      if (!said.has(text)) core.say(warningLevel(warning), `${account}: ${text}`);
    }
  };

  const take = (items: ReadonlySet<Touched>): void => {
    const changed = [...items].filter(isFolder);
    const touched = new Set([...items].map(item => (isFolder(item) ? splitFolderId(item).account : item)));
    // What is deleted in an inbox is news for those whose mail comes into it.
    const guests = core.deps.config.accounts.filter(({ deliverTo }) => deliverTo && touched.has(deliverTo));
    const ids = new Set([...touched, ...guests.map(({ id }) => id).filter(id => core.mail.has(id))]);
    state.batch(() => {
      for (const id of ids) {
        const { status } = accountView(core, id);
        announce(status);
        warn(status);
        if (status.phase === 'online') deps.online(id);
      }
      const { lists, touched } = core.listings.update();
      core.change(before => {
        const revs = { ...before.revs };
        for (const id of lists) revs[id] = (revs[id] ?? 0) + 1;
        for (const id of changed) if (opened.has(id)) revs[id] = (revs[id] ?? 0) + 1;
        const accounts = before.accounts.map(view => (ids.has(view.id) ? accountView(core, view.id) : view));
        return forgetMarks({ ...before, revs, accounts }, core.data, touched);
      });
      const { list, folder } = state.get();
      if (list === null || (folder !== null && !folderRecord(state.get(), folder))) deps.lostFolder();
    });
  };
  const touched = gather<Touched>(take, core.deps.now, () => core.inBulk);
  /** Names of folders that went, for what is told of them afterwards. */
  const lost = new Map<FolderId, string>();
  const noteLost = (account: AccountId): void => {
    const left = new Set(
      core.mail
        .get(account)
        ?.folders()
        .map(({ id }) => id),
    );
    const shown = state.get().accounts.find(({ id }) => id === account)?.folders ?? [];
    for (const record of shown) if (!left.has(record.id)) lost.set(record.id, folderLabel(record));
  };
  const refusals = createTroubles(core, id => lost.get(id));

  const onStore = (event: StoreEvent): void => {
    core.listings.note(event);
    switch (event.t) {
      case 'folders':
        noteLost(event.account);
        touched.add(event.account);
        break;
      case 'queue':
        touched.add(event.account);
        break;
      case 'folder':
        touched.add(event.folder);
        break;
      case 'trouble':
        if (!refusals.add(event)) core.fail(event.error);
        break;
    }
  };
  const stop = [
    core.deps.store.subscribe(onStore),
    ...core.deps.engines.map(engine => engine.subscribe(() => touched.add(engine.account))),
  ];
  return {
    flush() {
      touched.flush();
      refusals.flush();
    },
    get waiting() {
      return touched.waiting || refusals.waiting;
    },
    close() {
      for (const off of stop) off();
      touched.close();
      core.listings.close();
      refusals.close();
    },
  };
}

function stopped(account: AccountId): AccountStatus {
  return { account, phase: 'stopped', error: null, retryAt: null, progress: [], queued: 0, lastSync: null };
}
