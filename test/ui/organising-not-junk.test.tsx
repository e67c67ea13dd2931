// Mail that is no junk goes from Junk to the inbox, whatever was chosen, and back by u, however late that is pressed: on
// the screen and on a real server.
import { test } from 'node:test';
import { stage } from './organising-stage.tsx';
import { moved, says, walkAll } from './organising-walk.tsx';

test('X in Junk: whatever is chosen goes to the inbox, and back whenever u is pressed', t =>
  stage(t, { home: { path: 'Junk', words: 'junk' } }, async it => {
    // By itself this folder is no list of conversations.
    await it.robot.press('T');
    const operation = {
      name: 'X',
      bytes: 'X',
      leaves: true,
      after: moved('INBOX'),
      says: says('Moved to Inbox'),
    };
    await walkAll(it, operation, 2);
  }));
