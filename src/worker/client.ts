// The parsing worker as the rest of the program sees it: started on first use, killed when it takes too long,
// started again after a crash, given back when idle. Without threads the work is done in place.
import type { Worker } from 'node:worker_threads';
import { cancelled, TmailError } from '../util/errors.ts';
import { PARSE_TIMEOUT_MS, WORKER_MEMORY_MB } from '../util/limits.ts';
import { threadFile } from '../util/thread-file.ts';
import { type Answer, revivedError, type Work } from './protocol.ts';
import type { ParsedMessage, Parser } from './types.ts';

/** A worker holds 40 MB; a person who reads on within this time does not wait for a new one (60 ms). */
const IDLE_MS = 30_000;
/** Saving streams hundreds of megabytes to a disk that may be slow. */
const SAVE_TIMEOUT_MS = 120_000;

export interface ParserOptions {
  /** The worker's file; found beside the program when left out. null: no thread. */
  readonly workerUrl?: URL | null;
  readonly parseTimeoutMs?: number;
  readonly idleMs?: number;
  readonly memoryMb?: number;
}

interface Job {
  readonly work: Work;
  resolve(value: ParsedMessage | number): void;
  reject(error: TmailError): void;
}

/** A parser with a thread of its own. An idle one does not keep the process alive. */
export function createParser(options: ParserOptions = {}): Parser {
  const timeout = options.parseTimeoutMs ?? PARSE_TIMEOUT_MS;
  const waiting: Job[] = [];
  let current: Job | null = null;
  let worker: Worker | null = null;
  let timer: NodeJS.Timeout | undefined;
  let idle: NodeJS.Timeout | undefined;
  let inline = options.workerUrl === null;
  let closed = false;
  let id = 0;

  function enqueue(work: Work): Promise<ParsedMessage | number> {
    if (closed) return Promise.reject(cancelled());
    return new Promise((resolve, reject) => {
      waiting.push({ work, resolve, reject });
      next();
    });
  }

  function next(): void {
    if (current) return;
    clearTimeout(idle);
    current = waiting.shift() ?? null;
    if (!current) {
      worker?.unref();
      idle = setTimeout(stop, options.idleMs ?? IDLE_MS);
      idle.unref();
      return;
    }
    if (!inline) worker ??= start();
    if (!worker) {
      void runHere(current);
      return;
    }
    worker.ref();
    id += 1;
    worker.postMessage({ ...current.work, id });
    const limit = current.work.t === 'save' ? SAVE_TIMEOUT_MS : timeout;
    timer = setTimeout(() => {
      stop();
      settle(failure('parse.timeout', { seconds: limit / 1000 }));
    }, limit);
  }

  /** Ends the job under way and goes on with the next. */
  function settle(result: TmailError | { readonly value: ParsedMessage | number }): void {
    clearTimeout(timer);
    const job = current;
    current = null;
    if (result instanceof TmailError) job?.reject(result);
    else job?.resolve(result.value);
    next();
  }

  function start(): Worker | null {
    let fresh: Worker;
    let ready = false; // it ran its program, not only started
    try {
      const url = options.workerUrl ?? threadFile('worker.js', import.meta.url);
      if (url === null) throw new TmailError('bug', 'parse.no-worker');
      const threads = process.getBuiltinModule('node:worker_threads');
      fresh = new threads.Worker(url, {
        resourceLimits: { maxOldGenerationSizeMb: options.memoryMb ?? WORKER_MEMORY_MB },
        // Nothing of ours is needed there. What a library prints stays in these streams, unread: reading them would
        // keep the process alive, and it may not reach the screen.
        env: {},
        execArgv: [],
        stdout: true,
        stderr: true,
      });
    } catch {
      inline = true;
      return null;
    }
    fresh.on('message', (answer: Answer | 'ready') => {
      ready = true;
      if (answer === 'ready' || worker !== fresh || answer.id !== id) return;
      settle(answer.ok ? { value: answer.value } : understood(answer.error));
    });
    const gone = (error: TmailError) => {
      if (worker !== fresh) return;
      worker = null;
      if (ready || !current) {
        settle(error);
        return;
      }
      // It never ran: no memory for a thread, or its file can't be loaded.
      clearTimeout(timer);
      inline = true;
      void runHere(current);
    };
    fresh.on('error', (error: Error & { code?: string }) => {
      const memory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      gone(failure(memory ? 'parse.memory' : 'parse.failed', { reason: error.code ?? error.message }));
    });
    fresh.on('exit', code => gone(failure('parse.failed', { reason: `exit ${code}` })));
    return fresh;
  }

  async function runHere(job: Job): Promise<void> {
    try {
      const { work } = await import('./answer.ts');
      const value = await work(job.work);
      if (current === job) settle({ value });
    } catch (thrown) {
      if (current === job) settle(understood(thrown));
    }
  }

  function stop(): void {
    const old = worker;
    worker = null;
    // Nothing waits for a thread that is being killed; its end can't fail in a way that matters.
    void old?.terminate();
  }

  return {
    async parse(path) {
      // What `parse` answers is a message; the thread can't say so.
      return (await enqueue({ t: 'parse', path })) as ParsedMessage;
    },
    async savePart(path, n, to) {
      return (await enqueue({ t: 'save', path, n, to })) as number;
    },
    async close() {
      closed = true;
      clearTimeout(idle);
      const pending = [...(current ? [current] : []), ...waiting.splice(0)];
      current = null;
      clearTimeout(timer);
      const old = worker;
      worker = null;
      for (const job of pending) job.reject(cancelled());
      await old?.terminate();
    },
  };
}

function failure(code: string, facts: Record<string, string | number>): TmailError {
  return new TmailError('protocol', code, { retry: 'never', facts });
}

/** What the worker reported; a fault that nobody foresaw is told as a message that can't be taken apart. */
function understood(thrown: unknown): TmailError {
  if (thrown instanceof TmailError) return thrown;
  const plain = thrown as Parameters<typeof revivedError>[0];
  if (typeof plain?.code === 'string' && plain.facts && plain.code !== 'bug.unexpected')
    return revivedError(plain);
  const text = plain?.facts?.text ?? (thrown instanceof Error ? thrown.message : '');
  return failure('parse.failed', { reason: String(text) });
}
