// What answers, passes on or repeats a message: recipients, subject, thread and text. Pure; attachments and files
// are the caller's.
import type { AccountId, Address } from '../types.ts';
import { addressKey, formatMailboxes, readAddresses, unique } from './addresses.ts';
import { type Author, authorOf, defaultIdentity, formatAuthor, isOwn } from './identity.ts';
import { listAddress } from './list-headers.ts';
import type { Mailto } from './mailto.ts';
import {
  arrange,
  arrangeForwarded,
  attribution,
  plainText,
  quote,
  signatureBlock,
  spokenDate,
  withLinks,
  withoutSignature,
} from './quote.ts';
import { forwardSubject, replySubject } from './subject.ts';
import { threadOf } from './thread.ts';
import type { AnswerKind, BodyFormat, Draft, Identity, Original } from './types.ts';

/** A draft that has no place on disk yet: the caller adds `id`, `attachments`, `created`, `changed`. */
export type NewDraft = Omit<Draft, 'id' | 'attachments' | 'created' | 'changed'>;

export interface WriteOptions {
  /** Default `plain`. */
  readonly format?: BodyFormat;
}

const NOTHING: Omit<NewDraft, 'account' | 'from'> = {
  to: '',
  cc: '',
  bcc: '',
  replyTo: '',
  subject: '',
  text: '',
  format: 'plain',
  inReplyTo: '',
  references: [],
  origin: null,
  dsn: false,
  replaces: null,
  resend: null,
};

/** Without any identity the From field is empty: it is a DraftProblem then. */
function begin(author: Author | undefined, account: AccountId, options: WriteOptions): NewDraft {
  return {
    ...NOTHING,
    account: author?.identity.account ?? account,
    from: author ? formatAuthor(author) : '',
    replyTo: author?.identity.replyTo ?? '',
    format: options.format ?? 'plain',
  };
}

/** New mail, empty or from a mailto: link, signed. */
export function compose(identity: Identity, fields?: Partial<Mailto>, options: WriteOptions = {}): NewDraft {
  const body = fields?.body ?? '';
  const block = signatureBlock(identity.signature);
  return {
    ...begin({ identity, address: identity.address }, identity.account, options),
    to: fields?.to ?? '',
    cc: fields?.cc ?? '',
    bcc: fields?.bcc ?? '',
    subject: fields?.subject ?? '',
    inReplyTo: fields?.inReplyTo ?? '',
    references: fields?.inReplyTo ? [fields.inReplyTo] : [],
    text:
      body === '' ? arrange('', identity.signature, false) : `${body}\n${block === '' ? '' : `\n${block}\n`}`,
  };
}

/** A message can be answered to its list. */
export function canReplyToList(original: Pick<Original, 'headers'>): boolean {
  return listAddress(original.headers) !== '';
}

interface Recipients {
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
}

const fieldOf = (original: Original, name: string) =>
  original.headers.find(header => header.name.toLowerCase() === name)?.value ?? '';

/** RFC 5322 3.6.2, and what lists do to Reply-To. */
function authors(original: Original, list: string): readonly Address[] {
  const { from, replyTo } = original;
  if (replyTo.length === 0) return from;
  if (list === '') return replyTo;
  // A list that puts itself into Reply-To takes the answer away from the author: a reply to the author stays one.
  // Where the list is the From (DMARC), Reply-To names the author.
  const isList = ({ address }: Address) => addressKey(address) === addressKey(list);
  const others = replyTo.filter(address => !isList(address));
  if (others.length > 0) return others;
  return from.some(address => !isList(address)) ? from : replyTo;
}

function recipients(kind: AnswerKind, original: Original, identities: readonly Identity[]): Recipients {
  const list = listAddress(original.headers);
  const followUp = readAddresses(fieldOf(original, 'mail-followup-to')).addresses;
  if (kind === 'replyList' && list !== '') {
    return { to: followUp.length > 0 ? followUp : [{ name: '', address: list }], cc: [] };
  }
  const own = (address: Address) => isOwn(address, identities);
  const mine = original.from.length > 0 && original.from.every(own);
  const { to, cc } = original;
  if (kind === 'reply') {
    // An answer to one's own mail goes on to those that it was for.
    const target =
      mine && to.some(address => !own(address))
        ? to.filter(address => !own(address))
        : authors(original, list);
    return { to: unique(target), cc: [] };
  }
  if (followUp.some(address => !own(address)) && !mine) {
    return { to: unique(followUp).filter(address => !own(address)), cc: [] };
  }
  const [first, second] = mine
    ? [to, cc]
    : [
        [...authors(original, list), ...(list === '' ? [] : original.replyTo)],
        [...to, ...cc],
      ];
  const target = unique(first).filter(address => !own(address));
  const copies = unique(second, target).filter(address => !own(address));
  if (target.length > 0) return { to: target, cc: copies };
  // Everybody is oneself: a note to oneself is answered to oneself.
  return copies.length > 0 ? { to: copies, cc: [] } : { to: unique(first), cc: [] };
}

