// Mail goes to Trash, whatever was chosen, and comes back by u, however late that is pressed: on the screen and on a
// real server.
import { test } from 'node:test';
import { stage } from './organising-stage.tsx';
import { moved, says, walkAll } from './organising-walk.tsx';

test('d: whatever is chosen goes to Trash, and comes back whenever u is pressed', t =>
  stage(t, {}, async it => {
    const operation = {
      name: 'd',
      bytes: 'd',
      leaves: true,
      after: moved('Trash'),
      says: says('Moved to Trash'),
    };
    await walkAll(it, operation, 0);
  }));
