// Names for files and records that are made here and never given twice.

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** A secret integer of 31 bits. */
export function randomSeed(): number {
  return crypto().randomInt(2 ** 31);
}

/** 16 characters of [a-z0-9]: 82 bits of chance. */
export function randomId(): string {
  const bytes = crypto().randomBytes(32);
  let id = '';
  for (const byte of bytes) {
    // 252 is 7 × 36: what lies above would favour some letters.
    if (byte < 252 && id.length < 16) id += LETTERS[byte % 36];
  }
  return id.length === 16 ? id : randomId();
}

/** Not imported: loading it takes 5 ms before the first frame. */
const crypto = () => process.getBuiltinModule('node:crypto');
