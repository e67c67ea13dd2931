// What is kept of folders goes along with their names.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Core } from '../../../src/app/core.ts';
import type { AppState } from '../../../src/app/state.ts';
import { followNames } from '../../../src/app/storage/names.ts';
import { createPolicy } from '../../../src/app/storage/policy.ts';
import type { Offline } from '../../../src/config/types.ts';

function begin(offlineFolders: Readonly<Record<string, Offline>>) {
  const config = { file: null, accounts: [{ id: 'a', protocol: 'imap', offline: 'all', offlineFolders }] };
  let state = { kept: {}, accounts: [] } as unknown as AppState;
  const listeners: ((state: AppState) => void)[] = [];
  const work: Promise<unknown>[] = [];
  // All of the program that this part of it looks at.
  const core = {
    deps: { config },
    state: { get: () => state },
    engines: new Map(),
    change(step: (before: AppState) => AppState) {
      state = step(state);
      for (const listener of listeners) listener(state);
    },
    afterChange: (listener: (state: AppState) => void) => listeners.push(listener),
    track: (promise: Promise<unknown>) => work.push(promise),
  } as unknown as Core;
  const policy = createPolicy(core, {
    notKept: async () => ({ messages: 0, bytes: 0 }),
    changed: () => undefined,
  });
  followNames(core, policy.renamed);
  return {
    async folders(...paths: readonly string[]) {
      const folders = paths.map((path, n) => ({ id: `a:${n}`, path }));
      core.change(before => ({ ...before, accounts: [{ id: 'a', folders }] }) as unknown as AppState);
      await Promise.all(work);
    },
    kept: () => state.kept.a?.offlineFolders ?? offlineFolders,
  };
}

test('a folder that is renamed keeps what is said of it', async () => {
  const { folders, kept } = begin({ A: 'none', B: 'headers' });
  await folders('A', 'B', 'C');
  await folders('A', 'Lists/B', 'D');
  assert.deepEqual(kept(), { A: 'none', 'Lists/B': 'headers' });
});

test('names that change together are followed together', async () => {
  const { folders, kept } = begin({ A: 'none', B: 'headers' });
  await folders('A', 'B');
  await folders('B', 'A');
  assert.deepEqual(kept(), { A: 'headers', B: 'none' });
  await folders('C', 'B');
  assert.deepEqual(kept(), { B: 'headers', C: 'none' });
});
