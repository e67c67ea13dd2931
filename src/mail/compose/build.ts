// A draft as the bytes of a message: the adapter to nodemailer's composer. Loads libraries: reached by import() only.
// Nothing here depends on this computer but its time zone: no host name, no path, no version goes out.
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import MailComposer from 'nodemailer/lib/mail-composer';
import { TmailError } from '../../util/errors.ts';
import type { Address } from '../types.ts';
import { asciiDomain, readAddresses, readMailbox, splitAddress, unique } from './addresses.ts';
import { flow } from './flowed.ts';
import { crlfLines, lineFacts, withoutPrivate } from './lines.ts';
import { markdownToHtml } from './markdown.ts';
import { plainText } from './quote.ts';
import { boundedReferences, isMessageId } from './thread.ts';
import type { Draft, DraftAttachment } from './types.ts';
import { addressField, encodeText, field, idList, textField, wireAddress, wireDate } from './wire.ts';

export interface BuildOptions {
  /** The path or the bytes of a draft's file; called again for a message/rfc822, which is read twice. */
  readonly readAttachment: (file: string) => string | AsyncIterable<Buffer>;
  /** Milliseconds since 1970: the Date field. */
  readonly now: number;
  /** Without brackets; see newMessageId. */
  readonly messageId: string;
  /** `draft`: for a Drafts folder: keeps Bcc, what is half typed and what MIME has no place for; needs no recipient. */
  readonly kind: 'send' | 'draft';
  /** Bytes beyond ASCII can't be sent (a server without 8BITMIME): attached messages with such go as plain files. */
  readonly sevenBit?: boolean;
  /** For tests: the same boundaries every time. */
  readonly boundary?: string;
}

export interface BuiltMessage {
  /** Read once. CRLF line ends, the last line included; not dot-stuffed. Fails with a TmailError. */
  readonly bytes: AsyncIterable<Buffer>;
  /** Addresses on the wire, each once. */
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  /** Without brackets. */
  readonly messageId: string;
  /** SMTPUTF8 (RFC 6531) is needed: an address has letters beyond ASCII before its @. */
  readonly smtpUtf8: boolean;
  /** The body holds bytes beyond ASCII: 8BITMIME (RFC 6152) is needed. */
  readonly eightBit: boolean;
}

/** A Message-ID of the sender's domain, without brackets. `random`: 20 or more of [a-z0-9]. */
export function newMessageId(from: string, random: string): string {
  const address = readMailbox(from)?.address ?? '';
  const domain = asciiDomain(splitAddress(address)?.domain ?? '');
  return `${random}@${domain === null || domain.startsWith('[') ? 'mail.invalid' : domain}`;
}

type FieldName = 'to' | 'cc' | 'bcc' | 'replyTo';
const FIELDS = { to: 'To', cc: 'Cc', bcc: 'Bcc', replyTo: 'Reply-To' } as const satisfies Record<
  FieldName,
  string
>;

/** Characters of one attachment's name. */
const MAX_NAME = 200;

/**
 * @throws TmailError compose.from-malformed {text}, compose.malformed {field, text}, compose.no-recipient; while the
 * bytes are read: compose.attachment {name, reason}, or what `readAttachment` throws.
 */
export async function buildMessage(draft: Draft, options: BuildOptions): Promise<BuiltMessage> {
  const from = sender(draft, options);
  const lists = recipients(draft, options);
  const all = unique([...lists.to, ...lists.cc, ...lists.bcc]).flatMap(
    ({ address }) => wireAddress(address) ?? [],
  );
  if (options.kind === 'send' && all.length === 0) throw new TmailError('rejected', 'compose.no-recipient');
  const envelope = { from: from ? (wireAddress(from.address) ?? '') : '', to: all };
  const smtpUtf8 = [envelope.from, ...all].some(address => /[^\x00-\x7f]/.test(address));
  const common = { envelope, messageId: options.messageId, smtpUtf8 };
  if (draft.resend !== null && options.kind === 'send') {
    const { file } = draft.resend;
    const facts = await factsOf({ file, name: '' }, options);
    return { ...common, bytes: resent(file, from, lists, options), eightBit: facts.eightBit || smtpUtf8 };
  }
  const attachments = await Promise.all(draft.attachments.map(one => attachment(one, options)));
  const eightBit = smtpUtf8 || attachments.some(one => one.eightBit);
  return { ...common, bytes: composed(draft, from, lists, attachments, options), eightBit };
}

function sender(draft: Draft, options: BuildOptions): Address | null {
  const from = readMailbox(draft.from);
  if (from === null && options.kind === 'send') {
    throw new TmailError('rejected', 'compose.from-malformed', { facts: { text: draft.from } });
  }
  return from;
}

