// The screen of what waits for an account's server: looked at, and dropped one by one after a question.
import type { AccountId } from '../../mail/types.ts';
import type { Operation } from '../../store/types.ts';
import { buildsOn, leavesCopy, operationText } from '../organising/queue.ts';
import { cannotChange } from '../read-only.ts';
import { pop, push, topLayer } from '../state.ts';
import type { Command, Context, View } from './command.ts';

const ANY: readonly Context[] = ['list', 'reader', 'drawer', 'accounts', 'log'];

/** Whose queue is shown: the account under the cursor of their screen, else one that has something in it. */
function accountMeant({ state }: View): AccountId | undefined {
  const layer = topLayer(state);
  const under = layer.t === 'accounts' ? state.accounts[layer.cursor] : undefined;
  const own = state.accounts.find(({ id }) => state.folder?.startsWith(`${id}:`));
  const waiting = [under, own, ...state.accounts].find(account => account && account.queued > 0);
  return (under ?? waiting ?? own ?? state.accounts[0])?.id;
}

function underCursor({ state, data }: View): Operation | undefined {
  const layer = topLayer(state);
  return layer.t === 'queue' ? data.queue(layer.account)[layer.cursor] : undefined;
}

export const queueCommands: readonly Command[] = [
  {
    id: 'queue',
    group: 'Program',
    title: 'What waits for the server',
    help: 'Lists what was done here and the server does not know yet, and why it waits.',
    keys: [],
    in: ANY,
    synonyms: ['queue', 'pending', 'offline queue'],
    disabled: ({ state }) => (state.accounts.length > 0 ? undefined : 'There is no account yet.'),
    run: context => {
      const account = accountMeant({ state: context.state(), data: context.data });
      if (account !== undefined) context.change(state => push(state, { t: 'queue', account, cursor: 0 }));
    },
  },
  {
    id: 'queue.other',
    group: 'Program',
    title: 'Next account',
    help: "Shows what waits for the next account's server.",
    keys: ['tab'],
    in: ['queue'],
    hint: { label: 'account', rank: 60 },
    disabled: ({ state }) => (state.accounts.length > 1 ? undefined : 'There is only one account.'),
    run: context =>
      context.change(state => {
        const layer = topLayer(state);
        if (layer.t !== 'queue') return state;
        const at = state.accounts.findIndex(({ id }) => id === layer.account);
        const next = state.accounts[(at + 1) % state.accounts.length];
        return next ? push(pop(state), { t: 'queue', account: next.id, cursor: 0 }) : state;
      }),
  },
  {
    id: 'queue.drop',
    group: 'Program',
    title: 'Do not do it',
    help: 'Asks, and then takes the operation back here and out of the queue, with all that builds on it.',
    keys: ['d', 'D'],
    in: ['queue'],
    hint: { label: 'drop', rank: 90 },
    disabled: view => cannotChange(view.state) ?? (underCursor(view) ? undefined : 'Nothing waits here.'),
    run: context => {
      const view = { state: context.state(), data: context.data };
      const layer = topLayer(view.state);
      const op = underCursor(view);
      if (layer.t !== 'queue' || !op) return;
      const others = buildsOn(view.data.queue(layer.account), op);
      const lines = [
        `${operationText(view, op)}.`,
        'It is taken back here, and the server never hears of it.',
        ...(leavesCopy(op) ? ['The copy in the other account stays.'] : []),
        ...(others.length === 0 ? [] : ['With it goes what builds on it:']),
        ...others.slice(0, 4).map(other => `${operationText(view, other)}.`),
        ...(others.length > 4 ? [`And ${others.length - 4} more.`] : []),
      ];
      const act = { t: 'drop', account: layer.account, operation: op.id } as const;
      context.change(state =>
        push(state, { t: 'confirm', title: 'Do not do it', lines, yes: 'yes, take it back', act }),
      );
    },
  },
];
