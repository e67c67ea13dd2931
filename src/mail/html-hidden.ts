// Which styles hide text from a person: what newsletters do to preheaders and spammers to filler.

const NOTHING = String.raw`0*(?:\.0*)?(?:px|pt|em|rem|%)?(?:!important)?(?=;|$)`;
const HIDDEN = new RegExp(
  `(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|mso-hide:all|opacity:${NOTHING})`,
);
const NO_SPACE = new RegExp(`(?:^|;)(?:max-)?(?:height|width):${NOTHING}`);
const CLIPPED = /(?:^|;)overflow:hidden/;
// Up to 2 px: MJML and others give preheaders one pixel.
const FONT_SIZE = /(?:^|;)font(?:-size)?:(?:[^;]*?[^;\d.])??(\d*\.?\d+)(px|pt|em|rem|%|)/g;
/** Characters of one style attribute that are read. */
const MAX_STYLE = 2000;
const MAX_SHEET = 200_000;

function compact(style: string): string {
  return style
    .slice(0, MAX_STYLE)
    .toLowerCase()
    .replace(/\/\*.*?\*\/|\s+/gs, '');
}

export function isHiddenStyle(style: string): boolean {
  const text = compact(style);
  return HIDDEN.test(text) || (CLIPPED.test(text) && NO_SPACE.test(text));
}

/** Does the style make text too small to see (true), make it visible again (false), or say nothing (null)? */
export function zeroFont(style: string): boolean | null {
  if (!/font/i.test(style)) return null;
  let last: boolean | null = null;
  for (const match of compact(style).matchAll(FONT_SIZE)) {
    const size = Number.parseFloat(match[1] ?? '');
    const unit = match[2] ?? '';
    last = unit === 'px' || unit === 'pt' ? size <= 2 : size === 0;
  }
  return last;
}

/** Classes that a style sheet hides everywhere: plain `.name` rules outside of @media. */
export function hiddenClasses(sheet: string): string[] {
  const names: string[] = [];
  const text = sheet.slice(0, MAX_SHEET).replace(/\/\*.*?\*\/|<!--|-->/gs, '');
  let depth = 0; // inside of an @-rule
  let start = 0;
  let selector = '';
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 123) {
      const head = text.slice(start, at).trim();
      if (depth > 0 || head.startsWith('@')) depth += 1;
      else selector = head;
      start = at + 1;
    } else if (code === 125) {
      if (depth > 0) depth -= 1;
      else if (selector !== '' && isHiddenStyle(text.slice(start, at))) names.push(...classesOf(selector));
      selector = '';
      start = at + 1;
    } else if (code === 59 && depth === 0 && selector === '') start = at + 1;
  }
  return names;
}

function classesOf(selector: string): string[] {
  return selector.split(',').flatMap(one => /^[a-z0-9]*\.([\w-]+)$/i.exec(one.trim())?.[1] ?? []);
}
