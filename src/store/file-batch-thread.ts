// Message files written by a thread, so that a pull of thousands does not take the time of keys and frames: started
// for the first large batch, given back when idle. Where no thread can be had the work is done in place.
import type { Worker } from 'node:worker_threads';
import { temporaryName } from '../util/fsync.ts';
import { threadFile } from '../util/thread-file.ts';
import { storageError } from './disk.ts';
import type { FileBatches, NewFile, Renaming, Staged } from './file-batch.ts';
import type { Failure, RenameResult, Request, StageResult } from './file-batch-work.ts';

/** Fewer files are sooner written here than there. */
const WORTH_A_THREAD = 8;
/** A started thread holds 10 MB. */
const IDLE_MS = 5000;

type Reply = StageResult[] | RenameResult;
type Task = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

/** @param inPlace for small batches, and for all of them when there is no thread */
export function filesInThread(
  inPlace: FileBatches,
  file = threadFile('files.js', import.meta.url),
): FileBatches {
  const waiting = new Map<number, Waiting>();
  let thread: Worker | null = null;
  let broken = file === null;
  let idle: NodeJS.Timeout | undefined;
  let last = 0;

  function start(url: URL): Worker {
    const fresh = new (process.getBuiltinModule('node:worker_threads').Worker)(url, {
      env: {},
      execArgv: [],
    });
    fresh.on('message', ({ id, result }: { id: number; result: Reply }) => {
      const { resolve } = taken(id) ?? {};
      resolve?.(result);
    });
    const gone = (error: Error) => {
      if (thread !== fresh) return;
      thread = null;
      broken = true;
      // What it had begun lies under temporary names, which the next start sweeps; nobody was told that it is kept.
      for (const id of [...waiting.keys()]) taken(id)?.reject(error);
    };
    fresh.on('error', gone);
    fresh.on('exit', code => gone(new Error(`The thread for files ended with ${code}.`)));
    return fresh;
  }

  function taken(id: number): Waiting | undefined {
    const found = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) {
      // An idle thread is no reason for the process to stay.
      thread?.unref();
      idle = setTimeout(stop, IDLE_MS);
      idle.unref();
    }
    return found;
  }

  async function stop(): Promise<void> {
    clearTimeout(idle);
    const old = thread;
    thread = null;
    await old?.terminate();
  }

  function ask(url: URL, task: Task, transfer: ArrayBuffer[] = []): Promise<Reply> {
    clearTimeout(idle);
    thread ??= start(url);
    thread.ref();
    const id = ++last;
    const to = thread;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      to.postMessage({ ...task, id }, transfer);
    });
  }

  return {
    async stage(files) {
      if (broken || file === null || files.length < WORTH_A_THREAD) return inPlace.stage(files);
      const { block, places } = inOneBlock(files);
      const results = (await ask(file, { t: 'stage', block, files: places }, [
        block.buffer,
      ])) as StageResult[];
      return results.map((result, i) => staged(result, places[i]?.temporary ?? '', files[i]));
    },
    async rename(names: readonly Renaming[]) {
      if (broken || file === null || names.length < WORTH_A_THREAD) return inPlace.rename(names);
      const { done, failure } = (await ask(file, { t: 'rename', names })) as RenameResult;
      return { done, error: failure && storageError(systemError(failure), names[done]?.to ?? '') };
    },
    async close() {
      await stop();
      await inPlace.close();
    },
  };
}

/** Memory that is given to the thread: a Buffer of imapflow's may be a piece of a block that others use. */
function inOneBlock(files: readonly NewFile[]) {
  const block = new Uint8Array(files.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let from = 0;
  const places = files.map(({ path, bytes }) => {
    block.set(bytes, from);
    const place = { temporary: temporaryName(path), from, to: from + bytes.length };
    from = place.to;
    return place;
  });
  return { block, places };
}

function staged(result: StageResult, temporary: string, file: NewFile | undefined): Staged | Error {
  if ('errno' in result) return storageError(systemError(result), file?.path ?? temporary);
  return { temporary, size: file?.bytes.length ?? 0, sha256: result.sha256 };
}

function systemError({ errno, message }: Failure): Error {
  return Object.assign(new Error(message), { code: errno });
}
