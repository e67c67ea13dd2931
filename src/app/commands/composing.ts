// Commands of the composer: in the text by Ctrl keys, after Esc by letters.
import { rewrap } from '../../mail/compose/rewrap.ts';
import type { BodyFormat } from '../../mail/compose/types.ts';
import { BY_ARRIVAL, SORTS } from '../../mail/sort.ts';
import { cycled } from '../compose/prompt.ts';
import {
  changeWriting,
  type Focus,
  focusBy,
  focused,
  type Writing,
  withDraft,
  writingIn,
} from '../compose/writing.ts';
import { EMPTY_FIELD } from '../field.ts';
import { plural, sortText } from '../selectors.ts';
import { type LineLayer, push, topLayer, without } from '../state.ts';
import type { Command, CommandContext, Context, View } from './command.ts';
import { noTemplates } from './draft-here.ts';
import { edit } from './editing.ts';

const TEXT: readonly Context[] = ['compose'];
const BAR: readonly Context[] = ['review'];
const BOTH: readonly Context[] = ['compose', 'review'];

const notReady = ({ state }: View): string | undefined => {
  const writing = writingIn(state);
  if (!writing) return 'The draft is not ready yet.';
  return writing.leaving ? 'This draft is on its way.' : undefined;
};

const redirected = (view: View): string | undefined =>
  notReady(view) ??
  (writingIn(view.state)?.draft.resend
    ? 'A redirected message goes on as it is; only its recipients are yours to choose.'
    : undefined);

function withWriting(context: CommandContext, run: (writing: Writing) => void): void {
  const writing = writingIn(context.state());
  if (writing) run(writing);
}

function set(context: CommandContext, step: (writing: Writing) => Writing): void {
  withWriting(context, ({ draft }) => context.change(state => changeWriting(state, draft.id, step)));
}

/** Back from the bar to the fields and the text. */
function toText(context: CommandContext, focus?: Focus): void {
  context.change(state => without(state, 'review'));
  if (focus) set(context, writing => focused(writing, focus));
}

function prompt(context: CommandContext, about: LineLayer['about']): void {
  const layer: LineLayer = { t: 'line', about, field: EMPTY_FIELD, choices: [], cursor: -1 };
  context.change(state => push(without(state, 'review'), layer));
  context.effects.writing.complete(layer);
}

const leaving: readonly Command[] = [
  {
    id: 'compose.send',
    group: 'Composing',
    title: 'Send',
    help: 'Sends the message: it can be taken back for some seconds, then goes out in the background.',
    keys: ['y', 'C-x'],
    in: BOTH,
    synonyms: ['send-message'],
    hint: { label: 'send', rank: 100 },
    disabled: notReady,
    run: context => withWriting(context, ({ draft }) => context.effects.writing.send(draft.id)),
  },
  {
    id: 'compose.postpone',
    group: 'Composing',
    title: 'Postpone',
    help: 'Puts the draft into the Drafts folder; Enter there goes on with it.',
    keys: ['p', 'P', 'C-o'],
    in: BOTH,
    synonyms: ['postpone-message', 'save draft'],
    hint: { label: 'postpone', rank: 95 },
    disabled: notReady,
    run: context => withWriting(context, ({ draft }) => context.effects.writing.postpone(draft.id)),
  },
  {
    id: 'compose.leave',
    group: 'Composing',
    title: 'Leave the draft',
    help: 'Asks whether to keep the draft or to throw it away.',
    keys: ['q'],
    in: BAR,
    synonyms: ['abort', 'discard', 'cancel'],
    hint: { label: 'leave', rank: 90 },
    run: context => {
      const writing = writingIn(context.state());
      if (writing) context.effects.writing.leave(writing.draft.id);
      else context.effects.writing.show(null);
    },
  },
  {
    id: 'compose.menu',
    group: 'Composing',
    title: 'All about this draft',
    help: 'Opens the bar from which the draft is sent, kept or thrown away, and everything else is done by one letter.',
    keys: ['esc'],
    in: TEXT,
    hint: { label: 'menu', rank: 98 },
    run: context => {
      const writing = writingIn(context.state());
      if (writing?.completion) set(context, now => ({ ...now, completion: null }));
      else if (writing) context.change(state => push(state, { t: 'review' }));
      else context.effects.writing.show(null);
    },
  },
  {
    id: 'compose.text',
    group: 'Composing',
    title: 'Back to the text',
    help: 'Goes on writing.',
    keys: ['enter', 'i', 'esc', 'left'],
    in: BAR,
    hint: { label: 'text', rank: 85 },
    run: context => toText(context),
  },
];

