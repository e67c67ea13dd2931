// Keys as words: how they are written in the configuration and how they are shown to a person. Pure.
import type { Key } from './types.ts';

const NAMES: readonly string[] = [
  'enter',
  'esc',
  'tab',
  'space',
  'backspace',
  'delete',
  'insert',
  'up',
  'down',
  'left',
  'right',
  'home',
  'end',
  'pgup',
  'pgdn',
  ...Array.from({ length: 12 }, (_, i) => `f${i + 1}`),
];

/**
 * A binding as written (`j`, `gg`, `C-d`, `g enter`, `S-tab`) as its keys in order, or null when it makes no sense.
 * Words are separated by spaces; a word that is no name and no chord is one key a character.
 */
export function parseKeys(written: string): readonly Key[] | null {
  const keys: Key[] = [];
  for (const word of written.trim().split(/\s+/)) {
    if (word === '') return null;
    if (isKey(word)) keys.push(word);
    else if (/^[CMS]-/.test(word)) return null;
    else keys.push(...word);
  }
  return keys.length > 0 && keys.length <= 4 ? keys : null;
}

function isKey(word: string): boolean {
  const bare = word.replace(/^(?:[CMS]-)+(?=.)/, '');
  return NAMES.includes(bare) || [...bare].length === 1;
}

const SHORT: Readonly<Record<string, string>> = { enter: 'Ent', space: 'Spc', pgdn: 'PgDn', pgup: 'PgUp' };
const LONG: Readonly<Record<string, string>> = { enter: 'Enter', space: 'Space', pgdn: 'PgDn', pgup: 'PgUp' };

/** A binding for a person: `gg`, `^d`, `Enter`, `S-Tab`; `short` for the hint row. */
export function showKeys(keys: readonly Key[], short = false): string {
  const shown = keys.map(key => showKey(key, short));
  // `g Enter` needs the gap, `gg` does not.
  return shown.some(word => [...word].length > 1) ? shown.join(' ') : shown.join('');
}

/** All keys of a command: `j Down`, `1-9`. */
export function showBindings(bindings: readonly (readonly Key[])[]): string {
  const shown = bindings.map(keys => showKeys(keys));
  const nine = shown.length === 9 && shown.every((text, i) => text.endsWith(String(i + 1)));
  return nine ? `${shown[0]}-9` : shown.join(' ');
}

function showKey(key: Key, short: boolean): string {
  const match = /^((?:[CMS]-)*)(.+)$/u.exec(key);
  const held = match?.[1] ?? '';
  const bare = match?.[2] ?? key;
  const name =
    (short ? SHORT : LONG)[bare] ?? (bare.length > 1 ? bare[0]?.toUpperCase() + bare.slice(1) : bare);
  if (held === 'C-') return `^${name}`;
  return held.replaceAll('C-', '^') + name;
}
