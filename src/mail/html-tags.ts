// Reads one HTML tag. Tolerant as browsers are; linear.

/** Lower-case names; values as written, entities not decoded. A Map: `__proto__` is a name like any other. */
export type Attributes = ReadonlyMap<string, string>;

export interface Tag {
  readonly name: string;
  readonly closing: boolean;
  readonly attributes: Attributes;
  /** Behind the `>`. */
  readonly end: number;
}

const NAME = /<\/?([a-z][^\s/>]{0,100})/iy;
const ATTRIBUTE = /[\s/]*([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?/y;
const MAX_ATTRIBUTES = 60;
const NONE: Attributes = new Map();

/** The tag that begins at `<`, or null when that is no tag. One that never ends reaches to the end of the text. */
export function readTag(source: string, at: number): Tag | null {
  NAME.lastIndex = at;
  const found = NAME.exec(source);
  if (!found) return null;
  const name = (found[1] ?? '').toLowerCase();
  const closing = source.charCodeAt(at + 1) === 47;
  let position = NAME.lastIndex;
  if (source.charCodeAt(position) === 62) return { name, closing, attributes: NONE, end: position + 1 };
  const attributes = new Map<string, string>();
  for (let count = 0; count < MAX_ATTRIBUTES; count++) {
    ATTRIBUTE.lastIndex = position;
    const match = ATTRIBUTE.exec(source);
    if (!match) break;
    position = ATTRIBUTE.lastIndex;
    const key = (match[1] ?? '').toLowerCase();
    if (!attributes.has(key)) attributes.set(key, match[2] ?? match[3] ?? match[4] ?? '');
  }
  const end = source.indexOf('>', position);
  return { name, closing, attributes, end: end < 0 ? source.length : end + 1 };
}
