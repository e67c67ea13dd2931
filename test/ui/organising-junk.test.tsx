// Mail goes to Junk and from there to the inbox, whatever was chosen, and is taken back by u, however late that is
// pressed: on the screen and on a real server.
import { test } from 'node:test';
import { stage } from './organising-stage.tsx';
import { moved, says, walkAll } from './organising-walk.tsx';

test('X: whatever is chosen goes to Junk, and comes back whenever u is pressed', t =>
  stage(t, {}, it =>
    walkAll(
      it,
      { name: 'X', bytes: 'X', leaves: true, after: moved('Junk'), says: says('Moved to Junk') },
      1,
    ),
  ));

test('X in Junk: whatever is chosen goes to the inbox, and back whenever u is pressed', t =>
  stage(t, { home: { path: 'Junk', words: 'junk' } }, async it => {
    // By itself this folder is no list of conversations.
    await it.robot.press('T');
    const after = moved('INBOX');
    await walkAll(it, { name: 'X', bytes: 'X', leaves: true, after, says: says('Moved to Inbox') }, 2);
  }));
