// Commands that begin a message: new, as an answer to one, or from a draft; and leaving a mailing list.
import { target } from '../selectors.ts';
import type { AnswerHow, Command, Context, View } from './command.ts';
import { cannotWrite, isDraft, noTemplates } from './draft-here.ts';
import { notReady } from './reading.ts';

const BOTH: readonly Context[] = ['list', 'reader'];

const cannotAnswer = (view: View): string | undefined => {
  const found = target(view);
  if (!found) return 'There is no message here.';
  if (found.folder.flags(found.uid) === undefined) return 'This message is gone from its folder.';
  return cannotWrite(view);
};

function answering(
  id: string,
  how: AnswerHow,
  command: Pick<Command, 'title' | 'help' | 'keys' | 'synonyms' | 'hint'>,
): Command {
  return {
    id,
    group: 'Writing',
    in: BOTH,
    ...command,
    disabled: cannotAnswer,
    run: context => {
      const found = target({ state: context.state(), data: context.data });
      if (found) context.effects.writing.answer(how, found.id);
    },
  };
}

export const writingCommands: readonly Command[] = [
  {
    id: 'compose',
    group: 'Writing',
    title: 'Write a message',
    help: 'Opens the composer with an empty message.',
    keys: ['m', 'C'],
    in: BOTH,
    synonyms: ['mail', 'new'],
    hint: { label: 'write', rank: 62, in: ['list'] },
    disabled: cannotWrite,
    run: context => context.effects.writing.compose(),
  },
  {
    id: 'compose-template',
    group: 'Writing',
    title: 'New from a template',
    help: 'Opens the composer with one of your templates.',
    keys: ['gT'],
    in: BOTH,
    synonyms: ['template'],
    disabled: view => cannotWrite(view) ?? noTemplates(view),
    run: context => context.effects.writing.templates(null),
  },
  answering('reply', 'reply', {
    title: 'Reply',
    help: 'Answers the sender, or whom the message names for answers.',
    keys: ['r'],
    hint: { label: 'reply', rank: 75 },
  }),
  answering('reply-all', 'replyAll', {
    title: 'Reply to all',
    help: 'Answers the sender and all other recipients, but not yourself.',
    keys: ['R'],
    synonyms: ['group-reply'],
    hint: { label: 'all', rank: 60, in: ['reader'] },
  }),
  answering('reply-list', 'replyList', {
    title: 'Reply to the list',
    help: 'Answers the mailing list that the message came from.',
    keys: ['L'],
    synonyms: ['list-reply'],
  }),
  answering('forward', 'forward', {
    title: 'Forward',
    help: 'Passes the message on: its text in the new one, its files attached.',
    keys: ['f'],
    hint: { label: 'forward', rank: 58 },
  }),
  answering('forward-attached', 'forwardAttached', {
    title: 'Forward as attachment',
    help: 'Passes the message on as a file, with everything that was in it.',
    keys: ['gf'],
  }),
  answering('bounce', 'bounce', {
    title: 'Redirect',
    help: 'Sends the message on exactly as it is, as if it had been addressed so.',
    keys: ['b'],
    synonyms: ['resend', 'bounce'],
  }),
  {
    ...answering('edit-as-new', 'editAsNew', {
      title: 'Edit as new',
      help: 'Opens the message in the composer; a draft is gone on with.',
      keys: ['E'],
      synonyms: ['recall', 'resend-message'],
    }),
    run: context => {
      const view = { state: context.state(), data: context.data };
      const found = target(view);
      if (!found) return;
      if (isDraft(view)) context.effects.writing.recall(found.id);
      else context.effects.writing.answer('editAsNew', found.id);
    },
  },
  {
    id: 'unsubscribe',
    group: 'Writing',
    title: 'Unsubscribe',
    help: 'Leaves the mailing list or newsletter: shows how, and asks once.',
    keys: ['gu'],
    in: ['reader'],
    disabled: view => notReady(view) ?? cannotWrite(view),
    run: context => context.effects.writing.unsubscribe(),
  },
];
