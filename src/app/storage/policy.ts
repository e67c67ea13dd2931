// What of an IMAP account is kept on this computer: asked, written into the configuration, and obeyed at once.
import type { AccountConfig, Offline } from '../../config/types.ts';
import type { AccountId } from '../../mail/types.ts';
import { asTmailError } from '../../util/errors.ts';
import type { Core } from '../core.ts';
import { fieldOf } from '../field.ts';
import { bytesText, notes } from '../notes.ts';
import { said } from '../said.ts';
import { plural } from '../selectors.ts';
import { type AppState, type Layer, pop, push, replaceTop, topLayer } from '../state.ts';

/** A hundred years: as long as mail was written. */
const MOST_DAYS = 36_500;
const USUAL_DAYS = 90;

/** As it is now; null: all of it is only here (POP3), or there is no such account. */
export function keptOf(state: AppState, config: AccountConfig | undefined): Offline | null {
  return config?.protocol === 'imap' ? (state.kept[config.id] ?? config.offline) : null;
}

export interface Policy {
  /** Asks what shall be kept. */
  ask(account: AccountId): void;
  /** What was chosen. */
  chosen(account: AccountId, offline: Offline | 'days'): void;
  /** The number of days that stands in the prompt. */
  days(): void;
}

export interface PolicyDeps {
  /** How many messages, with how many bytes of files, would not be kept any more. */
  readonly notKept: (account: AccountId) => Promise<{ readonly messages: number; readonly bytes: number }>;
  /** The account is kept in another way now. */
  readonly changed: (account: AccountId) => void;
}

export function createPolicy(core: Core, deps: PolicyDeps): Policy {
  const state = () => core.state.get();
  const configOf = (id: AccountId) => core.deps.config.accounts.find(account => account.id === id);

  async function set(account: AccountId, offline: Offline): Promise<void> {
    const { file } = core.deps.config;
    if (file !== null) {
      const { setOffline } = await import('../../config/edit.ts');
      await setOffline(file, account, offline, core.deps.env ?? {});
    }
    core.change(before => ({ ...before, kept: { ...before.kept, [account]: offline } }));
    core.engines.get(account)?.keep?.(offline);
    deps.changed(account);
    const left = await deps.notKept(account);
    core.say('info', notes.keptNow(account, offline, file !== null, left));
  }

  return {
    ask(account) {
      const kept = keptOf(state(), configOf(account));
      if (kept !== null) core.change(before => push(before, question(before, account, kept)));
    },
    chosen(account, offline) {
      if (offline !== 'days') core.track(set(account, offline));
      else {
        const kept = keptOf(state(), configOf(account));
        const days = typeof kept === 'object' && kept !== null ? kept.days : USUAL_DAYS;
        core.change(before =>
          push(before, {
            t: 'prompt',
            title: `Mail of the last days of ${account}`,
            about:
              'How many days? Older mail is fetched when it is opened; what is here already stays until C.',
            field: fieldOf(String(days)),
            problem: null,
            busy: false,
            act: { t: 'keep-days', account },
          }),
        );
      }
    },
    days() {
      const layer = topLayer(state());
      if (layer.t !== 'prompt' || layer.act.t !== 'keep-days' || layer.busy) return;
      const { account } = layer.act;
      const days = Number(layer.field.text.trim());
      const show = (problem: string | null) =>
        core.change(before => {
          const now = topLayer(before);
          return now.t === 'prompt'
            ? replaceTop(before, { ...now, problem, busy: problem === null })
            : before;
        });
      if (!Number.isInteger(days) || days < 1 || days > MOST_DAYS) {
        show(`A number of days, from 1 to ${MOST_DAYS}.`);
        return;
      }
      show(null);
      const done = () => core.change(before => (topLayer(before).t === 'prompt' ? pop(before) : before));
      core.track(
        set(account, { days }).then(done, thrown => {
          show(said(asTmailError(thrown)));
        }),
      );
    },
  };
}

function question(state: AppState, account: AccountId, kept: Offline): Layer {
  const space = state.space[account];
  const known = space?.complete
    ? `The account has ${plural(space.looked, 'message')}, ${bytesText(space.folders.reduce((sum, one) => sum + one.bytes, 0))}. `
    : '';
  const free = state.diskFree === null ? '' : `${bytesText(state.diskFree)} are free here.`;
  const choose = (key: string, label: string, offline: Offline | 'days') =>
    ({ key, label, answer: { t: 'keep', account, offline } }) as const;
  return {
    t: 'ask',
    title: `Keep on this computer: ${account}`,
    lines: [
      `Now ${notes.kept(kept)}. What is not kept is fetched when it is opened.`,
      ...(known + free === '' ? [] : [`${known}${free}`]),
    ],
    choices: [
      choose('a', 'all mail', 'all'),
      choose('l', 'the last days', 'days'),
      choose('h', 'headers only', 'headers'),
    ],
  };
}