type Lists = Readonly<Record<FieldName, readonly Address[]>>;

function recipients(draft: Draft, options: BuildOptions): Lists {
  const read = (name: FieldName) => {
    const { addresses, malformed } = readAddresses(draft[name]);
    if (malformed.length > 0 && options.kind === 'send') {
      throw new TmailError('rejected', 'compose.malformed', { facts: { field: name, text: malformed[0] } });
    }
    return addresses;
  };
  return { to: read('to'), cc: read('cc'), bcc: read('bcc'), replyTo: read('replyTo') };
}

// ── The header

function addressFields(draft: Draft, from: Address | null, lists: Lists, kind: BuildOptions['kind']): string {
  const { to, cc, bcc, replyTo } = lists;
  const undisclosed = kind === 'send' && to.length === 0 && cc.length === 0;
  return [
    addressField('From', from ? [from] : []),
    addressField('Reply-To', replyTo),
    // RFC 5322 3.4: an empty group where all recipients are blind ones; some servers refuse mail without To.
    undisclosed ? field('To', 'undisclosed-recipients:;') : addressField('To', to),
    addressField('Cc', cc),
    kind === 'draft' ? addressField('Bcc', bcc) : '',
    kind === 'draft' ? draftFields(draft) : '',
  ].join('');
}

/** Fields of a draft that MIME has no place for; recall.ts reads them. */
function draftFields(draft: Draft): string {
  const half = (Object.keys(FIELDS) as FieldName[]).filter(
    name => readAddresses(draft[name]).malformed.length > 0,
  );
  const ref = (value: { id: string; messageId: string }) => `${value.id} <${value.messageId}>`;
  const { origin, replaces } = draft;
  return [
    readMailbox(draft.from) === null ? textField('X-Tmail-From', draft.from) : '',
    ...half.map(name => textField(`X-Tmail-${FIELDS[name]}`, draft[name])),
    field('X-Tmail-Format', draft.format),
    draft.dsn ? field('X-Tmail-Dsn', 'yes') : '',
    origin ? textField('X-Tmail-Origin', `${origin.mark} ${ref(origin)}`) : '',
    replaces ? textField('X-Tmail-Replaces', ref(replaces)) : '',
  ].join('');
}

// ── The body

/** As nodemailer takes it. */
interface Part {
  readonly filename: string;
  readonly contentType: string;
  readonly contentTransferEncoding: 'base64' | '7bit' | '8bit';
  readonly content: () => AsyncIterable<Buffer>;
  readonly eightBit: boolean;
}

