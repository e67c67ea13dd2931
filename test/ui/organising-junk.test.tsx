// Mail goes to Junk, whatever was chosen, and comes back by u, however late that is pressed: on the screen and on a real
// server.
import { test } from 'node:test';
import { stage } from './organising-stage.tsx';
import { moved, says, walkAll } from './organising-walk.tsx';

test('X: whatever is chosen goes to Junk, and comes back whenever u is pressed', t =>
  stage(t, {}, async it => {
    const operation = {
      name: 'X',
      bytes: 'X',
      leaves: true,
      after: moved('Junk'),
      says: says('Moved to Junk'),
    };
    await walkAll(it, operation, 1);
  }));
