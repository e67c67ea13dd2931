import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ServerCopy } from '../../../src/config/types.ts';
import { TmailError } from '../../../src/util/errors.ts';
import { Crash, createWorld, DAY, mail, policies, type Scheme, schemes } from './world.ts';

/**
 * Heads and sizes repeat, bodies never do. But where mail stays on the server, nobody can tell by looking that a
 * message was replaced between two checks by one with its head and size; nor, where its name is given out again
 * too, whether it was replaced at all.
 */
function randomMail(
  n: number,
  like: { head: number; length: number },
  { policy, scheme, hasTop }: { policy: ServerCopy; scheme: Scheme; hasTop: boolean },
): Buffer {
  const head = policy === 'delete' && scheme !== 'equal' ? like.head : n;
  return mail(n, head, scheme === 'equal' && !hasTop ? n : like.length);
}

test('thousands of random lives with crashes at any arrow: never lost, never doubled', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ t: fc.constant('check' as const), crashAt: fc.option(fc.nat(60)) }) },
    {
      weight: 4,
      arbitrary: fc.record({ t: fc.constant('deliver' as const), head: fc.nat(3), length: fc.nat(3) }),
    },
    { weight: 1, arbitrary: fc.record({ t: fc.constant('days' as const), days: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ t: fc.constant('deleteHere' as const), n: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ t: fc.constant('otherClient' as const), n: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ t: fc.constant('reset' as const) }) },
    { weight: 1, arbitrary: fc.record({ t: fc.constant('shuffle' as const) }) },
    { weight: 1, arbitrary: fc.record({ t: fc.constant('quitFails' as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...policies),
      fc.constantFrom(...schemes.filter(scheme => scheme !== 'slot')),
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      fc.array(step, { maxLength: 16 }),
      async (policy, scheme, hasTop, commitsOnDrop, adopts, steps) => {
        const { world, run, deliver, deleteHere, copies } = createWorld({
          policy,
          scheme,
          hasTop,
          commitsOnDrop,
          adopts,
        });
        const deletedHere = new Set<number>();
        const goneOtherwise = new Set<number>();
        let count = 0;
        const safe = () => {
          for (const n of world.deletedByUs) {
            assert.ok(
              deletedHere.has(n) || copies(n) === 1,
              `${n} was deleted there and is here ${copies(n)} times`,
            );
          }
          for (const n of world.delivered.keys()) assert.ok(copies(n) <= 1, `${n} is here twice`);
        };
        for (const one of steps) {
          switch (one.t) {
            case 'deliver':
              deliver(count, randomMail(count, one, { policy, scheme, hasTop }));
              count++;
              break;
            case 'check': {
              const { error } = await run(one.crashAt ?? undefined);
              world.quitFails = false;
              if (error && !(error instanceof Crash) && !(error instanceof TmailError)) throw error;
              break;
            }
            case 'days':
              world.now += one.days * DAY;
              break;
            case 'deleteHere':
              if (copies(one.n) > 0) {
                deleteHere(one.n);
                deletedHere.add(one.n);
              }
              break;
            case 'otherClient':
              world.maildrop = world.maildrop.filter(other => other.n !== one.n);
              goneOtherwise.add(one.n);
              break;
            case 'reset':
              world.era++;
              break;
            case 'shuffle':
              world.maildrop.reverse();
              break;
            case 'quitFails':
              world.quitFails = true;
          }
          safe();
        }
        world.quitFails = false;
        for (let n = 0; n < 3; n++) {
          const { error } = await run();
          if (error) throw error;
        }
        safe();
        for (const n of world.delivered.keys()) {
          const excused = deletedHere.has(n) || goneOtherwise.has(n);
          if (!excused) assert.equal(copies(n), 1, `${n} is here ${copies(n)} times`);
        }
        if (policy === 'keep') assert.equal(world.deletedByUs.size, 0);
        if (policy === 'untilDeletedHere') for (const n of world.deletedByUs) assert.ok(deletedHere.has(n));
        if (policy === 'delete')
          assert.deepEqual(
            world.maildrop.filter(one => !deletedHere.has(one.n)),
            [],
          );
      },
    ),
    { numRuns: Number(process.env.TMAIL_RUNS ?? 1000) },
  );
});
