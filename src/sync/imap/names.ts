// Mailbox names between the wire and Unicode: modified UTF-7 (RFC 3501 section 5.1.3) and UTF-8 (RFC 6855).
// A name that is neither is kept as it was listed, so that it can be named to the server again.

/** Modified UTF-7 to Unicode; null when the text is not exactly what an encoder would have written. */
export function decodeModifiedUtf7(wire: string): string | null {
  const text = wire.replace(/&([^-]*)-/g, (_whole, coded: string) => (coded === '' ? '&' : decodeRun(coded)));
  return encodeModifiedUtf7(text) === wire ? text : null;
}

function decodeRun(coded: string): string {
  const bytes = Buffer.from(coded.replace(/,/g, '/'), 'base64');
  let text = '';
  for (let i = 0; i + 1 < bytes.length; i += 2) text += String.fromCharCode(bytes.readUInt16BE(i));
  return text;
}

export function encodeModifiedUtf7(text: string): string {
  return text.replace(/[^\x20-\x7e]+|&/g, run => {
    if (run === '&') return '&-';
    const bytes = Buffer.alloc(run.length * 2);
    for (let i = 0; i < run.length; i++) bytes.writeUInt16BE(run.charCodeAt(i), i * 2);
    return `&${bytes.toString('base64').replace(/=+$/, '').replace(/\//g, ',')}-`;
  });
}

/** The path a person sees for a name from LIST; `utf8` when the session speaks UTF-8 names. */
export function pathOf(wire: string, utf8: boolean): string {
  if (wire.toUpperCase() === 'INBOX') return 'INBOX';
  return (utf8 ? null : decodeModifiedUtf7(wire)) ?? wire;
}
