// The composer's effects: opens drafts, keeps them, sends them, and asks what has to be asked. Every function returns
// at once; what takes longer changes the state when it is done. No draft is given up before what it becomes is durable.
import { checkDraft } from '../../mail/compose/check.ts';
import type { DraftId, DraftProblem } from '../../mail/compose/types.ts';
import { splitMessageId } from '../../mail/ids.ts';
import { asTmailError } from '../../util/errors.ts';
import { UNDO_SEND_MS } from '../../util/limits.ts';
import type { WritingEffects } from '../commands/command.ts';
import type { Core } from '../core.ts';
import { find } from '../editor/editing.ts';
import { after, START, textOf, withText } from '../editor/editor.ts';
import { putCaret, scrolled } from '../editor/moving.ts';
import { cursorOn } from '../organising/leaving.ts';
import type { Reading } from '../reading.ts';
import { accountHere, plural, target } from '../selectors.ts';
import {
  type Answer,
  type AppState,
  type Choice,
  pop,
  push,
  replaceTop,
  type Typed,
  topLayer,
} from '../state.ts';
import { type Attaching, createAttaching } from './attaching.ts';
import {
  type Beginning,
  type Begun,
  beginAnswer,
  beginFromTemplate,
  beginNew,
  beginRecalled,
} from './beginning.ts';
import { textFrame } from './frame.ts';
import { leaveListNow, offerToLeave } from './leaving-lists.ts';
import { takeOutbox } from './outbox-news.ts';
import { previewLines } from './preview.ts';
import { problemFocus, problemText } from './problems.ts';
import { createSaving, isUnsaved } from './saving.ts';
import { addWriting, dropWriting, leaveComposer, showDraft } from './tabs.ts';
import { createTemplateChoice } from './template-choice.ts';
import { act } from './typing.ts';
import {
  changeWriting,
  draftOf,
  focused,
  isUntouched,
  isWrittenIn,
  titleOf,
  touched,
  type Writing,
  withDraft,
  withEditor,
  withoutAttachment,
  writingBy,
  writingOf,
} from './writing.ts';

export interface Composing {
  readonly effects: WritingEffects;
  /** Reads what was being written when tmail ended, and what waits in the outbox. */
  begin(): Promise<void>;
  /** Everything that is being written is on the disk, or it was said why not. Never rejects. */
  rescue(): Promise<void>;
  /** For leaving: asks where something waits that can still be taken back. */
  quit(): void;
  /** Drafts are durable, and what is being sent has ended. */
  close(): Promise<void>;
}

export interface ComposingDeps {
  readonly reading: Pick<Reading, 'parsed'>;
  /** Shows at once what was just done. */
  applied(): void;
  /** Does what a key or a paste would do now. */
  replay(typed: Typed): void;
  quit(): void;
}

