// Threads: which Message-IDs an answer names (RFC 5322 3.6.4).

/** References that go along: the thread's root and the newest, as some servers refuse longer headers. */
const MAX_REFERENCES = 30;
const MAX_ID = 250;

/** A Message-ID, without its brackets, that can stand in a header. */
export function isMessageId(id: string): boolean {
  return id.length <= MAX_ID && /^[\x21-\x3b\x3d\x3f-\x7e]+$/.test(id);
}

/** Unique, valid, at most MAX_REFERENCES: the first and the newest. The newer place of a repeated one counts. */
export function boundedReferences(ids: readonly string[]): string[] {
  const valid = [...new Set(ids.filter(isMessageId).reverse())].reverse();
  if (valid.length <= MAX_REFERENCES) return valid;
  return [...valid.slice(0, 1), ...valid.slice(1 - MAX_REFERENCES)];
}

/** In-Reply-To and References of an answer. */
export function threadOf(original: {
  readonly messageId: string;
  readonly inReplyTo: string;
  readonly references: readonly string[];
}): { inReplyTo: string; references: string[] } {
  const { messageId, inReplyTo } = original;
  const before = original.references.length > 0 ? original.references : inReplyTo === '' ? [] : [inReplyTo];
  const parent = isMessageId(messageId) ? messageId : '';
  return { inReplyTo: parent, references: boundedReferences(parent === '' ? before : [...before, parent]) };
}
