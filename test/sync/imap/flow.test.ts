import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Internals, pauseBetweenResponses } from '../../../src/sync/imap/flow.ts';
import { nextTurn } from '../../../src/util/turn.ts';

/** Of imapflow's parts only the one that is wrapped; a response takes so long, by a clock of its own. */
function reading(milliseconds: number) {
  const handled: unknown[] = [];
  let clock = 0;
  const inside = {
    async handleResponse(item: unknown) {
      clock += milliseconds;
      handled.push(item);
      return true;
    },
  };
  return { handled, now: () => clock, inside: inside as unknown as Internals };
}

test('between the responses of one chunk the event loop gets its turn', async () => {
  const { handled, inside, now } = reading(1);
  let turns = 0;
  const turn = () => {
    turns++;
    return nextTurn();
  };
  pauseBetweenResponses(inside, turn, now);
  for (let i = 0; i < 30; i++) assert.equal(await inside.handleResponse(i), true);
  assert.equal(handled.length, 30);
  assert.equal(turns, 10);
});

test('responses that come one at a time are not kept waiting', async () => {
  const { inside, now } = reading(1);
  let turns = 0;
  const turn = async () => {
    turns++;
  };
  pauseBetweenResponses(inside, turn, now);
  for (let i = 0; i < 10; i++) {
    await inside.handleResponse(i);
    await nextTurn();
    await nextTurn();
  }
  assert.equal(turns, 0);
});
