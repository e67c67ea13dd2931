// What is said of messages that were moved, copied or marked. Pure. Subjects and names of folders are hostile text:
// whoever shows a sentence sanitises it.

import { shownKeyword } from '../../mail/labels.ts';
import { countOf } from '../selection.ts';
import { plural } from '../selectors.ts';
import type { Messages } from '../state.ts';
import type { FlagChange } from './flags.ts';

/** What was done, as a participle and with where to. */
export interface Done {
  /** `moved to Trash`, `archived`, `copied to lists/debian`. */
  readonly deed: string;
  /** Folders that had to be made for it. */
  readonly made?: readonly string[];
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/**
 * `Archived 12 messages. u to undo.`, `Moved to Trash: Message 4. u to undo.`
 * @param isLast no: something was done since, and u takes that back first
 */
export function doneText(what: string, count: number, { deed, made = [] }: Done, isLast = true): string {
  const folders = made.map(path => `"${path}"`).join(', ');
  const making = made.length === 0 ? '' : ` Made the folder${made.length === 1 ? '' : 's'} ${folders}.`;
  const [verb = deed, ...rest] = deed.split(' ');
  const text = count === 1 ? `${deed}: ${what}` : [verb, what, ...rest].join(' ');
  return `${capital(text)}.${making}${isLast ? ' u to undo.' : ''}`;
}

/** Of what was to be taken back. */
export function notThereText(what: string, count: number): string {
  return count === 1
    ? `${what} is not where it was put any more.`
    : `${what} are not where they were put any more.`;
}

/** A subject, or how many. */
export function whatOf(
  messages: readonly Messages[],
  subject: (one: Messages) => string | undefined,
): string {
  const count = countOf(messages);
  const [first] = messages.filter(({ uids }) => uids.length > 0);
  if (count !== 1 || !first) return plural(count, 'message');
  return subject(first) || '(no subject)';
}

const FLAG_DEEDS: Readonly<Record<string, readonly [string, string]>> = {
  '\\Seen': ['marked read', 'marked unread'],
  '\\Flagged': ['starred', 'unstarred'],
};

/** `marked read`, `starred`, `labelled "work"`. */
export function flagDeed({ add, remove }: FlagChange): string {
  const deeds = [
    ...add.map(name => FLAG_DEEDS[name]?.[0] ?? `labelled "${shownKeyword(name)}"`),
    ...remove.map(name => FLAG_DEEDS[name]?.[1] ?? `unlabelled "${shownKeyword(name)}"`),
  ];
  return deeds.join(', ');
}

/** Up to three subjects, and how many more. */
export function someOf(subjects: readonly string[]): string {
  const named = subjects.slice(0, 3).map(subject => `"${subject || '(no subject)'}"`);
  const more = subjects.length - named.length;
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
}
