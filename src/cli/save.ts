// tmail save: attachments to files. A mail never chooses the folder, never overwrites, never runs.
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { notes } from '../app/notes.ts';
import { saveAs } from '../app/saving.ts';
import { looksExecutable, safeFileName } from '../mail/file-name.ts';
import { TmailError } from '../util/errors.ts';
import type { ParsedMessage, ParsedPart } from '../worker/types.ts';
import { usage } from './arguments.ts';
import type { Context } from './context.ts';
import { fetched } from './fetched.ts';
import { DONE } from './status.ts';

export async function save(context: Context): Promise<number> {
  const { args, output, signal } = context;
  const wanted = args.values('part').map(partNumber);
  const folder = resolve(args.value('to') ?? '.');
  await mustBeFolder(folder);
  const mail = await context.mail();
  const parser = await mail.parser();
  const id = args.words[0] ?? '';
  const offline = args.has('offline');
  let message = await fetched(mail, id, { wanted: 'text', offline });
  let parsed = await parser.parse(message.account.raw.path(message.raw));
  let parts = chosen(parsed, wanted, id);
  if (parts.some(part => part.omitted)) {
    message = await fetched(mail, id, { wanted: 'whole', offline });
    parsed = await parser.parse(message.account.raw.path(message.raw));
    parts = chosen(parsed, wanted, id);
  }
  const path = message.account.raw.path(message.raw);
  for (const part of parts) {
    signal.throwIfAborted();
    const name = safeFileName(part.filename, part.contentType, part.n);
    const file = await saveAs(folder, name, to => parser.savePart(path, part.n, to));
    await output.out.line(file);
    if (looksExecutable(name, part.contentType)) {
      await output.err.line(notes.program(name));
    }
  }
  return DONE;
}

function partNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) {
    throw usage('cli.number', 'save', { option: '--part', expected: 'the number of a part' });
  }
  return Number(text);
}

function chosen(parsed: ParsedMessage, wanted: readonly number[], id: string): ParsedPart[] {
  if (wanted.length === 0) {
    const attachments = parsed.parts.filter(part => part.disposition !== 'inline' || part.filename !== null);
    if (attachments.length === 0) throw new TmailError('rejected', 'save.nothing', { facts: { id } });
    return attachments;
  }
  return [...new Set(wanted)].map(n => {
    const part = parsed.parts.find(part => part.n === n);
    if (!part)
      throw new TmailError('rejected', 'save.no-part', {
        facts: { id, part: n, parts: parsed.parts.length },
      });
    return part;
  });
}

async function mustBeFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => null);
  if (!found?.isDirectory()) throw new TmailError('config', 'save.no-folder', { facts: { folder } });
}
