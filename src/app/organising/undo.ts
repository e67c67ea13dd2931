// The steps that can be taken back, the last one first. Each says what it was; how it is taken back is whoever
// remembers it's business, and known only when the step itself is done.
import { asTmailError } from '../../util/errors.ts';
import { nextTurn } from '../../util/turn.ts';
import type { Core } from '../core.ts';
import { plural } from '../selectors.ts';
import { hush } from '../state.ts';
import { notThereText } from './words.ts';

/** Steps that can be taken back. */
const UNDO_STEPS = 100;

/** Takes a step back; false: what it was about is not where it was put any more. `quiet`: another shows it later. */
export type TakeBack = (quiet?: boolean) => Promise<boolean>;

/** A step that was begun: it can be taken back from now on, even before it is done. */
export interface Step {
  /** It is done, and taken back by that; null, or a rejection: nothing was done, and the step goes. The first word counts. */
  done(back: Promise<TakeBack | null>): void;
  /** False: somebody has taken it back meanwhile. */
  standing(): boolean;
  /** It is what u takes back now. */
  isLast(): boolean;
}

export interface Undo {
  /** `what`: a subject, or how many; `deed`: what is done with it, as a participle. */
  begin(what: string, deed?: string): Step;
  /** What is done already, or will be when the promise resolves. */
  remember(what: string, back: Promise<TakeBack | null>, deed?: string): Step;
  /** The last step, if it is not a message on its way out. */
  undo(): void;
}

export function createUndo(core: Core, deps: { readonly applied: () => void }): Undo {
  const backs = new Map<number, Promise<TakeBack | null>>();
  let steps = 0;
  /** One after the other: a step stands on the ones before it. */
  let running: Promise<unknown> = Promise.resolve();
  const stands = (n: number): boolean => core.state.get().undo.some(step => step.n === n);
  const forget = (n: number): void => {
    backs.delete(n);
    if (stands(n)) core.change(before => ({ ...before, undo: before.undo.filter(step => step.n !== n) }));
  };
  const begin: Undo['begin'] = (what, deed) => {
    steps += 1;
    const n = steps;
    const { promise, resolve } = deferred<TakeBack | null>();
    backs.set(n, promise);
    backs.delete(n - UNDO_STEPS);
    const step = { n, what, ...(deed !== undefined && { deed }) };
    // What is said of an older step would promise that u takes that one back.
    core.change(before => ({
      ...(before.toast?.level === 'info' ? hush(before) : before),
      undo: [...before.undo, step].slice(-UNDO_STEPS),
    }));
    let told = false;
    return {
      standing: () => stands(n),
      isLast: () => core.state.get().undo.at(-1)?.n === n,
      done(back) {
        if (told) return;
        told = true;
        const known = back.then(
          found => {
            if (found === null) forget(n);
            resolve(found);
          },
          // Why it could not be done is said where it was asked for.
          () => {
            forget(n);
            resolve(null);
          },
        );
        core.track(known);
      },
    };
  };
  return {
    begin,
    remember(what, back, deed) {
      const step = begin(what, deed);
      step.done(back);
      return step;
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

function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>(found => {
    resolve = found;
  });
  return { promise, resolve };
}

/** All of them, the last first; false where none of it was there any more. Null: there is nothing to take back. */
export function allBack(core: Pick<Core, 'bulk'>, backs: readonly TakeBack[]): TakeBack | null {
  const [last, ...others] = backs.toReversed();
  if (!last) return null;
  return async () => {
    let some = await last();
    if (others.length === 0) return some;
    await core.bulk(async () => {
      for (const back of others) {
        await nextTurn();
        some = (await back(true)) || some;
      }
    });
    return some;
  };
}

/** What one step did in two ways; null: it did nothing in this one. */
export interface Half {
  /** Of messages. */
  readonly count: number;
  readonly back: TakeBack | null;
}

/**
 * Both halves, the last first: one that can not be taken back keeps nobody from the other, and is told by itself.
 * Null: there is nothing to take back.
 */
export function halvesBack(core: Pick<Core, 'say' | 'fail'>, halves: readonly Half[]): TakeBack | null {
  const there = halves.flatMap(({ count, back }) => (back ? [{ count, back }] : [])).toReversed();
  const [first, second] = there;
  if (!first || !second) return first?.back ?? null;
  return async () => {
    const gone: number[] = [];
    for (const { count, back } of there) {
      try {
        if (!(await back())) gone.push(count);
      } catch (thrown) {
        core.fail(asTmailError(thrown));
      }
    }
    if (gone.length === there.length) return false;
    for (const count of gone) core.say('info', notThereText(plural(count, 'message'), count));
    return true;
  };
}
