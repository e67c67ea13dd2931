// The steps that can be taken back, the last one first. Each says what it was; how it is taken back is whoever
// remembers it's business, and known only when the step itself is done.
import type { Core } from '../core.ts';

/** Steps that can be taken back. */
const UNDO_STEPS = 100;

/** Takes a step back; false: what it was about is not where it was put any more. */
export type TakeBack = () => Promise<boolean>;

export interface Undo {
  /**
   * This can be taken back by that; null: by nothing. `what`: a subject, or how many; `deed`: what was done with it, as
   * a participle.
   */
  remember(what: string, back: Promise<TakeBack | null>, deed?: string): void;
  /** The last step, if it is not a message on its way out. */
  undo(): void;
}

export function createUndo(core: Core, deps: { readonly applied: () => void }): Undo {
  const backs = new Map<number, Promise<TakeBack | null>>();
  let steps = 0;
  /** One after the other: a step stands on the ones before it. */
  let running: Promise<unknown> = Promise.resolve();
  return {
    remember(what, back, deed) {
      const n = ++steps;
      // Why it could not be done is said where it was asked for.
      backs.set(
        n,
        back.catch(() => null),
      );
      backs.delete(n - UNDO_STEPS);
      const step = { n, what, ...(deed !== undefined && { deed }) };
      core.change(before => ({ ...before, undo: [...before.undo, step].slice(-UNDO_STEPS) }));
    },
    undo() {
      const step = core.state.get().undo.at(-1);
      if (!step || step.sending !== undefined) return;
      core.change(before => ({ ...before, undo: before.undo.slice(0, -1) }));
      const takeBack = async (): Promise<void> => {
        const back = await backs.get(step.n);
        backs.delete(step.n);
        if (!(await back?.())) core.say('info', `${step.what} is not where it was put any more.`);
        deps.applied();
      };
      core.say('info', `Taken back: ${step.what}${step.deed ? ` (${step.deed})` : ''}.`);
      const undone = running.then(takeBack);
      running = undone.catch(() => undefined);
      core.track(undone);
    },
  };
}

/** All of them, the last first; false where none of it was there any more. Null: there is nothing to take back. */
export function allBack(backs: readonly TakeBack[]): TakeBack | null {
  if (backs.length === 0) return null;
  return async () => {
    let some = false;
    for (const back of backs.toReversed()) some = (await back()) || some;
    return some;
  };
}
