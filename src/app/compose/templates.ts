// Where templates are kept: files in the folder `templates` beside the configuration. Reads them when they are asked
// for; fills in nothing.
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Config } from '../../config/types.ts';
import { type FilledTemplate, parseTemplate, type Template } from '../../mail/compose/template.ts';
import { asTmailError, TmailError } from '../../util/errors.ts';

/** No person writes a longer one. */
const TEMPLATE_BYTES = 256 * 1024;
/** Names that are offered. */
const TEMPLATES = 200;
const NAME = /^[^./\\\0][^/\\\0]*\.(?:txt|md)$/i;

/** null: there is no configuration file for it to stand beside. */
export function templateFolder({ file }: Pick<Config, 'file'>): string | null {
  return file === null ? null : join(dirname(file), 'templates');
}

export const isMarkdown = (file: string): boolean => /\.md$/i.test(file);
/** As a person calls it. */
export const templateName = (file: string): string => file.replace(/\.[^.]*$/, '');

/** File names, in order; none where there is no such folder. @throws TmailError template.unreadable */
export async function listTemplates(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(thrown => {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unreadable(folder, thrown);
  });
  const wanted = names.filter(name => NAME.test(name)).sort((a, b) => a.localeCompare(b));
  const files: string[] = [];
  for (const name of wanted) {
    if (files.length === TEMPLATES) break;
    // Dotfiles are often links into a folder of their own.
    const found = await stat(join(folder, name)).catch(() => null);
    if (found?.isFile()) files.push(name);
  }
  return files;
}

/** @throws TmailError template.gone, template.too-large, template.no-text, template.unreadable, and parseTemplate's */
export async function readTemplate(folder: string, name: string): Promise<Template> {
  const facts = { file: name };
  // A name never leaves the folder.
  if (!NAME.test(name) || basename(name) !== name) throw new TmailError('config', 'template.gone', { facts });
  const bytes = await bytesOf(join(folder, name), name);
  if (bytes.includes(0)) throw new TmailError('config', 'template.no-text', { facts });
  let source: string;
  try {
    source = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TmailError('config', 'template.no-text', { facts, cause });
  }
  return parseTemplate(source, name);
}

async function bytesOf(path: string, name: string): Promise<Buffer> {
  const facts = { file: name, limit: TEMPLATE_BYTES };
  try {
    if (!(await stat(path)).isFile()) throw new TmailError('config', 'template.gone', { facts });
    await using file = await open(path, 'r');
    const buffer = Buffer.alloc(TEMPLATE_BYTES + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      length += bytesRead;
      if (bytesRead === 0 || length > TEMPLATE_BYTES) break;
    }
    if (length > TEMPLATE_BYTES) throw new TmailError('config', 'template.too-large', { facts });
    return buffer.subarray(0, length);
  } catch (thrown) {
    if (thrown instanceof TmailError) throw thrown;
    const gone = (thrown as NodeJS.ErrnoException).code === 'ENOENT';
    throw gone
      ? new TmailError('config', 'template.gone', { facts, cause: thrown })
      : unreadable(name, thrown);
  }
}

function unreadable(file: string, thrown: unknown): TmailError {
  const reason = asTmailError(thrown).facts.text;
  return new TmailError('storage', 'template.unreadable', { facts: { file, reason }, cause: thrown });
}

/** What is to be said of a template's variables; null: all of them have a value. Hostile text. */
export function variablesNote({ empty, unknown }: Pick<FilledTemplate, 'empty' | 'unknown'>): string | null {
  const names = (list: readonly string[]) => list.map(name => `{{${name}}}`).join(', ');
  const notes = [
    ...(empty.length > 0 ? [`Nothing is known yet for ${names(empty)}.`] : []),
    ...(unknown.length > 0 ? [`Templates have no ${names(unknown)}.`] : []),
  ];
  return notes.length === 0 ? null : `${notes.join(' ')} Left as written.`;
}
