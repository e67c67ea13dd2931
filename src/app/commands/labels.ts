// Commands of labels: the keywords of messages, set and taken away by a person.
import { EMPTY_FIELD } from '../field.ts';
import { chosenLabel, labelChoices } from '../organising/labels.ts';
import { chosen } from '../selection.ts';
import { push, replaceTop, topLayer } from '../state.ts';
import type { Command } from './command.ts';
import { BOTH, cannotAct } from './organising.ts';

export const labelCommands: readonly Command[] = [
  {
    id: 'labels',
    group: 'Organising',
    title: 'Labels',
    help: "Sets and takes away labels (the server's keywords): those of the folder, or a new one that you type.",
    keys: ['Y'],
    in: BOTH,
    synonyms: ['keywords', 'modify-labels', 'tags'],
    disabled: cannotAct,
    run: context => {
      const messages = chosen({ state: context.state(), data: context.data });
      if (messages.length === 0) return;
      context.change(state => push(state, { t: 'labels', field: EMPTY_FIELD, cursor: 0, messages }));
    },
  },
  {
    id: 'labels.toggle',
    group: 'Organising',
    title: 'Set it, or take it away',
    help: 'Sets the label on all messages that were chosen, or takes it away where all have it.',
    keys: ['enter'],
    in: ['labels'],
    hidden: true,
    hint: { label: 'set or clear', rank: 100 },
    run: context => {
      const view = { state: context.state(), data: context.data };
      const layer = topLayer(view.state);
      if (layer.t !== 'labels') return;
      const choice = labelChoices(view, layer)[layer.cursor];
      const label = choice && chosenLabel(view, layer, choice);
      if (!label) {
        context.say('info', 'Type a name for a new label.');
        return;
      }
      if ('problem' in label) {
        context.say('info', label.problem);
        return;
      }
      const { name, has } = label;
      context.effects.flag(layer.messages, has === 'all' ? [] : [name], has === 'all' ? [name] : []);
      context.change(state => replaceTop(state, { ...layer, field: EMPTY_FIELD, cursor: 0 }));
    },
  },
];
