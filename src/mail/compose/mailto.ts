// mailto: links (RFC 6068) with the fields that can do no harm. Everything else in them, attachments above all, is
// ignored; what is taken is only shown in a composer, never sent unasked.
import { decodeWords } from '../encoded-word.ts';
import { messageIds } from '../headers.ts';
import { entries, formatMailbox, isAddress } from './addresses.ts';

export interface Mailto {
  /** The first recipients, in the order of the link; hostile. */
  readonly addresses: readonly string[];
  /** Fields as a person would have typed them. */
  readonly to: string;
  readonly cc: string;
  /** To be shown: a link may not send copies that the person does not see. */
  readonly bcc: string;
  readonly subject: string;
  readonly body: string;
  /** Without angle brackets. */
  readonly inReplyTo: string;
}

const MAX_LINK = 64 * 1024;
const MAX_FIELDS = 100;

/** Percent escapes as UTF-8; what is none stays as it is. `+` is a plus. */
function decode(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, escapes =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString(),
  );
}

const oneLine = (text: string) => text.replace(/[\s\p{Cc}]+/gu, ' ').trim();

/** null: no mailto link. */
export function parseMailto(link: string): Mailto | null {
  const match = /^\s*mailto:([^?#]*)(?:\?([^#]*))?/i.exec(link.slice(0, MAX_LINK));
  if (!match) return null;
  // Commas between addresses are not escaped, those inside of one are.
  const to = (match[1] ?? '').split(',').map(decode);
  const fields: Record<'cc' | 'bcc' | 'subject' | 'body' | 'inReplyTo', string[]> = {
    cc: [],
    bcc: [],
    subject: [],
    body: [],
    inReplyTo: [],
  };
  for (const field of (match[2] ?? '').split(/&(?:amp;)?/i).slice(0, MAX_FIELDS)) {
    const equals = field.indexOf('=');
    if (equals < 0) continue;
    const value = decode(field.slice(equals + 1));
    switch (decode(field.slice(0, equals)).toLowerCase()) {
      case 'to':
        to.push(...entries(value).map(({ text }) => text));
        break;
      case 'cc':
        fields.cc.push(value);
        break;
      case 'bcc':
        fields.bcc.push(value);
        break;
      case 'subject':
        fields.subject.push(value);
        break;
      case 'body':
        fields.body.push(value);
        break;
      case 'in-reply-to':
        fields.inReplyTo.push(value);
        break;
    }
  }
  const recipients = to.map(oneLine).filter(text => text !== '');
  return {
    addresses: recipients,
    to: recipients.map(typed).join(', '),
    cc: list(fields.cc),
    bcc: list(fields.bcc),
    subject: oneLine(decodeWords(fields.subject[0] ?? '')),
    body: fields.body.map(text => text.replace(/\r\n?/g, '\n').replace(/[^\P{Cc}\n\t]/gu, '')).join('\n'),
    inReplyTo: messageIds(fields.inReplyTo[0] ?? '')[0] ?? '',
  };
}

/** What is one address as it is; anything else as one entry that is none. */
function typed(text: string): string {
  if (isAddress(text)) return formatMailbox({ name: '', address: text });
  const all = entries(text);
  const [only] = all.length === 1 ? all : [];
  return formatMailbox(only?.address ?? { name: '', address: text });
}

function list(values: readonly string[]): string {
  return values.flatMap(value => entries(oneLine(value)).map(entry => typed(entry.text))).join(', ');
}
