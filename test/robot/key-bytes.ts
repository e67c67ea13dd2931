// What an xterm sends for a key word: the inverse of src/ui/keys.ts, as far as tests need it.
import type { Key } from '../../src/app/types.ts';

const PLAIN: Readonly<Record<string, string>> = {
  enter: '\r',
  esc: '\x1b',
  tab: '\t',
  space: ' ',
  backspace: '\x7f',
  'S-tab': '\x1b[Z',
  'C-space': '\0',
};
const LETTERS: Readonly<Record<string, string>> = {
  up: 'A',
  down: 'B',
  right: 'C',
  left: 'D',
  end: 'F',
  home: 'H',
};
const NUMBERS: Readonly<Record<string, number>> = {
  insert: 2,
  delete: 3,
  pgup: 5,
  pgdn: 6,
  f1: 11,
  f2: 12,
  f3: 13,
  f4: 14,
  f5: 15,
  f6: 17,
  f7: 18,
  f8: 19,
  f9: 20,
  f10: 21,
  f11: 23,
  f12: 24,
};

export function bytesOfKey(key: Key): string {
  const plain = PLAIN[key];
  if (plain !== undefined) return plain;
  const [, held = '', name = ''] = /^((?:[CMS]-)*)(.+)$/su.exec(key) ?? [];
  const modifier =
    1 + (held.includes('S-') ? 1 : 0) + (held.includes('M-') ? 2 : 0) + (held.includes('C-') ? 4 : 0);
  const letter = LETTERS[name];
  if (letter !== undefined) return modifier === 1 ? `\x1b[${letter}` : `\x1b[1;${modifier}${letter}`;
  const number = NUMBERS[name];
  if (number !== undefined) return modifier === 1 ? `\x1b[${number}~` : `\x1b[${number};${modifier}~`;
  const alt = held.includes('M-') ? '\x1b' : '';
  const base = PLAIN[name] ?? name;
  if (!held.includes('C-')) return alt + base;
  return alt + String.fromCharCode(base.toUpperCase().charCodeAt(0) & 0x1f);
}
