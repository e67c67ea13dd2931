// Subjects of answers and forwards: one prefix, however many and in whatever language were there.

// What mail programs write, in the languages that they are translated to. Single letters (Italian R:, I:) only count
// before another prefix: they also begin real subjects.
const REPLY =
  're|aw|sv|vs|antw|antwort|odp|rif|res|ynt|atb|bls|vá|σχετ|απ|отв|ответ|回复|回覆|答复|答覆|返信|회신|השב';
const FORWARD =
  'fwd?|wg|tr|rv|enc|vb|vl|doorst|pd|fs|trs|továbbítás|i̇lt|ilt|yml|πρθ|пересл|пересылка|转发|轉寄|転送|전달|הועבר';
const COUNT = '\\s*(?:\\[\\d{1,3}\\]|\\(\\d{1,3}\\)|\\^\\d{1,3}|\\*\\d{1,3})?\\s*[:：]\\s*';
const PREFIX = new RegExp(`^\\s*(?:(${REPLY})|(${FORWARD}))${COUNT}`, 'iu');
const LETTER = new RegExp(`^\\s*(?:(r)|(i))${COUNT}`, 'iu');
/** A list's `[name]`. */
const TAG = /^\s*(\[[^[\]]{1,60}\])\s*/;
/** Stacks of hundreds exist; what is behind so many is left as it is. */
const MAX_PREFIXES = 200;

interface Stripped {
  readonly base: string;
  readonly replied: boolean;
  readonly forwarded: boolean;
}

/** The subject without prefixes, and which kinds there were. `Re: [list] AW: x` gives `[list] x`. */
export function stripPrefixes(subject: string): Stripped {
  let rest = subject.trim();
  let replied = false;
  let forwarded = false;
  let tag = '';
  for (let n = 0; n < MAX_PREFIXES; n++) {
    const match: RegExpExecArray | null = PREFIX.exec(rest) ?? letterBefore(rest);
    if (match) {
      replied ||= match[1] !== undefined;
      forwarded ||= match[2] !== undefined;
      rest = rest.slice(match[0].length);
      continue;
    }
    // A tag is looked through once, and only when a prefix follows it or the same tag comes again.
    const found = TAG.exec(rest);
    if (!found) break;
    const behind = rest.slice(found[0].length);
    if (found[1] === tag) rest = behind;
    else if (tag === '' && PREFIX.test(behind)) {
      tag = found[1] ?? '';
      rest = behind;
    } else break;
  }
  return {
    base: tag === '' ? rest : rest.startsWith(tag) ? rest : `${tag} ${rest}`.trim(),
    replied,
    forwarded,
  };
}

function letterBefore(text: string): RegExpExecArray | null {
  const match = LETTER.exec(text);
  return match && PREFIX.test(text.slice(match[0].length)) ? match : null;
}

export function replySubject(subject: string): string {
  const { base, forwarded } = stripPrefixes(subject);
  return `Re: ${forwarded ? 'Fwd: ' : ''}${base}`.trimEnd();
}

export function forwardSubject(subject: string): string {
  const { base, replied } = stripPrefixes(subject);
  return `Fwd: ${replied ? 'Re: ' : ''}${base}`.trimEnd();
}
