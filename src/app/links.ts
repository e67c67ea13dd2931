// Where a link really goes, and whether its text says otherwise (READ-05). Pure.
import type { Link } from '../worker/types.ts';

/** The host as it is asked for in the DNS (punycode shown), or '' where there is none. */
export function linkHost(url: string): string {
  try {
    const parsed = new URL(url);
    return parsed.protocol === 'mailto:' ? (parsed.pathname.split('@')[1] ?? '') : parsed.host;
  } catch {
    return '';
  }
}

const HOST_IN_TEXT = /(?:https?:\/\/)?((?:[\p{L}\p{N}-]+\.)+[\p{L}]{2,})/iu;

/** A sentence when the text names another host than the target, or the host is written in look-alike letters. */
export function linkWarning(link: Link): string | null {
  const host = linkHost(link.url).replace(/:\d+$/, '').toLowerCase();
  if (host === '') return null;
  const named = HOST_IN_TEXT.exec(link.text)?.[1];
  if (named) {
    const said = linkHost(`http://${named}`).toLowerCase();
    if (said !== '' && !sameSite(said, host)) return `! The text says ${said}, the link goes to ${host}.`;
  }
  if (host.split('.').some(label => label.startsWith('xn--'))) {
    return `! The host ${host} uses letters that may look like others.`;
  }
  return null;
}

function sameSite(a: string, b: string): boolean {
  return a === b || a.endsWith(`.${b}`) || b.endsWith(`.${a}`);
}