const TYPE = /^\s*([a-z0-9][a-z0-9!#$&^_.+-]{0,60})\/([a-z0-9][a-z0-9!#$&^_.+-]{0,100})\s*(?:;|$)/i;
const CHARSET = /;\s*charset\s*=\s*"?([a-z0-9_.:-]{1,40})"?/i;
const ANY_FILE = 'application/octet-stream';

/** A type that names a file: never a multipart, which would be taken apart, nor message/*, which can't be encoded. */
function fileType(contentType: string): string {
  const match = TYPE.exec(contentType);
  const type = match ? `${match[1]}/${match[2]}`.toLowerCase() : ANY_FILE;
  if (/^(?:multipart|message)\//.test(type)) return ANY_FILE;
  const charset = type.startsWith('text/') ? CHARSET.exec(contentType)?.[1] : undefined;
  return charset === undefined ? type : `${type}; charset=${charset}`;
}

/** As the recipient sees it: no path of this computer, no controls. */
function fileName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  const clean = last
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/\p{Cs}/gu, '\ufffd')
    .trim();
  return [...clean].slice(0, MAX_NAME).join('') || 'attachment';
}

async function attachment(one: DraftAttachment, options: BuildOptions): Promise<Part> {
  const filename = fileName(one.name);
  const content = () => bytesOf(one, options);
  const whole = { filename, content, contentTransferEncoding: 'base64', eightBit: false } as const;
  if (!/^message\/(?:rfc822|global)$/i.test(one.contentType.trim()))
    return { ...whole, contentType: fileType(one.contentType) };
  // RFC 2046 5.2.1: a message may not be encoded. One that can't go as it is goes as a file.
  const { eightBit, binary } = await factsOf(one, options);
  if (binary || (eightBit && options.sevenBit)) {
    return {
      ...whole,
      filename: /\.eml$/i.test(filename) ? filename : `${filename}.eml`,
      contentType: ANY_FILE,
    };
  }
  return {
    filename,
    contentType: 'message/rfc822',
    contentTransferEncoding: eightBit ? '8bit' : '7bit',
    content: () => crlfLines(content()),
    eightBit,
  };
}

/** Its line ends come out of crlfLines, so the facts are those of what is sent. */
const factsOf = (one: Pick<DraftAttachment, 'file' | 'name'>, options: BuildOptions) =>
  lineFacts(crlfLines(bytesOf(one, options)));

/** Opened when it is read, not before: a draft may have more files than a process may open. */
async function* bytesOf(
  one: Pick<DraftAttachment, 'file' | 'name'>,
  { readAttachment }: BuildOptions,
): AsyncGenerator<Buffer> {
  try {
    const source = readAttachment(one.file);
    for await (const chunk of typeof source === 'string' ? createReadStream(source) : source)
      yield Buffer.from(chunk);
  } catch (error) {
    if (error instanceof TmailError) throw error;
    // Node's errors carry their name in `code`; it is read, nothing else is assumed.
    const reason = error instanceof Error && 'code' in error ? String(error.code) : '';
    const facts = { name: basename(one.name || one.file), reason };
    throw new TmailError('storage', 'compose.attachment', { facts, cause: error });
  }
}

/** Text parts with their line ends; the composer chooses 7bit, quoted-printable or base64 for each. */
function alternatives(draft: Draft): { contentType: string; content: string }[] {
  const written = plainText(draft.text);
  const text = written === '' || written.endsWith('\n') ? written : `${written}\n`;
  const wire = (content: string) => content.replaceAll('\n', '\r\n');
  const type = 'text/plain; charset=utf-8';
  if (draft.format === 'flowed')
    return [{ contentType: `${type}; format=flowed`, content: wire(flow(text)) }];
  const plain = { contentType: type, content: wire(text) };
  if (draft.format === 'plain') return [plain];
  return [plain, { contentType: 'text/html; charset=utf-8', content: wire(markdownToHtml(text)) }];
}

async function* composed(
  draft: Draft,
  from: Address | null,
  lists: Lists,
  parts: readonly Part[],
  options: BuildOptions,
): AsyncGenerator<Buffer> {
  const inReplyTo = isMessageId(draft.inReplyTo) ? `<${draft.inReplyTo}>` : '';
  const references = idList(boundedReferences(draft.references)).join(' ');
  const sources = parts.map(({ content }) => Readable.from(content(), { objectMode: false }));
  const composer = new MailComposer({
    // Not `text`: an empty one would make a single attachment the whole message.
    alternatives: alternatives(draft),
    attachments: parts.map(({ filename, contentType, contentTransferEncoding }, n) => ({
      filename,
      contentType,
      contentTransferEncoding,
      contentDisposition: 'attachment' as const,
      content: sources[n] ?? '',
    })),
    subject: encodeText(draft.subject),
    date: wireDate(options.now),
    messageId: `<${options.messageId}>`,
    ...(inReplyTo === '' ? {} : { inReplyTo }),
    ...(references === '' ? {} : { references }),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  // Not among the composer's documented options, but read by it: without them its boundaries name the library.
  Object.assign(composer.mail, {
    boundaryPrefix: '=_',
    ...(options.boundary === undefined ? {} : { baseBoundary: options.boundary }),
  });
  const stream = composer.compile().createReadStream();
  try {
    yield Buffer.from(addressFields(draft, from, lists, options.kind));
    yield* stream;
  } finally {
    // Whoever stops reading early leaves no file open.
    for (const one of [stream, ...sources]) one.destroy();
  }
}

/** RFC 5322 3.6.6: the new fields above the message, which stays as it is. */
async function* resent(
  file: string,
  from: Address | null,
  { to, cc }: Lists,
  options: BuildOptions,
): AsyncGenerator<Buffer> {
  const head = [
    addressField('Resent-From', from ? [from] : []),
    to.length === 0 && cc.length === 0
      ? field('Resent-To', 'undisclosed-recipients:;')
      : addressField('Resent-To', to),
    addressField('Resent-Cc', cc),
    field('Resent-Date', wireDate(options.now)),
    field('Resent-Message-ID', `<${options.messageId}>`),
  ];
  yield Buffer.from(head.join(''));
  let last: Buffer = Buffer.alloc(0);
  for await (const chunk of withoutPrivate(crlfLines(bytesOf({ file, name: '' }, options)))) {
    yield chunk;
    last = chunk.length > 0 ? chunk : last;
  }
  if (last.at(-1) !== 10) yield Buffer.from('\r\n');
}
