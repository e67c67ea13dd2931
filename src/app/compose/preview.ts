// A draft as its recipients get it: fields, text, and the HTML alternative as text. For the screen; sends nothing.
import type { Draft } from '../../mail/compose/types.ts';
import type { Outgoing } from '../../outgoing/types.ts';
import { bytesText } from '../notes.ts';

export async function previewLines(outgoing: Outgoing, draft: Draft): Promise<readonly string[]> {
  const [{ html, bytes }, { flow }] = await Promise.all([
    outgoing.preview(draft),
    import('../../mail/compose/flowed.ts'),
  ]);
  const fields: readonly (readonly [string, string])[] = [
    ['From', draft.from],
    ['To', draft.to],
    ['Cc', draft.cc],
    ['Bcc', draft.bcc === '' ? '' : `${draft.bcc}  (not in the message)`],
    ['Reply-To', draft.replyTo],
    ['Subject', draft.subject],
    ...draft.attachments.map(({ name, size }) => ['File', `${name}  ${bytesText(size)}`] as const),
    ['Size', `${bytesText(bytes)} on the way`],
  ];
  const header = fields.filter(([, value]) => value !== '').map(([name, value]) => `${name}: ${value}`);
  const text = draft.format === 'flowed' ? flow(draft.text) : draft.text;
  return [...header, '', ...text.split('\n'), ...(html === null ? [] : await alternative(html))];
}

async function alternative(html: string): Promise<readonly string[]> {
  const { htmlToText } = await import('../../mail/html.ts');
  const { text } = await htmlToText(html);
  return ['', '---------- the same as HTML ----------', '', ...text.trimEnd().split('\n')];
}
