// What a person likes to look at, in memory alone.
import type { Settings, SettingsShape } from '../../src/store/types.ts';

export function fakeSettings(): Settings {
  let settings: SettingsShape = { lists: {}, muted: {}, layout: {} };
  return {
    get: () => settings,
    change(step) {
      settings = step(settings);
    },
  };
}
