// Where the file of a thread lies, for a program in one of the bundle's chunks and for tests.
import { existsSync } from 'node:fs';

/**
 * `name` of the bundle: beside the program (which may sit in a chunk one folder down), or in dist/ of the repository
 * that the tests were built in. Null: there is none, the work is done in place.
 */
export function threadFile(name: string, from: string): URL | null {
  const folders = ['./', '../', '../dist/', '../../dist/', '../../../dist/'];
  return folders.map(folder => new URL(folder + name, from)).find(url => existsSync(url)) ?? null;
}
