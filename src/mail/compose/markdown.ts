// The HTML alternative of a text written in Markdown. Nothing in it loads from the network or runs: HTML in the text is
// shown as text, links go to http, https and mailto, pictures are their descriptions. Loads marked: import() only.
import { Marked, type Tokens } from 'marked';
import { plainText } from './quote.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string) => text.replace(/[&<>"']/g, char => ENTITIES[char] ?? char);

/** A link that a recipient may follow, or null. Browsers ignore white space and controls in a scheme: so does this. */
function safeLink(href: string): string | null {
  const url = href.replace(/[\s\p{Cc}]+/gu, '');
  if (!/^(?:https?:\/\/|mailto:)/i.test(url)) return null;
  return escapeHtml(url);
}

function createRenderer(): Marked {
  const marked = new Marked({ gfm: true, breaks: true, async: false });
  marked.use({
    renderer: {
      html: ({ text }: Tokens.HTML | Tokens.Tag) => escapeHtml(text),
      link({ href, tokens }: Tokens.Link) {
        const inner = this.parser.parseInline(tokens);
        const url = safeLink(href);
        return url === null ? inner : `<a href="${url}">${inner}</a>`;
      },
      image: ({ text, href }: Tokens.Image) => {
        const url = safeLink(href);
        return url === null ? escapeHtml(text) : `<a href="${url}">${escapeHtml(text || href)}</a>`;
      },
      checkbox: ({ checked }: Tokens.Checkbox) => (checked ? '[x] ' : '[ ] '),
    },
  });
  return marked;
}

const FENCE = /^ {0,3}(?:```|~~~)/;

/**
 * A line below a quote would go on with it in Markdown ("lazy continuation"): one's own words would stand as the
 * other's. An empty line keeps them apart.
 */
function separateQuotes(text: string): string {
  let fence = false;
  let quoted = false;
  return text
    .split('\n')
    .flatMap(line => {
      const isQuote = !fence && /^ {0,3}>/.test(line);
      const lines = quoted !== isQuote && line.trim() !== '' && !fence ? ['', line] : [line];
      if (!isQuote && FENCE.test(line)) fence = !fence;
      quoted = isQuote;
      return lines;
    })
    .join('\n');
}

const STYLE = {
  body: 'font-family:sans-serif;line-height:1.4',
  quote: 'margin:0 0 0 .6em;padding-left:.8em;border-left:2px solid #aaa;color:#555',
  code: 'background:#f4f4f4;padding:.6em;overflow:auto',
  signature: 'color:#777',
};

/** A whole HTML document. Its text is the Markdown's; the signature (below `-- `) is plain text. */
export function markdownToHtml(text: string): string {
  const lines = plainText(text).split('\n');
  const marked = createRenderer();
  const out: string[] = [];
  let from = 0;
  while (from < lines.length) {
    const delimiter = lines.indexOf('-- ', from);
    const end = delimiter < 0 ? lines.length : delimiter;
    const source = separateQuotes(lines.slice(from, end).join('\n'));
    // `async: false` above: a string, never a promise.
    out.push(marked.parse(source) as string);
    if (delimiter < 0) break;
    // A signature above a quote ends at an empty line that the quote or its attribution follows.
    const next = lines.findIndex((line, n) => n > delimiter && line.trim() === '');
    const stop = next < 0 ? lines.length : next;
    const signature = lines.slice(delimiter, stop).map(escapeHtml).join('<br>\n');
    out.push(`<p class="signature" style="${STYLE.signature}">${signature}</p>\n`);
    from = stop;
  }
  const body = out
    .join('')
    .replaceAll('<blockquote>', `<blockquote type="cite" style="${STYLE.quote}">`)
    .replaceAll('<pre>', `<pre style="${STYLE.code}">`);
  return `<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head>\n<body style="${STYLE.body}">\n${body}</body></html>\n`;
}
