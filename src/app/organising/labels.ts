// What the picker of labels offers: those of the folders of the chosen messages, with how many of these have each, and
// what was typed as a new one. Pure.
import { splitFolderId } from '../../mail/ids.ts';
import { hasLabels, isOwnLabel, labelKeyword, labelOf, shownKeyword } from '../../mail/labels.ts';
import { MAX_KEYWORDS } from '../../mail/types.ts';
import type { View } from '../commands/command.ts';
import { fuzzyScore } from '../fuzzy.ts';
import type { Layer } from '../state.ts';
import { hasFlag, knownLabels } from './flags.ts';

export type LabelsLayer = Extract<Layer, { t: 'labels' }>;

export interface LabelChoice {
  /** As on the wire. Hostile text. */
  readonly name: string;
  readonly has: 'all' | 'some' | 'none';
  /** No message of these folders ever had it. */
  readonly isNew: boolean;
}

/** Known ones that match, best first, then what was typed. */
export function labelChoices(view: View, { messages, field }: LabelsLayer): readonly LabelChoice[] {
  const names = new Map<string, string>();
  for (const { folder } of messages) {
    const there = view.data.folder(folder);
    for (const name of there ? knownLabels(there) : []) names.set(name.toLowerCase(), name);
  }
  const gmail = accountsOf(view, messages).every(({ folders }) => hasLabels(folders));
  // There a label is a folder: all of them can be chosen.
  for (const { folders } of gmail ? accountsOf(view, messages) : []) {
    for (const { path, selectable } of folders) {
      const name = labelKeyword(path);
      if (selectable && isOwnLabel(path)) names.set(name.toLowerCase(), name);
    }
  }
  const query = field.text.trim();
  const known = [...names.values()]
    .map(name => ({ name, score: fuzzyScore(query, shownKeyword(name)) }))
    .filter((entry): entry is { name: string; score: number } => entry.score !== null)
    .sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1))
    .map(({ name }) => ({ name, has: hasOf(view, messages, name), isNew: false }));
  const typed = gmail && query !== '' ? labelKeyword(query) : keywordOf(query);
  if (typed === '' || names.has(typed.toLowerCase())) return known;
  return [...known, { name: typed, has: 'none', isNew: true }];
}

function hasOf(view: View, messages: LabelsLayer['messages'], name: string): LabelChoice['has'] {
  let all = true;
  let some = false;
  for (const { folder, uids } of messages) {
    const there = view.data.folder(folder);
    if (!there) continue;
    const has = hasFlag(there);
    for (const uid of uids) {
      if (there.flags(uid) === undefined) continue;
      if (has(uid, name)) some = true;
      else all = false;
    }
  }
  return some ? (all ? 'all' : 'some') : 'none';
}

function accountsOf({ state }: View, messages: LabelsLayer['messages']) {
  const ids = new Set(messages.map(({ folder }) => splitFolderId(folder).account));
  return state.accounts.filter(({ id }) => ids.has(id));
}

/** A keyword is one word on the wire (RFC 9051, flag-keyword is an atom). */
function keywordOf(text: string): string {
  return text.replace(/\s+/g, '_');
}

/** The label that is set or taken away, or why that can't be. */
export function chosenLabel(
  view: View,
  layer: LabelsLayer,
  choice: LabelChoice,
): LabelChoice | { readonly problem: string } {
  if (!choice.isNew) return choice;
  // Gmail takes any name that a folder can have.
  const isLabel = labelOf(choice.name) !== null;
  if (!isLabel && (!/^[\x21-\x7e]+$/.test(choice.name) || /[(){%*"\\\]]/.test(choice.name)))
    return {
      problem: 'A label can have letters from a to z, digits, and most signs, but none of (){%*"\\].',
    };
  if (choice.name.length > 60) return { problem: 'This name is too long for a label.' };
  const full = layer.messages.some(
    ({ folder }) => (view.data.folder(folder)?.keywords.length ?? 0) >= MAX_KEYWORDS,
  );
  return full
    ? { problem: `This folder has ${MAX_KEYWORDS} keywords already; more can't be kept here.` }
    : choice;
}
