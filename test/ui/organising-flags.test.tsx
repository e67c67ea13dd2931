// Read, starred and labelled, whatever was chosen, and taken back: of each message what it had, on the screen and on a
// real server.
import { test } from 'node:test';
import { stage } from './organising-stage.tsx';
import { toggled, walkAll } from './organising-walk.tsx';

test('U: whatever is chosen is marked read or unread, and is as it was by u', t =>
  stage(t, {}, it =>
    walkAll(it, { name: 'U', bytes: 'U', leaves: false, after: toggled('\\Seen'), says: () => null }, 1),
  ));

test('*: whatever is chosen gets a star or loses it, and is as it was by u', t =>
  stage(t, {}, it =>
    walkAll(it, { name: '*', bytes: '*', leaves: false, after: toggled('\\Flagged'), says: () => null }, 2),
  ));

test('Y: whatever is chosen gets a label or loses it, and is as it was by u', t =>
  stage(t, {}, it =>
    walkAll(
      it,
      {
        name: 'Y',
        bytes: 'Ywork\r',
        ends: ['esc'],
        leaves: false,
        after: toggled('$Work'),
        says: () => null,
      },
      3,
    ),
  ));
