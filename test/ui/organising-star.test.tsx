// Stars come and go, whatever was chosen, and by u each message has what it had: on the screen and on a real server.
import { test } from 'node:test';
import { stage } from './organising-stage.tsx';
import { toggled, walkAll } from './organising-walk.tsx';

test('*: whatever is chosen gets a star or loses it, and is as it was by u', t =>
  stage(t, {}, async it => {
    const operation = { name: '*', bytes: '*', leaves: false, after: toggled('\\Flagged'), says: () => null };
    await walkAll(it, operation, 2);
  }));
