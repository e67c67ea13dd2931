// Message files copied, compared and read by the hundred: in a thread where one can be had, so that an export beside
// the screen takes nothing from keys and frames, else in place.
import { dirname } from 'node:path';
import { storageError } from '../store/disk.ts';
import { TmailError } from '../util/errors.ts';
import { threadOf } from '../util/thread.ts';
import { threadFile } from '../util/thread-file.ts';
import {
  type Checked,
  type Copy,
  type Failure,
  isFailure,
  type Path,
  type Pieces,
  type Request,
  type Result,
  work,
} from './file-work.ts';
import { targetError } from './target.ts';

export interface FoundFile {
  /** Whole, or null: it is larger than was asked for; then `head` is what it begins with. */
  readonly bytes: Buffer | null;
  readonly head: Buffer;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

export interface Files {
  /**
   * One outcome a file. Errors: `raw.missing`, `raw.damaged` (path, reason), `disk.*` of the source;
   * `export.full`, `export.write`, `export.verify` (path) of the target.
   */
  copy(files: readonly Copy[]): Promise<(Checked | TmailError)[]>;
  /** Null: no regular file. @throws TmailError `export.write` (path, errno) */
  check(paths: readonly string[]): Promise<(Checked | null)[]>;
  /** Regular files, no link followed; `most`: bytes of one that is read whole. The errors are system errors' codes. */
  read(paths: readonly Path[], most: number, head?: number): Promise<(FoundFile | Failure)[]>;
  close(): Promise<void>;
}

/** Fewer files are sooner done here than there. */
const WORTH_A_THREAD = 8;

const countOf = (request: Request) => (request.t === 'copy' ? request.files : request.paths).length;

export type Ask = (request: Request) => Promise<Result>;

/** @param ask for tests: does the work in place of a thread */
export function messageFiles(ask?: Ask): Files {
  const file = ask ? null : threadFile('transfer.js', import.meta.url);
  const thread = file && threadOf<Request, Result>(file);
  const inPlace: Ask = async request => (await work(request)).result;
  const doing: Ask =
    ask ??
    (request =>
      thread?.works && countOf(request) >= WORTH_A_THREAD ? thread.ask(request) : inPlace(request));
  return {
    async copy(files) {
      const outcomes = (await doing({ t: 'copy', files })) as (Checked | Failure)[];
      return outcomes.map((outcome, i) => {
        if (!isFailure(outcome)) return outcome;
        const { from = '', to = '' } = files[i] ?? {};
        return outcome.side === 'source' ? sourceError(outcome, from) : failedTarget(outcome, to);
      });
    },
    async check(paths) {
      const found = (await doing({ t: 'check', paths })) as (Checked | Failure | null)[];
      return found.map((one, i) => {
        if (one === null || !isFailure(one)) return one;
        throw failedTarget(one, paths[i] ?? '');
      });
    },
    async read(paths, most, head = 0) {
      const { block, files } = (await doing({ t: 'read', paths, most, head })) as Pieces;
      return files.map(piece => {
        if (isFailure(piece)) return piece;
        const head = Buffer.from(block.buffer, block.byteOffset + piece.from, piece.to - piece.from);
        const whole = piece.whole && head.length === piece.size;
        return { bytes: whole ? head : null, head, size: piece.size, modified: piece.modified };
      });
    },
    close: async () => thread?.close(),
  };
}

export function systemError({ errno, message }: Failure): Error {
  return Object.assign(new Error(message), errno === '' ? {} : { code: errno });
}

/** As `readChecked` of the store says it. */
export function sourceError(failure: Failure, path: string): TmailError {
  const { reason, errno } = failure;
  if (errno === 'ENOENT' || errno === 'ENOTDIR')
    return new TmailError('storage', 'raw.missing', { facts: { path } });
  const wrong = errno === 'ELOOP' ? 'symlink' : reason;
  if (wrong !== null) return new TmailError('storage', 'raw.damaged', { facts: { path, reason: wrong } });
  return storageError(systemError(failure), path);
}

function failedTarget(failure: Failure, path: string): TmailError {
  if (failure.reason === 'verify') return new TmailError('storage', 'export.verify', { facts: { path } });
  // What its disk will not take is not this one file's matter.
  return targetError(systemError(failure), dirname(path));
}
