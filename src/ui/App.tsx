// The root: which screen, what floats over it, and the real cursor. Everything it shows is made by pure functions in
// parts/; no effects, no state of its own.
import { Box, Text, useCursor } from 'ink';
import { useMemo } from 'react';
import type { Program } from '../app/app.ts';
import { writingIn } from '../app/compose/writing.ts';
import { layoutOf } from '../app/selectors.ts';
import { topLayer } from '../app/state.ts';
import { AppContext, useApp } from './hooks.ts';
import { Overlays } from './overlays/Overlays.tsx';
import { Frame } from './screens/Frame.tsx';
import { type Traits, themeFor } from './theme.ts';

export interface AppProps {
  readonly app: Program;
  /** What the terminal can. */
  readonly traits: Traits;
}

export function App({ app, traits }: AppProps) {
  const context = useMemo(
    () => ({ program: app, theme: themeFor(app.state.get().ui, traits) }),
    [app, traits],
  );
  return (
    <AppContext value={context}>
      <Screen />
    </AppContext>
  );
}

function Screen() {
  const size = useApp(state => state.size);
  const tooSmall = useApp(state => layoutOf(state).tooSmall);
  const quitting = useApp(state => state.quitting);
  const floating = useApp(
    state =>
      FLOATING.includes(topLayer(state).t) || state.pending.shown || writingIn(state)?.completion != null,
  );
  const caret = useApp(state => state.caret);
  const { setCursorPosition } = useCursor();
  setCursorPosition(caret && !tooSmall && !quitting ? { x: caret.column, y: caret.row } : undefined);
  if (tooSmall) return <Text wrap="truncate">{'Too small: 40x8 at least.'}</Text>;
  return (
    <Box flexDirection="column" width={size.columns} height={size.rows}>
      <Frame />
      {floating ? <Overlays /> : null}
    </Box>
  );
}

/** Layers that stand over what was there before. */
const FLOATING: readonly string[] = [
  'palette',
  'picker',
  'labels',
  'drawer',
  'confirm',
  'ask',
  'chooser',
  'prompt',
  'line',
  'review',
];
