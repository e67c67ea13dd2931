// Measures keys in the real program on a terminal that takes everything at once: from the byte that arrives to the
// last byte of the frame, with processor time and bytes. Arguments: columns rows messages. Prints JSON lines.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { createApp } from '../src/app/app.ts';
import type { Config } from '../src/config/types.ts';
import { openStore } from '../src/store/store.ts';
import { App } from '../src/ui/App.tsx';
import { createScreenTerminal, startScreen } from '../src/ui/start.tsx';
import type { ParsedMessage, Parser } from '../src/worker/types.ts';
import { fillFolder } from '../test/fixtures/synthetic.ts';
import { bytesOfKey } from '../test/robot/key-bytes.ts';

const [columns = 80, rows = 24, messages = 10_000] = process.argv.slice(2).map(Number);

export interface KeyCost {
  readonly key: string;
  readonly p50: number;
  readonly p95: number;
  readonly cpu: number;
  readonly bytes: number;
  readonly most: number;
}

const dir = await mkdtemp(join(tmpdir(), 'tmail-bench-'));
process.on('exit', () => undefined);
const store = await openStore({ dir, mode: 'owner' });
const { folder } = await fillFolder(store, 'work', 'INBOX', messages);
const account = await store.account('work');
const record = account.folders()[0];
if (!record) throw new Error('no folder');
const body = Array.from({ length: 300 }, (_, i) => `Line ${i} of the message, ${'word '.repeat(i % 13)}`);
for (let position = 0; position < 100; position++) {
  const uid = folder.uidAt(position);
  if (uid === undefined) continue;
  const owner = { folder: record.id, uid, remote: null, partial: false };
  const raw = await account.raw.write(Buffer.from(`Subject: x\r\n\r\n${body.join('\r\n')}`), owner);
  await folder.apply({ raw: [{ uid, raw }] });
}
await store.flush();

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
const message: ParsedMessage = {
  subject: 'Subject',
  from: [{ name: 'Ada', address: 'ada@example.org' }],
  to: [],
  cc: [],
  bcc: [],
  replyTo: [],
  date: 0,
  messageId: '',
  inReplyTo: '',
  references: [],
  headers: [],
  text: body.join('\n'),
  fromHtml: false,
  flowed: false,
  html: null,
  links: [],
  parts: [],
  remoteImages: 0,
  notes: [],
};
const parser: Parser = {
  parse: async () => message,
  savePart: async () => 0,
  close: async () => undefined,
};
const config: Config = {
  file: null,
  accounts: [
    {
      id: 'work',
      email: 'me@example.org',
      name: 'Me',
      protocol: 'imap',
      incoming: { host: '127.0.0.1', port: 1, security: 'none', user: 'me', tls: {} },
      outgoing: null,
      auth: { t: 'plain', password: '' },
      outgoingAuth: { t: 'plain', password: '' },
      offline: 'all',
      serverCopy: null,
      disabled: false,
    },
  ],
  defaultAccount: 'work',
  ui: { colors: 'auto', borders: 'auto', markReadAfter: null, keys: {} },
};
const app = createApp({
  config,
  store,
  engines: [],
  parser,
  terminal,
  now: Date.now,
  start: { account: null, folder: null },
  readOnly: false,
  firstRun: null,
});
const ended = startScreen({ app, element: <App app={app} traits={terminal.traits} />, terminal });

async function settle() {
  await new Promise(resolve => setImmediate(resolve));
  await app.settled();
  await new Promise(resolve => setImmediate(resolve));
  await terminal.idle();
}

/** Presses the keys `times` times over, one after another. */
async function measure(name: string, keys: readonly string[], times: number): Promise<void> {
  const waits: number[] = [];
  const sizes: number[] = [];
  let cpu = 0;
  for (let i = 0; i < times; i++) {
    for (const key of keys) {
      const before = bytes;
      const used = process.cpuUsage();
      const at = performance.now();
      last = at;
      input.push(bytesOfKey(key));
      await settle();
      const { user, system } = process.cpuUsage(used);
      cpu += (user + system) / 1000;
      waits.push(last - at);
      sizes.push(bytes - before);
    }
  }
  waits.sort((a, b) => a - b);
  const quantile = (q: number) => waits[Math.min(waits.length - 1, Math.floor(waits.length * q))] ?? 0;
  const cost: KeyCost = {
    key: name,
    p50: quantile(0.5),
    p95: quantile(0.95),
    cpu: cpu / waits.length,
    bytes: sizes.reduce((sum, size) => sum + size, 0) / sizes.length,
    most: Math.max(...sizes),
  };
  process.stdout.write(`${JSON.stringify(cost)}\n`);
}

await settle();
// The compiler gets the same chance as after a minute of use.
for (const key of ['j', 'k', 'pgdn', 'pgup', 'j', 'k']) {
  for (let i = 0; i < 5; i++) {
    input.push(bytesOfKey(key));
    await settle();
  }
}
await measure('move', [...Array<string>(10).fill('j'), ...Array<string>(10).fill('k')], 8);
await measure('page', ['pgdn'], 40);
await measure('page', ['pgup'], 40);
await measure('walk down', ['j'], 300);
input.push('gg');
await settle();
await measure('open', ['enter', 'q'], 1);
const open: string[] = ['enter'];
await measure('open', open, 1);
await measure('scroll a row', ['j'], 60);
await measure('scroll a row back', ['k'], 60);
await measure('back', ['q'], 1);
await measure('open and back', ['enter', 'q'], 30);
app.quit();
await ended;
await store.close();
await rm(dir, { recursive: true, force: true });
