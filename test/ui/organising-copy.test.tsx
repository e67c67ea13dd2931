// Mail is copied to the folder that the picker finds, whatever was chosen, and the copies go again by u: on the screen
// and on a real server.
import { test } from 'node:test';
import { stage } from './organising-stage.tsx';
import { copied, says, walkAll } from './organising-walk.tsx';

test('gC: a copy of whatever is chosen is put into that folder, and goes again whenever u is pressed', t =>
  stage(t, {}, async it => {
    const operation = {
      name: 'gC',
      bytes: 'gCmill\r',
      leaves: false,
      after: copied('Projects/Mill'),
      says: says('Copied to Projects/Mill'),
    };
    await walkAll(it, operation, 0);
  }));
