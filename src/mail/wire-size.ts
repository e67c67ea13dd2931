// How large a message is on its way. Pure.

/** Bytes with every line break as CRLF, which is what a server may make of it (RFC 9051 section 2.3.4). */
export function sizeOnWire(bytes: Buffer): number {
  let size = bytes.length;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) if (bytes[at - 1] !== 13) size++;
  return size;
}
