// Paths as terminals paste them when a file is dragged in: quoted, with backslashes, or as file: addresses. Pure.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Longer pastes are text. */
const MAX = 8192;
const FILES = 50;

/** The absolute paths that a paste consists of; null: it is text. */
export function pastedPaths(text: string): readonly string[] | null {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > MAX || !/^(?:['"]?(?:\/|~\/)|['"]?file:\/\/)/i.test(trimmed))
    return null;
  const words = shellWords(trimmed);
  // A path with spaces that nobody has quoted: one line, and nothing else.
  const paths = words?.map(word => asPath(word.text, word.quoted)) ?? [null];
  if (paths.length <= FILES && paths.every(path => path !== null)) return paths;
  const whole = asPath(trimmed, false);
  return whole !== null && !trimmed.includes('\n') ? [whole] : null;
}

/** What was typed or pasted into the line that asks for a path. */
export function typedPath(text: string, home = homedir()): string {
  const paths = pastedPaths(text);
  const only = paths?.length === 1 ? paths[0] : undefined;
  return only ?? expandHome(text.trim(), home);
}

export function expandHome(path: string, home = homedir()): string {
  return path === '~' ? home : path.startsWith('~/') ? join(home, path.slice(2)) : path;
}

function asPath(word: string, quoted: boolean): string | null {
  if (/^file:\/\//i.test(word)) {
    try {
      return fileURLToPath(word);
    } catch {
      // Another host's file, or no address at all.
      return null;
    }
  }
  if (word.startsWith('/')) return word;
  return !quoted && word.startsWith('~/') ? expandHome(word) : null;
}

export interface Word {
  readonly text: string;
  readonly quoted: boolean;
}

/** Words as a shell would take them apart, without anything that a shell would run; null: a quote is not closed. */
export function shellWords(text: string): readonly Word[] | null {
  const words: Word[] = [];
  let word = '';
  let begun = false;
  let wasQuoted = false;
  let quote = '';
  const end = () => {
    if (begun) words.push({ text: word, quoted: wasQuoted });
    word = '';
    begun = wasQuoted = false;
  };
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quote !== '') {
      if (char === quote) quote = '';
      else if (char === '\\' && quote === '"' && /["\\$`]/.test(text.charAt(at + 1)))
        word += text.charAt(++at);
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      begun = wasQuoted = true;
    } else if (char === '\\' && at + 1 < text.length) {
      word += text.charAt(++at);
      begun = true;
    } else if (/\s/.test(char)) end();
    else {
      word += char;
      begun = true;
    }
  }
  end();
  return quote === '' ? words : null;
}
