// Makes drafts: new ones, answers to messages, and what was postponed. Takes messages apart and copies their files
// beside the draft; puts nothing on the screen.

import type { NewDraft } from '../../mail/compose/answer.ts';
import type { Draft, DraftId, Identity } from '../../mail/compose/types.ts';
import { splitMessageId } from '../../mail/ids.ts';
import type { AccountId, MessageId } from '../../mail/types.ts';
import type { Outgoing } from '../../outgoing/types.ts';
import { TmailError } from '../../util/errors.ts';
import type { ParsedMessage } from '../../worker/types.ts';
import type { AnswerHow } from '../commands/command.ts';

/** A draft, and what is still to be copied beside it once it is on the screen. */
export interface Begun {
  readonly draft: Draft;
  /** Parts of a message; null: all of it as one file. */
  readonly parts: readonly { readonly message: MessageId; readonly n: number | null }[];
  /** Offset of the place to write in. */
  readonly caret: number;
  /** It is on the disk already, and in a Drafts folder as it is. */
  readonly savedAt: number | null;
  /** What has the keys; absent: To where it is empty, else the text. */
  readonly focus?: 'text';
  /** To be said when it is on the screen. Hostile text. */
  readonly note?: string | null;
}

export interface Beginning {
  readonly outgoing: Outgoing;
  readonly identities: readonly Identity[];
  readonly now: () => number;
  parsed(id: MessageId): Promise<ParsedMessage>;
}

function finished(on: Beginning, made: NewDraft, id: DraftId): Draft {
  const at = on.now();
  return { ...made, id, attachments: [], created: at, changed: at };
}

function identityFor({ identities }: Beginning, account: AccountId | null): Identity {
  const found = identities.find(identity => identity.account === account) ?? identities[0];
  if (!found) throw new TmailError('config', 'compose.no-identity');
  return found;
}

/** An empty message of an account, or one that a mailto: link describes. */
export async function beginNew(on: Beginning, account: AccountId | null, mailto?: string): Promise<Begun> {
  const [{ compose }, { writingPlace }] = await Promise.all([
    import('../../mail/compose/answer.ts'),
    import('../../mail/compose/quote.ts'),
  ]);
  const fields = mailto === undefined ? undefined : await mailtoFields(mailto);
  const made = compose(identityFor(on, account), fields);
  const caret = fields?.body ? 0 : writingPlace(made.text);
  return { draft: finished(on, made, on.outgoing.newDraftId()), parts: [], caret, savedAt: null };
}

/** A message of an account from a template. */
export async function beginFromTemplate(
  on: Beginning,
  account: AccountId | null,
  template: { readonly folder: string; readonly file: string; nameOf(address: string): string },
): Promise<Begun> {
  const [{ compose }, { fillTemplate }, { isMarkdown, readTemplate, variablesNote }] = await Promise.all([
    import('../../mail/compose/answer.ts'),
    import('../../mail/compose/template.ts'),
    import('./templates.ts'),
  ]);
  const identity = identityFor(on, account);
  const { nameOf } = template;
  const filled = fillTemplate(await readTemplate(template.folder, template.file), {
    from: identity,
    to: [],
    subject: '',
    now: on.now(),
    nameOf,
  });
  // One that brings a signature needs no other.
  const signed = /(?:^|\n)-- \n/.test(filled.text) ? { ...identity, signature: '' } : identity;
  const made = compose(signed, { ...filled, body: filled.text });
  const draft: NewDraft = {
    ...made,
    replyTo: filled.replyTo || made.replyTo,
    format: isMarkdown(template.file) ? 'markdown' : made.format,
  };
  return {
    draft: finished(on, draft, on.outgoing.newDraftId()),
    parts: [],
    caret: filled.cursor ?? 0,
    savedAt: null,
    note: variablesNote(filled),
    ...(filled.cursor !== null && { focus: 'text' as const }),
  };
}

async function mailtoFields(url: string) {
  const { parseMailto } = await import('../../mail/compose/mailto.ts');
  const fields = parseMailto(url);
  if (!fields) throw new TmailError('config', 'compose.no-mailto', { facts: { url } });
  return fields;
}

/** A reply, a forward, a redirected message, or the message once more. */
export async function beginAnswer(on: Beginning, how: AnswerHow, message: MessageId): Promise<Begun> {
  const { account } = splitMessageId(message);
  const [make, { originalOf, recall }, { writingPlace }, parsed] = await Promise.all([
    import('../../mail/compose/answer.ts'),
    import('../../mail/compose/recall.ts'),
    import('../../mail/compose/quote.ts'),
    on.parsed(message),
  ]);
  const { identities } = on;
  const original = originalOf(message, account, parsed);
  const id = on.outgoing.newDraftId();
  const files = () => recall(parsed, account, identities).parts.map(n => ({ message, n }));
  const begun = (made: NewDraft, parts: Begun['parts'] = []): Begun => ({
    draft: finished(on, made, id),
    parts,
    caret: how === 'editAsNew' || how === 'bounce' ? 0 : writingPlace(made.text),
    savedAt: null,
  });
  switch (how) {
    case 'reply':
    case 'replyAll':
    case 'replyList':
      return begun(make.answer(how, original, identities));
    case 'forward':
      return begun(make.forward(original, 'inline', identities), files());
    case 'forwardAttached':
      return begun(make.forward(original, 'attached', identities), [{ message, n: null }]);
    case 'editAsNew':
      return begun(make.editAsNew(original, identities), files());
    case 'bounce': {
      const whole = await on.outgoing.attachPart(id, message, null);
      return begun(make.bounce(original, identities, whole.file));
    }
  }
}

/** A message of a Drafts folder, to be gone on with. */
export async function beginRecalled(on: Beginning, message: MessageId): Promise<Begun> {
  const [draft, { writingPlace }] = await Promise.all([
    on.outgoing.recall(message, true),
    import('../../mail/compose/quote.ts'),
  ]);
  const note = draft.losesHtml
    ? 'Another program wrote this draft with formatting (HTML), which is not kept; you are asked before anything replaces it.'
    : null;
  return { draft, parts: [], caret: writingPlace(draft.text), savedAt: on.now(), note };
}
