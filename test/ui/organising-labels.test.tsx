// Labels (keywords) come and go, whatever was chosen, and by u each message has those that it had: on the screen and on
// a real server.
import { test } from 'node:test';
import { stage } from './organising-stage.tsx';
import { toggled, walkAll } from './organising-walk.tsx';

test('Y: whatever is chosen gets a label or loses it, and is as it was by u', t =>
  stage(t, {}, async it => {
    const operation = {
      name: 'Y',
      bytes: 'Ywork\r',
      ends: ['esc'],
      leaves: false,
      after: toggled('$Work'),
      says: () => null,
    };
    await walkAll(it, operation, 3);
  }));
