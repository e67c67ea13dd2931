// Measures keys in the real program on a terminal that takes everything at once: from the byte that arrives to the
// last byte of the frame, with processor time and bytes. Arguments: columns rows messages. Prints JSON lines.
import type { LocalStore } from '../src/store/store.ts';
import { fillFolder } from '../test/fixtures/synthetic.ts';
import { bytesOfKey } from '../test/robot/key-bytes.ts';
import { quantile } from './report.ts';
import { openScreen } from './screen.tsx';

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

/** The newest can be opened. */
async function fill(store: LocalStore) {
  if (messages === 0) return;
  const { id, folder } = await fillFolder(store, 'work', 'INBOX', messages);
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

const screen = await openScreen({
  columns,
  rows,
  fill,
  ...(port !== undefined && { server: { port: Number(port), ca, user, password } }),
});
const { app, engines, out, press, settle } = screen;
/** Nobody types faster than this; two keys in one frame would share it. */
const FRAME_MS = 17;

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
    const before = out.bytes;
    const used = process.cpuUsage();
    const at = gap > 0 ? due : performance.now();
    out.last = at;
    screen.type(bytesOfKey(key));
    await settle();
    const { user, system } = process.cpuUsage(used);
    cpu += (user + system) / 1000;
    waits.push(out.last - at);
    sizes.push(out.bytes - before);
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
  screen.type(`\x1b[200~${book}\x1b[201~`);
  await settle();
  await press('C-home', 'a', 'b');
  await measure('type in a megabyte', [...'quicklybrown', 'space', 'enter'], 10);
} else {
  for (const engine of engines) engine.start();
  // From the first rows on, for as long as mail comes in.
  while ((app.state.get().folder === null || folderLength() < 500) && out.bytes >= 0) {
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  await press(...times(3, 'j', 'k', 'pgdn', 'pgup'));
  const busy = () => engines.some(engine => engine.status().progress.length > 0);
  await measure('move', [...times(10, 'j'), ...times(10, 'k')], 6, 15);
  await measure('page', [...times(5, 'pgdn'), ...times(5, 'pgup')], 6, 15);
  if (!busy()) process.stderr.write('The sync was over before the keys were.\n');
}
await screen.close();
process.exit(0);

function folderLength(): number {
  const id = app.state.get().folder;
  return id === null ? 0 : (app.data.folder(id)?.length ?? 0);
}
