// How components read the program: rows made from the state, and only new when a row changed.
import { createContext, useContext, useRef, useSyncExternalStore } from 'react';
import type { Program } from '../app/app.ts';
import type { View } from '../app/commands/command.ts';
import type { AppState } from '../app/state.ts';
import { TmailError } from '../util/errors.ts';
import type { Theme } from './theme.ts';

export interface ScreenContext {
  readonly program: Program;
  readonly theme: Theme;
}

export const AppContext = createContext<ScreenContext | null>(null);

export function useScreen(): ScreenContext {
  const context = useContext(AppContext);
  if (!context) throw new TmailError('bug', 'bug.unreachable', { facts: { value: 'no screen context' } });
  return context;
}

/** A part of the state; `select` must return the same reference while nothing changed. */
export function useApp<T>(select: (state: AppState) => T): T {
  const { state } = useScreen().program;
  return useSyncExternalStore(state.subscribe, () => select(state.get()));
}

interface Made {
  readonly state: AppState;
  readonly produce: unknown;
  readonly rows: readonly string[] | null;
}

/** Rows for a pane: made once a state, and the same array as before while no row differs. */
export function useRows(
  produce: (view: View, theme: Theme) => readonly string[] | null,
): readonly string[] | null {
  const { program, theme } = useScreen();
  const made = useRef<Made | null>(null);
  return useSyncExternalStore(program.state.subscribe, () => {
    const state = program.state.get();
    const last = made.current;
    if (last?.state === state && last.produce === produce) return last.rows;
    const rows = produce({ state, data: program.data }, theme);
    const kept = last && sameRows(last.rows, rows) ? last.rows : rows;
    made.current = { state, produce, rows: kept };
    return kept;
  });
}

function sameRows(a: readonly string[] | null, b: readonly string[] | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((text, i) => text === b[i]);
}
