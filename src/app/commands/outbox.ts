// Commands of the outbox, and the answers to questions.
import type { OutboxItem, OutboxState } from '../../outgoing/types.ts';
import { type Layer, pop, push, topLayer } from '../state.ts';
import { type Command, type Context, KEY_CONTEXTS, type View } from './command.ts';
import { cannotWrite } from './draft-here.ts';

const HERE: readonly Context[] = ['outbox'];

function under({ state }: View): OutboxItem | undefined {
  const layer = topLayer(state);
  return layer.t === 'outbox' ? state.outbox[layer.cursor] : undefined;
}

/** Why this can't be done with what is under the cursor. */
function unless(states: readonly OutboxState[], reason: string) {
  return (view: View): string | undefined => {
    const item = under(view);
    if (!item) return 'There is nothing here.';
    return states.includes(item.state) ? undefined : reason;
  };
}

type Question = Extract<Layer, { t: 'ask' }>;

function askAgain({ id }: OutboxItem): Question {
  return {
    t: 'ask',
    title: 'Send again',
    lines: [
      'It may have arrived: the line broke before the server answered.',
      'Sent again, its recipients may get it twice.',
    ],
    choices: [
      { key: 'y', label: 'send again', answer: { t: 'outbox-retry', id } },
      { key: 'n', label: 'leave it', answer: null },
    ],
  };
}

/** Some recipients were refused, and nobody got it: the others may have it without them, if the person says so. */
function askRest({ id, state, recipients }: OutboxItem): Question | null {
  const refused = recipients.filter(({ outcome }) => outcome === 'refused');
  const others = recipients.filter(({ outcome }) => outcome === 'pending' || outcome === 'deferred');
  if (state !== 'failed' || refused.length === 0 || others.length === 0) return null;
  return {
    t: 'ask',
    title: 'Send to the others',
    lines: [
      'Nobody has it yet. The server refused:',
      ...refused.map(({ address, reply }) => `${address}: ${reply}`),
    ],
    choices: [
      {
        key: 'y',
        label: others.length === 1 ? 'send to the other one' : `send to the other ${others.length}`,
        answer: { t: 'outbox-retry', id, to: 'rest' },
      },
      { key: 'a', label: 'try all of them again', answer: { t: 'outbox-retry', id } },
      { key: 'n', label: 'leave it', answer: null },
    ],
  };
}

export const outboxCommands: readonly Command[] = [
  {
    id: 'outbox',
    group: 'Writing',
    title: 'Outbox',
    help: 'Lists what waits, is sent, or could not be sent, with what can be done about it.',
    keys: ['gO'],
    in: [...KEY_CONTEXTS.filter(context => context !== 'outbox'), 'review'],
    synonyms: ['outbox', 'sent'],
    disabled: cannotWrite,
    run: context =>
      context.change(state => push(state, { t: 'outbox', cursor: Math.max(0, state.outbox.length - 1) })),
  },
  {
    id: 'outbox.edit',
    group: 'Writing',
    title: 'Edit again',
    help: 'Takes the message out of the outbox and opens it in the composer; nothing of it is sent.',
    keys: ['e', 'enter', 'u', 'E'],
    in: HERE,
    hint: { label: 'edit', rank: 90 },
    disabled: view =>
      unless(['undo', 'queued', 'failed', 'unknown'], 'It is too late to change this one.')(view) ??
      (under(view)?.editable ? undefined : 'A whole message from the command line can not be edited.'),
    run: context => {
      const item = under({ state: context.state(), data: context.data });
      if (item) context.effects.writing.takeBack(item.id);
    },
  },
  {
    id: 'outbox.send',
    group: 'Writing',
    title: 'Send now, or again',
    help: 'Ends the wait; tries a failed one again, and asks first where some recipients were refused.',
    keys: ['y', 's'],
    in: HERE,
    synonyms: ['retry'],
    hint: { label: 'send now', rank: 80 },
    disabled: unless(['undo', 'queued', 'failed', 'unknown'], 'It is being sent, or was sent.'),
    run: context => {
      const item = under({ state: context.state(), data: context.data });
      if (!item) return;
      const question = item.state === 'unknown' ? askAgain(item) : askRest(item);
      if (question) context.change(state => push(state, question));
      else if (item.state === 'failed') context.effects.writing.retry(item.id);
      else context.effects.writing.sendNow(item.id);
    },
  },
  {
    id: 'outbox.arrived',
    group: 'Writing',
    title: 'It arrived',
    help: 'Says that a message whose sending broke off has arrived: it is filed as sent.',
    keys: ['a'],
    in: HERE,
    hint: { label: 'it arrived', rank: 85 },
    disabled: unless(['unknown'], 'What became of this one is known.'),
    run: context => {
      const item = under({ state: context.state(), data: context.data });
      if (item) context.effects.writing.assumeSent(item.id);
    },
  },
  {
    id: 'outbox.drop',
    group: 'Writing',
    title: 'Throw away',
    help: 'Asks, and then forgets the message.',
    keys: ['d', 'D'],
    in: HERE,
    hint: { label: 'throw away', rank: 70 },
    disabled: unless(['undo', 'queued', 'failed', 'unknown', 'sent'], 'It is being sent right now.'),
    run: context => {
      const item = under({ state: context.state(), data: context.data });
      if (!item) return;
      if (item.state === 'sent') context.effects.writing.answered({ t: 'outbox-drop', id: item.id });
      else
        context.change(state =>
          push(state, {
            t: 'ask',
            title: 'Throw away',
            lines: [`"${item.subject || '(no subject)'}" is thrown away for good, and not sent.`],
            choices: [
              { key: 'y', label: 'throw away', answer: { t: 'outbox-drop', id: item.id } },
              { key: 'n', label: 'no', answer: null },
            ],
          }),
        );
    },
  },
];

/** Letters that answer a question; which of them do is the question's. */
const ANSWERS = [...'abcdefghijklmoprstuvwxyz', 'enter'];

export const askingCommands: readonly Command[] = [
  {
    id: 'ask.answer',
    group: 'Program',
    title: 'Answer',
    help: 'Answers the question.',
    keys: ANSWERS,
    in: ['ask'],
    hidden: true,
    run: context => {
      const layer = topLayer(context.state());
      if (layer.t !== 'ask') return;
      const choice = layer.choices.find(
        ({ key, usual }) => key === context.key || (usual === true && context.key === 'enter'),
      );
      if (!choice) {
        context.say('info', `${layer.choices.map(({ key, label }) => `${key}: ${label}`).join(', ')}.`);
        return;
      }
      context.change(pop);
      const { answer } = choice;
      if (answer?.t === 'keep') {
        const { t: _, offline, ...place } = answer;
        context.effects.storage.keep(place, offline);
      } else context.effects.writing.answered(answer);
    },
  },
  {
    id: 'ask.close',
    group: 'Program',
    title: 'No answer',
    help: 'Leaves everything as it is.',
    keys: ['esc', 'q', 'n', 'left'],
    in: ['ask'],
    hidden: true,
    hint: { label: 'back', rank: 90 },
    run: context => context.change(pop),
  },
];
