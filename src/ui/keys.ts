// The terminal's input as key words (app/types.ts) and pastes. Pure and incremental: any chunking of the same bytes
// gives the same keys. What it does not know it swallows: no reply and no mouse click ever becomes a command.
// Sequences: xterm ctlseqs, VT220, the Linux console, rxvt, CSI u (fixterms, kitty), modifyOtherKeys.
import { StringDecoder } from 'node:string_decoder';
import type { Key } from '../app/types.ts';

export type InputEvent =
  | { readonly t: 'key'; readonly key: Key }
  | { readonly t: 'paste'; readonly text: string };

/** How long a lone Esc, or Alt with `[` or `O`, waits for the rest of a sequence. */
export const ESC_TIMEOUT_MS = 25;
/** A longer sequence that does not end is given up after this time without input. */
export const SEQUENCE_TIMEOUT_MS = 500;
/** Replies of terminals are shorter; what is longer is dropped up to its end. */
const SEQUENCE_LENGTH = 4096;

const PASTE_END = '\x1b[201~';

export interface KeyReader {
  /** Keys and pastes that are complete with these bytes. */
  push(bytes: Uint8Array): InputEvent[];
  /** Milliseconds without input after which `timeout` is due; null when nothing is pending. */
  pending(): number | null;
  /** Nothing more came: what is pending was a key of its own, or is given up. */
  timeout(): InputEvent[];
}

export function createKeyReader(): KeyReader {
  const decoder = new StringDecoder('utf8');
  /** Not yet understood; starts with Esc or is empty, except within a paste. */
  let rest = '';
  let paste: string[] | null = null;
  /** Inside a string (OSC, DCS, APC, PM, SOS) that got too long: skipped to its end. */
  let skipping = false;

  function take(events: InputEvent[]): boolean {
    if (paste !== null) return takePaste(events);
    if (rest === '') return false;
    const found = next(rest);
    if (found === null) {
      if (rest.length > SEQUENCE_LENGTH) {
        // Only strings get this long; their last byte may be half of the terminator.
        skipping = true;
        rest = rest.slice(0, 2) + (rest.endsWith('\x1b') ? '\x1b' : '');
      }
      return false;
    }
    rest = rest.slice(found.length);
    skipping = false;
    if (found.key === 'paste') paste = [];
    else if (found.key !== null) events.push({ t: 'key', key: found.key });
    return true;
  }

  function takePaste(events: InputEvent[]): boolean {
    const end = rest.indexOf(PASTE_END);
    if (end < 0) {
      // The tail may be the beginning of the end.
      const keep = Math.min(rest.length, PASTE_END.length - 1);
      paste?.push(rest.slice(0, rest.length - keep));
      rest = rest.slice(rest.length - keep);
      return false;
    }
    paste?.push(rest.slice(0, end));
    rest = rest.slice(end + PASTE_END.length);
    const text = pastedText((paste ?? []).join(''));
    paste = null;
    if (text !== '') events.push({ t: 'paste', text });
    return true;
  }

  return {
    push(bytes) {
      rest += decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      const events: InputEvent[] = [];
      while (take(events));
      return events;
    },
    pending() {
      if (paste !== null || rest === '') return null;
      return rest.length <= 2 && !skipping ? ESC_TIMEOUT_MS : SEQUENCE_TIMEOUT_MS;
    },
    timeout() {
      if (paste !== null) return [];
      const events: InputEvent[] = [];
      const given = rest;
      rest = '';
      if (!skipping && given.length <= 3 && /^\x1b+[[O\]PX^_]?$/.test(given))
        events.push(...literally(given));
      skipping = false;
      return events;
    },
  };
}

/** Esc, Esc Esc, Alt-[ and the like: what people type that also begins a sequence. */
function literally(text: string): InputEvent[] {
  const events: InputEvent[] = [];
  for (let i = 0; i < text.length; i++) {
    const char = text[i + 1];
    if (char === undefined || char === '\x1b') events.push({ t: 'key', key: 'esc' });
    else {
      events.push({ t: 'key', key: `M-${char}` });
      i++;
    }
  }
  return events;
}

/** Lines end in \n; no other control character but the tab. */
function pastedText(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd]/g, '');
}

interface Found {
  readonly length: number;
  /** Null: swallowed. */
  readonly key: Key | null;
}

/** The first key of a text that is not empty; null when it is not complete. */
function next(text: string): Found | null {
  const first = text[0] ?? '';
  if (first === '\x1b') return afterEscape(text);
  if (first === '\x9b') return lengthened(csi(text.slice(1)), 1);
  if (first === '\x8f') return lengthened(ss3(text.slice(1)), 1);
  const char = String.fromCodePoint(text.codePointAt(0) ?? 0);
  return { length: char.length, key: character(char) };
}

