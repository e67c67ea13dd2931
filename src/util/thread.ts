// A thread that is asked and answers: started for the first question, given back when idle. What is asked and what
// that takes is not known here.
import type { Worker } from 'node:worker_threads';

/** A started thread holds 10 MB. */
const IDLE_MS = 5000;

export interface Thread<Task extends object, Reply> {
  /** False once it has died: it is not started again. */
  readonly works: boolean;
  /** Rejects when the thread dies: what of the work was done is not known. */
  ask(task: Task, transfer?: ArrayBuffer[]): Promise<Reply>;
  close(): Promise<void>;
}

interface Waiting<Reply> {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

/** The thread's file answers `{ id, …task }` with `{ id, result }`, in any order. */
export function threadOf<Task extends object, Reply>(file: URL): Thread<Task, Reply> {
  const waiting = new Map<number, Waiting<Reply>>();
  let thread: Worker | null = null;
  let works = true;
  let idle: NodeJS.Timeout | undefined;
  let last = 0;

  function start(): Worker {
    const fresh = new (process.getBuiltinModule('node:worker_threads').Worker)(file, {
      env: {},
      execArgv: [],
    });
    fresh.on('message', ({ id, result }: { id: number; result: Reply }) => taken(id)?.resolve(result));
    const gone = (error: Error) => {
      if (thread !== fresh) return;
      thread = null;
      works = false;
      for (const id of [...waiting.keys()]) taken(id)?.reject(error);
    };
    fresh.on('error', gone);
    fresh.on('exit', code => gone(new Error(`The thread for files ended with ${code}.`)));
    return fresh;
  }

  function taken(id: number): Waiting<Reply> | undefined {
    const found = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) {
      // An idle thread is no reason for the process to stay.
      thread?.unref();
      idle = setTimeout(close, IDLE_MS);
      idle.unref();
    }
    return found;
  }

  async function close(): Promise<void> {
    clearTimeout(idle);
    const old = thread;
    thread = null;
    await old?.terminate();
  }

  return {
    get works() {
      return works;
    },
    ask(task, transfer = []) {
      clearTimeout(idle);
      thread ??= start();
      thread.ref();
      const id = ++last;
      const to = thread;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        to.postMessage({ ...task, id }, transfer);
      });
    },
    close,
  };
}
