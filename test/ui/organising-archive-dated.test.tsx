// Mail is archived into the folders of its years or months, which are made for it, and comes back by u, also while they
// are made: on the screen and on a real server.
import { test } from 'node:test';
import { stage } from './organising-stage.tsx';
import { moved, type Operation, SELECTIONS, walk } from './organising-walk.tsx';

/** By the fourth column of the truth, which is the message's own date as well. */
const dateOf = (line: string) => line.split(' | ')[3] ?? '';
const byYear = moved(line => `Archive/${dateOf(line).slice(0, 4)}`);
const byMonth = moved(line => `Archive/${dateOf(line).slice(0, 7).replace('-', '/')}`);

for (const [archive, after] of [
  ['year', byYear],
  ['month', byMonth],
] as const)
  test(`a by ${archive}: u pressed at once, while the folders are made, and once more when they are there`, t =>
    stage(t, { archive }, async it => {
      const a: Operation = { name: 'a', bytes: 'a', leaves: true, after, says: () => 'Archived' };
      for (const selection of SELECTIONS.slice(2, 4)) await walk(it, a, selection, 'at once');
      for (const selection of SELECTIONS.slice(4)) await walk(it, a, selection, 'after a folder change');
    }));
