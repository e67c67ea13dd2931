// tmail show: one message, in the form that was asked for. Never marks it as read.
import { bytesText } from '../app/notes.ts';
import { sanitize } from '../mail/sanitize.ts';
import type { Address } from '../mail/types.ts';
import { TmailError } from '../util/errors.ts';
import type { ParsedMessage } from '../worker/types.ts';
import { usage } from './arguments.ts';
import type { Context, Mail } from './context.ts';
import { type FetchedMessage, fetchAgain, fetched } from './fetched.ts';
import { localDate } from './list.ts';
import { bodyJson, messageJson } from './message-json.ts';
import { jsonLine } from './output.ts';
import { DONE } from './status.ts';

const FORMS = ['raw', 'text', 'html', 'headers', 'json'] as const;
type Form = (typeof FORMS)[number] | 'reader';

export async function show(context: Context): Promise<number> {
  const { args } = context;
  const asked = FORMS.filter(form => args.has(form));
  if (asked.length > 1) {
    throw usage('cli.one-of', 'show', { got: asked.map(form => `--${form}`).join(' and ') });
  }
  const form: Form = asked[0] ?? 'reader';
  const mail = await context.mail();
  const how = { wanted: form === 'raw' ? 'whole' : 'text', offline: args.has('offline') } as const;
  const message = await fetched(mail, args.words[0] ?? '', how);
  try {
    await print(context, mail, message, form);
  } catch (error) {
    // The file was lost or damaged on this disk; the server may still have it.
    if (!(error instanceof TmailError) || !/^raw\.(missing|damaged)$/.test(error.code) || how.offline)
      throw error;
    await fetchAgain(mail, message.id, how);
    await print(context, mail, await fetched(mail, message.id, how), form);
  }
  return DONE;
}

async function print({ output }: Context, mail: Mail, message: FetchedMessage, form: Form): Promise<void> {
  const { account, raw } = message;
  const { out } = output;
  if (form === 'raw') return out.bytes(await account.raw.read(raw));
  const parser = await mail.parser();
  const parsed = await parser.parse(account.raw.path(raw));
  switch (form) {
    case 'json': {
      const place = { id: message.id, account: account.id, folder: message.folder.path };
      const envelope = messageJson(place, message.envelope, message.flags, message.keywords);
      return out.bytes(jsonLine({ ...envelope, ...bodyJson(parsed) }));
    }
    case 'html':
      if (parsed.html === null)
        throw new TmailError('rejected', 'show.no-html', { facts: { id: message.id } });
      // For a program it is the part as it is; a person's terminal is kept safe.
      return out.bytes(withNewline(out.terminal ? block(parsed.html) : parsed.html));
    case 'headers':
      return out.bytes(
        parsed.headers.map(({ name, value }) => `${sanitize(name)}: ${sanitize(value)}\n`).join(''),
      );
    case 'text':
      return out.bytes(withNewline(block(parsed.text)));
    case 'reader':
      return out.bytes(readerText(parsed));
  }
}

function readerText(parsed: ParsedMessage): string {
  const rows: (readonly [string, string])[] = [
    ['From', people(parsed.from)],
    ['To', people(parsed.to)],
    ['Cc', people(parsed.cc)],
    ['Date', parsed.date === null ? '' : localDate(parsed.date)],
    ['Subject', sanitize(parsed.subject)],
  ];
  const header = rows
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name.padEnd(8)}${value}\n`);
  const links = parsed.links.map(({ url }, n) => `[${n + 1}] ${sanitize(url)}\n`);
  const parts = parsed.parts.map(part => {
    const name = sanitize(part.filename ?? '') || '(no name)';
    return `${String(part.n).padStart(3)}  ${name}  ${sanitize(part.contentType)}  ${bytesText(part.size)}\n`;
  });
  return [
    ...header,
    '\n',
    withNewline(block(parsed.text)),
    ...(links.length > 0 ? ['\nLinks\n', ...links] : []),
    ...(parts.length > 0 ? ['\nAttachments\n', ...parts] : []),
  ].join('');
}

function people(addresses: readonly Address[]): string {
  return addresses
    .map(({ name, address }) => (name ? `${sanitize(name)} <${sanitize(address)}>` : sanitize(address)))
    .join(', ');
}

function block(text: string): string {
  return sanitize(text, { keepNewlines: true });
}

function withNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
