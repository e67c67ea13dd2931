// Mail moves to the folder that the picker finds by fuzzy letters, whatever was chosen, and comes back by u: on the
// screen and on a real server.
import { test } from 'node:test';
import { stage } from './organising-stage.tsx';
import { moved, says, walkAll } from './organising-walk.tsx';

test('s: whatever is chosen moves to the folder of the letters, and comes back whenever u is pressed', t =>
  stage(t, {}, async it => {
    const operation = {
      name: 's',
      bytes: 'sprjmill\r',
      leaves: true,
      after: moved('Projects/Mill'),
      says: says('Moved to Projects/Mill'),
    };
    await walkAll(it, operation, 3);
  }));
