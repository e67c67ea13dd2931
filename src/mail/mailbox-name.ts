// Mailbox names on the wire: modified UTF-7 (RFC 3501 section 5.1.3).

/** A name as people write it → printable ASCII; `&` becomes `&-`. */
export function encodeMailboxName(name: string): string {
  return name.replace(/&|[^\x20-\x7e]+/g, run => {
    if (run === '&') return '&-';
    const utf16 = Buffer.from(run, 'utf16le').swap16();
    return `&${utf16.toString('base64').replace(/=+$/, '').replaceAll('/', ',')}-`;
  });
}

/** The reverse; what is not modified UTF-7 stays as it stands, so that every name has one spelling. */
export function decodeMailboxName(encoded: string): string {
  const decoded = encoded.replace(/&([A-Za-z0-9+,]*)-/g, (run, base64: string) => {
    if (base64 === '') return '&';
    const bytes = Buffer.from(base64.replaceAll(',', '/'), 'base64');
    return bytes.length % 2 === 0 ? Buffer.from(bytes).swap16().toString('utf16le') : run;
  });
  return encodeMailboxName(decoded) === encoded ? decoded : encoded;
}
