// The orders that a list of messages can stand in. Data and words alone; how rows are compared is the list's.

export const SORTS = ['arrival', 'date', 'from', 'subject', 'size', 'unread'] as const;
export type SortBy = (typeof SORTS)[number];

/**
 * Not reversed: the newest, the largest and unread mail first, names and subjects from A to Z. Messages that are equal
 * stand newest first in either direction.
 */
export interface Sort {
  readonly by: SortBy;
  readonly reverse: boolean;
}

export const BY_ARRIVAL: Sort = { by: 'arrival', reverse: false };

export function isSort(value: unknown): value is Sort {
  return (
    typeof value === 'object' &&
    value !== null &&
    'by' in value &&
    SORTS.some(by => by === value.by) &&
    'reverse' in value &&
    typeof value.reverse === 'boolean'
  );
}
