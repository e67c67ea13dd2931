// What servers refused, told in words: each message in the log, and for those that come together one line on the
// screen.
import { splitFolderId } from '../../mail/ids.ts';
import type { FolderId } from '../../mail/types.ts';
import type { StoreEvent } from '../../store/types.ts';
import type { Core } from '../core.ts';
import { folderLabel, folderRecord } from '../selectors.ts';
import { noted } from '../state.ts';
import { mixedText, type Refusal, refusalsText, refusalText } from '../trouble-notes.ts';

/** Refusals that come within this time are one line on the screen. */
const TOGETHER_MS = 300;
/** Of one refusal; the log is no list of a whole folder. */
const NAMED = 100;

export type Trouble = Extract<StoreEvent, { t: 'trouble' }>;

export interface Troubles {
  /** False: it is not about an operation. */
  add(trouble: Trouble): boolean;
  /** Says what was gathered, now. */
  flush(): void;
  readonly waiting: boolean;
  close(): void;
}

interface Told {
  readonly refusal: Refusal;
  readonly subjects: readonly string[];
}

/** @param lost the name that a folder had which is gone */
export function createTroubles(core: Core, lost: (id: FolderId) => string | undefined): Troubles {
  let told: Told[] = [];
  let timer: NodeJS.Timeout | undefined;

  const nameOf = (id: FolderId): string => {
    const record = folderRecord(core.state.get(), id);
    return record ? folderLabel(record) : (lost(id) ?? 'a folder that is gone');
  };

  /** Which account, where there are several and it is one. */
  const whose = (refusals: readonly Refusal[]): string => {
    const [account, ...others] = new Set(
      refusals.map(({ operation }) => splitFolderId(operation.folder).account),
    );
    const several = core.state.get().accounts.length > 1;
    return several && account !== undefined && others.length === 0 ? `${account}: ` : '';
  };

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const all = told;
    told = [];
    const [first] = all;
    if (!first) return;
    const lines = all.flatMap(({ refusal, subjects }) =>
      subjects.slice(0, NAMED).map(subject => whose([refusal]) + refusalText(refusal, subject)),
    );
    const count = all.reduce((sum, { subjects }) => sum + subjects.length, 0);
    if (count === 1 && lines[0] !== undefined) {
      core.say('error', lines[0]);
      return;
    }
    core.change(before => lines.reduce((state, line) => noted(state, 'error', line), before));
    const alike = all.every(
      ({ refusal: { operation, error, folder, to } }) =>
        operation.t === first.refusal.operation.t &&
        error.code === first.refusal.error.code &&
        folder === first.refusal.folder &&
        to === first.refusal.to,
    );
    const text = alike ? refusalsText(first.refusal, count) : mixedText(count);
    core.say('error', whose(all.map(({ refusal }) => refusal)) + text);
  };

  return {
    add({ error, operation, subjects }) {
      if (!operation) return false;
      if (error.kind === 'cancelled') return true;
      const lands = operation.t === 'move' || operation.t === 'copy';
      const refusal = {
        operation,
        error,
        folder: nameOf(operation.folder),
        to: lands ? nameOf(operation.to) : '',
      };
      // Rolled back by now: the messages are where they were.
      const folder = core.opened.get(operation.folder);
      const known = subjects ?? operation.targets.map(({ uid }) => folder?.envelope(uid)?.subject ?? '');
      told.push({ refusal, subjects: operation.targets.length === 0 ? [''] : known });
      timer ??= setTimeout(flush, TOGETHER_MS);
      return true;
    },
    flush,
    get waiting() {
      return told.length > 0;
    },
    close() {
      clearTimeout(timer);
      told = [];
    },
  };
}
