// Bytes to text in every charset that mail uses. Never throws: an unknown or wrong label falls back to UTF-8, then
// windows-1252, and says so. Knows nothing about MIME.

export interface Decoded {
  readonly text: string;
  /** The label named no charset known here, or the bytes did not fit it. */
  readonly guessed: boolean;
}

// TextDecoder knows the WHATWG labels; these are others seen in mail.
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['cp932', 'shift_jis'],
  ['ms932', 'shift_jis'],
  ['windows-932', 'shift_jis'],
  ['shift-jis', 'shift_jis'],
  ['cp936', 'gbk'],
  ['ms936', 'gbk'],
  ['gb18030-2000', 'gb18030'],
  ['cp949', 'euc-kr'],
  ['ms949', 'euc-kr'],
  ['uhc', 'euc-kr'],
  ['cp950', 'big5'],
  ['ms950', 'big5'],
  ['big-5', 'big5'],
  ['eucjp', 'euc-jp'],
  ['euckr', 'euc-kr'],
  ['iso-2022-jp-1', 'iso-2022-jp'],
  ['iso-2022-jp-2', 'iso-2022-jp'],
  ['iso-2022-jp-ms', 'iso-2022-jp'],
  ['cp50220', 'iso-2022-jp'],
  ['cp50221', 'iso-2022-jp'],
  ['utf8mb4', 'utf-8'],
  ['utf_8', 'utf-8'],
  ['unicode', 'utf-16'],
  ['ucs-2', 'utf-16'],
  ['cp878', 'koi8-r'],
  ['koi8', 'koi8-r'],
  ['mac', 'macintosh'],
  ['x-mac-roman', 'macintosh'],
  ['cp874', 'windows-874'],
  ['iso8859-11', 'windows-874'],
  ['ibm437', 'cp437'],
  ['437', 'cp437'],
  ['ibm850', 'cp850'],
  ['850', 'cp850'],
  ['unicode-1-1-utf-7', 'utf-7'],
  ['x-unicode-2-0-utf-7', 'utf-7'],
  ['utf7', 'utf-7'],
  ['hz-gb-2312', 'hz'],
  ['csiso2022kr', 'iso-2022-kr'],
  ['iso8859-16', 'iso-8859-16'],
  ['latin10', 'iso-8859-16'],
]);

// Upper halves of single-byte sets that TextDecoder lacks, or (1252 on Node 20) gets wrong.
const UPPER_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
const UPPER: ReadonlyMap<string, string> = new Map([
  [
    'cp437',
    'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\xa0',
  ],
  [
    'cp850',
    'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\xad±‗¾¶§÷¸°¨·¹³²■\xa0',
  ],
  [
    'iso-8859-16',
    '\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f\xa0ĄąŁ€„Š§š©Ș«Ź\xadźŻ°±ČłŽ”¶·žčș»ŒœŸżÀÁÂĂÄĆÆÇÈÉÊËÌÍÎÏĐŃÒÓÔŐÖŚŰÙÚÛÜĘȚßàáâăäćæçèéêëìíîïđńòóôőöśűùúûüęțÿ',
  ],
]);

const LATIN =
  /^(?:windows-1252|cp-?1252|iso_?-?8859-?1(?::1987)?|latin-?1|l1|x-cp1252|ansi_x3\.4-1968|iso-ir-100|ibm819|cp819)$/;
const UNLABELLED =
  /^(?:us-?ascii|ascii|7-?bit|8-?bit|x-unknown|unknown(?:-8bit)?|x-user-defined|default|binary|iso-646.*|)$/;

function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] ?? 0) > 0x7e || bytes[i] === 0x1b) return false;
  return true;
}

