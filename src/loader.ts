// What `tmail` starts: loads the program with V8's own cache of its compiled code, which saves a quarter of the
// time to the first frame. Knows nothing of mail. Everything here is best effort: without a cache, with a stale or
// a damaged one, the program is compiled as ever. NODE_DISABLE_COMPILE_CACHE (Node's own switch) turns it off.
import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

/** Of everything in the bundle, set by the build: V8 itself only compares lengths. */
declare const BUILD: string;

/** By then the first frame is out and what it took has been compiled. Short commands read the cache, never write. */
const AFTER_START_MS = 1500;

type Require = (id: string) => unknown;
type Body = (
  exports: object,
  require: Require,
  module: { exports: object },
  file: string,
  dir: string,
) => void;

const root = __dirname;
const builtin = createRequire(__filename);
const modules = new Map<string, { exports: object }>();
/** Scripts that came without a cache. */
const uncached: { readonly name: string; readonly script: Script; readonly size: number }[] = [];
const cache = cacheDirectory();
let started = false;

function cacheDirectory(): string | null {
  if ((process.env.NODE_DISABLE_COMPILE_CACHE ?? '') !== '') return null;
  const base = process.env.XDG_CACHE_HOME ?? '';
  // The specification has relative paths ignored.
  const home = base.startsWith('/') ? base : join(homedir(), '.cache');
  return join(home, 'tmail', 'code', `${BUILD}-${process.version}-${process.arch}`);
}

function load(file: string): object {
  const known = modules.get(file);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  modules.set(file, module);
  const dir = dirname(file);
  const require: Require = id => (id.startsWith('.') ? load(resolve(dir, id)) : builtin(id));
  compile(file)(module.exports, require, module, file, dir);
  return module.exports;
}

function compile(file: string): Body {
  // The build writes ASCII only: one byte is one character.
  const code = `(function(exports,require,module,__filename,__dirname){${readFileSync(file, 'latin1')}\n})`;
  const name = `${basename(file)}.bin`;
  const cachedData = cache === null ? undefined : readCache(join(cache, name));
  const script = usualHeap(
    () => new Script(code, { filename: file, ...(cachedData === undefined ? {} : { cachedData }) }),
  );
  if (cachedData === undefined || script.cachedDataRejected === true)
    uncached.push({ name, script, size: code.length });
  // A function expression's value is that function.
  return script.runInThisContext() as Body;
}

function readCache(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** One file a turn: a key pressed meanwhile waits for one of them at most. */
function writeCaches(dir: string) {
  const next = uncached.pop();
  if (next === undefined) return;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const temporary = join(dir, `${next.name}.${process.pid}`);
    const fd = openSync(temporary, 'w', 0o600);
    writeFileSync(
      fd,
      usualHeap(() => next.script.createCachedData()),
    );
    // V8 trusts what is in it: a file torn by a power cut must not get its name.
    fdatasyncSync(fd);
    closeSync(fd);
    renameSync(temporary, join(dir, next.name));
    forgetOthers(dir);
    setTimeout(writeCaches, 20, dir).unref();
  } catch {
    // A full or read-only disk: the next start is as slow as this one.
  }
}

/**
 * Live data is some 30 MB with 100,000 messages open; left alone, V8 lets garbage grow to four times that first. But
 * to start quickly is to collect late: 14 ms of 300.
 */
const collectSooner = () => setFlagsFromString('--heap-growing-percent=50');

/** V8 takes a cache only under the flags that it was made under. */
function usualHeap<T>(use: () => T): T {
  setFlagsFromString('--heap-growing-percent=0');
  try {
    return use();
  } finally {
    if (started) collectSooner();
  }
}

/** Caches of builds that are gone. */
function forgetOthers(dir: string) {
  for (const other of readdirSync(dirname(dir))) {
    if (other !== basename(dir)) rmSync(join(dirname(dir), other), { recursive: true, force: true });
  }
}

// Read when the first file is opened without waiting. Message files are made durable many at a time: four threads
// (the default) would wait for the disk one after another.
process.env.UV_THREADPOOL_SIZE ??= '24';
setTimeout(() => {
  started = true;
  collectSooner();
  // What gains most first: the session may end before all are written.
  uncached.sort((a, b) => a.size - b.size);
  if (cache !== null) writeCaches(cache);
}, AFTER_START_MS).unref();
load(join(root, 'main.js'));
