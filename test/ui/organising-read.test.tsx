// Read and unread, whatever was chosen, and by u of each message what it had: on the screen and on a real server.
import { test } from 'node:test';
import { stage } from './organising-stage.tsx';
import { toggled, walkAll } from './organising-walk.tsx';

test('U: whatever is chosen is marked read or unread, and is as it was by u', t =>
  stage(t, {}, async it => {
    const operation = { name: 'U', bytes: 'U', leaves: false, after: toggled('\\Seen'), says: () => null };
    await walkAll(it, operation, 1);
  }));