const FIELDS: readonly (readonly [Focus, string, string, string])[] = [
  ['to', 't', 'To', 'Goes to the recipients.'],
  ['cc', 'c', 'Cc', 'Goes to those who get a copy.'],
  ['bcc', 'b', 'Bcc', 'Goes to those who get a copy that nobody else sees.'],
  ['subject', 's', 'Subject', 'Goes to the subject.'],
  ['replyTo', 'r', 'Reply-To', 'Goes to the address that answers go to, where that is another one.'],
];

const fields: readonly Command[] = [
  ...FIELDS.map(
    ([focus, key, title, help], i): Command => ({
      id: `compose.${focus === 'replyTo' ? 'reply-to' : focus}`,
      group: 'Composing',
      title,
      help,
      keys: [key],
      in: BAR,
      hint: { label: title.toLowerCase(), rank: 60 - i },
      disabled: focus === 'subject' || focus === 'replyTo' ? redirected : notReady,
      run: context => toText(context, focus),
    }),
  ),
  {
    id: 'compose.from',
    group: 'Composing',
    title: 'From',
    help: 'Chooses who sends it, among the accounts and their identities.',
    keys: ['f'],
    in: BAR,
    synonyms: ['identity', 'account'],
    hint: { label: 'from', rank: 50 },
    disabled: notReady,
    run: context =>
      context.change(state => push(without(state, 'review'), { t: 'chooser', about: 'identity', cursor: 0 })),
  },
  {
    id: 'compose.next-field',
    group: 'Composing',
    title: 'Next field',
    help: 'Goes to the next field, and from the last one into the text; in the text moves it in.',
    keys: ['tab'],
    in: TEXT,
    hint: { label: 'next field', rank: 70 },
    run: context => {
      if (writingIn(context.state())?.focus === 'text') edit(context, { t: 'indent' });
      else set(context, writing => focusBy(writing, 1));
    },
  },
  {
    id: 'compose.previous-field',
    group: 'Composing',
    title: 'Previous field',
    help: 'Goes to the field above.',
    keys: ['S-tab'],
    in: TEXT,
    run: context => set(context, writing => focusBy(writing, -1)),
  },
];

/** Plain text, plain text that others may wrap, and text with an HTML alternative. */
const FORMAT_WORDS: Readonly<Record<BodyFormat, string>> = {
  plain: 'Plain text.',
  flowed: 'Plain text whose paragraphs are wrapped by whoever reads them (format=flowed).',
  markdown: 'Markdown: the text goes as it is, and as HTML beside it. v shows both.',
};

function toggle(context: CommandContext, format: BodyFormat): void {
  set(context, writing => withDraft(writing, { format: writing.draft.format === format ? 'plain' : format }));
  withWriting(context, ({ draft }) => context.say('info', FORMAT_WORDS[draft.format]));
}

