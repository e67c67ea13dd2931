// Runs a part of a benchmark in a process of its own, which prints what it found as JSON, one value a line.
import { spawn } from 'node:child_process';

export async function linesOf<T>(name: string, words: readonly (string | number)[]): Promise<readonly T[]> {
  const child = spawn(process.execPath, [`.build/bench/${name}.child.js`, ...words.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (status !== 0) throw new Error(`${name}.child ended with ${status}`);
  return text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as T);
}