/**
 * A reply; `replyList` without a list is a reply to all. The text is quoted below (or above) the place to write, the
 * identity is the one that the message came to.
 */
export function answer(
  kind: AnswerKind,
  original: Original,
  identities: readonly Identity[],
  options: WriteOptions = {},
): NewDraft {
  const author = authorOf(original, identities);
  const draft = begin(author, original.account, options);
  const { to, cc } = recipients(kind, original, identities);
  const body = quote(withLinks(withoutSignature(original.text), original.links), draft.format !== 'flowed');
  const quoted = body === '>' || body === '' ? '' : `${attribution(original.from, original.date)}\n${body}`;
  return {
    ...draft,
    to: formatMailboxes(to),
    cc: formatMailboxes(cc),
    subject: replySubject(original.subject),
    text: arrange(quoted, author?.identity.signature ?? '', author?.identity.signatureAbove ?? false),
    ...threadOf(original),
    origin: { id: original.id, messageId: original.messageId, mark: 'answered' },
  };
}

const oneLine = (text: string) => plainText(text).replace(/\s+/g, ' ').trim();

/** What stands above the text of a message that is passed on. */
export function forwardedHead(original: Original): string {
  const lines = [
    ['From', formatMailboxes(original.from)],
    ['Date', spokenDate(original.date)],
    ['Subject', oneLine(original.subject)],
    ['To', formatMailboxes(original.to)],
    ['Cc', formatMailboxes(original.cc)],
  ] as const;
  return lines
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}

/**
 * A message passed on: `inline` repeats it in the text, `attached` leaves it to the caller to attach it as
 * message/rfc822.
 */
export function forward(
  original: Original,
  how: 'inline' | 'attached',
  identities: readonly Identity[],
  options: WriteOptions = {},
): NewDraft {
  const author = authorOf(original, identities);
  const signature = author?.identity.signature ?? '';
  const body = plainText(withLinks(original.text, original.links)).replace(/\s+$/, '');
  return {
    ...begin(author, original.account, options),
    subject: forwardSubject(original.subject),
    text:
      how === 'inline'
        ? arrangeForwarded(forwardedHead(original), body, signature, author?.identity.signatureAbove ?? false)
        : arrange('', signature, true),
    origin: { id: original.id, messageId: original.messageId, mark: 'forwarded' },
  };
}

/** The message once more, to be changed: as it was written, from whom it was when that is oneself. */
export function editAsNew(
  original: Original,
  identities: readonly Identity[],
  options: WriteOptions = {},
): NewDraft {
  const mine = original.from.some(address => isOwn(address, identities));
  const author = authorOf(original, identities);
  const bcc = readAddresses(fieldOf(original, 'bcc')).addresses;
  return {
    ...begin(author, original.account, options),
    to: formatMailboxes(original.to),
    cc: formatMailboxes(original.cc),
    bcc: formatMailboxes(bcc),
    replyTo: mine ? formatMailboxes(original.replyTo) : (author?.identity.replyTo ?? ''),
    subject: oneLine(original.subject),
    text: plainText(withLinks(original.text, original.links)),
    // One's own mail stays in its conversation; another's begins one.
    ...(mine ? { inReplyTo: original.inReplyTo, references: [...original.references] } : {}),
  };
}

/**
 * The message as it is to other recipients (RFC 5322 3.6.6). `file`: the copy of its bytes beside the draft. Text and
 * subject only show what goes.
 */
export function bounce(original: Original, identities: readonly Identity[], file: string): NewDraft {
  const author = authorOf(original, identities);
  const identity = author?.identity ?? defaultIdentity(identities, original.account);
  return {
    ...begin(identity && { identity, address: identity.address }, original.account, {}),
    replyTo: '',
    subject: oneLine(original.subject),
    text: `${forwardedHead(original)}\n\n${plainText(withLinks(original.text, original.links))}`,
    resend: { file },
    origin: { id: original.id, messageId: original.messageId, mark: 'forwarded' },
  };
}
