// A process that lives in a store and prints what it does, one line of JSON a step, until it is killed.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

/**
 * Starts `test/store/NAME.child.ts` and kills it `after` ms after its n-th line. What it said comes back, without a
 * last line that is only half there. Rejects when it ended by itself.
 */
export function liveAndDie<Note>(
  name: string,
  args: readonly (string | number)[],
  nth: number,
  after: number,
): Promise<Note[]> {
  return new Promise((resolve, reject) => {
    const program = join('.build/test/store', `${name}.child.js`);
    const child = spawn(process.execPath, [program, ...args.map(String)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let errors = '';
    let lines = 0;
    let dying = false;
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk;
      for (const byte of chunk) if (byte === 10) lines++;
      if (lines < nth || dying) return;
      dying = true;
      setTimeout(() => child.kill('SIGKILL'), after);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk;
    });
    child.on('close', (_, signal) => {
      if (signal !== 'SIGKILL') return reject(new Error(`ended by itself: ${errors}`));
      const said = out
        .slice(0, out.lastIndexOf('\n') + 1)
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line));
      resolve(said.filter(note => !('open' in note)));
    });
  });
}
