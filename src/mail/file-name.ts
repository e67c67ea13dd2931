// A file name for something that came by mail. The name may not choose a path, hide the file, look like an
// option, or hide its true kind. Pure.

/** Longer names are refused by most file systems; leaves room for " (99)". */
const NAME_BYTES = 200;
const EXTENSIONS: Readonly<Record<string, string>> = {
  'text/plain': 'txt',
  'text/html': 'html',
  'text/calendar': 'ics',
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'application/pdf': 'pdf',
  'message/rfc822': 'eml',
};
/** Kinds that a double click may run, on some computer. */
const PROGRAMS = new Set(
  (
    'app appimage applescript bat bin chm cmd com command cpl desktop dll dmg exe hta inf iso jar jnlp js jse lnk ' +
    'msi msp pif pl ps1 psm1 py rb reg run scf scr sh svg terminal url vb vbe vbs ws wsf xll'
  ).split(' '),
);
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** @param n the number of the part, for parts without a usable name */
export function safeFileName(filename: string | null, contentType: string, n: number): string {
  const last = (filename ?? '').split(/[/\\]/).at(-1) ?? '';
  const plain = last
    .normalize('NFC')
    // Controls, bidi and zero-width characters, private use, unpaired surrogates: all of them can hide a name.
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, '')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[. ]+$/, '')
    .replace(/^[.\-~]+/, found => '_'.repeat(Math.min(found.length, 2)));
  const name = plain === '' || /^[_ ]+$/.test(plain) ? `part-${n}${extensionFor(contentType)}` : plain;
  return shortened(RESERVED.test(name) ? `_${name}` : name);
}

/** The n-th try for a name that is taken: `a.txt`, `a (1).txt`, `a (2).txt`. */
export function numbered(name: string, n: number): string {
  if (n === 0) return name;
  const { stem, extension } = split(name);
  return `${stem} (${n})${extension}`;
}

/** Opening it might run a program. */
export function looksExecutable(name: string, contentType: string): boolean {
  const extension = split(name).extension.slice(1).toLowerCase();
  return (
    PROGRAMS.has(extension) || /^application\/(?:x-)?(?:msdownload|executable|dosexec|sh)/i.test(contentType)
  );
}

function extensionFor(contentType: string): string {
  const type = contentType.toLowerCase();
  return Object.hasOwn(EXTENSIONS, type) ? `.${EXTENSIONS[type]}` : '.bin';
}

function split(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf('.');
  return dot > 0 ? { stem: name.slice(0, dot), extension: name.slice(dot) } : { stem: name, extension: '' };
}

function shortened(name: string): string {
  if (Buffer.byteLength(name) <= NAME_BYTES) return name;
  const { stem, extension } = split(name);
  const tail = Buffer.byteLength(extension) <= 20 ? extension : '';
  let short = '';
  for (const char of tail === '' ? name : stem) {
    if (Buffer.byteLength(short + char + tail) > NAME_BYTES) break;
    short += char;
  }
  return `${short.trimEnd()}${tail}`;
}
