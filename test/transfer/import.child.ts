// Imports argv's path into argv's store until it is killed or done, and says each step at once.
import { writeSync } from 'node:fs';
import { openStore } from '../../src/store/store.ts';
import { ensureFolders } from '../../src/sync/pop3/folders.ts';
import { importMail } from '../../src/transfer/import.ts';

const [dir = '', path = ''] = process.argv.slice(2);
const store = await openStore({ dir, mode: 'owner', groupMs: 10 });
const account = await store.account('home');
writeSync(1, 'open\n');
await ensureFolders(account);
const report = await importMail({
  account,
  path,
  folder: null,
  signal: new AbortController().signal,
  onProgress: () => void writeSync(1, '.\n'),
  now: Date.now,
  // Small steps: more moments to die in between.
  batch: 50,
});
writeSync(1, `${JSON.stringify({ imported: report.imported, complete: report.complete })}\n`);
await store.close();
