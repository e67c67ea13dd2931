// Two clients, each with a store of its own, and a third that is not ours, on one Dovecot mailbox: offline and online by
// chance, lines cut at any byte, operations of every kind. In the end all agree, nothing is lost, nothing is doubled.
// TMAIL_SEED reproduces a failure; TMAIL_MINUTES makes it run that long.
import { test } from 'node:test';
import fc from 'fast-check';
import { dovecot } from './dovecot-world.ts';
import { Case, FLAGS, PATHS, type Step, type Who } from './two-clients.ts';

const minutes = Number(process.env.TMAIL_MINUTES ?? 0);
const seed = Number(process.env.TMAIL_SEED ?? Date.now() % 1_000_000);

const who: fc.Arbitrary<Who> = fc.constantFrom('ada', 'bob', 'ada', 'bob', 'raw');
const ours: fc.Arbitrary<Who> = fc.constantFrom('ada', 'bob');
const at = fc.nat(20);
const which = { folder: at, seed: fc.nat(1000), share: fc.constantFrom(0.3, 0.6, 1) };
const is = <T extends string | null>(t: T) => fc.constant(t);
const path = fc.nat(PATHS.length - 1);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      t: is('flags'),
      who,
      ...which,
      flag: fc.nat(FLAGS.length - 1),
      add: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ t: is('move'), who, ...which, to: at }) },
  { weight: 3, arbitrary: fc.record({ t: is('copy'), who, ...which, to: at }) },
  { weight: 2, arbitrary: fc.record({ t: is('delete'), who, ...which, share: fc.constantFrom(0.2, 0.4) }) },
  { weight: 3, arbitrary: fc.record({ t: is('append'), who, folder: at }) },
  { weight: 3, arbitrary: fc.record({ t: is('create'), who, path }) },
  { weight: 2, arbitrary: fc.record({ t: is('rename'), who, folder: at, path }) },
  { weight: 1, arbitrary: fc.record({ t: is('remove'), who: ours, folder: at }) },
  { weight: 3, arbitrary: fc.record({ t: is('undo'), who: ours }) },
  {
    weight: 7,
    arbitrary: fc.record({
      t: is('sync'),
      who: ours,
      cut: fc.oneof({ weight: 4, arbitrary: is(null) }, fc.integer({ min: 400, max: 9000 })),
      lose: fc.oneof(is(null), fc.nat(3)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ t: is('live'), who: ours }) },
  { weight: 1, arbitrary: fc.record({ t: is('offline'), who: ours }) },
);

test('two clients and a third agree with the server, nothing lost, nothing doubled', {
  timeout: (minutes + 2) * 60_000,
}, async t => {
  t.diagnostic(`TMAIL_SEED=${seed}`);
  const server = await dovecot(t, 0, { plain: true });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async steps => {
      await using run = await Case.begin(server);
      for (const each of steps) await run.run(each);
      await run.agree();
    }),
    {
      seed,
      numRuns: minutes > 0 ? 1_000_000 : 50,
      interruptAfterTimeLimit: minutes > 0 ? minutes * 60_000 : 10_000,
      markInterruptAsFailure: false,
      includeErrorInReport: true,
      ...(process.env.TMAIL_PATH === undefined ? {} : { path: process.env.TMAIL_PATH }),
    },
  );
});