function afterEscape(text: string): Found | null {
  const second = text[1];
  if (second === undefined) return null;
  if (second === '[') return lengthened(csi(text.slice(2)), 2);
  if (second === 'O') return lengthened(ss3(text.slice(2)), 2);
  if (second === ']' || second === 'P' || second === 'X' || second === '^' || second === '_') {
    return controlString(text);
  }
  if (second === '\x1b') {
    // rxvt sends Alt as an Esc before the sequence. Otherwise the first Esc was a key of its own.
    const third = text[2];
    if (third === undefined) return null;
    if (third === '[' || third === 'O') {
      const found = afterEscape(text.slice(1));
      if (found === null) return null;
      // Esc and then a paste: the paste must not lose its beginning.
      if (found.key === 'paste') return { length: 1, key: 'esc' };
      return { length: found.length + 1, key: withAlt(found.key) };
    }
    return { length: 1, key: 'esc' };
  }
  const char = String.fromCodePoint(text.codePointAt(1) ?? 0);
  return { length: 1 + char.length, key: withAlt(character(char)) };
}

function lengthened(found: Found | null, by: number): Found | null {
  return found === null ? null : { length: found.length + by, key: found.key };
}

/** OSC ends in BEL or ST, the others in ST; an Esc that begins anything else ends it as well (ECMA-48 by practice). */
function controlString(text: string): Found | null {
  for (let i = 2; i < text.length; i++) {
    const char = text[i];
    if (char === '\x07' && text[1] === ']') return { length: i + 1, key: null };
    if (char === '\x9c' || char === '\x18' || char === '\x1a') return { length: i + 1, key: null };
    if (char !== '\x1b') continue;
    const after = text[i + 1];
    if (after === undefined) return null;
    return { length: after === '\\' ? i + 2 : i, key: null };
  }
  return null;
}

/** One character that is no part of a sequence. */
function character(char: string): Key | null {
  const code = char.codePointAt(0) ?? 0;
  if (code === 0) return 'C-space';
  if (code === 0x08 || code === 0x7f) return 'backspace';
  if (code === 0x09) return 'tab';
  if (code === 0x0d) return 'enter';
  if (code < 0x1b) return `C-${String.fromCharCode(code + 0x60)}`;
  if (code < 0x20) return `C-${String.fromCharCode(code + 0x40)}`;
  if (char === ' ') return 'space';
  // C1 controls, and bytes that were not UTF-8.
  if ((code >= 0x80 && code < 0xa0) || code === 0xfffd) return null;
  return char;
}

function withAlt(key: Key | null): Key | null {
  if (key === null) return null;
  if (key.startsWith('M-') || key.startsWith('C-M-')) return key;
  return key.startsWith('C-') && key !== 'C-' ? `C-M-${key.slice(2)}` : `M-${key}`;
}

const FINALS: Readonly<Record<string, Key>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  F: 'end',
  H: 'home',
  P: 'f1',
  Q: 'f2',
  R: 'f3',
  S: 'f4',
};

const NUMBERED: Readonly<Record<number, Key>> = {
  1: 'home',
  2: 'insert',
  3: 'delete',
  4: 'end',
  5: 'pgup',
  6: 'pgdn',
  7: 'home',
  8: 'end',
  11: 'f1',
  12: 'f2',
  13: 'f3',
  14: 'f4',
  15: 'f5',
  17: 'f6',
  18: 'f7',
  19: 'f8',
  20: 'f9',
  21: 'f10',
  23: 'f11',
  24: 'f12',
  25: 'f13',
  26: 'f14',
  28: 'f15',
  29: 'f16',
  31: 'f17',
  32: 'f18',
  33: 'f19',
  34: 'f20',
};

/** `text` stands behind `ESC [`. */
function csi(text: string): Found | null {
  // The Linux console's F1 to F5.
  if (text[0] === '[') {
    if (text.length < 2) return null;
    const n = 'ABCDE'.indexOf(text[1] ?? '');
    return { length: 2, key: n < 0 ? null : `f${n + 1}` };
  }
  // X10 mouse reports: three characters follow.
  if (text[0] === 'M') return text.length < 4 ? null : { length: 4, key: null };
  const whole = /^([\x30-\x3f]*)([\x20-\x2f]*)([\x40-\x7e])/.exec(text);
  if (whole === null) return brokenCsi(text);
  const [sequence, parameters = '', intermediate = '', final = ''] = whole;
  // rxvt: `$` for Shift is an intermediate to ECMA-48, so what follows it is not part of the sequence.
  const shifted = /^(\d+)\$/.exec(text);
  if (shifted !== null) {
    return { length: shifted[0].length, key: modified(NUMBERED[Number(shifted[1])] ?? null, 1) };
  }
  return { length: sequence.length, key: intermediate === '' ? csiKey(parameters, final) : null };
}

