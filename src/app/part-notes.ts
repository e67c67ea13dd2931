// What was cut or could not be read of a message, as sentences (ParsedMessage.notes).

const SENTENCES: Readonly<Record<string, string>> = {
  'charset-unknown': 'Its character set is wrong or unknown: some letters may be wrong.',
  depth: 'Parts nested absurdly deep are left out; = shows the message as it came.',
  encrypted: 'This message is encrypted; reading such mail comes with a later version of tmail.',
  'header-cut': 'Its header is absurdly long: only its beginning was read.',
  'html-cut': 'It is very large: only the beginning of its HTML was turned into text.',
  'html-depth': 'Its HTML is nested absurdly deep: some of it is left out.',
  'html-plain': 'Its HTML could not be laid out: only its words are shown.',
  'no-boundary': 'Its parts are not marked as they should be: what could be found is shown.',
  parts: 'It has more parts than any real message: the rest is left out; = shows the message as it came.',
  'text-cut': 'It is very large: only its beginning is shown.',
  'text-omitted': 'Some of its text is too large to be fetched with the rest and is still on the server.',
  tnef: "It carries Outlook's own format (winmail.dat), which can only be saved: v.",
};

/** The sentence for a note; one for codes that came later. Codes are hostile text. */
export function noteSentence(code: string): string {
  const known = Object.hasOwn(SENTENCES, code) ? SENTENCES[code] : undefined;
  return known ?? `Something in it could not be read (${code}).`;
}
