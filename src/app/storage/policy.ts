// What of an IMAP account and of its folders is kept on this computer: asked, written into the configuration, and obeyed
// at once.
import { type Keeping, normalOffline, offlineOf, ownOffline } from '../../config/offline.ts';
import type { AccountConfig, Offline, OfflinePart } from '../../config/types.ts';
import type { AccountId } from '../../mail/types.ts';
import { asTmailError } from '../../util/errors.ts';
import type { Core } from '../core.ts';
import { fieldOf } from '../field.ts';
import { bytesText, notes } from '../notes.ts';
import { said } from '../said.ts';
import { accountOf, grouped, plural } from '../selectors.ts';
import {
  type AppState,
  type Choice,
  type KeepPlace,
  type Layer,
  pop,
  push,
  replaceTop,
  topLayer,
} from '../state.ts';
import type { Renamed } from './names.ts';

type Counted = 'days' | 'newest';

/** A hundred years: as long as mail was written. */
const MOST: Readonly<Record<Counted, number>> = { days: 36_500, newest: 1_000_000 };
const USUAL: Readonly<Record<Counted, number>> = { days: 90, newest: 1000 };
/** Folders that the accounts screen names. */
const NAMED = 4;

/** The account's setting and those of its folders as they are now; null: all of it is only here (POP3), or it is unknown. */
export function keepingOf(state: AppState, config: AccountConfig | undefined): Keeping | null {
  if (config?.protocol !== 'imap') return null;
  return Object.hasOwn(state.kept, config.id) ? (state.kept[config.id] ?? config) : config;
}

/** Of the account, as far as nothing else is said of a folder; null: all of it is only here. */
export function keptOf(state: AppState, config: AccountConfig | undefined): Offline | null {
  return keepingOf(state, config)?.offline ?? null;
}

/** Of a folder. `own`: otherwise than of its account. */
export function keptIn(
  state: AppState,
  config: AccountConfig | undefined,
  path: string,
): { readonly offline: Offline; readonly own: boolean } | null {
  const keeping = keepingOf(state, config);
  if (keeping === null) return null;
  const own = ownOffline(keeping.offlineFolders, path) !== undefined;
  return { offline: offlineOf(keeping, path), own };
}

/** For the accounts screen: folders of which something else is kept than of the account. */
export function foldersApart(state: AppState, config: AccountConfig | undefined): readonly string[] {
  const apart = Object.entries(keepingOf(state, config)?.offlineFolders ?? {});
  const folders = config ? (accountOf(state, config.id)?.folders ?? []) : [];
  // Before the first connection none is known.
  const there = (path: string) => folders.length === 0 || folders.some(record => record.path === path);
  const shown = apart.slice(0, NAMED).map(([path, offline]) => notes.keptApart(path, offline, there(path)));
  const more = apart.length - shown.length;
  return more > 0 ? [...shown, `and ${plural(more, 'more folder')}`] : shown;
}

export interface Policy {
  /** Asks what shall be kept. */
  ask(place: KeepPlace): void;
  /** What was chosen; `account`: of a folder what is kept of its account. */
  chosen(place: KeepPlace, offline: Offline | Counted | 'account'): void;
  /** The number that stands in the prompt. */
  counted(): void;
  /** Folders have other names now: what is said of them goes along. Repeatable. */
  renamed(account: AccountId, names: Renamed): Promise<void>;
}

export interface PolicyDeps {
  /** How many messages, with how many bytes of files, would not be kept any more. */
  readonly notKept: (place: KeepPlace) => Promise<{ readonly messages: number; readonly bytes: number }>;
  /** The account is kept in another way now. */
  readonly changed: (account: AccountId) => void;
}

