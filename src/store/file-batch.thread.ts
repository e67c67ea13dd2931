// The thread that writes message files: serves file-batch-thread.ts. A batch is written while the one before waits for
// the disk.
import { parentPort } from 'node:worker_threads';
import { type Request, work } from './file-batch-work.ts';

parentPort?.on('message', (request: Request) => {
  void work(request).then(result => parentPort?.postMessage({ id: request.id, result }));
});
