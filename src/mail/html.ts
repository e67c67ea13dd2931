// HTML to readable text (READ-02), for the worker: loads html-to-text on first use. Fetches nothing. Entities are
// decoded here, so what comes out may hold anything: it is sanitised where it meets the screen.
import { HTML_BYTES } from '../util/limits.ts';
import { prepareHtml } from './html-prepare.ts';

export interface HtmlLink {
  readonly text: string;
  /** http, https or mailto; white space and control characters removed. */
  readonly url: string;
}

export interface HtmlText {
  /** Not wrapped: one line a paragraph. Links are followed by ` [n]`. */
  readonly text: string;
  /** Link n is `links[n - 1]`; every address once. */
  readonly links: readonly HtmlLink[];
  readonly remoteImages: number;
  /** `html-cut`, `html-depth`, `html-plain` (only the tags could be removed). */
  readonly notes: readonly string[];
}

/** Characters of a link's text that are kept. */
const LINK_TEXT = 200;
const MAX_LINKS = 5000;

/** Never throws: what html-to-text can't take is stripped of its tags. */
export async function htmlToText(source: string): Promise<HtmlText> {
  const notes: string[] = [];
  if (source.length > HTML_BYTES) notes.push('html-cut');
  const prepared = prepareHtml(source.slice(0, HTML_BYTES));
  notes.push(...prepared.notes);
  const links: HtmlLink[] = [];
  let text: string;
  try {
    text = await convert(prepared.html, links);
  } catch {
    // A RangeError, whatever it was: plain text is better than none.
    notes.push('html-plain');
    links.length = 0;
    text = stripTags(prepared.html);
  }
  return { text: tidy(text), links, remoteImages: prepared.remoteImages, notes };
}

async function convert(html: string, links: HtmlLink[]): Promise<string> {
  const { compile } = await import('html-to-text');
  const numbers = new Map<string, number>();
  const numberOf = (url: string, text: string): number => {
    const known = numbers.get(url);
    if (known !== undefined) return known;
    links.push({ text: text.slice(0, LINK_TEXT), url });
    numbers.set(url, links.length);
    return links.length;
  };
  const block = (selector: string, leadingLineBreaks: number, trailingLineBreaks = leadingLineBreaks) => ({
    selector,
    options: { leadingLineBreaks, trailingLineBreaks, uppercase: false },
  });
  return compile({
    wordwrap: false,
    baseElements: { selectors: [] },
    limits: { maxInputLength: undefined },
    formatters: {
      numbered(elem, walk, builder) {
        const url = safeUrl(String(elem.attribs?.href ?? ''));
        const words: string[] = [];
        builder.pushWordTransform(word => {
          words.push(word);
          return word;
        });
        walk(elem.children, builder);
        builder.popWordTransform();
        const text = words.join(' ').trim();
        if (url === null || text === '' || (links.length >= MAX_LINKS && !numbers.has(url))) return;
        builder.addInline(` [${numberOf(url, text)}]`, { noWordTransform: true });
      },
    },
    selectors: [
      { selector: 'a', format: 'numbered' },
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map(name => block(name, 2)),
      { selector: 'ul', options: { itemPrefix: ' * ', leadingLineBreaks: 1, trailingLineBreaks: 1 } },
      block('ol', 1),
      { selector: 'hr', options: { length: 20 } },
      {
        selector: 'table',
        format: 'dataTable',
        options: { colSpacing: 2, rowSpacing: 0, maxColumnWidth: 60, uppercaseHeaderCells: false },
      },
    ],
  })(html);
}

/** http, https and mailto; anything else (javascript:, file:, data:, fragments) is no link. */
export function safeUrl(href: string): string | null {
  // Browsers ignore these inside of an address; so does who checks where it goes.
  const url = href
    .replace(/[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g, '')
    .slice(0, 8192);
  return /^(?:https?:\/\/[^/]|mailto:[^?])/i.test(url) ? url : null;
}

// Spaces that newsletters fill preheaders with, and marks that take no room.
const FILLER = /^[\s\p{Default_Ignorable_Code_Point}]+$/u;

function tidy(text: string): string {
  const out: string[] = [];
  for (const line of text.split('\n')) {
    const clean = FILLER.test(line) ? '' : line.replaceAll('\u00a0', ' ').trimEnd();
    if (clean !== '' || (out.length > 0 && out.at(-1) !== '')) out.push(clean);
  }
  while (out.at(-1) === '') out.pop();
  return out.join('\n');
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', ' '],
]);

/** The fall-back: tags become nothing, blocks become lines, the commonest entities are decoded. */
export function stripTags(html: string): string {
  return html
    .replace(/[\r\n]+/g, ' ')
    .replace(/<\/?(?:br|p|div|h[1-6]|ul|ol|li|blockquote|pre|hr|table|tr)\b[^>]*>/gi, '\n')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (all, decimal, hex, name) => {
      if (name !== undefined) return ENTITIES.get(String(name).toLowerCase()) ?? all;
      const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
    })
    .replace(/[ \t]+/g, ' ')
    .replace(/ ?\n ?/g, '\n');
}