/** Text of bytes that carry the label `charset` (case and surrounding junk do not matter). */
export function decodeBytes(bytes: Uint8Array, charset: string): Decoded {
  const written = charset
    .trim()
    .replace(/^["']|["';]$/g, '')
    .toLowerCase();
  let label = ALIASES.get(written) ?? written;
  // Multi-byte sets that hide in ASCII come first.
  if (label === 'utf-7') return { text: decodeUtf7(bytes), guessed: false };
  if (label === 'hz') return { text: decodeHz(bytes), guessed: false };
  if (label === 'iso-2022-kr') return { text: decodeIso2022Kr(bytes), guessed: false };
  if (isAscii(bytes) && !label.startsWith('utf-16') && !label.startsWith('utf-32')) {
    return { text: latin1(bytes), guessed: false };
  }
  if (label === 'utf-16') label = utf16Order(bytes);
  if (UNLABELLED.test(label)) return { text: guess(bytes).text, guessed: false };
  if (label === 'utf-8' || label === 'utf8') return decodeUtf8(bytes);
  if (LATIN.test(label)) return { text: decode1252(bytes), guessed: false };
  const upper = UPPER.get(label);
  if (upper) return { text: singleByte(bytes, upper), guessed: false };
  try {
    return { text: new TextDecoder(label).decode(bytes), guessed: false };
  } catch {
    return guess(bytes); // RangeError: no such label
  }
}

/** RFC 2781: the byte order mark decides; without one the order that puts the zeros of Latin text above. */
function utf16Order(bytes: Uint8Array): string {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[1] === 0 ? 'utf-16le' : 'utf-16be';
}

/** Bytes without a usable label. */
function guess(bytes: Uint8Array): Decoded {
  const utf8 = validUtf8(bytes);
  return { text: utf8 ?? decode1252(bytes), guessed: true };
}

/** The text when all of it is well-formed UTF-8, else null. */
export function validUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** UTF-8 cut in the middle of a character stays UTF-8; a text that has no multi-byte character is mislabelled. */
function decodeUtf8(bytes: Uint8Array): Decoded {
  const text = new TextDecoder('utf-8').decode(bytes);
  // A replacement character that the sender wrote is a character.
  if (!text.includes('\ufffd') || validUtf8(bytes) !== null) return { text, guessed: false };
  let broken = 0;
  let good = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0xfffd) broken++;
    else if (code > 0x7f) good++;
  }
  return good >= broken ? { text, guessed: true } : { text: decode1252(bytes), guessed: true };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

const C1 = /[\x80-\x9f]/g;

/** Also for iso-8859-1, as browsers do: its C1 controls are never meant. */
export function decode1252(bytes: Uint8Array): string {
  return latin1(bytes).replace(C1, c => UPPER_1252.charAt(c.charCodeAt(0) - 0x80));
}

function singleByte(bytes: Uint8Array, upper: string): string {
  return latin1(bytes).replace(/[\x80-\xff]/g, c => upper.charAt(c.charCodeAt(0) - 0x80));
}

/** RFC 2152: `+…-` holds UTF-16BE in base64 without padding; `+-` is a plus. */
export function decodeUtf7(bytes: Uint8Array): string {
  return latin1(bytes).replace(/\+([A-Za-z0-9+/]*)-?/g, (_, base64: string) => {
    if (base64 === '') return '+';
    const units = Buffer.from(base64, 'base64');
    let text = '';
    for (let i = 0; i + 1 < units.length; i += 2) text += String.fromCharCode(units.readUInt16BE(i));
    return text;
  });
}

/** RFC 1843: `~{` … `~}` holds GB 2312 with the high bits off. */
function decodeHz(bytes: Uint8Array): string {
  return latin1(bytes)
    .replace(/~\n/g, '')
    .replace(/~\{([\s\S]*?)(?:~\}|$)|~~/g, (all, pairs: string | undefined) =>
      all === '~~' ? '~' : raised(pairs ?? '', 'gbk'),
    );
}

/** RFC 1557: SO … SI holds KS X 1001 with the high bits off; the designator `ESC $ ) C` means nothing more. */
function decodeIso2022Kr(bytes: Uint8Array): string {
  return latin1(bytes)
    .replaceAll('\x1b$)C', '')
    .replace(/\x0e([\s\S]*?)(?:\x0f|(?=[\r\n])|$)/g, (_, pairs: string) => raised(pairs, 'euc-kr'));
}

function raised(pairs: string, charset: string): string {
  const bytes = Buffer.from(pairs, 'latin1');
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] ?? 0) > 0x20) bytes[i] = (bytes[i] ?? 0) | 0x80;
  return new TextDecoder(charset).decode(bytes);
}
