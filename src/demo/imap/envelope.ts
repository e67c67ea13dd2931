// ENVELOPE and BODYSTRUCTURE as a server writes them (RFC 9051 section 7.5.2), from the parts of a message.
import { type Header, headers, type Part, parseParameters } from './part.ts';
import { nstring, string } from './syntax.ts';

export function envelope(part: Part): string {
  const all = headers(part);
  const value = (name: string) => all.find(one => one.name === name)?.value ?? null;
  const from = addresses(value('from'));
  const people = (name: string) => addresses(value(name));
  const sender = people('sender');
  const replyTo = people('reply-to');
  return `(${[
    nstring(value('date')),
    nstring(value('subject')),
    from,
    sender === 'NIL' ? from : sender,
    replyTo === 'NIL' ? from : replyTo,
    people('to'),
    people('cc'),
    people('bcc'),
    nstring(value('in-reply-to')),
    nstring(value('message-id')),
  ].join(' ')})`;
}

/** An address list, groups included, as IMAP address structures; NIL when there is none. */
export function addresses(value: string | null): string {
  if (value === null) return 'NIL';
  const written: string[] = [];
  let phrase = '';
  let angle: string | null = null;
  let comment = '';
  const flush = () => {
    const spec = angle ?? phrase;
    if (spec.trim() !== '') written.push(address(angle === null ? comment : phrase || comment, spec));
    phrase = '';
    angle = null;
    comment = '';
  };
  for (const [token] of value.matchAll(
    /"(?:[^"\\]|\\.)*"|\((?:[^()\\]|\\.)*\)|<[^>]*>?|[,;:]|[^"(<,;:]+|./gs,
  )) {
    if (token === ',') flush();
    else if (token === ':') {
      written.push(`(NIL NIL ${string(unquote(phrase.trim()))} NIL)`);
      phrase = '';
    } else if (token === ';') {
      flush();
      written.push('(NIL NIL NIL NIL)');
    } else if (token.startsWith('(')) comment = token.slice(1, -1).replace(/\\(.)/g, '$1');
    else if (token.startsWith('<')) angle = token.replace(/^<|>$/g, '');
    else phrase += token;
  }
  flush();
  return written.length === 0 ? 'NIL' : `(${written.join('')})`;
}

function address(name: string, spec: string): string {
  const bare = spec.trim().replace(/^@[^:]*:/, ''); // a source route
  const at = bare.lastIndexOf('@');
  const mailbox = at < 0 ? bare : bare.slice(0, at);
  const host = at < 0 ? '' : bare.slice(at + 1);
  const display = unquote(name.trim());
  return `(${display === '' ? 'NIL' : string(display)} NIL ${string(unquote(mailbox.trim()))} ${string(host.trim())})`;
}

function unquote(text: string): string {
  return text.replace(/"((?:[^"\\]|\\.)*)"/gs, (_, inner: string) => inner.replace(/\\(.)/gs, '$1'));
}

/** `extended`: BODYSTRUCTURE rather than BODY. */
export function bodyStructure(part: Part, extended: boolean): string {
  const all = headers(part);
  const value = (name: string) => all.find(one => one.name === name)?.value ?? null;
  if (part.children.length > 0) {
    const inner = part.children.map(child => bodyStructure(child, extended)).join('');
    const extension = extended ? ` ${parameters(part.params)} ${tail(all)}` : '';
    return `(${inner} ${string(part.subtype)}${extension})`;
  }
  const fields = [
    string(part.type),
    string(part.subtype),
    parameters(part.params.length === 0 && part.type === 'text' ? [['charset', 'us-ascii']] : part.params),
    nstring(value('content-id')),
    nstring(value('content-description')),
    string(value('content-transfer-encoding')?.toLowerCase() ?? '7bit'),
    String(part.end - part.bodyStart),
  ];
  if (part.message) fields.push(envelope(part.message), bodyStructure(part.message, extended));
  if (part.message || part.type === 'text') fields.push(String(lines(part)));
  if (extended) fields.push(nstring(value('content-md5')), tail(all));
  return `(${fields.join(' ')})`;
}

/** Disposition, language and location. */
function tail(all: readonly Header[]): string {
  const value = (name: string) => all.find(one => one.name === name)?.value ?? null;
  const disposition = value('content-disposition');
  const language = value('content-language');
  const stated = disposition === null ? null : parseParameters(disposition);
  return [
    stated === null ? 'NIL' : `(${string(stated.value.toLowerCase())} ${parameters(stated.params)})`,
    language === null
      ? 'NIL'
      : `(${language
          .split(',')
          .map(one => string(one.trim()))
          .join(' ')})`,
    nstring(value('content-location')),
  ].join(' ');
}

function parameters(params: Part['params']): string {
  if (params.length === 0) return 'NIL';
  return `(${params.map(([name, value]) => `${string(name.toLowerCase())} ${string(value)}`).join(' ')})`;
}

function lines(part: Part): number {
  let count = 0;
  for (
    let at = part.raw.indexOf(10, part.bodyStart);
    at >= 0 && at < part.end;
    at = part.raw.indexOf(10, at + 1)
  ) {
    count++;
  }
  return count;
}
