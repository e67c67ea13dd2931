// Which command a key means: context, keys typed so far → command, more keys wanted, or nothing. Pure.
import type { Command, Context } from './commands/command.ts';
import { TEXT_CONTEXTS } from './commands/command.ts';
import { typedText } from './field.ts';
import { parseKeys, showKeys } from './keys.ts';
import type { Key } from './types.ts';

interface Node {
  readonly command: Command | null;
  readonly next: ReadonlyMap<Key, Node>;
}

export interface Binding {
  readonly keys: readonly Key[];
  readonly command: Command;
}

export interface Keymap {
  readonly contexts: ReadonlyMap<Context, Node>;
  /** The keys of a command as they are now, in the order of preference. */
  keysOf(id: string): readonly (readonly Key[])[];
}

export type Meaning =
  | { readonly t: 'command'; readonly command: Command }
  | { readonly t: 'pending'; readonly choices: readonly Binding[] }
  | { readonly t: 'unbound' };

/** A wish of the configuration that could not be granted. */
export interface KeyProblem {
  readonly t: 'unknown-command' | 'bad-key' | 'taken' | 'prefix';
  readonly command: string;
  readonly keys: string;
  readonly other?: string;
  readonly context?: Context;
  /** The configuration asked for it; otherwise a default key gave way to a wish. */
  readonly wished: boolean;
}

export interface BuiltKeymap {
  readonly keymap: Keymap;
  readonly problems: readonly KeyProblem[];
}

interface MutableNode {
  command: Command | null;
  next: Map<Key, MutableNode>;
}

/**
 * The keymap of these commands with the configuration's wishes (`ui.keys`). A wish beats a default key that stands in
 * its way; of two wishes the first one wins. Whatever lost is reported, never silently dropped.
 */
export function buildKeymap(
  commands: readonly Command[],
  wishes: Readonly<Record<string, readonly string[]>> = {},
): BuiltKeymap {
  const problems: KeyProblem[] = [];
  const known = new Set(commands.map(command => command.id));
  for (const id of Object.keys(wishes)) {
    if (!known.has(id)) problems.push({ t: 'unknown-command', command: id, keys: '', wished: true });
  }
  const contexts = new Map<Context, MutableNode>();
  const keys = new Map<string, (readonly Key[])[]>();
  const wished = commands.filter(command => Object.hasOwn(wishes, command.id));
  const others = commands.filter(command => !Object.hasOwn(wishes, command.id));
  for (const command of [...wished, ...others]) {
    const mine: (readonly Key[])[] = [];
    for (const written of wishes[command.id] ?? command.keys) {
      const parsed = parseKeys(written);
      if (parsed === null) {
        problems.push({ t: 'bad-key', command: command.id, keys: written, wished: true });
      } else if (bindEverywhere(contexts, command, parsed, wished.includes(command), problems)) {
        mine.push(parsed);
      }
    }
    keys.set(command.id, mine);
  }
  return { keymap: { contexts, keysOf: id => keys.get(id) ?? [] }, problems };
}

function bindEverywhere(
  contexts: Map<Context, MutableNode>,
  command: Command,
  keys: readonly Key[],
  wished: boolean,
  problems: KeyProblem[],
): boolean {
  let bound = false;
  for (const context of command.keysIn ?? command.in) {
    // In a text field a printable key is text.
    if (TEXT_CONTEXTS.includes(context) && typedText(keys[0] ?? '') !== null) continue;
    let root = contexts.get(context);
    if (!root) {
      root = { command: null, next: new Map() };
      contexts.set(context, root);
    }
    const conflict = bind(root, command, keys);
    if (conflict === null) bound = true;
    else
      problems.push({
        t: conflict.prefix ? 'prefix' : 'taken',
        command: command.id,
        keys: showKeys(keys),
        other: conflict.command.id,
        context,
        wished,
      });
  }
  return bound;
}

/** Null when bound; else who has the key, or a part of it. */
function bind(
  root: MutableNode,
  command: Command,
  keys: readonly Key[],
): { command: Command; prefix: boolean } | null {
  let node = root;
  for (const key of keys) {
    if (node.command) return { command: node.command, prefix: true };
    let next = node.next.get(key);
    if (!next) {
      next = { command: null, next: new Map() };
      node.next.set(key, next);
    }
    node = next;
  }
  if (node.command) return { command: node.command, prefix: false };
  const longer = firstCommand(node);
  if (longer) return { command: longer, prefix: true };
  node.command = command;
  return null;
}

function firstCommand(node: Node): Command | null {
  for (const next of node.next.values()) {
    const found = next.command ?? firstCommand(next);
    if (found) return found;
  }
  return null;
}

export function meaning(keymap: Keymap, context: Context, keys: readonly Key[]): Meaning {
  let node = keymap.contexts.get(context);
  for (const key of keys) node = node?.next.get(key);
  if (!node) return { t: 'unbound' };
  if (node.command) return { t: 'command', command: node.command };
  const choices = bindingsUnder(node, keys);
  return choices.length > 0 ? { t: 'pending', choices } : { t: 'unbound' };
}

/** Every binding of a context, for help. */
export function bindingsOf(keymap: Keymap, context: Context): readonly Binding[] {
  const root = keymap.contexts.get(context);
  return root ? bindingsUnder(root, []) : [];
}

function bindingsUnder(node: Node, typed: readonly Key[]): Binding[] {
  const found: Binding[] = [];
  for (const [key, next] of node.next) {
    const keys = [...typed, key];
    if (next.command) found.push({ keys, command: next.command });
    found.push(...bindingsUnder(next, keys));
  }
  return found;
}

/** A problem as a sentence for the person. */
export function keyProblemText(problem: KeyProblem): string {
  const { command, keys, other, context } = problem;
  switch (problem.t) {
    case 'unknown-command':
      return `ui.keys names "${command}", which is no command; ? lists them all.`;
    case 'bad-key':
      return `ui.keys gives ${command} the key "${keys}", which can't be read; write it like j, gg, C-d or f5.`;
    case 'taken':
      return `${keys} can't stand for ${command} in ${context}: it stands for ${other}.`;
    case 'prefix':
      return `${keys} can't stand for ${command} in ${context}: ${other} begins with it, or it with ${other}'s key.`;
  }
}
