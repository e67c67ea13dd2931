// Draws the program as text, as a terminal of its size would show it without colours.
import { render } from 'ink-testing-library';
import { App } from '../../src/ui/App.tsx';
import type { World } from '../app/fakes.ts';

/** The rows on the screen now. */
export function frame(world: World): readonly string[] {
  const { lastFrame, unmount } = render(<App app={world.app} traits={{ colors: 'none', unicode: false }} />);
  const text = lastFrame() ?? '';
  unmount();
  return text.split('\n');
}
