// Keeps drafts on the disk: within two seconds of the last key, and at once when the composer is left. One write at a
// time for a draft, so that what is thrown away stays so.
import type { DraftId } from '../../mail/compose/types.ts';
import { asTmailError } from '../../util/errors.ts';
import type { Core } from '../core.ts';
import type { AppState } from '../state.ts';
import { changeWriting, draftOf, type Writing, writingBy } from './writing.ts';

/** From the first change that is not on the disk: with the write itself it stays below two seconds. */
export const SAVE_MS = 1500;
/** A disk that was full is tried again after this. */
const AGAIN_MS = 5000;

export interface Saving {
  /** Looks which drafts have to be saved, and when. */
  arm(state: AppState): void;
  /** Saves what is not on the disk yet, now. Never rejects: what goes wrong is said. */
  now(): Promise<void>;
  /** Runs `work` when nothing of this draft is being written, and lets nothing be written until it ends. */
  alone<T>(draft: DraftId, work: () => Promise<T>): Promise<T>;
  close(): void;
}

/** Something was typed that is not on the disk. */
export function isUnsaved(writing: Writing): boolean {
  return writing.rev > 0 && writing.rev !== writing.savedRev;
}

export function createSaving(core: Core): Saving {
  const timers = new Map<DraftId, NodeJS.Timeout>();
  const chains = new Map<DraftId, Promise<unknown>>();
  /** What went wrong last, so that a full disk is said once. */
  let trouble = '';
  let closed = false;

  const alone: Saving['alone'] = (draft, work) => {
    const before = chains.get(draft) ?? Promise.resolve();
    const next = before.then(work, work);
    const kept = next
      .catch(() => undefined)
      .finally(() => {
        if (chains.get(draft) === kept) chains.delete(draft);
      });
    chains.set(draft, kept);
    return next;
  };

  const save = (id: DraftId): Promise<void> =>
    alone(id, async () => {
      const { outgoing, now } = core.deps;
      const writing = writingBy(core.state.get(), id);
      if (!outgoing || !writing || writing.leaving || !isUnsaved(writing)) return;
      const { rev } = writing;
      try {
        await outgoing.saveDraft({ ...draftOf(writing), changed: now() });
      } catch (thrown) {
        const error = asTmailError(thrown);
        if (error.code !== trouble) core.fail(error);
        trouble = error.code;
        later(id, AGAIN_MS);
        return;
      }
      if (trouble !== '') core.say('info', 'The draft is on the disk again.');
      trouble = '';
      core.change(state => changeWriting(state, id, each => ({ ...each, savedRev: rev, savedAt: now() })));
    });

  const later = (id: DraftId, ms: number) => {
    if (closed || timers.has(id)) return;
    const timer = setTimeout(() => {
      timers.delete(id);
      void core.track(save(id));
    }, ms);
    timers.set(id, timer.unref());
  };

  return {
    alone,
    arm(state) {
      for (const writing of state.drafts) {
        if (isUnsaved(writing) && !writing.leaving && trouble === '') later(writing.draft.id, SAVE_MS);
      }
    },
    async now() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      await Promise.all(
        core.state
          .get()
          .drafts.filter(isUnsaved)
          .map(({ draft }) => save(draft.id)),
      );
    },
    close() {
      closed = true;
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
