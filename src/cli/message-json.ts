// Messages as `--json` shows them: the contract with scripts. Pure.
import {
  type Address,
  ANSWERED,
  DELETED,
  DRAFT,
  type Envelope,
  FLAGGED,
  type Flags,
  FORWARDED,
  KEYWORD_BIT,
  MAX_KEYWORDS,
  SEEN,
} from '../mail/types.ts';
import type { ParsedMessage } from '../worker/types.ts';

export interface MessageJson {
  readonly id: string;
  readonly account: string;
  /** The folder's path. */
  readonly folder: string;
  readonly from: readonly Address[];
  readonly to: readonly Address[];
  readonly subject: string;
  /** ISO 8601, UTC. */
  readonly date: string;
  readonly flags: readonly string[];
  readonly size: number;
  readonly attachments: number | null;
  readonly messageId: string;
  readonly threadId: string;
}

const NAMED: readonly (readonly [bit: number, name: string])[] = [
  [SEEN, 'seen'],
  [ANSWERED, 'answered'],
  [FLAGGED, 'flagged'],
  [DRAFT, 'draft'],
  [FORWARDED, 'forwarded'],
  [DELETED, 'deleted'],
];

export function flagNames(flags: Flags, keywords: readonly string[]): string[] {
  const names = NAMED.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
  for (const [n, keyword] of keywords.slice(0, MAX_KEYWORDS).entries()) {
    if ((flags & (1 << (KEYWORD_BIT + n))) !== 0) names.push(keyword);
  }
  return names;
}

/** The thread's first message as far as this message knows it. */
function threadOf(envelope: Envelope, id: string): string {
  return envelope.references[0] || envelope.inReplyTo || envelope.messageId || id;
}

export function messageJson(
  place: { readonly id: string; readonly account: string; readonly folder: string },
  envelope: Envelope,
  flags: Flags,
  keywords: readonly string[],
): MessageJson {
  return {
    id: place.id,
    account: place.account,
    folder: place.folder,
    from: envelope.from,
    to: envelope.to,
    subject: envelope.subject,
    date: isoDate(envelope.date),
    flags: flagNames(flags, keywords),
    size: envelope.size,
    attachments: envelope.attachments,
    messageId: envelope.messageId,
    threadId: threadOf(envelope, place.id),
  };
}

/** What `show --json` adds. */
export function bodyJson(parsed: ParsedMessage) {
  return {
    cc: parsed.cc,
    bcc: parsed.bcc,
    replyTo: parsed.replyTo,
    headers: parsed.headers,
    text: parsed.text,
    html: parsed.html,
    parts: parsed.parts.map(({ n, filename, contentType, size, disposition, contentId }) => ({
      n,
      filename,
      contentType,
      size,
      disposition,
      contentId,
    })),
  };
}

function isoDate(at: number): string {
  // Outside these years toISOString writes another form, or throws.
  const clamped = Math.min(Math.max(Number.isFinite(at) ? at : 0, -62135596800000), 253402300799999);
  return new Date(clamped).toISOString();
}
