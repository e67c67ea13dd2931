// Choosing a template: lists them, begins a message with one or puts its text into a draft.
import type { TemplateValues } from '../../mail/compose/template.ts';
import type { DraftId } from '../../mail/compose/types.ts';
import type { Core } from '../core.ts';
import { insert } from '../editor/editing.ts';
import { after, normal, selection } from '../editor/editor.ts';
import { putCaret } from '../editor/moving.ts';
import { type ChooserLayer, push, topLayer, without } from '../state.ts';
import { textFrame } from './frame.ts';
import { listTemplates, readTemplate, templateFolder, variablesNote } from './templates.ts';
import { changeWriting, draftOf, focused, type Writing, withEditor, writingBy } from './writing.ts';

export interface TemplateChoice {
  /** Puts the chooser on the screen, or says where templates are to be put. */
  offer(into: DraftId | null): void;
  take(into: DraftId | null, file: string): void;
}

export interface ChosenTemplate {
  readonly folder: string;
  readonly file: string;
  nameOf(address: string): string;
}

export function createTemplateChoice(core: Core, begin: (template: ChosenTemplate) => void): TemplateChoice {
  const { change, say, state, track } = core;
  const folder = templateFolder(core.data.config);
  const nameOf = (address: string) => core.contacts.find(address)?.name ?? '';

  const offer = async (into: DraftId | null, from: string) => {
    const asked: ChooserLayer = { t: 'chooser', about: 'template', into, files: null, cursor: 0 };
    change(before => push(before, asked));
    const close = () => change(before => (topLayer(before) === asked ? without(before, 'chooser') : before));
    const files = await listTemplates(from).catch(thrown => {
      close();
      throw thrown;
    });
    if (files.length === 0) {
      close();
      say('info', `There are no templates; put them into ${from} as NAME.txt or NAME.md.`);
      return;
    }
    change(({ stack: [first, ...rest], ...before }) => ({
      ...before,
      stack: [first, ...rest.map(layer => (layer === asked ? { ...asked, files } : layer))],
    }));
  };

  const put = async (id: DraftId, from: string, file: string) => {
    const [template, { fillTemplate }, { readAddresses, readMailbox }] = await Promise.all([
      readTemplate(from, file),
      import('../../mail/compose/template.ts'),
      import('../../mail/compose/addresses.ts'),
    ]);
    const writing = writingBy(state.get(), id);
    if (!writing || writing.leaving) return;
    const draft = draftOf(writing);
    const values: TemplateValues = {
      from: readMailbox(draft.from) ?? { name: '', address: '' },
      to: readAddresses(draft.to).addresses,
      subject: draft.subject,
      now: core.deps.now(),
      nameOf,
    };
    // Its header fields are for new messages; who gets this one is decided already.
    const filled = fillTemplate({ ...template, to: '', cc: '', bcc: '', replyTo: '', subject: '' }, values);
    change(before => changeWriting(before, id, now => inserted(now, filled.text, filled.cursor)));
    const note = variablesNote(filled);
    if (note !== null) say('warning', note);
  };

  /** One step that can be undone; the caret at the mark, or behind the text. */
  const inserted = (writing: Writing, text: string, cursor: number | null): Writing => {
    const frame = textFrame(state.get(), writing);
    const { editor } = writing;
    const from = selection(editor)?.from ?? editor.caret;
    const next = insert(editor, text, frame);
    const placed = cursor === null ? next : putCaret(next, after(from, normal(text.slice(0, cursor))), frame);
    return focused(withEditor(writing, placed), 'text');
  };

  return {
    offer(into) {
      if (folder !== null) track(offer(into, folder));
    },
    take(into, file) {
      if (folder === null) return;
      if (into === null) begin({ folder, file, nameOf });
      else track(put(into, folder, file));
    },
  };
}