export function createPolicy(core: Core, deps: PolicyDeps): Policy {
  const state = () => core.state.get();
  const configOf = (id: AccountId) => core.deps.config.accounts.find(account => account.id === id);
  const now = ({ account, path }: KeepPlace): Offline | null => {
    const config = configOf(account);
    return path === undefined ? keptOf(state(), config) : (keptIn(state(), config, path)?.offline ?? null);
  };

  /** False: nothing can be said of it. */
  async function put(place: KeepPlace, offline: Offline | null): Promise<boolean> {
    const { account, path } = place;
    const { file } = core.deps.config;
    if (file !== null) {
      const { setOffline } = await import('../../config/edit.ts');
      const where = { account, ...(path !== undefined && { folder: path }) };
      await setOffline(file, where, offline, core.deps.env ?? {});
    }
    const before = keepingOf(state(), configOf(account));
    if (before === null) return false;
    const keeping =
      path === undefined ? { ...before, offline: offline ?? 'all' } : apart(before, path, offline);
    core.change(all => ({ ...all, kept: { ...all.kept, [account]: keeping } }));
    core.engines.get(account)?.keep?.(keeping.offline, keeping.offlineFolders ?? {});
    return true;
  }

  async function set(place: KeepPlace, offline: Offline | null): Promise<void> {
    if (!(await put(place, offline))) return;
    deps.changed(place.account);
    const left = await deps.notKept(place);
    core.say('info', notes.keptNow(place, now(place) ?? 'all', core.deps.config.file !== null, left));
  }

  function prompt(place: KeepPlace, by: Counted): void {
    const part = partOf(now(place));
    const of = shownPlace(place);
    const title = by === 'days' ? `Mail of the last days of ${of}` : `The newest mail of ${of}`;
    const what =
      by === 'days' ? 'How many days?' : `How many messages${place.path ? '' : ' of each folder'}?`;
    core.change(before =>
      push(before, {
        t: 'prompt',
        title,
        about: `${what} Older mail is fetched when it is opened. Starred mail stays, and what is here already stays until C.`,
        field: fieldOf(String(part[by] ?? USUAL[by])),
        problem: null,
        busy: false,
        act: { t: 'keep-count', by, ...place },
      }),
    );
  }

  return {
    async renamed(account, names) {
      const before = keepingOf(state(), configOf(account))?.offlineFolders ?? {};
      const own = [...names].filter(([from]) => Object.hasOwn(before, from));
      // First the new ones: in between both are said, and nothing is fetched or left out that should not be.
      for (const [from, to] of own) await put({ account, path: to }, before[from] ?? null);
      const now = new Set(own.map(([, to]) => to));
      for (const [from] of own) if (!now.has(from)) await put({ account, path: from }, null);
    },
    ask(place) {
      const kept = now(place);
      if (kept !== null)
        core.change(before => push(before, question(before, place, kept, configOf(place.account))));
    },
    chosen(place, offline) {
      if (offline === 'days' || offline === 'newest') prompt(place, offline);
      else core.track(set(place, offline === 'account' ? null : offline));
    },
    counted() {
      const layer = topLayer(state());
      if (layer.t !== 'prompt' || layer.act.t !== 'keep-count' || layer.busy) return;
      const { by, t: _, ...place } = layer.act;
      const count = Number(layer.field.text.trim());
      const show = (problem: string | null) =>
        core.change(before => {
          const top = topLayer(before);
          return top.t === 'prompt'
            ? replaceTop(before, { ...top, problem, busy: problem === null })
            : before;
        });
      if (!Number.isInteger(count) || count < 1 || count > MOST[by]) {
        const of = by === 'days' ? 'days' : 'messages';
        show(`A number of ${of}, from 1 to ${by === 'days' ? MOST[by] : grouped(MOST[by])}.`);
        return;
      }
      show(null);
      const { attachments } = partOf(now(place));
      const done = () => core.change(before => (topLayer(before).t === 'prompt' ? pop(before) : before));
      core.track(
        set(place, normalOffline({ [by]: count, attachments })).then(done, thrown => {
          show(said(asTmailError(thrown)));
        }),
      );
    },
  };
}

/** INBOX is the protocol's word, not a person's. Hostile text. */
const shownPlace = ({ account, path }: KeepPlace): string => (path === 'INBOX' ? 'Inbox' : (path ?? account));

const partOf = (offline: Offline | null): OfflinePart =>
  typeof offline === 'object' && offline !== null ? offline : {};

function apart(before: Keeping, path: string, offline: Offline | null): Keeping {
  const others = Object.entries(before.offlineFolders ?? {}).filter(([other]) => other !== path);
  const folders = offline === null ? others : [...others, [path, offline] as const];
  return { offline: before.offline, offlineFolders: Object.fromEntries(folders) };
}

function question(
  state: AppState,
  place: KeepPlace,
  kept: Offline,
  config: AccountConfig | undefined,
): Layer {
  const { path } = place;
  const of = path === undefined ? null : keptIn(state, config, path);
  const means = notes.keptMeans(kept);
  const choices = choicesOf(place, kept, of?.own === true);
  return {
    t: 'ask',
    title: `Keep on this computer: ${shownPlace(place)}`,
    lines: [
      `Now ${notes.kept(kept)}${of?.own === false ? ', as the account' : ''}. What is not kept is fetched when it is opened.${means === '' ? '' : ` ${means}`}`,
      ...sizes(state, place),
    ],
    choices,
  };
}

/** How much there is, and how much room. */
function sizes(state: AppState, { account, path }: KeepPlace): readonly string[] {
  const space = Object.hasOwn(state.space, account) ? state.space[account] : undefined;
  const folder = accountOf(state, account)?.folders.find(record => record.path === path);
  const folders = (space?.folders ?? []).filter(one => path === undefined || one.folder === folder?.id);
  const sum = (of: 'messages' | 'bytes' | 'fileBytes') => folders.reduce((all, one) => all + one[of], 0);
  const known = space?.complete
    ? `${plural(sum('messages'), 'message')}, ${bytesText(sum('bytes'))}; ${bytesText(sum('fileBytes'))} here`
    : '';
  const free = state.diskFree === null ? '' : `${bytesText(state.diskFree)} free`;
  const text = [known, free].filter(part => part !== '').join(', ');
  return text === '' ? [] : [`${text}.`];
}

function choicesOf(place: KeepPlace, kept: Offline, own: boolean): readonly Choice[] {
  const choose = (key: string, label: string, offline: Offline | Counted | 'account'): Choice => ({
    key,
    label,
    answer: { t: 'keep', offline, ...place },
  });
  const { attachments, ...part } = partOf(kept);
  const all = kept === 'all' || typeof kept === 'object';
  return [
    choose('a', 'all mail', 'all'),
    choose('l', 'the last days', 'days'),
    choose('c', 'a count of the newest', 'newest'),
    ...(all
      ? [
          attachments === false
            ? choose('t', 'attachments too', normalOffline(part))
            : choose('t', 'texts without attachments', normalOffline({ ...part, attachments: false })),
        ]
      : []),
    choose('h', 'headers only', 'headers'),
    choose('o', 'nothing', 'none'),
    ...(own ? [choose('s', 'same as the account', 'account')] : []),
  ];
}
