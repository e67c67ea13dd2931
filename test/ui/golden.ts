// Compares a screen with the one that is kept in test/golden. UPDATE_GOLDEN=1 keeps the new one: look at the
// difference before committing it.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export async function golden(name: string, rows: readonly string[]): Promise<void> {
  const path = join('test', 'golden', `${name}.txt`);
  const text = `${rows.map(row => row.trimEnd()).join('\n')}\n`;
  if (process.env.UPDATE_GOLDEN) {
    await writeFile(path, text);
    return;
  }
  const kept = await readFile(path, 'utf8').catch(() => '');
  assert.equal(text, kept, `${path} differs; UPDATE_GOLDEN=1 npm test -- golden keeps the new screen`);
}
