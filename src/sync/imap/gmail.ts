// Gmail's labels on the wire (X-GM-EXT-1): asked for with the flags of each message and kept among its keywords, and
// sent as labels again. Pure; who asks is client.ts.
import type { FetchMessageObject, FetchQueryObject } from 'imapflow';
import { INBOX_LABEL, labelKeyword, labelOf } from '../../mail/labels.ts';
import { encodeModifiedUtf7 } from './names.ts';

export const GMAIL = 'X-GM-EXT-1';

/** The index keeps no longer ones. */
const LABEL = 90;
const INBOX = '\\inbox';

/** The same question, with labels wherever flags are asked for. */
export function withLabels(items: FetchQueryObject): FetchQueryObject {
  return items.flags ? { ...items, labels: true } : items;
}

/**
 * The row with its labels among its flags; null for one that only tells flags, which nobody asked for in this form: taken
 * as an answer it would take all labels away.
 */
export function labelled(row: FetchMessageObject): FetchMessageObject | null {
  if (row.labels) return { ...row, flags: new Set([...(row.flags ?? []), ...keywordsOf(row.labels)]) };
  const answers = row.envelope || row.size !== undefined || row.bodyParts || row.bodyStructure;
  return row.flags && !answers ? null : row;
}

/** Those that Gmail makes itself (`\Sent`, `\Starred`, …) are folders and flags as well; `\Inbox` says what is archived. */
function keywordsOf(labels: Iterable<string>): string[] {
  return [...labels].flatMap(label => {
    if (label.toLowerCase() === INBOX) return [INBOX_LABEL];
    return label === '' || label.startsWith('\\') || label.length > LABEL ? [] : [labelKeyword(label)];
  });
}

export interface Split {
  readonly flags: readonly string[];
  /** As imapflow sends them: astrings, and Gmail's own as atoms. */
  readonly labels: readonly { readonly type: 'STRING' | 'ATOM'; readonly value: string }[];
}

/** Flags and labels of one STORE. */
export function splitLabels(flags: readonly string[], utf8: boolean): Split {
  return {
    flags: flags.filter(flag => labelOf(flag) === null),
    labels: flags.flatMap((flag): Split['labels'] => {
      const label = labelOf(flag);
      if (label === null) return [];
      if (/^\\[A-Za-z]+$/.test(label)) return [{ type: 'ATOM', value: label }];
      return [{ type: 'STRING', value: utf8 ? label : encodeModifiedUtf7(label) }];
    }),
  };
}
