// Writes the demo's messages as mail programs write them (RFC 5322, 2045–2047, 3676). Deterministic: boundaries and
// ids come from the message's own id. Not for mail that people send.
import { type Charset, encode } from './charsets.ts';

export interface Person {
  readonly name: string;
  readonly email: string;
}

export interface Attachment {
  readonly filename: string;
  readonly type: string;
  readonly bytes: Buffer;
  readonly inline?: { readonly cid: string };
}

export interface Mail {
  /** The local part of its Message-ID. */
  readonly id: string;
  readonly from: Person;
  readonly to: readonly Person[];
  readonly cc?: readonly Person[];
  readonly subject: string;
  readonly date: Date;
  readonly text?: string;
  readonly html?: string;
  readonly charset?: Charset;
  /** The text goes out as format=flowed: every line is a paragraph. */
  readonly flowed?: boolean;
  readonly attachments?: readonly Attachment[];
  /** An iCalendar request beside the text. */
  readonly calendar?: string;
  /** Message-IDs, oldest first; the last is the one answered. */
  readonly references?: readonly string[];
  readonly headers?: readonly (readonly [string, string])[];
  /** Replaces everything that would stand below the header, Content-Type included. */
  readonly body?: { readonly type: string; readonly bytes: Buffer };
}

export function messageIdOf(mail: Pick<Mail, 'id' | 'from'>): string {
  return `<${mail.id}@${mail.from.email.split('@')[1] ?? 'demo.example'}>`;
}

