// What speaks against sending, in sentences, and where to mend it. Pure; facts are sanitised here.
import type { DraftProblem } from '../../mail/compose/types.ts';
import { sanitize } from '../../mail/sanitize.ts';
import { bytesText } from '../notes.ts';
import type { Focus } from './writing.ts';

const FIELD_WORDS: Readonly<Record<string, string>> = {
  to: 'To',
  cc: 'Cc',
  bcc: 'Bcc',
  replyTo: 'Reply-To',
  from: 'From',
};

export function problemText({ code, facts }: DraftProblem): string {
  const fact = (name: string) => sanitize(String(facts[name] ?? '')).slice(0, 200);
  switch (code) {
    case 'no-recipient':
      return 'It has no recipient.';
    case 'malformed':
      return `${FIELD_WORDS[fact('field')] ?? 'A field'}: "${fact('text')}" is no mail address.`;
    case 'from-malformed':
      return 'From is no mail address; f chooses another one.';
    case 'no-subject':
      return 'It has no subject.';
    case 'attachment-forgotten':
      return `It says "${fact('word')}", but nothing is attached.`;
    case 'many-recipients':
      return `It goes to ${fact('count')} people, who all see each other's addresses.`;
    case 'domain-mistyped':
      return `${fact('address')}: is ${fact('suggestion')} meant?`;
    case 'variable-left':
      return `${fact('variable')} of the template is not filled in.`;
    case 'too-large':
      return `It is larger (${bytesText(Number(facts.bytes))}) than many servers take (${bytesText(Number(facts.limit))}).`;
    case 'nothing-written':
      return 'Nothing is written in it.';
  }
}

/** Where it is mended. */
export function problemFocus({ code, facts }: DraftProblem): Focus | null {
  switch (code) {
    case 'no-recipient':
      return 'to';
    case 'domain-mistyped':
      return 'to';
    case 'malformed':
      return facts.field === 'cc' || facts.field === 'bcc' || facts.field === 'replyTo' ? facts.field : 'to';
    case 'from-malformed':
      return 'from';
    case 'no-subject':
      return 'subject';
    case 'too-large':
      return 'files';
    default:
      return null;
  }
}
