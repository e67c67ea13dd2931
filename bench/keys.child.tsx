// Measures keys in the real program on a terminal that takes everything at once: from the byte that arrives to the
// last byte of the frame, with processor time and bytes. Arguments: columns rows messages. Prints JSON lines.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { createApp } from '../src/app/app.ts';
import type { Config } from '../src/config/types.ts';
import { openStore } from '../src/store/store.ts';
import { createEngineFor } from '../src/sync/create.ts';
import { App } from '../src/ui/App.tsx';
import { createScreenTerminal, startScreen } from '../src/ui/start.tsx';
import { createPace } from '../src/util/pace.ts';
import { createParser } from '../src/worker/client.ts';
import { FakeOutgoing } from '../test/app/fake-outgoing.ts';
import { fillFolder } from '../test/fixtures/synthetic.ts';
import { accountOn } from '../test/robot/home.ts';
import { bytesOfKey } from '../test/robot/key-bytes.ts';
import { quantile } from './report.ts';

const [columns = 80, rows = 24, messages = 10_000] = process.argv.slice(2, 5).map(Number);
/** A server to pull from meanwhile. */
const [port, ca = '', user = '', password = ''] = process.argv.slice(5);

export interface KeyCost {
  readonly key: string;
  readonly p50: number;
  readonly p95: number;
  readonly cpu: number;
  readonly bytes: number;
}

const dir = await mkdtemp(join(tmpdir(), 'tmail-bench-'));
const store = await openStore({ dir, mode: 'owner' });
if (messages > 0) await fill(messages);

/** The newest can be opened. */
async function fill(count: number) {
  const { id, folder } = await fillFolder(store, 'work', 'INBOX', count);
  const account = await store.account('work');
  const body = Array.from({ length: 300 }, (_, i) => `Line ${i} of the message, ${'word '.repeat(i % 13)}`);
  for (let position = 0; position < 30; position++) {
    const uid = folder.uidAt(position);
    if (uid === undefined) break;
    const owner = { folder: id, uid, remote: null, partial: false };
    const raw = await account.raw.write(Buffer.from(`Subject: x\r\n\r\n${body.join('\r\n')}`), owner);
    await folder.apply({ raw: [{ uid, raw }] });
  }
  await store.flush();
}

let bytes = 0;
let last = 0;
const output = Object.defineProperties(
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      last = performance.now();
      done();
    },
  }),
  { isTTY: { value: true }, columns: { value: columns }, rows: { value: rows } },
);
const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
/** Nobody types faster than this; two keys in one frame would share it. */
const FRAME_MS = 17;
const nothing = () => undefined;
const terminal = createScreenTerminal(
  {
    input,
    output,
    sink: output,
    signals: { on: nothing, off: nothing, onUncaught: () => nothing, stop: nothing },
    writeNow: nothing,
  },
  { TERM: 'xterm-256color', COLORTERM: 'truecolor', LANG: 'C.UTF-8' },
);
const parser = createParser();
const config: Config = {
  file: null,
  accounts: [accountOn(Number(port ?? 1), ca, user, password)],
  defaultAccount: 'work',
  ui: { colors: 'auto', borders: 'auto', markReadAfter: null, keys: {} },
};
const pace = createPace();
const engines =
  port === undefined
    ? []
    : await Promise.all(
        config.accounts.map(account =>
          createEngineFor(account, store, { pace, password: async () => password }),
        ),
      );
const app = createApp({
  config,
  store,
  engines,
  pace,
  parser,
  terminal,
  now: Date.now,
  start: { account: null, folder: null },
  readOnly: false,
  outgoing: new FakeOutgoing(Date.now),
  firstRun: null,
});
const ended = startScreen({ app, element: <App app={app} traits={terminal.traits} />, terminal });

/** The answer to a key is out. While a sync runs nothing ever settles: then the frame that was due is waited for. */
async function settle() {
  await new Promise(resolve => setImmediate(resolve));
  if (port === undefined) await app.settled();
  await new Promise(resolve => setImmediate(resolve));
  await terminal.idle();
}

/** Presses the keys `times` times over, one after another, `gap` milliseconds apart where the loop is busy. */
async function measure(name: string, keys: readonly string[], times: number, gap = 0): Promise<void> {
  const waits: number[] = [];
  const sizes: number[] = [];
  let cpu = 0;
  for (const key of Array.from({ length: times }, () => keys).flat()) {
    // A key comes when the person presses it, not when the loop has time: the wait counts from then.
    const wait = Math.max(gap, FRAME_MS);
    const due = performance.now() + wait;
    await new Promise(resolve => setTimeout(resolve, wait));
    const before = bytes;
    const used = process.cpuUsage();
    const at = gap > 0 ? due : performance.now();
    last = at;
    input.push(bytesOfKey(key));
    await settle();
    const { user, system } = process.cpuUsage(used);
    cpu += (user + system) / 1000;
    waits.push(last - at);
    sizes.push(bytes - before);
  }
  const cost: KeyCost = {
    key: name,
    p50: quantile(waits, 0.5),
    p95: quantile(waits, 0.95),
    cpu: cpu / waits.length,
    bytes: sizes.reduce((sum, size) => sum + size, 0) / sizes.length,
  };
  process.stdout.write(`${JSON.stringify(cost)}\n`);
}

const press = async (...keys: readonly string[]) => {
  for (const key of keys) {
    input.push(bytesOfKey(key));
    await settle();
  }
};
const times = (n: number, ...keys: readonly string[]) => Array.from({ length: n }, () => keys).flat();

if (port === undefined) {
  await settle();
  // The compiler gets the same chance as after a minute of use.
  await press(...times(5, 'j', 'k', 'pgdn', 'pgup'));
  await measure('move', [...times(10, 'j'), ...times(10, 'k')], 8);
  await measure('page', [...times(40, 'pgdn'), ...times(40, 'pgup')], 1);
  await measure('walk down', ['j'], 200);
  await press('g', 'g', 'enter');
  await measure('scroll a row', ['j'], 60);
  await press('q');
  await measure('open', ['enter'], 1);
  await press('q');
  await measure('open and back', ['enter', 'q'], 20);
  await press('m', 'tab', 'tab', 'tab');
  await press(...'The quick brown fox'.replaceAll(' ', '').split(''));
  await measure('type in the composer', [...'quicklybrown', 'space'], 15);
  const book = 'All work and no play makes Jack a dull boy, said the engine.\n'.repeat(17_000);
  input.push(`\x1b[200~${book}\x1b[201~`);
  await settle();
  await press('C-home', 'a', 'b');
  await measure('type in a megabyte', [...'quicklybrown', 'space', 'enter'], 10);
} else {
  for (const engine of engines) engine.start();
  // From the first rows on, for as long as mail comes in.
  while ((app.state.get().folder === null || folderLength() < 500) && bytes >= 0) {
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  await press(...times(3, 'j', 'k', 'pgdn', 'pgup'));
  const busy = () => engines.some(engine => engine.status().progress.length > 0);
  await measure('move', [...times(10, 'j'), ...times(10, 'k')], 6, 15);
  await measure('page', [...times(5, 'pgdn'), ...times(5, 'pgup')], 6, 15);
  if (!busy()) process.stderr.write('The sync was over before the keys were.\n');
}
app.quit();
await ended;
await parser.close();
await store.close();
await rm(dir, { recursive: true, force: true });
process.exit(0);

function folderLength(): number {
  const id = app.state.get().folder;
  return id === null ? 0 : (app.data.folder(id)?.length ?? 0);
}
