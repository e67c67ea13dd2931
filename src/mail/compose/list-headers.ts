// What a mailing list says about itself (RFC 2369, RFC 8058): where to post, how to leave. Hostile text: only https
// and mailto count, and nothing here goes anywhere.
import { isAddress } from './addresses.ts';
import { type Mailto, parseMailto } from './mailto.ts';

type Headers = readonly { readonly name: string; readonly value: string }[];

/** One way to leave a list. */
export type Unsubscribe =
  | {
      readonly t: 'one-click' /** https; POST ONE_CLICK_BODY to it, follow no redirect. */;
      readonly url: string;
    }
  | { readonly t: 'mailto'; readonly mail: Mailto }
  | { readonly t: 'link' /** https; for a person's browser. */; readonly url: string };

/** What RFC 8058 3.2 posts, as application/x-www-form-urlencoded. */
export const ONE_CLICK_BODY = 'List-Unsubscribe=One-Click';

const MAX_URLS = 20;
const MAX_VALUE = 16 * 1024;

const valuesOf = (headers: Headers, name: string) =>
  headers.filter(header => header.name.toLowerCase() === name).map(({ value }) => value.slice(0, MAX_VALUE));

/** The URLs of a list header, in the sender's order of preference; comments and anything outside of <> mean nothing. */
function urls(headers: Headers, name: string): string[] {
  return valuesOf(headers, name)
    .flatMap(value => [...value.matchAll(/<([^<>]*)>/g)].map(match => (match[1] ?? '').replace(/\s+/g, '')))
    .slice(0, MAX_URLS);
}

function httpsUrl(text: string): string | null {
  if (!/^https:\/\//i.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  // A name and password in front of the host only serve to disguise it.
  return url.username === '' && url.password === '' ? url.href : null;
}

/** The address to post to; '' when there is none, or when nobody may (`List-Post: NO`). */
export function listAddress(headers: Headers): string {
  for (const url of urls(headers, 'list-post')) {
    const [to] = parseMailto(url)?.addresses ?? [];
    if (to && isAddress(to)) return to;
  }
  return '';
}

/** The ways to leave, best first: one click, then mail, then a page. */
export function unsubscribeChoices(headers: Headers): Unsubscribe[] {
  const all = urls(headers, 'list-unsubscribe');
  const links = all.flatMap(text => httpsUrl(text) ?? []);
  const oneClick = valuesOf(headers, 'list-unsubscribe-post').some(
    value => value.replace(/\s+/g, '').toLowerCase() === ONE_CLICK_BODY.toLowerCase(),
  );
  const mails = all.flatMap(text => {
    const mail = parseMailto(text);
    return mail && mail.to !== '' ? [{ t: 'mailto', mail } as const] : [];
  });
  const [first, ...others] = [...new Set(links)];
  if (first === undefined) return mails;
  if (!oneClick) return [...mails, ...[first, ...others].map(url => ({ t: 'link', url }) as const)];
  // The page behind a one-click URL may also be looked at.
  return [
    { t: 'one-click', url: first },
    ...mails,
    ...[first, ...others].map(url => ({ t: 'link', url }) as const),
  ];
}