const content: readonly Command[] = [
  {
    id: 'compose.attach',
    group: 'Composing',
    title: 'Attach a file',
    help: 'Asks for a path, which Tab completes; a file that is dragged onto the terminal is taken as well.',
    keys: ['a'],
    in: BAR,
    synonyms: ['attach-file'],
    hint: { label: 'attach', rank: 80 },
    disabled: redirected,
    run: context => prompt(context, 'attach'),
  },
  {
    id: 'compose.detach',
    group: 'Composing',
    title: 'Remove a file',
    help: 'Takes an attachment away.',
    keys: ['d'],
    in: BAR,
    synonyms: ['detach-file'],
    hint: { label: 'detach', rank: 40 },
    disabled: view =>
      redirected(view) ??
      (writingIn(view.state)?.draft.attachments.length ? undefined : 'Nothing is attached.'),
    run: context =>
      context.change(state =>
        push(without(state, 'review'), { t: 'chooser', about: 'attachment', cursor: 0 }),
      ),
  },
  {
    id: 'compose.editor',
    group: 'Composing',
    title: 'Other editor',
    help: 'Opens the text in the program that VISUAL or EDITOR names.',
    keys: ['e'],
    in: BAR,
    synonyms: ['editor', 'vim', 'nano', 'external'],
    hint: { label: '$EDITOR', rank: 75 },
    disabled: redirected,
    run: context => {
      toText(context);
      withWriting(context, ({ draft }) => context.effects.writing.edit(draft.id));
    },
  },
  {
    id: 'compose.preview',
    group: 'Composing',
    title: 'Preview',
    help: 'Shows the message as its recipients get it, with the HTML alternative as text.',
    keys: ['v'],
    in: BAR,
    hint: { label: 'preview', rank: 65 },
    disabled: notReady,
    run: context => withWriting(context, ({ draft }) => context.effects.writing.preview(draft.id)),
  },
  {
    id: 'compose.markdown',
    group: 'Composing',
    title: 'Markdown',
    help: 'Sends the text as HTML as well, made from its Markdown; again: plain text only.',
    keys: ['m'],
    in: BAR,
    synonyms: ['html'],
    hint: { label: 'markdown', rank: 45 },
    disabled: redirected,
    run: context => toggle(context, 'markdown'),
  },
  {
    id: 'compose.flowed',
    group: 'Composing',
    title: 'Flowed text',
    help: 'Lets whoever reads it wrap the paragraphs (format=flowed); again: lines as they are here.',
    keys: ['w'],
    in: BAR,
    synonyms: ['format=flowed'],
    disabled: redirected,
    run: context => toggle(context, 'flowed'),
  },
  {
    id: 'compose.receipt',
    group: 'Composing',
    title: 'Delivery notice',
    help: 'Asks the servers on the way for a notice of what became of the message; again: asks for none.',
    keys: ['n'],
    in: BAR,
    synonyms: ['dsn'],
    disabled: notReady,
    run: context => {
      set(context, writing => withDraft(writing, { dsn: !writing.draft.dsn }));
      withWriting(context, ({ draft }) =>
        context.say(
          'info',
          draft.dsn ? 'A delivery notice is asked for.' : 'No delivery notice is asked for.',
        ),
      );
    },
  },
];

const inText: readonly Command[] = [
  {
    id: 'compose.insert-file',
    group: 'Composing',
    title: 'Insert a file',
    help: 'Asks for a path, and puts what is in that file into the text.',
    keys: ['C-r'],
    in: BOTH,
    hint: { label: 'insert file', rank: 60, in: TEXT },
    disabled: redirected,
    run: context => prompt(context, 'insert'),
  },
  {
    id: 'compose.insert-template',
    group: 'Composing',
    title: 'Insert a template',
    help: 'Puts the text of a template where the caret is, with its variables filled in.',
    keys: ['T'],
    in: BAR,
    synonyms: ['template', 'snippet'],
    hint: { label: 'template', rank: 42 },
    disabled: view => noTemplates(view) ?? redirected(view),
    run: context => {
      toText(context, 'text');
      withWriting(context, ({ draft }) => context.effects.writing.templates(draft.id));
    },
  },
  {
    id: 'compose.find',
    group: 'Composing',
    title: 'Find in the text',
    help: 'Goes to the next place of what you type; Enter again goes on.',
    keys: ['C-w', '/'],
    in: BOTH,
    synonyms: ['whereis', 'search'],
    hint: { label: 'find', rank: 50, in: TEXT },
    disabled: notReady,
    run: context => prompt(context, 'find'),
  },
  {
    id: 'compose.justify',
    group: 'Composing',
    title: 'Wrap the paragraph again',
    help: 'Wraps the paragraph, or what is selected, to lines of 72 cells; quotations keep their marks.',
    keys: ['C-j', 'J'],
    in: BOTH,
    synonyms: ['justify', 'rewrap', 'fill'],
    hint: { label: 'justify', rank: 40, in: TEXT },
    disabled: redirected,
    run: context => edit(context, { t: 'justify', wrap: text => rewrap(text) }),
  },
];

