// Gmail's labels among the keywords of a message: how they are told apart from keywords, here and nowhere else. Pure.
import type { Role } from './types.ts';

/** No keyword that a server keeps looks so by chance; in JSON it says what it is. */
const PREFIX = 'label:';

/** A label as it is kept with the flags of a message. */
export function labelKeyword(label: string): string {
  return PREFIX + label;
}

/** Gmail's own label of what is in the inbox; archived is what does not have it. */
export const INBOX_LABEL = labelKeyword('\\Inbox');

/** A person's label, not one that Gmail makes itself. */
export function isShownLabel(keyword: string): boolean {
  return !keyword.startsWith(`${PREFIX}\\`);
}

/** The label that a keyword stands for; null: it is a keyword. */
export function labelOf(keyword: string): string | null {
  return keyword.startsWith(PREFIX) && keyword.length > PREFIX.length ? keyword.slice(PREFIX.length) : null;
}

/** What a person calls it. Hostile text. */
export function shownKeyword(keyword: string): string {
  return labelOf(keyword) ?? keyword;
}

/** The account's server has labels, by the folders that only Gmail has; known without asking it. */
export function hasLabels(folders: Iterable<{ readonly path: string }>): boolean {
  for (const { path } of folders) if (/^\[(?:Gmail|Google Mail)\](?:\/|$)/.test(path)) return true;
  return false;
}

/** Messages of this folder leave the inbox by losing its label: they stay where they are. */
export function leavesByLabel(folders: Iterable<{ readonly path: string }>, role: Role | null): boolean {
  return hasLabels(folders) && role !== 'inbox' && role !== 'junk' && role !== 'trash';
}

/** Folders of Gmail that are no labels of a person's. */
export function isOwnLabel(path: string): boolean {
  return path !== 'INBOX' && !/^\[(?:Gmail|Google Mail)\](?:\/|$)/.test(path);
}
