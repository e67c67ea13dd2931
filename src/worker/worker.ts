// The parsing worker: serves requests one after the other. Opens no network connection; what it may take of memory
// and time is the client's to decide.
import { parentPort } from 'node:worker_threads';
import { work } from './answer.ts';
import { type Answer, plainError, type Request } from './protocol.ts';

const port = parentPort;
let last: Promise<void> = Promise.resolve();

// Before the first request: a thread that can't load this file is told from a message that kills it.
port?.postMessage('ready');
port?.on('message', (request: Request) => {
  // In order: two hostile messages at once would share one limit of memory.
  last = last.then(async () => port.postMessage(await answer(request)));
});

async function answer(request: Request): Promise<Answer> {
  try {
    return { id: request.id, ok: true, value: await work(request) };
  } catch (thrown) {
    return { id: request.id, ok: false, error: plainError(thrown) };
  }
}
