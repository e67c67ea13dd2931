// Gmail's labels on the wire (X-GM-EXT-1): asked for with the flags of each message and kept among its keywords, and
// sent as labels again. Pure; who asks is client.ts.
import type { FetchMessageObject, FetchQueryObject } from 'imapflow';
import { labelKeyword, labelOf } from '../../mail/labels.ts';
import { encodeModifiedUtf7 } from './names.ts';

export const GMAIL = 'X-GM-EXT-1';

/** A label of this length is somebody's joke. */
const LABEL = 200;

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

/** Those that Gmail makes itself (`\Inbox`, `\Sent`, `\Starred`, …) are folders and flags as well. */
function keywordsOf(labels: Iterable<string>): string[] {
  return [...labels]
    .filter(label => label !== '' && !label.startsWith('\\') && label.length <= LABEL)
    .map(labelKeyword);
}

export interface Split {
  readonly flags: readonly string[];
  /** As astrings of imapflow. */
  readonly labels: readonly { readonly type: 'STRING'; readonly value: string }[];
}

/** Flags and labels of one STORE. */
export function splitLabels(flags: readonly string[], utf8: boolean): Split {
  return {
    flags: flags.filter(flag => labelOf(flag) === null),
    labels: flags.flatMap(flag => {
      const label = labelOf(flag);
      return label === null
        ? []
        : [{ type: 'STRING' as const, value: utf8 ? label : encodeModifiedUtf7(label) }];
    }),
  };
}
