// The thread that writes message files: serves file-batch-thread.ts. A batch is written while the one before waits for
// the disk.
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { type Request, work } from './file-batch-work.ts';

/** Linux takes 0 for this thread alone, others for the whole process. Keys and frames go before files. */
if (process.platform === 'linux') setPriority(0, 10);

parentPort?.on('message', (request: Request) => {
  void work(request).then(result => parentPort?.postMessage({ id: request.id, result }));
});