/** Not complete, or not a sequence: then it ends before the character that breaks it. */
function brokenCsi(text: string): Found | null {
  const shifted = /^(\d+)\$/.exec(text);
  if (shifted !== null) {
    return { length: shifted[0].length, key: modified(NUMBERED[Number(shifted[1])] ?? null, 1) };
  }
  const broken = /[^\x20-\x3f]/.exec(text);
  return broken === null ? null : { length: broken.index, key: null };
}

function csiKey(parameters: string, final: string): Key | null {
  if (parameters !== '' && !/^[\d;:]+$/.test(parameters)) return null;
  const fields = parameters.split(';');
  const [n = 0, modifier = 0] = fields.map(field => Number(field.split(':')[0]));
  // Kitty reports releases as event 3.
  if (fields[1]?.split(':')[1] === '3') return null;
  const held = Math.max(0, modifier - 1);
  switch (final) {
    case '~':
      if (n === 200) return 'paste';
      if (n === 27) return fromCode(Number(fields[2]), held);
      return modified(NUMBERED[n] ?? null, held);
    case '^':
      return modified(NUMBERED[n] ?? null, 4);
    case '@':
      return modified(NUMBERED[n] ?? null, 5);
    case 'u':
      return fromCode(n, held, Number(fields[0]?.split(':')[1] ?? 0));
    case 'Z':
      return modified('tab', held | 1);
    case 'a':
    case 'b':
    case 'c':
    case 'd':
      return modified(FINALS[final.toUpperCase()] ?? null, 1);
    default:
      // `CSI row;column R` is a cursor report, `CSI 1;modifier R` is F3.
      if (fields.length > 2 || (fields.length === 2 && n !== 1)) return null;
      return modified(FINALS[final] ?? null, held);
  }
}

const KEYPAD: Readonly<Record<string, Key>> = { M: 'enter', I: 'tab', ' ': 'space', X: '=' };

/** `text` stands behind `ESC O`. */
function ss3(text: string): Found | null {
  // No digit ends one: after a digit there is more to come.
  const whole = /^(\d?)([\x20-\x2f\x3a-\x7e])/.exec(text);
  if (whole === null) return text === '' || /^\d$/.test(text) ? null : { length: 0, key: null };
  const [sequence, digit = '', final = ''] = whole;
  const held = digit === '' ? 0 : Math.max(0, Number(digit) - 1);
  const { length } = sequence;
  if (/[a-d]/.test(final)) return { length, key: modified(FINALS[final.toUpperCase()] ?? null, 4) };
  // The keypad in application mode: j to y are * + , - . / 0 to 9.
  if (/[j-y]/.test(final))
    return { length, key: modified(String.fromCharCode(final.charCodeAt(0) - 0x40), held) };
  return { length, key: modified(FINALS[final] ?? KEYPAD[final] ?? null, held) };
}

const FUNCTIONAL: Readonly<Record<number, Key>> = {
  8: 'backspace',
  9: 'tab',
  13: 'enter',
  27: 'esc',
  32: 'space',
  127: 'backspace',
  57414: 'enter',
};

/** A key by its code point (CSI u). Private-use code points stand for keys that have no word here. */
function fromCode(code: number, held: number, shiftedCode = 0): Key | null {
  const named = FUNCTIONAL[code];
  if (named !== undefined) return modified(named, held);
  if (!(code > 32 && code <= 0x10ffff) || (code >= 0xe000 && code <= 0xf8ff)) return null;
  if (code >= 0xd800 && code <= 0xdfff) return null;
  const char = String.fromCodePoint(code);
  if ((held & 1) === 0) return modified(char, held);
  const upper = shiftedCode > 32 ? String.fromCodePoint(shiftedCode) : char.toUpperCase();
  // Shift is in the character already, except where Ctrl makes letters of both cases equal.
  return upper === char && /[a-z]/.test(char) ? modified(char, held) : modified(upper, held & ~1);
}

/** Bits as in xterm: 1 Shift, 2 Alt, 4 Ctrl, 8 Super, 16 Hyper, 32 Meta; locks above are ignored. */
function modified(key: Key | null, held: number): Key | null {
  if (key === null || (held & (8 | 16)) !== 0) return null;
  const control = (held & 4) !== 0 ? 'C-' : '';
  const alt = (held & (2 | 32)) !== 0 ? 'M-' : '';
  return `${control}${alt}${(held & 1) !== 0 ? 'S-' : ''}${control !== '' && key.length === 1 ? key.toLowerCase() : key}`;
}
