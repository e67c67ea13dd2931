// Saves attachments: where to, under which name. No name from a mail chooses a path, nothing is overwritten; the
// parser writes the bytes.
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { extname, join } from 'node:path';
import { sanitize } from '../mail/sanitize.ts';
import type { ParsedPart, Parser } from '../worker/types.ts';

/** Bytes of a file name that every file system takes, with room for a number. */
const NAME_BYTES = 180;
/** Copies of one name that are tried before giving up on numbers. */
const TRIES = 1000;

/** `~/Downloads` where there is one, else where tmail was started. */
export async function saveDirectory(home = homedir(), here = process.cwd()): Promise<string> {
  const downloads = join(home, 'Downloads');
  return (await exists(downloads)) ? downloads : here;
}

/** A name that stays in its directory on any system: no separators, no leading dot or dash, nothing invisible. */
export function safeName(part: Pick<ParsedPart, 'filename' | 'n' | 'contentType'>): string {
  const given = sanitize(part.filename ?? '')
    .normalize('NFC')
    .replace(/[/\\:*?"<>|\ufffd]/g, '_')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^[.\-~ ]+/, '')
    .replace(/[. ]+$/, '');
  const name = given === '' ? `part-${part.n}${extensionFor(part.contentType)}` : given;
  // Names that Windows keeps for devices, whatever follows the dot.
  const free = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(name) ? `_${name}` : name;
  return shortened(free);
}

/** Writes one part and returns the path it got. @throws TmailError of the parser; EEXIST never. */
export async function savePart(
  parser: Parser,
  file: string,
  part: Pick<ParsedPart, 'filename' | 'n' | 'contentType'>,
  directory: string,
): Promise<string> {
  const name = safeName(part);
  for (let i = 0; i < TRIES; i += 1) {
    const path = join(directory, i === 0 ? name : numbered(name, i));
    if (await exists(path)) continue;
    await parser.savePart(file, part.n, path);
    return path;
  }
  const path = join(directory, numbered(name, Date.now()));
  await parser.savePart(file, part.n, path);
  return path;
}

function numbered(name: string, n: number): string {
  const extension = extname(name);
  return `${name.slice(0, name.length - extension.length)} (${n})${extension}`;
}

function shortened(name: string): string {
  const extension = extname(name).slice(0, 20);
  let stem = name.slice(0, name.length - extname(name).length);
  while (Buffer.byteLength(stem + extension) > NAME_BYTES) stem = [...stem].slice(0, -1).join('');
  return stem + extension;
}

function extensionFor(contentType: string): string {
  const known: Readonly<Record<string, string>> = {
    'text/plain': '.txt',
    'text/html': '.html',
    'message/rfc822': '.eml',
    'application/pdf': '.pdf',
    'image/png': '.png',
    'image/jpeg': '.jpg',
  };
  return known[contentType.toLowerCase()] ?? '';
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
