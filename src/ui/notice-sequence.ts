// A notice as the bytes that a terminal takes for one. What can't be told so rings the bell; nothing of it is ever
// printed, and no text gets out of it.
import type { NoticeWay } from '../config/types.ts';
import { sanitize } from '../mail/sanitize.ts';

const BEL = '\x07';
const ESC = '\x1b';
/** Terminals and tmux cut or drop what is longer. */
const TEXT = 200;

/**
 * Inside tmux it is wrapped for the terminal outside (tmux leaves out what its `allow-passthrough` forbids). GNU
 * screen, a TERM of screen or tmux whose multiplexer is on another computer, and terminals that print what they do
 * not know: the bell.
 */
export function noticeSequences(ways: readonly NoticeWay[], text: string, env: NodeJS.ProcessEnv): string {
  return [...new Set(ways.map(way => sequenceOf(way, text, env)))].join('');
}

function sequenceOf(way: NoticeWay, text: string, env: NodeJS.ProcessEnv): string {
  const route = way === 'bell' ? 'none' : routeOf(env);
  if (route === 'none') return BEL;
  const safe = [...sanitize(text)].slice(0, TEXT).join('');
  // `;` ends a field of OSC 777; OSC 9;4 and its like are ConEmu's progress and more: no text may begin like them.
  const body = way === 'osc777' ? `777;notify;tmail;${safe.replaceAll(';', ',')}` : `9;tmail: ${safe}`;
  const sequence = `${ESC}]${body}${BEL}`;
  return route === 'plain' ? sequence : `${ESC}Ptmux;${sequence.replaceAll(ESC, ESC + ESC)}${ESC}\\`;
}

function routeOf(env: NodeJS.ProcessEnv): 'plain' | 'tmux' | 'none' {
  const term = env.TERM ?? '';
  if (term === '' || /^(dumb|linux|vt\d|cons25|unknown)/.test(term)) return 'none';
  if (/^(screen|tmux)/.test(term)) return env.TMUX && !env.STY ? 'tmux' : 'none';
  // TMUX of a terminal that was started from within tmux says nothing about this one.
  return 'plain';
}
