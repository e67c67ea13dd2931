// What an address field could go on with: looked up after each change, chosen by up, down and Enter. Pure.

import type { AddressGroup } from '../../config/types.ts';
import {
  addressKey,
  entryAt,
  formatMailbox,
  formatMailboxes,
  isAddress,
  readAddresses,
  unique,
} from '../../mail/compose/addresses.ts';
import type { AddressBook } from '../../mail/compose/contacts.ts';
import { plural } from '../selectors.ts';
import type { AppState } from '../state.ts';
import { changeWriting, isField, type Writing, withField, writingIn } from './writing.ts';

/** Rows of the list; more would cover what is being written. */
export const COMPLETIONS = 6;

/** Who is known, best first. From memory; a key waits for it. */
export type Contacts = Pick<AddressBook, 'complete'>;

/** Whom a field could mean. */
export interface Known {
  readonly contacts: Contacts;
  readonly config: { readonly groups?: readonly AddressGroup[] };
}

/** The state with what the field under the caret could go on with, after something was typed. */
export function withCompletion(state: AppState, known: Known): AppState {
  const writing = writingIn(state);
  if (!writing) return state;
  const completion = completionOf(writing, known);
  if (completion === null && writing.completion === null) return state;
  return changeWriting(state, writing.draft.id, now => ({ ...now, completion }));
}

function completionOf(writing: Writing, { contacts, config }: Known): Writing['completion'] {
  const { focus } = writing;
  if (!isField(focus) || focus === 'subject') return null;
  const { text, caret } = writing.fields[focus];
  const { start, end } = entryAt(text, caret);
  const query = text.slice(start, Math.max(start, Math.min(caret, end))).trim();
  if (query === '') return null;
  const others = new Set(
    readAddresses(text.slice(0, start) + text.slice(end)).addresses.map(({ address }) => addressKey(address)),
  );
  const groups = focus === 'replyTo' ? [] : groupsFor(config.groups ?? [], query, others);
  const people = contacts
    .complete(query, COMPLETIONS - groups.length, others)
    .map(formatMailbox)
    .filter(item => item !== text.slice(start, end));
  const items = [...groups.map(group => group.text), ...people];
  if (items.length === 0) return null;
  // A whole address stands for itself: Enter goes on to the next field and takes none of these.
  const shown = groups.map(group => group.shown);
  return { start, end, items, groups: shown, cursor: isAddress(query) ? -1 : 0 };
}

/** Groups that leave room for people. */
const GROUPS = 3;

/** Groups with a word that begins so, each with those of its members that are not there yet. */
function groupsFor(groups: readonly AddressGroup[], query: string, others: ReadonlySet<string>) {
  const wanted = query.toLowerCase();
  const begins = (name: string) =>
    name.startsWith(wanted) || name.split(/[\s._-]+/).some(word => word.startsWith(wanted));
  return groups
    .filter(({ name }) => begins(name.toLowerCase()))
    .map(({ name, members }) => ({
      name,
      count: members.length,
      missing: unique(members).filter(({ address }) => !others.has(addressKey(address))),
    }))
    .filter(({ missing }) => missing.length > 0)
    .slice(0, GROUPS)
    .map(({ name, count, missing }) => ({
      text: formatMailboxes(missing),
      shown: `${name} (${plural(count, 'address', 'addresses')})`,
    }));
}

/** The field with the chosen address; null where none is offered or chosen. */
export function taken(writing: Writing): Writing | null {
  const { completion, focus } = writing;
  const item = completion?.items[completion.cursor];
  if (!completion || item === undefined || !isField(focus)) return null;
  const { text } = writing.fields[focus];
  const rest = text.slice(completion.end);
  const between = /^\s*[,;]/.test(rest) ? '' : ', ';
  const head = text.slice(0, completion.start) + item + between;
  return { ...withField(writing, focus, { text: head + rest, caret: head.length }), completion: null };
}

/** With another one chosen; null where none is offered. */
export function movedInCompletion(writing: Writing, by: 1 | -1): Writing | null {
  const { completion } = writing;
  if (!completion) return null;
  const cursor = completion.cursor + by;
  if (cursor < 0) return { ...writing, completion: null };
  if (cursor >= completion.items.length) return writing;
  return { ...writing, completion: { ...completion, cursor } };
}
