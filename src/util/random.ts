// Names that nobody else uses by accident. Not for secrets: node:crypto, which is, takes 5 ms to load before the
// first frame.

/** Eight hexadecimal digits. */
export function randomHex(): string {
  return Math.floor(Math.random() * 0x1_0000_0000)
    .toString(16)
    .padStart(8, '0');
}