export function createComposing(core: Core, deps: ComposingDeps): Composing {
  const { change, say, state, track } = core;
  const { outgoing, now } = core.deps;
  const saving = createSaving(core);
  const attaching: Attaching = createAttaching(core);
  core.afterChange(saving.arm);
  let opening = 0;
  let steps = 0;

  const beginning: Beginning | null = outgoing && {
    outgoing,
    identities: core.data.identities,
    now,
    parsed: id => deps.reading.parsed(id),
  };
  const get = (id: DraftId): Writing | undefined => writingBy(state.get(), id);
  const set = (id: DraftId, step: (writing: Writing) => Writing) =>
    change(before => changeWriting(before, id, step));
  const save = () => void track(saving.now());
  const show = (id: DraftId | null) => {
    change(before => (id === null ? leaveComposer(before) : showDraft(before, id)));
    save();
  };
  const writesFrom = () =>
    accountHere({ state: state.get(), data: core.data }) ?? core.deps.config.defaultAccount;

  /** The composer at once, the draft in it when it is made; what is typed meanwhile is not lost. */
  const open = (make: (on: Beginning) => Promise<Begun>) => {
    if (!beginning) return;
    opening += 1;
    const token = opening;
    save();
    change(before => showDraft(before, null));
    const ready = (begun: Begun) => {
      const layer = state.get().stack.find(each => each.t === 'compose');
      // Given up meanwhile, or another one was asked for.
      if (token !== opening || layer?.t !== 'compose' || layer.draft !== null) {
        return beginning.outgoing.discardDraft(begun.draft.id);
      }
      const { waiting } = layer;
      const writing = placed(begun);
      change(before => ({
        ...addWriting(before, writing),
        stack: withDraftShown(before.stack, begun.draft.id),
      }));
      attaching.parts(begun.draft.id, begun.parts);
      if (begun.note) say('warning', begun.note);
      for (const typed of waiting) deps.replay(typed);
      return Promise.resolve();
    };
    track(
      make(beginning).then(ready, thrown => {
        if (token === opening) change(before => (isWaiting(before.stack) ? leaveComposer(before) : before));
        throw thrown;
      }),
    );
  };

  const placed = (begun: Begun): Writing => {
    const { draft, caret, savedAt } = begun;
    const writing = writingOf(draft, {
      ...(savedAt !== null && { savedAt, recalled: true }),
      ...(begun.focus && { focus: begun.focus }),
    });
    const frame = textFrame(state.get(), writing);
    return { ...writing, editor: putCaret(writing.editor, after(START, draft.text.slice(0, caret)), frame) };
  };

  /** Hands the draft over: it goes from the screen at once, and comes back when that fails. */
  const handOver = (id: DraftId, work: (writing: Writing) => Promise<void>) => {
    const writing = get(id);
    if (!writing || writing.leaving) return;
    change(before => leaveComposer(changeWriting(before, id, each => ({ ...each, leaving: true }))));
    track(
      saving
        .alone(id, () => work(writing))
        .then(
          () => change(before => dropWriting(before, id)),
          thrown => {
            set(id, each => ({ ...each, leaving: false }));
            change(before => showDraft(before, id));
            throw thrown;
          },
        ),
    );
  };

  const sendNow = (id: DraftId) =>
    handOver(id, async writing => {
      if (!outgoing) return;
      const undo = core.deps.config.undoSend ?? UNDO_SEND_MS;
      const item = await outgoing.send({ ...draftOf(writing), changed: now() }, { undo });
      steps += 1;
      const step = { n: -steps, what: titleOf(writing), sending: item.id };
      if (item.state === 'undo') change(before => ({ ...before, undo: [...before.undo, step] }));
      takeOutbox(core);
      const wait = item.state === 'undo' ? ` in ${Math.round(undo / 1000)} s; u takes it back` : '';
      say('info', `Sending${wait}: ${titleOf(writing)}`);
    });

  const send = (id: DraftId) => {
    const writing = get(id);
    if (!writing || !outgoing || writing.leaving) return;
    if (writing.attaching > 0) {
      say('info', 'A file is still being attached; send when it is there.');
      return;
    }
    const problems = problemsOf(core, writing);
    const stop = problems.find(problem => problem.stops);
    if (stop) {
      const focus = problemFocus(stop);
      change(before => showDraft(before, id));
      if (focus) set(id, each => focused(each, focus));
      say('error', `Not sent: ${problemText(stop)}`);
      return;
    }
    if (writing.draft.losesHtml) {
      askAboutHtml(id, 'send');
      return;
    }
    if (problems.length === 0) {
      sendNow(id);
      return;
    }
    ask('Before it goes', problems.map(problemText), [
      { key: 'y', label: 'send it so', answer: { t: 'send', draft: id } },
      { key: 'n', label: 'go on writing', answer: null },
    ]);
  };

  const ask = (title: string, lines: readonly string[], choices: readonly Choice[]) =>
    change(before => push(before, { t: 'ask', title, lines, choices }));

  /** Nothing takes the place of a message with formatting before the person has said so. */
  const askAboutHtml = (draft: DraftId, then: 'send' | 'postpone') =>
    ask(
      'The original in Drafts',
      [
        'It has formatting (HTML) of another program. Your version is plain text without it.',
        'Shall the original stay in Drafts?',
      ],
      [
        { key: 'k', label: 'keep it', answer: { t: 'lose-html', draft, keep: true, then }, usual: true },
        { key: 'r', label: 'replace it', answer: { t: 'lose-html', draft, keep: false, then } },
        { key: 'n', label: 'go on writing', answer: null },
      ],
    );

  const postpone = (id: DraftId) => {
    if (get(id)?.draft.losesHtml) askAboutHtml(id, 'postpone');
    else putOff(id);
  };

  const putOff = (id: DraftId) =>
    handOver(id, async writing => {
      const { replaces } = writing.draft;
      const follows =
        replaces !== null && target({ state: state.get(), data: core.data })?.id === replaces.id;
      const kept = await outgoing?.postpone({ ...draftOf(writing), changed: now() });
      if (kept && follows) {
        // A new message has taken the place of the one that the cursor was on.
        const { folder, uid } = splitMessageId(kept);
        deps.applied();
        change(before => cursorOn(before, core.data, folder, uid));
      }
      say('info', `Kept in Drafts: ${titleOf(writing)}`);
    });

  const discard = (id: DraftId, quietly = false) =>
    handOver(id, async writing => {
      await outgoing?.discardDraft(id);
      if (!quietly) say('info', `Thrown away: ${titleOf(writing)}`);
    });

  const edit = (id: DraftId) => {
    const writing = get(id);
    if (!writing) return;
    const before = textOf(writing.editor);
    const name = writing.draft.format === 'markdown' ? 'message.md' : 'message.txt';
    const run = async () => {
      const { editOutside } = await import('./outside-editor.ts');
      await saving.now();
      const outside = () => editOutside(before, name, core.deps.env ?? process.env);
      const { lend } = core.deps.terminal;
      const outcome = await (lend ? lend(outside) : outside());
      if (!outcome.changed) {
        if (!outcome.ok) say('warning', 'The editor ended with an error. The text is as it was.');
        return;
      }
      const empty = outcome.text.trim() === '' && before.trim() !== '';
      if (outcome.ok && !empty) {
        takeText(id, outcome.text);
        return;
      }
      ask(
        'The text',
        [
          empty ? 'The editor has left an empty file.' : 'The editor ended with an error.',
          'Which text goes on?',
        ],
        [
          { key: 'k', label: 'mine, as it was', answer: null, usual: true },
          { key: 't', label: "take the editor's", answer: { t: 'text', draft: id, text: outcome.text } },
        ],
      );
    };
    track(run());
  };

  const takeText = (id: DraftId, text: string) =>
    set(id, each => {
      const frame = textFrame(state.get(), each);
      return focused(withEditor(each, scrolled(withText(each.editor, text), frame)), 'text');
    });

  const preview = (id: DraftId) => {
    const writing = get(id);
    if (!writing || !outgoing) return;
    change(before => push(before, { t: 'preview', lines: null, top: 0 }));
    track(
      previewLines(outgoing, draftOf(writing)).then(lines =>
        change(before => {
          const layer = topLayer(before);
          return layer.t === 'preview' ? replaceTop(before, { ...layer, lines }) : before;
        }),
      ),
    );
  };

  const findNext = (id: DraftId, query: string) => {
    const writing = get(id);
    const found = writing && find(writing.editor, query, textFrame(state.get(), writing));
    if (!found) say('info', query === '' ? 'Nothing is looked for yet.' : `"${query}" is not in the text.`);
    else {
      set(id, each => ({ ...withEditor(each, found.editor), focus: 'text', completion: null }));
      if (found.wrapped) say('info', 'From the top again.');
    }
  };

  const answered = (answer: Answer) => {
    if (answer === null) return;
    switch (answer.t) {
      case 'send':
        sendNow(answer.draft);
        break;
      case 'postpone':
        postpone(answer.draft);
        break;
      case 'discard':
        discard(answer.draft);
        break;
      case 'lose-html': {
        const { draft, keep, then } = answer;
        set(draft, each => withDraft(each, { losesHtml: false, ...(keep && { replaces: null }) }));
        (then === 'send' ? send : postpone)(draft);
        break;
      }
      case 'attach':
        attaching.files(answer.draft, answer.paths);
        break;
      case 'insert':
        change(before => act(before, { t: 'paste-text', text: answer.text }));
        break;
      case 'text':
        takeText(answer.draft, answer.text);
        break;
      case 'outbox-drop':
        onOutbox(() => outgoing?.drop(answer.id));
        break;
      case 'outbox-retry':
        onOutbox(() => outgoing?.retry(answer.id, answer.to));
        break;
      case 'quit':
        leaveProgram(answer.sendNow);
        break;
      case 'unsubscribe':
        leaveListNow(core, beginning, answer.way);
        break;
    }
  };

  const onOutbox = (work: () => Promise<unknown> | undefined) =>
    void track(Promise.resolve(work()).then(() => takeOutbox(core)));

  const waitingForUndo = () => (outgoing?.outbox() ?? []).filter(item => item.state === 'undo');
  const leaveProgram = (sendFirst: boolean) => {
    if (!sendFirst || !outgoing) {
      deps.quit();
      return;
    }
    const sent = Promise.all(waitingForUndo().map(item => outgoing.sendNow(item.id)));
    track(sent.finally(() => deps.quit()));
  };

  const templates = createTemplateChoice(core, template =>
    open(on => beginFromTemplate(on, writesFrom(), template)),
  );

  const effects: WritingEffects = {
    compose: () => open(on => beginNew(on, writesFrom())),
    answer: (how, id) => open(on => beginAnswer(on, how, id)),
    recall(id) {
      const already = state.get().drafts.find(writing => writing.draft.replaces?.id === id);
      if (already) show(already.draft.id);
      else open(on => beginRecalled(on, id));
    },
    mailto: url => open(on => beginNew(on, writesFrom(), url)),
    unsubscribe: () => void track(offerToLeave(core)),
    show,
    send,
    postpone,
    leave(id) {
      const writing = get(id);
      if (!writing) return;
      if (isUntouched(writing)) {
        discard(id, true);
        return;
      }
      ask(
        'Leave the draft',
        [`"${titleOf(writing)}"`],
        [
          { key: 'k', label: 'keep it in Drafts', answer: { t: 'postpone', draft: id }, usual: true },
          { key: 'd', label: 'throw it away', answer: { t: 'discard', draft: id } },
        ],
      );
    },
    edit,
    preview,
    choose(chooser) {
      if (chooser.about === 'template') {
        const file = chooser.files?.[chooser.cursor];
        if (file !== undefined) templates.take(chooser.into, file);
        return;
      }
      const { about, cursor: n } = chooser;
      const layer = state.get().stack.find(each => each.t === 'compose');
      const id = layer?.t === 'compose' ? layer.draft : null;
      if (id === null) return;
      const identity = core.data.identities[n];
      if (about === 'identity' && identity) void track(withIdentity(core, id, n));
      const file = get(id)?.draft.attachments[n];
      if (about === 'attachment' && file) set(id, each => withoutAttachment(each, file.file));
    },
    templates: templates.offer,
    accept(prompt) {
      const layer = state.get().stack.find(each => each.t === 'compose');
      const id = layer?.t === 'compose' ? layer.draft : null;
      if (id === null) return;
      const text = prompt.field.text;
      if (prompt.about === 'find') findNext(id, text);
      else if (text.trim() === '') change(pop);
      else if (prompt.about === 'attach') {
        change(pop);
        attaching.typed(id, text);
      } else {
        change(pop);
        attaching.insert(text, inserted =>
          change(before => act(before, { t: 'paste-text', text: inserted })),
        );
      }
    },
    complete: prompt => attaching.complete(prompt),
    paste: (id, text) =>
      attaching.pasted(text, paths =>
        ask(paths.length === 1 ? 'A file' : plural(paths.length, 'file'), paths, [
          { key: 'y', label: 'attach', answer: { t: 'attach', draft: id, paths } },
          { key: 't', label: 'insert as text', answer: { t: 'insert', draft: id, text } },
        ]),
      ),
    answered,
    takeBack(id) {
      const work = async () => {
        const draft = await outgoing?.takeBack(id);
        takeOutbox(core);
        if (!draft) return;
        const writing = writingOf(draft, { savedAt: now(), focus: 'text' });
        change(before => showDraft(addWriting(before, writing), draft.id));
        say('info', `Not sent: ${titleOf(writing)}. It is a draft again.`);
      };
      track(work());
    },
    sendNow: id => onOutbox(() => outgoing?.sendNow(id)),
    retry: id => onOutbox(() => outgoing?.retry(id)),
    assumeSent: id => onOutbox(() => outgoing?.assumeSent(id)),
  };

  const unsubscribe = outgoing?.subscribe(() => takeOutbox(core));
  return {
    effects,
    async begin() {
      if (!outgoing) return;
      takeOutbox(core);
      const records = await outgoing.drafts();
      if (records.length === 0) return;
      for (const { draft, savedAt } of records)
        change(before => addWriting(before, writingOf(draft, { savedAt })));
      const [first] = state.get().drafts;
      const what = records.length === 1 && first ? `"${titleOf(first)}"` : plural(records.length, 'draft');
      say('info', `Not finished: ${what}. ] goes on with it.`);
    },
    async rescue() {
      await saving.now().catch(thrown => core.fail(asTmailError(thrown)));
    },
    quit() {
      const waiting = waitingForUndo();
      if (waiting.length === 0) {
        deps.quit();
        return;
      }
      ask(
        'Leave tmail',
        [
          `${plural(waiting.length, 'message')} could still be taken back, and ${waiting.length === 1 ? 'is' : 'are'} not sent yet.`,
        ],
        [
          { key: 's', label: 'send now', answer: { t: 'quit', sendNow: true } },
          { key: 'k', label: 'keep in the outbox', answer: { t: 'quit', sendNow: false } },
        ],
      );
    },
    async close() {
      unsubscribe?.();
      while (state.get().drafts.some(isUnsaved)) {
        const before = state.get().drafts;
        await saving.now();
        // A disk that takes nothing must not keep anybody from leaving.
        if (state.get().drafts === before) break;
      }
      saving.close();
      await outgoing?.close();
    },
  };
}

