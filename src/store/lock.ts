// Who may write: the process whose unix socket is linked as `owner.sock` in the data directory. A dead socket never
// comes to life again, and only the holder of a guard named after it may take it away; so two processes that find the
// same dead owner can't both become the next one, and none can take a living one's place. No pid is ever trusted.
import { chmodSync, linkSync, lstatSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { TmailError } from '../util/errors.ts';
import { randomHex } from '../util/random.ts';
import { errnoOf, storageError } from './disk.ts';

export const OWNER_SOCKET = 'owner.sock';
/** For the sentence only: who it is that owns the store. */
const OWNER_PID = 'owner.pid';
/** sockaddr_un holds 104 bytes on macOS and 108 on Linux, with the final NUL. */
const SOCKET_PATH_BYTES = 100;
/** Guards that died while guarding are guarded again; more than this never happened. */
const GUARDS = 4;
const ATTEMPTS = 50;
const WAIT_MS = 20;

export interface Lock {
  readonly server: Server;
  /** Repeatable. */
  release(): void;
}

/** @throws TmailError `store.locked` (pid where known), `disk.*` where no socket can be made. */
export async function lockStore(dir: string, connected: (socket: Socket) => void): Promise<Lock> {
  const own = `owner-${process.pid}-${randomHex()}.sock`;
  const server = createServer({ allowHalfOpen: true }, connected);
  await listen(server, dir, own);
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (link(dir, own, OWNER_SOCKET)) return becomeOwner(dir, own, server);
      const state = await removeDead(dir, own, OWNER_SOCKET, GUARDS);
      if (state === 'alive') throw locked(dir);
      if (state === 'busy') await new Promise(resolve => setTimeout(resolve, WAIT_MS));
    }
    throw locked(dir);
  } catch (error) {
    closeServer(server, dir, own);
    throw storageError(error, join(dir, OWNER_SOCKET));
  }
}

/** Connects to the owner; null when there is none. The socket has an error listener already. */
export async function connectToOwner(dir: string): Promise<Socket | null> {
  const socket = await connect(dir, OWNER_SOCKET);
  return socket === 'dead' || socket === 'absent' ? null : socket;
}

/** Whether a process owns `dir` now; one that was stopped (Ctrl-Z) does. @throws TmailError `disk.*` */
export async function isOwned(dir: string): Promise<boolean> {
  return (await probe(dir, OWNER_SOCKET)) === 'alive';
}

/** The owner's process id, for a sentence; undefined when nobody wrote it down. */
export function ownerPid(dir: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(dir, OWNER_PID), 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function locked(dir: string): TmailError {
  return new TmailError('storage', 'store.locked', { facts: { dir, pid: ownerPid(dir) } });
}

function becomeOwner(dir: string, own: string, server: Server): Lock {
  const inode = identity(dir, OWNER_SOCKET);
  remove(dir, own);
  try {
    writeFileSync(join(dir, OWNER_PID), `${process.pid}\n`, { mode: 0o600 });
  } catch {
    // Only the sentence of the second process misses it.
  }
  let released = false;
  const release = () => {
    if (released) return;
    released = true;
    process.off('exit', release);
    // The name goes first: whoever still finds it finds it alive.
    if (identity(dir, OWNER_SOCKET) === inode) {
      remove(dir, OWNER_PID);
      remove(dir, OWNER_SOCKET);
    }
    closeServer(server, dir, own);
  };
  process.on('exit', release);
  return { server, release };
}

/**
 * Takes away the dead socket `name`. `free`: it is gone; `alive`: it has an owner; `busy`: someone else is at it.
 * Whoever may unlink the socket with inode X holds the link `name.X`, made from its own living socket.
 */
async function removeDead(
  dir: string,
  own: string,
  name: string,
  guards: number,
): Promise<'free' | 'alive' | 'busy'> {
  const dead = identity(dir, name);
  if (dead === null) return 'free';
  const first = await probe(dir, name);
  if (first !== 'dead') return first === 'absent' ? 'free' : 'alive';
  if (guards === 0) return 'busy';
  const guard = `${name}.${dead}`;
  if (!link(dir, own, guard)) {
    await removeDead(dir, own, guard, guards - 1);
    return 'busy';
  }
  try {
    // Looked at again under the guard: before, another may have replaced it.
    if (identity(dir, name) !== dead) return 'busy';
    const again = await probe(dir, name);
    if (again !== 'dead' || identity(dir, name) !== dead) return again === 'alive' ? 'alive' : 'busy';
    remove(dir, name);
    return 'free';
  } finally {
    remove(dir, guard);
  }
}

async function probe(dir: string, name: string): Promise<'alive' | 'dead' | 'absent'> {
  const socket = await connect(dir, name);
  if (socket === 'dead' || socket === 'absent') return socket;
  socket.destroy();
  return 'alive';
}

function connect(dir: string, name: string): Promise<Socket | 'dead' | 'absent'> {
  return new Promise((resolve, reject) => {
    const socket = at(dir, name, path => createConnection({ path, allowHalfOpen: true }));
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      // From here on a broken line shows as `close`.
      socket.on('error', () => undefined);
      resolve(socket);
    });
    socket.once('error', error => {
      const errno = errnoOf(error);
      // ENOTSOCK, EPROTOTYPE: something else lies there, which nobody can own.
      if (errno === 'ECONNREFUSED' || errno === 'ENOTSOCK' || errno === 'EPROTOTYPE') resolve('dead');
      // Closed while we waited to be let in: look again.
      else if (errno === 'ENOENT' || errno === 'ECONNRESET' || errno === 'EPIPE') resolve('absent');
      // EAGAIN: too many wait for it already. Then someone lives there.
      else reject(storageError(error, join(dir, name)));
    });
  });
}

function listen(server: Server, dir: string, name: string): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(storageError(error, dir)));
    at(dir, name, path => server.listen(path, () => resolve()));
  }).then(() => {
    server.removeAllListeners('error');
    // Owning the store is no reason for the process to stay.
    server.unref();
    chmodSync(join(dir, name), 0o600);
  });
}

function closeServer(server: Server, dir: string, name: string): void {
  // libuv unlinks the name that it was bound to.
  if (server.listening) at(dir, name, () => server.close());
}

/**
 * Calls `use` with a path of the socket that fits into sockaddr_un: for a long directory relative to it, which is
 * safe because binding, connecting and closing happen before `use` returns.
 */
function at<T>(dir: string, name: string, use: (path: string) => T): T {
  const path = join(dir, name);
  if (Buffer.byteLength(path) < SOCKET_PATH_BYTES) return use(path);
  let before = '/';
  try {
    before = process.cwd();
  } catch {
    // The directory we were started in is gone.
  }
  process.chdir(dir);
  try {
    return use(name);
  } finally {
    process.chdir(before);
  }
}

/** False when the name is taken (or our own was swept away by mistake, which the next attempt shows). */
function link(dir: string, from: string, to: string): boolean {
  try {
    linkSync(join(dir, from), join(dir, to));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw storageError(error, join(dir, to));
  }
}

function remove(dir: string, name: string): void {
  try {
    unlinkSync(join(dir, name));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw storageError(error, join(dir, name));
  }
}

/** Tells a socket from a later one with the same name. */
function identity(dir: string, name: string): string | null {
  try {
    const { ino, birthtimeNs } = lstatSync(join(dir, name), { bigint: true });
    return `${ino}-${birthtimeNs}`;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw storageError(error, join(dir, name));
  }
}
