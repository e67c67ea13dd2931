// Sets and clears flags and keywords on several messages, and remembers for each what that changed: taken back, a
// message that had the flag before keeps it.
import { isShownLabel, shownKeyword } from '../../mail/labels.ts';
import { KEYWORD_BIT } from '../../mail/types.ts';
import { flagBits } from '../../store/flags.ts';
import type { FolderStore, Operation } from '../../store/types.ts';
import type { Core } from '../core.ts';
import type { Messages } from '../state.ts';
import type { Carried, Carry } from './carry.ts';

/** Absolute: names as on the wire. */
export interface FlagChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** Messages of one folder to which the same is new. */
interface Part extends Messages, FlagChange {}

/** Resolves with what was done; shown at once for folders that are open. */
export async function changeFlags(
  core: Core,
  carry: Carry,
  messages: readonly Messages[],
  wish: FlagChange,
): Promise<Carried> {
  const known = messages.map(({ folder }) => core.opened.get(folder));
  const folders = known.every(Boolean)
    ? known
    : await Promise.all(messages.map(({ folder }) => carry.accountOf(folder)?.folder(folder)));
  const operations: Operation[] = [];
  let error: Error | null = null;
  const parts = messages.flatMap((group, i) => {
    const folder = folders[i];
    return folder ? partsOf(folder, group, wish) : [];
  });
  const done = await Promise.all(
    parts.map(part => carry.each([part], on => ({ t: 'flags', ...on, add: part.add, remove: part.remove }))),
  );
  for (const each of done) {
    operations.push(...each.operations);
    error ??= each.error;
  }
  return { operations, error };
}

/** By what is new to them; messages to which nothing is new are left out. */
function partsOf(folder: FolderStore, { folder: id, uids }: Messages, wish: FlagChange): readonly Part[] {
  const parts = new Map<string, { add: string[]; remove: string[]; uids: number[] }>();
  const has = hasFlag(folder);
  for (const uid of uids) {
    const add = wish.add.filter(name => !has(uid, name));
    const remove = wish.remove.filter(name => has(uid, name));
    if (add.length === 0 && remove.length === 0) continue;
    const key = JSON.stringify([add, remove]);
    const part = parts.get(key);
    if (part) part.uids.push(uid);
    else parts.set(key, { add, remove, uids: [uid] });
  }
  return [...parts.values()].map(part => ({ folder: id, ...part }));
}

/** Whether a message of this folder has the flag or keyword of this name. */
export function hasFlag(folder: FolderStore): (uid: number, name: string) => boolean {
  const bits = new Map<string, number>();
  return (uid, name) => {
    let bit = bits.get(name);
    if (bit === undefined) {
      bit = flagBits([name], [...folder.keywords], true);
      bits.set(name, bit);
    }
    return bit !== 0 && ((folder.flags(uid) ?? 0) & bit) !== 0;
  };
}

/** Keywords that programs use among themselves, and other flags in the clothes of a keyword. */
const NO_LABELS =
  /^(\$?(forwarded|mdnsent|junk|notjunk|nonjunk|phishing|submitted|submitpending|mailflagbit\d|autojunk|has_?(no)?_?attachment|hasattachment|hasnoattachment|canunsubscribe|muted|x-me-annot.*))$/i;

const isLabel = (name: string): boolean => !NO_LABELS.test(name) && isShownLabel(name);

/** What a person would call a label of the message, as its folder knows it. Hostile text. */
export function labelsOf(folder: FolderStore, flags: number): readonly string[] {
  if (flags >> KEYWORD_BIT === 0) return [];
  return folder.keywords.filter((name, i) => (flags & (1 << (KEYWORD_BIT + i))) !== 0 && isLabel(name));
}

/** The same as a person calls them. Hostile text. */
export function labelsShown(folder: FolderStore, flags: number): readonly string[] {
  return labelsOf(folder, flags).map(shownKeyword);
}

/** Labels that messages of this folder have or had. */
export function knownLabels(folder: FolderStore): readonly string[] {
  return folder.keywords.filter(isLabel);
}