type Stack = AppState['stack'];

function withDraftShown([first, ...rest]: Stack, draft: DraftId): Stack {
  return [first, ...rest.map(layer => (layer.t === 'compose' ? { ...layer, draft, waiting: [] } : layer))];
}

function isWaiting(stack: Stack): boolean {
  return stack.some(layer => layer.t === 'compose' && layer.draft === null);
}

/** What the way out knows, and what the address book knows. */
function problemsOf(core: Core, writing: Writing): readonly DraftProblem[] {
  const draft = draftOf(writing);
  // The check knows quotes only by their look: what is typed into a line of one is written as well.
  const found = (core.deps.outgoing?.check(draft) ?? []).filter(
    ({ code }) => code !== 'nothing-written' || !isWrittenIn(writing),
  );
  const known = checkDraft(draft, { knownDomains: core.contacts.domains() }).filter(
    ({ code, facts }) =>
      code === 'domain-mistyped' &&
      !found.some(each => each.code === code && each.facts.address === facts.address),
  );
  return [...found, ...known];
}

/** Another identity: its address, its account, its signature in place of the one before. */
async function withIdentity(core: Core, id: DraftId, n: number): Promise<void> {
  const { formatAuthor } = await import('../../mail/compose/identity.ts');
  const { withSignature } = await import('../../mail/compose/quote.ts');
  const identity = core.data.identities[n];
  if (!identity) return;
  core.change(state =>
    changeWriting(state, id, writing => {
      const text = textOf(writing.editor);
      const known = core.data.identities.map(each => each.signature);
      const next = withSignature(text, known, identity.signature);
      const offered = writing.offered && withSignature(writing.offered, known, identity.signature);
      const from = formatAuthor({ identity, address: identity.address });
      const replyTo = writing.fields.replyTo.text;
      const keepsReplyTo = replyTo !== '' && !core.data.identities.some(each => each.replyTo === replyTo);
      const fields = keepsReplyTo
        ? writing.fields
        : { ...writing.fields, replyTo: { text: identity.replyTo, caret: identity.replyTo.length } };
      const edited = withEditor({ ...writing, fields, offered }, withText(writing.editor, next));
      return touched(withDraft(edited, { from, account: identity.account }), {});
    }),
  );
}
