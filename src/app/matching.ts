// What the palette, the folder picker and help list for what was typed. Pure.

import type { AccountId } from '../mail/types.ts';
import type { FolderRecord } from '../store/types.ts';
import { type Command, type Context, GROUPS, PROMPT_CONTEXTS, type View } from './commands/command.ts';
import { fuzzyScore } from './fuzzy.ts';
import type { UnifiedId } from './listing/types.ts';
import { folderRows, lastOf, paneRows } from './selectors.ts';
import type { AppState, Layer } from './state.ts';

/** The context that an overlay was opened over: what its commands would act on. */
export function contextUnder(state: AppState): Context {
  for (let i = state.stack.length - 1; i >= 0; i -= 1) {
    const name = state.stack[i]?.t ?? 'list';
    if (!PROMPT_CONTEXTS.includes(name) && name !== 'help') return name;
  }
  return 'list';
}

/** Commands that match, best first; what was used lately comes first while nothing is typed. */
export function paletteMatches(view: View, query: string): readonly Command[] {
  const { state, data } = view;
  const context = contextUnder(state);
  return rankCommands(data.commands, context, state.recent, query);
}

const rankCommands = lastOf(
  (commands: readonly Command[], context: Context, recent: readonly string[], query: string) => {
    const scored = commands
      .filter(command => !command.hidden && command.in.includes(context))
      .map(command => ({ command, score: commandScore(command, query) }))
      .filter((entry): entry is { command: Command; score: number } => entry.score !== null);
    const recency = (command: Command) => {
      const at = recent.indexOf(command.id);
      return at < 0 ? recent.length : at;
    };
    const ready = (command: Command) => (command.later ? 1 : 0);
    return scored
      .sort(
        (a, b) =>
          b.score - a.score || recency(a.command) - recency(b.command) || ready(a.command) - ready(b.command),
      )
      .map(entry => entry.command);
  },
);

function commandScore(command: Command, query: string): number | null {
  const title = fuzzyScore(query, command.title);
  const names = [command.id, ...(command.synonyms ?? [])].map(name => fuzzyScore(query, name));
  // A synonym in full is what a person of another program types; half a synonym counts less than the title.
  const best = Math.max(
    title ?? -1,
    ...names.map(score => (score === null ? -1 : score >= 1000 ? 1000 : score - 50)),
  );
  return best < 0 ? null : best;
}

/** Selectable folders that match, best first, in the pane's order while nothing is typed. */
export function pickerMatches(state: AppState, layer: PickerLayer): readonly FolderRecord[] {
  const { move, field } = layer;
  const found = rankFolders(state.accounts, field.text, move?.account ?? null);
  const from = move?.messages.length === 1 ? move.messages[0]?.folder : undefined;
  return from === undefined ? found : found.filter(({ id }) => id !== from);
}

/** Lists over all accounts that match, below the folders; messages can't go there. */
export function pickerLists(state: AppState, { move, field }: PickerLayer): readonly UnifiedId[] {
  if (move) return [];
  return paneRows(state).flatMap(row => {
    if (row.t !== 'unified') return [];
    const texts = [row.label, `all ${row.label}`, row.id];
    return texts.some(text => fuzzyScore(field.text, text) !== null) ? [row.id] : [];
  });
}

/** The folder that could be made of what was typed, for messages that are only here; null: none. */
export function pickerNew(state: AppState, { move, field }: PickerLayer): string | null {
  const name = field.text.trim();
  if (!move || move.copy || name === '') return null;
  const folders = state.accounts.find(({ id }) => id === move.account)?.folders ?? [];
  return folders.some(({ path }) => path.toLowerCase() === name.toLowerCase()) ? null : name;
}

type PickerLayer = Extract<Layer, { t: 'picker' }>;

/** `own`: its folders come first, as long as no other fits what was typed better. */
const rankFolders = lastOf(
  (accounts: AppState['accounts'], query: string, own: AccountId | null): readonly FolderRecord[] =>
    folderRows(accounts)
      .flatMap(row => (row.t === 'folder' && row.record.selectable ? [row.record] : []))
      .map(record => ({ record, score: folderScore(record, accounts.length > 1, query) }))
      .filter((entry): entry is { record: FolderRecord; score: number } => entry.score !== null)
      .sort((a, b) => b.score - a.score || foreign(a.record, own) - foreign(b.record, own))
      .map(entry => entry.record),
);

const foreign = ({ account }: FolderRecord, own: AccountId | null): number => (account === own ? 0 : 1);

function folderScore(record: FolderRecord, withAccount: boolean, query: string): number | null {
  const texts = [
    record.name,
    record.path,
    record.role ?? '',
    withAccount ? `${record.account}/${record.path}` : '',
  ];
  const scores = texts.filter(text => text !== '').map(text => fuzzyScore(query, text) ?? -1);
  const best = Math.max(-1, ...scores);
  return best < 0 ? null : best;
}

export type HelpRow =
  | { readonly t: 'heading'; readonly text: string }
  | { readonly t: 'command'; readonly command: Command; readonly here: boolean };

type HelpLayer = Extract<Layer, { t: 'help' }>;

/** Help from top to bottom: what works here, then everything else, by group. */
export function helpRows(view: View, layer: HelpLayer): readonly HelpRow[] {
  return buildHelp(view.data.commands, contextUnder(view.state), layer.field.text);
}

const buildHelp = lastOf(
  (commands: readonly Command[], context: Context, query: string): readonly HelpRow[] => {
    const wanted = commands.filter(command => matchesHelp(command, query));
    const here = wanted.filter(command => command.in.includes(context));
    const elsewhere = wanted.filter(command => !command.in.includes(context));
    return [...section(here, true, ''), ...section(elsewhere, false, ' (elsewhere)')];
  },
);

function section(commands: readonly Command[], here: boolean, suffix: string): readonly HelpRow[] {
  return GROUPS.flatMap(group => {
    const mine = commands.filter(command => command.group === group);
    if (mine.length === 0) return [];
    const rows = mine.map(command => ({ t: 'command', command, here }) as const);
    return [{ t: 'heading', text: group + suffix } as const, ...rows];
  });
}

function matchesHelp(command: Command, query: string): boolean {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const text = [command.title, command.help, command.id, ...(command.synonyms ?? []), ...command.keys]
    .join(' ')
    .toLowerCase();
  return words.every(word => text.includes(word));
}

/** The command rows of help, which its cursor counts. */
export function helpCommands(rows: readonly HelpRow[]): readonly Extract<HelpRow, { t: 'command' }>[] {
  return rows.filter((row): row is Extract<HelpRow, { t: 'command' }> => row.t === 'command');
}
