// Mail out of the store and into another one: 10,000 messages of 10 KB as Maildir, .eml and mbox, durable and read
// back, and the same imported. Three runs each; the disk decides much of it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { envelopeOf } from '../src/mail/headers.ts';
import { type LocalStore, openStore } from '../src/store/store.ts';
import type { NewMessage } from '../src/store/types.ts';
import { ensureFolders } from '../src/sync/pop3/folders.ts';
import { exportMail } from '../src/transfer/export.ts';
import { importMail } from '../src/transfer/import.ts';
import { FORMATS, type Format } from '../src/transfer/marker.ts';
import { type Measure, quantile } from './report.ts';

const COUNT = 10_000;
const BYTES = 10_000;
const RUNS = 3;
const never = new AbortController().signal;

export async function* transfer(): AsyncGenerator<Measure> {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-bench-'));
  try {
    const store = await openStore({ dir: join(dir, 'data'), mode: 'owner' });
    try {
      await fill(store);
      yield { what: `${COUNT.toLocaleString('en')} messages`, measured: `${(COUNT * BYTES) / 1e6} MB` };
      for (const format of FORMATS) yield* both(dir, store, format);
    } finally {
      await store.close();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function* both(dir: string, store: LocalStore, format: Format): AsyncGenerator<Measure> {
  // Nothing is removed before the end: ext4 is ten times slower at making files where many were just removed.
  const place = (run: number) => join(dir, `${format}-${run}`);
  const out: Run[] = [];
  for (let run = 0; run < RUNS; run++) out.push(await timed(() => exportOf(store, format, place(run))));
  yield { what: `export, ${format}`, measured: described(out), aim: '5 s' };
  const repeated = await timed(() => exportOf(store, format, place(0)));
  yield { what: 'the same again: compared, nothing written', measured: described([repeated]) };
  const back: Run[] = [];
  for (let run = 0; run < RUNS; run++)
    back.push(await timed(() => importOf(join(dir, `from-${format}-${run}`), place(run))));
  yield { what: `import, ${format}`, measured: described(back), aim: '10 s' };
}

interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly wrong: string;
}

export async function timed(work: () => Promise<string>): Promise<Run> {
  const at = performance.now();
  const used = process.cpuUsage();
  const wrong = await work();
  const { user, system } = process.cpuUsage(used);
  return { seconds: (performance.now() - at) / 1000, cpuSeconds: (user + system) / 1e6, wrong };
}

export function described(runs: readonly Run[]): string {
  const seconds = runs.map(run => run.seconds);
  const cpu = quantile(
    runs.map(run => run.cpuSeconds),
    0.5,
  );
  const worst = runs.length > 1 ? ` (worst ${Math.max(...seconds).toFixed(1)})` : '';
  return `${quantile(seconds, 0.5).toFixed(2)} s${worst}, CPU ${cpu.toFixed(2)} s${runs.map(run => run.wrong).join('')}`;
}

export async function exportOf(store: LocalStore, format: Format, to: string): Promise<string> {
  const account = await store.account('home');
  const report = await exportMail({
    account: async () => account,
    folder: null,
    format,
    to,
    signal: never,
    onProgress: () => undefined,
  });
  return report.verified === COUNT && report.error === null ? '' : ` WRONG: ${report.verified}`;
}

/** As `tmail import` does it: store opened, imported, everything durable, closed. */
export async function importOf(dir: string, path: string): Promise<string> {
  const store = await openStore({ dir, mode: 'owner' });
  try {
    const account = await store.account('home');
    await ensureFolders(account);
    const report = await importMail({
      path,
      account,
      folder: null,
      signal: never,
      onProgress: () => undefined,
      now: Date.now,
    });
    await store.flush();
    return report.imported === COUNT && report.error === null ? '' : ` WRONG: ${report.imported}`;
  } finally {
    await store.close();
  }
}

export async function fill(store: LocalStore): Promise<void> {
  const account = await store.account('home');
  await ensureFolders(account);
  const folder = await account.folder(account.folders()[0]?.id ?? 'home:0');
  for (let done = 0; done < COUNT; done += 1000) {
    const first = folder.reserve(1000);
    const writing = Array.from({ length: 1000 }, async (_, n): Promise<NewMessage> => {
      const uid = first + n;
      const bytes = message(uid);
      const raw = await account.raw.write(bytes, {
        folder: folder.record.id,
        uid,
        remote: null,
        partial: false,
      });
      const arrival = Date.UTC(2024, 0, 1) + uid * 60_000;
      return {
        uid,
        remote: null,
        flags: uid % 3 === 0 ? [] : ['\\Seen'],
        envelope: envelopeOf(bytes, { size: BYTES, arrival }),
        raw,
      };
    });
    await folder.apply({ put: await Promise.all(writing) }, 'now');
  }
}

function message(n: number): Buffer {
  const head = [
    `From: Ada <ada${n % 200}@example.org>`,
    'To: me@example.net',
    `Subject: number ${n}`,
    `Date: ${new Date(Date.UTC(2024, 0, 1) + n * 60_000).toUTCString()}`,
    `Message-ID: <${n}@example.org>`,
    '',
    '',
  ].join('\r\n');
  return Buffer.from(
    head.padEnd(BYTES - 2, 'The mill can be oiled on Thursday, for whoever needs it.\r\n').concat('\r\n'),
  );
}
