// What the terminal can do, from the environment alone: asking the terminal itself would cost the first frame.
import type { ColorDepth } from './sgr.ts';

export interface TerminalTraits {
  readonly colors: ColorDepth;
  /** The locale's charset is UTF-8; else everything drawn is ASCII. */
  readonly unicode: boolean;
  /** DECSTBM with IL and DL. */
  readonly scrollRegions: boolean;
  /** DEC mode 2026; ignored where it is unknown, so only terminals that print what they don't know lack it. */
  readonly synchronized: boolean;
}

/** NO_COLOR (no-color.org), COLORTERM, TERM; LC_ALL before LC_CTYPE before LANG (POSIX). */
export function terminalTraits(env: NodeJS.ProcessEnv): TerminalTraits {
  const term = env.TERM ?? '';
  const dumb = term === '' || term === 'dumb';
  return {
    colors: colorDepth(env, term, dumb),
    unicode: isUnicode(env, term),
    scrollRegions: !dumb,
    synchronized: !dumb && term !== 'linux',
  };
}

function colorDepth(env: NodeJS.ProcessEnv, term: string, dumb: boolean): ColorDepth {
  if ((env.NO_COLOR ?? '') !== '' || dumb || /^vt\d|-m$|-mono$/.test(term)) return 'none';
  if (/^(truecolor|24bit)$/i.test(env.COLORTERM ?? '') || /-direct$/.test(term)) return 'truecolor';
  // These can, and seldom say so in COLORTERM.
  if (/^(xterm-kitty|xterm-ghostty|alacritty|foot|wezterm|contour)/.test(term)) return 'truecolor';
  return /256/.test(term) ? '256' : '16';
}

function isUnicode(env: NodeJS.ProcessEnv, term: string): boolean {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find(value => value !== undefined && value !== '');
  // Containers and daemons often have no locale at all, with a terminal that is UTF-8 nevertheless.
  if (locale === undefined) return term !== 'linux' && term !== 'dumb' && !/^vt\d/.test(term);
  return /utf-?8/i.test(locale);
}