const choosing: readonly Command[] = [
  {
    id: 'chooser.take',
    group: 'Composing',
    title: 'Take this one',
    help: 'Takes what is under the cursor.',
    keys: ['enter', 'd'],
    in: ['chooser'],
    hidden: true,
    hint: { label: 'take', rank: 100 },
    run: context => {
      const layer = topLayer(context.state());
      // Templates that are still looked up.
      if (layer.t !== 'chooser' || (layer.about === 'template' && layer.files === null)) return;
      context.change(state => without(state, 'chooser'));
      if (layer.about === 'sort') takeSort(context, layer.cursor);
      else if (layer.about === 'muted') {
        const thread = layer.muted?.[layer.cursor];
        if (thread) context.effects.unmute(thread);
      } else context.effects.writing.choose(layer);
    },
  },
];

/** The order that the list is in already is turned round. */
function takeSort(context: CommandContext, cursor: number): void {
  const by = SORTS[cursor];
  const { list, sorts } = context.state();
  const now = (list && sorts[list]) || BY_ARRIVAL;
  if (!by) return;
  const sort = { by, reverse: by === now.by && !now.reverse };
  context.effects.sort(sort);
  context.say('info', `The list stands ${sortText(sort)}.`);
}

const asking: readonly Command[] = [
  {
    id: 'line.take',
    group: 'Composing',
    title: 'Take what is typed',
    help: 'Takes the path, or looks for the text.',
    keys: ['enter'],
    in: ['line'],
    hidden: true,
    hint: { label: 'take', rank: 100 },
    run: context => {
      const layer = topLayer(context.state());
      if (layer.t === 'line') context.effects.writing.accept(layer);
    },
  },
  {
    id: 'line.next',
    group: 'Composing',
    title: 'Next name',
    help: 'Completes the path, and goes on to the next name.',
    keys: ['tab', 'down', 'C-n'],
    in: ['line'],
    hidden: true,
    hint: { label: 'complete', rank: 90 },
    run: context => context.change(state => cycled(state, 1)),
  },
  {
    id: 'line.previous',
    group: 'Composing',
    title: 'Previous name',
    help: 'Goes back to the name before.',
    keys: ['S-tab', 'up', 'C-p'],
    in: ['line'],
    hidden: true,
    run: context => context.change(state => cycled(state, -1)),
  },
];

const tabs = ({ state }: View): string | undefined =>
  state.drafts.length > 0 ? undefined : 'Nothing is being written; m begins.';

/** The draft before or behind what is on the screen; null: the list. */
function tab(context: CommandContext, by: 1 | -1): void {
  const state = context.state();
  const here = writingIn(state);
  const at = here ? state.drafts.indexOf(here) + 1 : 0;
  const count = state.drafts.length + 1;
  const next = (at + by + count) % count;
  context.effects.writing.show(state.drafts[next - 1]?.draft.id ?? null);
  if (next === 0 && here) {
    context.say('info', `${plural(state.drafts.length, 'draft')} open; ] goes to the first one.`);
  }
}

const switching: readonly Command[] = [
  {
    id: 'tab.next',
    group: 'Composing',
    title: 'Next draft',
    help: 'Goes to the next draft, and from the last one back to the list.',
    keys: [']', 'M-.'],
    in: ['list', 'review', 'compose'],
    synonyms: ['next-tab'],
    disabled: tabs,
    run: context => tab(context, 1),
  },
  {
    id: 'tab.previous',
    group: 'Composing',
    title: 'Previous draft',
    help: 'Goes to the previous draft, and from the first one back to the list.',
    keys: ['[', 'M-,'],
    in: ['list', 'reader', 'review', 'compose'],
    synonyms: ['prev-tab'],
    hint: { label: 'list', rank: 55, in: ['review'] },
    disabled: tabs,
    run: context => tab(context, -1),
  },
];

export const composingCommands: readonly Command[] = [
  ...leaving,
  ...fields,
  ...content,
  ...inText,
  ...choosing,
  ...asking,
  ...switching,
];
