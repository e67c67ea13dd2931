// The one door through which text from outside (mail, server replies, file names, addresses) reaches the terminal.
// What goes out can't move the cursor, change a state, hide, reorder or overlay other text. It changes only what
// is shown: never use it on what is stored, sent, opened or compared. See docs/decisions/0006-reading.md.

export interface SanitizeOptions {
  /** Line breaks of all kinds become `\n`; else a space. */
  readonly keepNewlines?: boolean;
  /** `keep` leaves tabs for a caller that expands them; default `space`. */
  readonly tabs?: 'space' | 'keep';
}

/** Stands for what can't be shown. */
export const REPLACEMENT = '\ufffd';
/** Marks on one base character; real text needs three or four, "zalgo" uses dozens. */
const MARKS = 4;
/** Joined emoji in one sequence; the longest real one (a kiss with skin tones) has four. */
const JOINED = 4;

const HARMLESS = /^[\x20-\x7e]*$/;
// Everything that needs a look: controls, format characters, unassigned, private use, lone surrogates, marks,
// separators, invisible fillers, skin tones.
const SUSPECT = /[\p{C}\p{M}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Emoji_Modifier}]/gu;
const BREAKS = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/g;

const MARK = /^\p{M}$/u;
const IGNORABLE = /^\p{Default_Ignorable_Code_Point}$/u;
// What a variation selector 16 may follow; digits, # and * only in keycaps.
const EMOJI = /^(?![#*0-9])\p{Emoji}$/u;
const KEYCAP = /^[#*0-9]$/;
const PICTOGRAPH = /^(?!\p{Cn})\p{Extended_Pictographic}$/u;
const MODIFIER = /^\p{Emoji_Modifier}$/u;
const MODIFIER_BASE = /^\p{Emoji_Modifier_Base}$/u;
const LETTER = /^\p{L}$/u;

/** Safe to write to a terminal. Idempotent; linear; the text itself when there is nothing to do. */
export function sanitize(text: string, options: SanitizeOptions = {}): string {
  if (HARMLESS.test(text)) return text;
  const oneLine = text.replace(BREAKS, options.keepNewlines ? '\n' : ' ');
  const flat = options.tabs === 'keep' ? oneLine : oneLine.replaceAll('\t', ' ');
  if (!options.keepNewlines) return cleanLine(flat);
  return flat.includes('\n') ? flat.split('\n').map(cleanLine).join('\n') : cleanLine(flat);
}

/**
 * Of a script in which ZWJ and ZWNJ choose between letter forms (Unicode core specification, 23.2). The expression is
 * made where it is needed: 3 ms that the first frame would wait for.
 */
function choosesForms(char: string): boolean {
  return /^(?=[\p{L}\p{M}])[\p{scx=Arab}\p{scx=Syrc}\p{scx=Mong}\p{scx=Nkoo}\p{scx=Deva}\p{scx=Beng}\p{scx=Guru}\p{scx=Gujr}\p{scx=Orya}\p{scx=Taml}\p{scx=Telu}\p{scx=Knda}\p{scx=Mlym}\p{scx=Sinh}\p{scx=Khmr}]$/u.test(
    char,
  );
}

/** The last code point of `text`, as a string. */
function lastOf(text: string): string {
  const code = text.charCodeAt(text.length - 1);
  return text.slice(code >= 0xdc00 && code <= 0xdfff ? -2 : -1);
}

/** What surrounds a suspect, as it was shown so far. */
interface Context {
  previous: string;
  next: string;
  /** Marks shown since the last base character. */
  marks: number;
  /** Joiners shown in the emoji sequence under way. */
  joined: number;
}

/** What is shown for one suspect code point: itself, nothing, or the replacement. */
function shownFor(char: string, near: Context): string {
  const { previous, next } = near;
  if (char === '\t') return char;
  if (char === '\u200d' && PICTOGRAPH.test(next)) {
    const joins = PICTOGRAPH.test(previous) || MODIFIER.test(previous) || previous === '\ufe0f';
    return joins && near.joined < JOINED ? char : '';
  }
  if (char === '\u200d' || char === '\u200c') {
    return choosesForms(previous) && choosesForms(next) && LETTER.test(next) ? char : '';
  }
  if (char === '\ufe0f') {
    return EMOJI.test(previous) || (KEYCAP.test(previous) && next === '\u20e3') ? char : '';
  }
  // Elsewhere terminals disagree whether a skin tone is a character of its own.
  if (MODIFIER.test(char)) {
    return previous === '' || previous === ' ' || MODIFIER_BASE.test(previous) ? char : REPLACEMENT;
  }
  if (IGNORABLE.test(char)) return '';
  if (!MARK.test(char)) return REPLACEMENT;
  if (near.marks >= MARKS) return '';
  // A mark at the very beginning would sit on whatever the screen has before it.
  return previous === '' ? `◌${char}` : char;
}

function cleanLine(line: string): string {
  if (HARMLESS.test(line)) return line;
  SUSPECT.lastIndex = 0;
  let match = SUSPECT.exec(line);
  if (!match) return line;
  const near: Context = { previous: '', next: '', marks: 0, joined: 0 };
  let out = '';
  let from = 0;
  for (; match; match = SUSPECT.exec(line)) {
    const char = match[0];
    const at = match.index;
    if (at > from) {
      out += line.slice(from, at);
      near.previous = lastOf(line.slice(Math.max(from, at - 2), at));
      near.marks = 0;
      // The emoji after a joiner is no suspect; anything else ends the sequence.
      if (at - from > 2 || !PICTOGRAPH.test(near.previous)) near.joined = 0;
    }
    from = at + char.length;
    near.next = from < line.length ? String.fromCodePoint(line.codePointAt(from) ?? 0) : '';
    const shown = shownFor(char, near);
    if (shown === '') continue;
    out += shown;
    near.previous = char === '\t' ? ' ' : lastOf(shown);
    if (char === '\u200d') near.joined += 1;
    else if (char !== '\u200c' && char !== '\ufe0f')
      near.marks = MARK.test(near.previous) ? near.marks + 1 : 0;
  }
  return out + line.slice(from);
}

const RTL = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** Holds letters of a right-to-left script. */
export function hasRtl(text: string): boolean {
  return !HARMLESS.test(text) && RTL.test(text);
}

/**
 * A field of a row, kept from reordering its neighbours: sanitised text in FSI and PDI. Only for terminals known to
 * follow them; others show two stray cells.
 */
export function isolate(text: string): string {
  return hasRtl(text) ? `\u2068${text}\u2069` : text;
}
