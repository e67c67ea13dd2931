// What conversations cost: putting 100,000 messages together in the background of an open folder, the longest that
// keeps a key waiting, what one new message costs then, and what all of it takes in memory.
import { folderListing } from '../src/app/listing/folder.ts';
import { createConversations } from '../src/app/threads/conversations.ts';
import { FOLDED } from '../src/app/threads/folds.ts';
import { followThreads } from '../src/app/threads/follow.ts';
import { Threaded } from '../src/app/threads/threaded.ts';
import { openStore } from '../src/store/store.ts';
import { syntheticMessage } from '../test/fixtures/synthetic.ts';
import { createHome } from '../test/robot/home.ts';
import { createPty, residentKilobytes } from '../test/robot/pty.ts';
import { watchPieces } from './pieces.ts';
import { type Measure, milliseconds, quantile } from './report.ts';

const COUNT = 100_000;
const NEW = 200;

export async function* threads(): AsyncGenerator<Measure> {
  const home = await createHome(COUNT);
  try {
    yield* measured(home.data);
    yield* onScreen(home.command());
  } finally {
    await home.dispose();
  }
}

async function* measured(dir: string): AsyncGenerator<Measure> {
  const store = await openStore({ dir, mode: 'owner' });
  const account = await store.account('work');
  const [record] = account.folders();
  if (!record) return;
  const folder = await account.folder(record.id);
  await folder.loadAll();
  const conversations = createConversations(() => 1);
  const follow = followThreads({
    conversations,
    store,
    changed: () => undefined,
    background: work => work,
  });
  const pieces = watchPieces();
  const began = performance.now();
  await follow.begin([account]);
  const ready = performance.now() - began;
  const longest = pieces.end();
  const used = longest.reduce((sum, each) => sum + each, 0);
  yield {
    what: '100,000 messages threaded',
    measured: `${ready.toFixed(0)} ms (${used.toFixed(0)} of this thread)`,
    budget: '2000 ms',
  };
  const slice = `p95 ${quantile(longest, 0.95).toFixed(1)} ms, at most ${Math.max(...longest).toFixed(1)} ms`;
  yield { what: 'in one piece (processor time)', measured: slice, budget: '10 ms' };
  const all = conversations.of('work');
  if (!all) return;
  const list = new Threaded({
    base: folderListing(folder),
    accounts: [all],
    plain: true,
    read: async () => undefined,
  });
  const opened = performance.now();
  list.at(FOLDED, 1);
  yield {
    what: `the list of them, ${list.length} rows`,
    measured: milliseconds([performance.now() - opened]),
  };
  const unfolding = performance.now();
  list.at({ open: true, except: new Set() }, 1);
  yield {
    what: `all unfolded, ${list.length} rows`,
    measured: milliseconds([performance.now() - unfolding]),
  };
  list.at(FOLDED, 1);
  const times: number[] = [];
  const first = folder.reserve(NEW);
  for (let i = 0; i < NEW; i++) {
    const put = [syntheticMessage(first + i, COUNT + i + 1)];
    const stored = folder.apply({ put });
    // The store has told it by now; taken in once more, without the store's own work.
    const start = performance.now();
    all.index.remove(2 ** 32 * Number(record.id.split(':')[1]) + first + i);
    all.put(Number(record.id.split(':')[1]), first + i, put[0]?.envelope ?? syntheticMessage(1).envelope);
    list.at(FOLDED, 1);
    times.push(performance.now() - start);
    await stored;
  }
  const cost = `${quantile(times, 0.5).toFixed(2)} ms, p95 ${quantile(times, 0.95).toFixed(2)} ms`;
  yield { what: 'one new message (and one that goes)', measured: cost };
  follow.close();
  await store.close();
}

async function* onScreen(command: readonly string[]): AsyncGenerator<Measure> {
  const pty = await createPty([...command], { columns: 160, rows: 45, env: { PW: 'x' } });
  try {
    const began = performance.now();
    await pty.waitForText('work / Inbox');
    const first = performance.now() - began;
    await pty.waitForText('(5)');
    const folded = performance.now() - began;
    const measured = `${(folded - first).toFixed(0)} ms`;
    yield { what: 'folded on the screen, after the first frame', measured, budget: '2000 ms' };
    await new Promise(resolve => setTimeout(resolve, 1000));
    const megabytes = Math.round(residentKilobytes(pty.pid()) / 1024);
    yield { what: 'resident memory with them', measured: `${megabytes} MB`, budget: '150 MB' };
  } finally {
    await pty.close();
  }
}
