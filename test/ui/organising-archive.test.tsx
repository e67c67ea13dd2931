// Mail is archived into one folder, whatever was chosen, and comes back by u, however late that is pressed: on the
// screen and on a real server.
import { test } from 'node:test';
import { stage } from './organising-stage.tsx';
import { moved, says, walkAll } from './organising-walk.tsx';

test('a: whatever is chosen is archived, and comes back whenever u is pressed', t =>
  stage(t, {}, async it => {
    const operation = {
      name: 'a',
      bytes: 'a',
      leaves: true,
      after: moved('Archive'),
      says: says('Archived'),
    };
    await walkAll(it, operation, 2);
  }));
