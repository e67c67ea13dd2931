// A process that owns the store.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import type { Place } from './place.ts';

/** As an open screen does. Returned: what ends it. */
export async function owner(t: TestContext, { env }: Place): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, ['.build/test/cli/owner.child.js'], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const leave = async () => {
    if (child.exitCode !== null) return;
    child.stdin.end();
    await once(child, 'exit');
  };
  t.after(leave);
  await once(child.stdout, 'data');
  return leave;
}
