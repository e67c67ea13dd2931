// The thread that copies and reads message files for exports and imports: serves file-work.ts. A batch goes on while
// the one before waits for the disk.
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { type Request, work } from './file-work.ts';

/** Linux takes 0 for this thread alone, others for the whole process. Keys and frames go before files. */
if (process.platform === 'linux') setPriority(0, 10);

parentPort?.on('message', ({ id, ...request }: Request & { readonly id: number }) => {
  void work(request).then(({ result, transfer }) => parentPort?.postMessage({ id, result }, transfer));
});
