// Message files written by a thread, so that a pull of thousands does not take the time of keys and frames: started
// for the first large batch, given back when idle. Where no thread can be had the work is done in place.
import { temporaryName } from '../util/fsync.ts';
import { threadOf } from '../util/thread.ts';
import { threadFile } from '../util/thread-file.ts';
import { storageError } from './disk.ts';
import type { FileBatches, NewFile, Renaming, Staged } from './file-batch.ts';
import type { Failure, RenameResult, Request, StageResult } from './file-batch-work.ts';

/** Fewer files are sooner written here than there. */
const WORTH_A_THREAD = 8;

type Reply = StageResult[] | RenameResult;
type Task = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

/** @param inPlace for small batches, and for all of them when there is no thread */
export function filesInThread(
  inPlace: FileBatches,
  file = threadFile('files.js', import.meta.url),
): FileBatches {
  // What a thread that dies had begun lies under temporary names, which the next start sweeps; nobody was told that
  // it is kept.
  const thread = file && threadOf<Task, Reply>(file);
  return {
    async stage(files) {
      if (!thread?.works || files.length < WORTH_A_THREAD) return inPlace.stage(files);
      const { block, places } = inOneBlock(files);
      const results = (await thread.ask({ t: 'stage', block, files: places }, [
        block.buffer,
      ])) as StageResult[];
      return results.map((result, i) => staged(result, places[i]?.temporary ?? '', files[i]));
    },
    async rename(names: readonly Renaming[]) {
      if (!thread?.works || names.length < WORTH_A_THREAD) return inPlace.rename(names);
      const { done, failure } = (await thread.ask({ t: 'rename', names })) as RenameResult;
      return { done, error: failure && storageError(systemError(failure), names[done]?.to ?? '') };
    },
    async close() {
      await thread?.close();
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
