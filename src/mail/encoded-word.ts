// Header text: encoded words (RFC 2047), parameters (RFC 2045 with the continuations and charsets of RFC 2231), raw
// 8-bit. Takes header values as latin1 strings (one character a byte), as they stand in the message. Never throws.
import { decode1252, decodeBytes, validUtf8 } from './charsets.ts';

const WORD = /=\?([^?\s]{1,60})\?([bq])\?([^?]*)\?=/giy;
const HAS_WORD = /=\?[^?\s]{1,60}\?[bq]\?/i;

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** 8-bit text that nobody labelled: UTF-8 (RFC 6532) when it is well-formed, an ISO-2022-JP escape, else 1252. */
export function decodeRaw(latin1: string): string {
  if (!/[\x80-\xff\x1b]/.test(latin1)) return latin1;
  if (/\x1b\$[@B]|\x1b\([JI]/.test(latin1)) return decodeBytes(bytesOf(latin1), 'iso-2022-jp').text;
  // Already decoded text (an envelope from a library) holds characters that are no bytes.
  if (/[^\x00-\xff]/.test(latin1)) return latin1;
  const bytes = bytesOf(latin1);
  return validUtf8(bytes) ?? decode1252(bytes);
}

function wordBytes(encoding: string, payload: string): Buffer {
  if (encoding === 'b') return Buffer.from(payload.replace(/[^A-Za-z0-9+/=_-]/g, ''), 'base64');
  return bytesOf(
    payload
      .replaceAll('_', ' ')
      .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  );
}

/**
 * An unfolded header value with its encoded words decoded. White space between two words vanishes; the bytes of
 * neighbours of one charset are joined first, since senders cut characters in two.
 */
export function decodeWords(value: string): string {
  if (!HAS_WORD.test(value)) return decodeRaw(value);
  let out = '';
  let pending: Buffer[] = [];
  let charset = '';
  const flush = () => {
    if (pending.length > 0) out += decodeBytes(Buffer.concat(pending), charset).text;
    pending = [];
  };
  let at = 0;
  while (at < value.length) {
    const start = value.indexOf('=?', at);
    if (start < 0) break;
    WORD.lastIndex = start;
    const match = WORD.exec(value);
    const between = value.slice(at, start);
    if (!match) {
      flush();
      out += `${decodeRaw(between)}=?`;
      at = start + 2;
      continue;
    }
    // `utf-8*en` names a language (RFC 2231 section 5).
    const label = (match[1] ?? '').replace(/\*.*$/, '').toLowerCase();
    const glued = pending.length > 0 && /^\s*$/.test(between);
    if (!glued || label !== charset) flush();
    if (!glued) out += decodeRaw(between);
    charset = label;
    pending.push(wordBytes((match[2] ?? '').toLowerCase(), match[3] ?? ''));
    at = start + match[0].length;
  }
  flush();
  return out + decodeRaw(value.slice(at));
}

export interface Parameterised {
  /** Lower case: `text/plain`, `attachment`. */
  readonly value: string;
  /** Lower-case names; a Map, so that `__proto__` is a name like any other. */
  readonly params: ReadonlyMap<string, string>;
}

const PARAM = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\[\s\S])*)"?|([^;]*))/g;
/** Parameters of one header that are looked at. */
const MAX_PARAMS = 100;

/** Content-Type and Content-Disposition values. Names and file names come decoded, not sanitised. */
export function parseParameters(header: string): Parameterised {
  const semicolon = header.indexOf(';');
  const value = (semicolon < 0 ? header : header.slice(0, semicolon))
    .replace(/\([^)]*\)/g, '')
    .trim()
    .toLowerCase();
  const plain = new Map<string, string>();
  const pieces = new Map<string, Map<number, { text: string; encoded: boolean }>>();
  if (semicolon >= 0) {
    let count = 0;
    for (const match of header.slice(semicolon).matchAll(PARAM)) {
      if (++count > MAX_PARAMS) break;
      const name = (match[1] ?? '').toLowerCase();
      const text = match[2] === undefined ? (match[3] ?? '').trim() : match[2].replace(/\\([\s\S])/g, '$1');
      const extended = /^(.*?)(?:\*(\d{1,3}))?(\*)?$/.exec(name);
      const key = extended?.[1] ?? name;
      if (extended && (extended[2] !== undefined || extended[3] !== undefined)) {
        const list = pieces.get(key) ?? new Map<number, { text: string; encoded: boolean }>();
        list.set(Number(extended[2] ?? 0), { text, encoded: extended[3] !== undefined });
        pieces.set(key, list);
      } else if (!plain.has(key)) plain.set(key, decodeWords(text));
    }
  }
  for (const [key, list] of pieces) plain.set(key, joinPieces(list));
  return { value, params: plain };
}

/** RFC 2231: the first encoded piece begins with `charset'language'`; percent escapes are bytes. */
function joinPieces(list: ReadonlyMap<number, { text: string; encoded: boolean }>): string {
  let charset = '';
  const chunks: Buffer[] = [];
  for (const [n, { text, encoded }] of [...list].sort(([a], [b]) => a - b)) {
    let rest = text;
    if (n === 0 && encoded) {
      const head = /^([^']*)'[^']*'/.exec(text);
      if (head) {
        charset = head[1] ?? '';
        rest = text.slice(head[0].length);
      }
    }
    chunks.push(
      bytesOf(
        encoded
          ? rest.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
              String.fromCharCode(Number.parseInt(hex, 16)),
            )
          : rest,
      ),
    );
  }
  const bytes = Buffer.concat(chunks);
  // Some senders put encoded words into the pieces of a continuation.
  return charset === '' ? decodeWords(bytes.toString('latin1')) : decodeBytes(bytes, charset).text;
}