export function compose(mail: Mail): Buffer {
  const charset = mail.charset ?? 'utf-8';
  const people = (list: readonly Person[]) => list.map(one => address(one, charset)).join(',\r\n ');
  const references = mail.references ?? [];
  const lines: [string, string][] = [
    ['From', people([mail.from])],
    ['To', people(mail.to)],
    ...(mail.cc ? [['Cc', people(mail.cc)] satisfies [string, string]] : []),
    ['Subject', words(mail.subject, charset)],
    ['Date', rfc5322Date(mail.date)],
    ['Message-ID', messageIdOf(mail)],
  ];
  if (references.length > 0) {
    lines.push(['In-Reply-To', references.at(-1) ?? ''], ['References', references.join('\r\n ')]);
  }
  for (const [name, value] of mail.headers ?? []) lines.push([name, value]);
  lines.push(['MIME-Version', '1.0']);
  const body = mail.body ? entity(mail.body.type, '7bit', mail.body.bytes) : content(mail, charset);
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

function content(mail: Mail, charset: Charset): Buffer {
  const alternatives: Buffer[] = [];
  if (mail.text !== undefined) alternatives.push(textPart('plain', mail.text, charset, mail.flowed ?? false));
  if (mail.html !== undefined) alternatives.push(textPart('html', mail.html, charset, false));
  if (mail.calendar !== undefined) {
    const bytes = Buffer.from(crlf(mail.calendar), 'utf8');
    alternatives.push(entity('text/calendar; charset=utf-8; method=REQUEST', 'base64', base64(bytes)));
  }
  const text =
    alternatives.length === 1 ? alternatives[0] : multipart('alternative', `${mail.id}-a`, alternatives);
  const attachments = (mail.attachments ?? []).map(attachmentPart);
  const main = text ?? Buffer.alloc(0);
  return attachments.length === 0 ? main : multipart('mixed', `${mail.id}-m`, [main, ...attachments]);
}

/** A part: its headers, an empty line and its encoded bytes. */
export function entity(type: string, encoding: string, bytes: Buffer, more = ''): Buffer {
  const head = `Content-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n${more}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes]);
}

export function multipart(subtype: string, id: string, parts: readonly Buffer[]): Buffer {
  const boundary = `=_${id}`;
  const pieces = parts.flatMap(part => [Buffer.from(`\r\n--${boundary}\r\n`), part]);
  const head = `Content-Type: multipart/${subtype}; boundary="${boundary}"\r\n`;
  return Buffer.concat([Buffer.from(head), ...pieces, Buffer.from(`\r\n--${boundary}--\r\n`)]);
}

function textPart(subtype: string, text: string, charset: Charset, flowed: boolean): Buffer {
  const bytes = encode(crlf(flowed ? wrap(text, 70, ' ') : text), charset);
  const type = `text/${subtype}; charset=${charset}${flowed ? '; format=flowed' : ''}`;
  const wide = charset === 'shift_jis' || charset === 'gb18030';
  if (wide) return entity(type, 'base64', base64(bytes));
  const seven = bytes.every(byte => byte < 0x80) && text.split('\n').every(line => line.length < 900);
  if (seven) return entity(type, '7bit', bytes);
  return entity(type, 'quoted-printable', quotedPrintable(bytes));
}

function attachmentPart(file: Attachment): Buffer {
  const ascii = /^[\x20-\x7e]*$/.test(file.filename) && !/["\\]/.test(file.filename);
  // RFC 2231 for everything that a quoted string can't hold.
  const name = (key: string) =>
    ascii
      ? `${key}="${file.filename}"`
      : `${key}*=utf-8''${encodeURIComponent(file.filename).replace(/['()*]/g, percent)}`;
  const kind = file.inline ? 'inline' : 'attachment';
  const cid = file.inline ? `Content-ID: <${file.inline.cid}>\r\n` : '';
  const more = `Content-Disposition: ${kind};\r\n ${name('filename')}\r\n${cid}`;
  return entity(`${file.type};\r\n ${name('name')}`, 'base64', base64(file.bytes), more);
}

const percent = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;

export function crlf(text: string): string {
  return text.replace(/\r?\n/g, '\r\n');
}

export function base64(bytes: Buffer): Buffer {
  const text = bytes.toString('base64');
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += 76) lines.push(text.slice(at, at + 76), '\r\n');
  return Buffer.from(lines.join(''), 'latin1');
}

export function quotedPrintable(bytes: Buffer): Buffer {
  const lines = bytes.toString('latin1').split('\r\n');
  const encoded = lines.map(line => {
    const safe = line.replace(/[^\x20-\x3c\x3e-\x7e\t]|[ \t]$/g, hex);
    // A soft break before column 76, never inside an escape.
    return (safe.match(/(?:=[0-9A-F]{2}|[^=]){1,25}/g) ?? []).reduce(softBreaks, '');
  });
  return Buffer.from(encoded.join('\r\n'), 'latin1');
}

function softBreaks(text: string, piece: string): string {
  const column = text.length - (text.lastIndexOf('\n') + 1);
  return column + piece.length > 75 ? `${text}=\r\n${piece}` : text + piece;
}

const hex = (char: string) => `=${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

/** Breaks lines before column `width` at spaces; `tail` ends a line that goes on. Quotes keep their marks. */
export function wrap(text: string, width = 72, tail = ''): string {
  const lines = text.split('\n').map(line => {
    const mark = /^[> ]*/.exec(line)?.[0] ?? '';
    const done: string[] = [];
    let open = '';
    for (const word of line.slice(mark.length).split(' ')) {
      if (open !== '' && mark.length + open.length + 1 + word.length > width) {
        done.push(mark + open + tail);
        open = word;
      } else open = open === '' ? word : `${open} ${word}`;
    }
    return [...done, mark + open].join('\n');
  });
  return lines.join('\n');
}

/** Encoded words of at most 75 characters where ASCII does not do (RFC 2047). */
export function words(text: string, charset: Charset): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const chunks: string[] = [''];
  for (const char of text) {
    const last = chunks.length - 1;
    const longer = (chunks[last] ?? '') + char;
    if (encode(longer, charset).length > 36) chunks.push(char);
    else chunks[last] = longer;
  }
  return chunks.map(chunk => `=?${charset}?B?${encode(chunk, charset).toString('base64')}?=`).join('\r\n ');
}

function address(person: Person, charset: Charset): string {
  if (person.name === '') return person.email;
  const plain = /^[A-Za-z0-9 '-]*$/.test(person.name);
  const ascii = /^[\x20-\x7e]*$/.test(person.name);
  const name = plain
    ? person.name
    : ascii
      ? `"${person.name.replace(/["\\]/g, '\\$&')}"`
      : words(person.name, charset);
  return `${name} <${person.email}>`;
}

/** In UTC: the demo must not depend on the machine's zone. */
export function rfc5322Date(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000');
}
