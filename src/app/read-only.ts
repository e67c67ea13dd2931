// Beside the tmail that has this mail open: why nothing can be changed here, and what becomes of that when the other
// one ends.
import { OWNER_LOOK_MS } from '../util/limits.ts';
import type { Core } from './core.ts';
import type { AppState } from './state.ts';

/** Why nothing can be changed, if so. `beside`: what is so while another tmail has the mail open. */
export function cannotChange(
  { readOnly }: AppState,
  beside = 'here it can only be read',
): string | undefined {
  switch (readOnly) {
    case null:
      return undefined;
    case 'other':
      return `Another tmail has this mail open; ${beside}.`;
    case 'ended':
      return 'The other tmail has ended: $ opens this mail here.';
    case 'disk':
      return 'The disk takes no changes; here mail can only be read.';
  }
}

/** Looks now and then whether the other one still runs, and says so when that changes. */
export function watchOwner({ deps, state, change, say }: Core): { close(): void } {
  const { owner } = deps;
  if (!owner) return { close: () => undefined };
  const look = (runs: boolean) => {
    const readOnly = runs ? 'other' : 'ended';
    if (state.get().readOnly === readOnly || state.get().quitting) return;
    change(before => ({ ...before, readOnly }));
    say('info', cannotChange(state.get()) ?? '');
  };
  // Where the disk can't tell, what was known is still the best guess.
  const timer = setInterval(() => owner.runs().then(look, () => undefined), OWNER_LOOK_MS).unref();
  return { close: () => clearInterval(timer) };
}
