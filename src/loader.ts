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
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

/** Of everything in the bundle, set by the build: V8 itself only compares lengths. */
declare const BUILD: string;
/** The file that is asked for first where a screen is started, set by the build. */
declare const SCREEN: string;

/** By then the first frame is out and what it took has been compiled. Short commands read the cache, never write. */
const AFTER_START_MS = 1500;
/** New objects of a screen get so much room: what they need to die there, not the four times of it that V8 would take. */
const YOUNG_BYTES = 8 * 1024 * 1024;
/** How often is looked whether they have it. */
const YOUNG_MS = 100;

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
/** Of the packs that were opened, by file. */
const packed = new Map<string, Body>();
/** Scripts that came without a cache. */
const uncached: { readonly name: string; readonly script: Script; readonly size: number }[] = [];
const cache = cacheDirectory();
let started = false;
let grownUp = false;

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
  if (file === join(root, SCREEN)) openPack('screen.pack.js');
  const body = packed.get(file) ?? (compile(file, WRAPPER) as Body);
  body(module.exports, require, module, file, dir);
  return module.exports;
}

/** Many files in one. Without it each is read by itself. */
function openPack(name: string) {
  try {
    const functions = compile(join(root, name)) as Readonly<Record<string, Body>>;
    for (const file of Object.keys(functions)) {
      const body = functions[file];
      if (body) packed.set(join(root, file), body);
    }
  } catch {
    // An incomplete installation starts as well, a little later.
  }
}

const WRAPPER = ['(function(exports,require,module,__filename,__dirname){', '\n})'] as const;

/** What the file says, as an expression. */
function compile(file: string, wrapper?: typeof WRAPPER): unknown {
  // The build writes ASCII only: one byte is one character.
  const text = readFileSync(file, 'latin1');
  const code = wrapper ? wrapper.join(text) : text;
  const name = `${basename(file)}.bin`;
  const cachedData = cache === null ? undefined : readCache(join(cache, name));
  const script = usualHeap(
    () => new Script(code, { filename: file, ...(cachedData === undefined ? {} : { cachedData }) }),
  );
  if (cachedData === undefined || script.cachedDataRejected === true)
    uncached.push({ name, script, size: code.length });
  return script.runInThisContext();
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
function collectSooner() {
  if (started) setFlagsFromString('--heap-growing-percent=25');
  if (grownUp) setFlagsFromString('--semi-space-growth-factor=1');
}

/** V8 takes a cache only under the flags that it was made under. */
function usualHeap<T>(use: () => T): T {
  if (!(started || grownUp)) return use();
  setFlagsFromString('--heap-growing-percent=0');
  setFlagsFromString('--semi-space-growth-factor=2');
  try {
    return use();
  } finally {
    collectSooner();
  }
}

/** A command ends soon and may take what it needs to be quick; a screen stays for days. */
function boundYoung() {
  if (/^[a-z]/.test(process.argv[2] ?? '')) return;
  const looking = setInterval(() => {
    const young = getHeapSpaceStatistics().find(space => space.space_name === 'new_space');
    if (young !== undefined && young.space_size < YOUNG_BYTES) return;
    clearInterval(looking);
    grownUp = true;
    collectSooner();
  }, YOUNG_MS).unref();
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
boundYoung();
openPack('main.pack.js');
load(join(root, 'main.js'));
