// Messages back into what is written: drafts of a Drafts folder, ours and other programs', and what an answer needs
// of the message that it answers. Pure.
import type { ParsedMessage } from '../../worker/types.ts';
import { splitMessageId } from '../ids.ts';
import type { AccountId, MessageId } from '../types.ts';
import { formatMailboxes } from './addresses.ts';
import type { NewDraft } from './answer.ts';
import { unflow } from './flowed.ts';
import { defaultIdentity, formatAuthor, identityOf } from './identity.ts';
import { plainText, withLinks } from './quote.ts';
import { isMessageId } from './thread.ts';
import type { BodyFormat, Draft, Identity, Original } from './types.ts';

/** The readable text, format=flowed undone. */
export function textOf(parsed: ParsedMessage): string {
  return parsed.flowed ? unflow(parsed.text, parsed.delSp ?? false) : parsed.text;
}

/** What an answer needs of a parsed message. */
export function originalOf(id: MessageId, account: AccountId, parsed: ParsedMessage): Original {
  const { subject, from, to, cc, replyTo, date, messageId, inReplyTo, references, headers } = parsed;
  return {
    id,
    account,
    subject,
    from,
    to,
    cc,
    replyTo,
    date,
    messageId,
    inReplyTo,
    references,
    headers,
    text: textOf(parsed),
    links: targetsOf(parsed),
  };
}

/** Plain text has no numbers: its links stand in it. */
function targetsOf(parsed: ParsedMessage): readonly string[] {
  return parsed.fromHtml ? parsed.links.map(({ url }) => url) : [];
}

export interface Recalled {
  readonly draft: NewDraft;
  /** The parts (ParsedPart.n) that were attached: the caller copies them beside the draft. */
  readonly parts: readonly number[];
  /** It has HTML of another program, of which only the text is in the draft. */
  readonly losesHtml: boolean;
}

const headerOf = (parsed: ParsedMessage, name: string) =>
  parsed.headers.find(header => header.name.toLowerCase() === name)?.value ?? '';

/**
 * A draft again. `replaces` is left to the caller, who knows whether the message goes away. `origin` comes from the
 * message and may have been written on another computer: the caller marks a message only when its Message-ID is that.
 */
export function recall(parsed: ParsedMessage, account: AccountId, identities: readonly Identity[]): Recalled {
  const typed = (name: string, read: string) => headerOf(parsed, `x-tmail-${name}`) || read;
  return {
    draft: {
      account: senderOf(parsed, account, identities)?.account ?? account,
      from: typed('from', fromOf(parsed, account, identities)),
      to: typed('to', formatMailboxes(parsed.to)),
      cc: typed('cc', formatMailboxes(parsed.cc)),
      bcc: typed('bcc', formatMailboxes(parsed.bcc)),
      replyTo: typed('reply-to', formatMailboxes(parsed.replyTo)),
      subject: plainText(parsed.subject).replace(/\s*\n\s*/g, ' '),
      text: writtenText(parsed),
      format: formatOf(parsed),
      inReplyTo: isMessageId(parsed.inReplyTo) ? parsed.inReplyTo : '',
      references: parsed.references.filter(isMessageId),
      origin: originIn(headerOf(parsed, 'x-tmail-origin')),
      dsn: headerOf(parsed, 'x-tmail-dsn') === 'yes',
      replaces: null,
      resend: null,
    },
    parts: attachedParts(parsed),
    // What tmail filed itself has HTML that is made again from its Markdown.
    losesHtml: parsed.html !== null && headerOf(parsed, 'x-tmail-format') === '',
  };
}

function senderOf(
  parsed: ParsedMessage,
  account: AccountId,
  identities: readonly Identity[],
): Identity | undefined {
  const own = identities.filter(identity => identity.account === account);
  const address = parsed.from[0]?.address ?? '';
  return identityOf(address, own) ?? identityOf(address, identities) ?? defaultIdentity(identities, account);
}

/** The sender as the draft has it when that is oneself, else the account's. */
function fromOf(parsed: ParsedMessage, account: AccountId, identities: readonly Identity[]): string {
  const [from] = parsed.from;
  if (from && identityOf(from.address, identities)) return formatMailboxes([from]);
  const identity = senderOf(parsed, account, identities);
  return identity ? formatAuthor({ identity, address: identity.address }) : '';
}

/** A text that is nothing but a signature has lost the empty lines that were to be written on. */
function writtenText(parsed: ParsedMessage): string {
  const text = plainText(withLinks(textOf(parsed), targetsOf(parsed)));
  const above = text.startsWith('-- \n') ? '\n\n' : '';
  return text === '' || text.endsWith('\n') ? text : `${above}${text}\n`;
}

function formatOf(parsed: ParsedMessage): BodyFormat {
  const written = headerOf(parsed, 'x-tmail-format');
  if (written === 'markdown' && parsed.html !== null) return written;
  return parsed.flowed ? 'flowed' : 'plain';
}

function originIn(value: string): Draft['origin'] {
  const match = /^(answered|forwarded) (\S{1,200}) <([^<>]*)>$/.exec(value);
  if (!match) return null;
  const [, mark, id = '', messageId = ''] = match;
  try {
    const { folder, uid } = splitMessageId(id);
    return { id: `${folder}:${uid}`, messageId, mark: mark === 'forwarded' ? 'forwarded' : 'answered' };
  } catch {
    // Not one of ours: a hostile draft marks nothing.
    return null;
  }
}

/** The message's own files; parts of messages in it come along with those. */
function attachedParts(parsed: ParsedMessage): number[] {
  const messages = parsed.parts.filter(part => /^message\/(?:rfc822|global)$/.test(part.contentType));
  return parsed.parts
    .filter(part => !messages.some(outer => part !== outer && part.section.startsWith(`${outer.section}.`)))
    .filter(
      part => !/^application\/(?:pgp-signature|pgp-encrypted|(?:x-)?pkcs7-signature)$/.test(part.contentType),
    )
    .map(({ n }) => n);
}
