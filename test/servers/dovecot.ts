// A throw-away Dovecot 2.3 on free loopback ports, as an ordinary user, ended with the test that started it.
// The truth that tmail's IMAP and POP3 code is tried against; it must not outlive the test process.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { encodeMailboxName } from '../../src/mail/mailbox-name.ts';
import { makeCertificate } from './certificates.ts';
import { type DovecotOptions, dovecotConfig, type Ports } from './dovecot-config.ts';
import { freePorts } from './ports.ts';

export type { DovecotOptions } from './dovecot-config.ts';

export interface Delivery {
  /** IMAP flags such as `\\Seen`; a delivery without flags is \Recent. */
  readonly flags?: readonly string[];
  /** INTERNALDATE; now when absent. */
  readonly date?: Date;
}

export interface Dovecot {
  readonly host: '127.0.0.1';
  readonly imapPort: number;
  readonly imapsPort: number;
  readonly pop3Port: number;
  readonly pop3sPort: number;
  /** Path of the PEM that a client must trust; valid for 127.0.0.1 and localhost. */
  readonly ca: string;
  readonly user: string;
  readonly password: string;
  /** The directory of `user`'s mail: a Maildir++ unless `format` said otherwise. */
  readonly mailRoot: string;
  /** Orderly stop; connected clients get BYE. Repeatable; the mail stays until the handle is disposed of. */
  stop(): Promise<void>;
  /** Starts again on the same ports with the same mail, after `stop()` or `kill()` or while running. */
  restart(): Promise<void>;
  /** SIGKILL to all of it: every line drops without a word. */
  kill(): Promise<void>;
  /** Adds messages to a folder (made when missing) in their order; with maildir 5,000 take under 2 s. */
  deliver(
    folder: string,
    messages: Uint8Array | string | readonly (Uint8Array | string)[],
    how?: Delivery,
  ): Promise<void>;
  /** Runs doveadm against this server; its standard output. */
  doveadm(...args: string[]): Promise<string>;
  /** What Dovecot logged so far. */
  log(): Promise<string>;
  /** Stops it and removes everything. Repeatable. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const USER = 'ada';
const PASSWORD = 'secret';
/** Dovecot's programs stand where an ordinary user's PATH may not look. */
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
const FLAG_LETTERS: Readonly<Record<string, string>> = {
  '\\Draft': 'D',
  '\\Flagged': 'F',
  '\\Answered': 'R',
  '\\Seen': 'S',
  '\\Deleted': 'T',
};

/** Starts a server in about 0.2 s. @throws Error with Dovecot's own log when it does not come up. */
export async function startDovecot(options: DovecotOptions = {}): Promise<Dovecot> {
  const asRoot = process.getuid?.() === 0;
  const { uid, gid, user, group } = await identity(asRoot ? 'nobody' : userInfo().username);
  // Short, because unix socket paths end at 108 bytes; in memory where that can be had, since making thousands
  // of files on some disks takes seconds.
  const root = await mkdtemp('/dev/shm/tmd-').catch(() => mkdtemp('/tmp/tmd-'));
  const own = (path: string) => asRoot && chownSync(path, uid, gid);
  const removeAll = () => rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  process.once('exit', removeAll);

  const { cert, key } = await makeCertificate(root);
  const home = join(root, 'home', USER);
  const mailRoot = join(home, 'mail');
  for (const path of ['run', 'state', 'home', 'home/ada', 'home/bob', 'home/ada/mail']) {
    await mkdir(join(root, path), { recursive: true });
    own(join(root, path));
  }
  for (const path of [root, cert, key]) own(path);
  const users = ['ada', 'bob'].map(
    name => `${name}:{PLAIN}${PASSWORD}:${uid}:${gid}::${root}/home/${name}::\n`,
  );
  await writeFile(join(root, 'users'), users.join(''));

  const configFile = join(root, 'dovecot.conf');
  const logFile = join(root, 'log');
  await writeFile(logFile, '');
  own(logFile);

  let ports: Ports = { imap: 0, imaps: 0, pop3: 0, pop3s: 0 };
  let child: ChildProcess | null = null;

  // setpriv drops root's rights and has the kernel end Dovecot when this process is killed outright.
  const drop = asRoot ? [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'] : [];

  async function launch(): Promise<void> {
    const log = await open(logFile, 'a');
    const started = spawn('setpriv', [...drop, '--pdeathsig=TERM', 'dovecot', '-F', '-c', configFile], {
      env: { PATH },
      detached: true, // a process group of its own, so that all of it can be killed at once
      stdio: ['ignore', log.fd, log.fd], // where it complains before it opens its log
    });
    await log.close();
    child = started;
    process.once('exit', killGroup);
    const ended = once(started, 'exit').then(() => false);
    const up = await Promise.race([greets(ports.imap, started), ended]);
    if (!up) {
      await kill();
      throw new Error(`Dovecot did not start:\n${await readFile(logFile, 'utf8')}`);
    }
  }

  function killGroup(): void {
    if (child?.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const running = child;
    if (!running) return;
    if (running.exitCode === null && running.signalCode === null) {
      const exited = once(running, 'exit');
      if (signal === 'SIGTERM') running.kill('SIGTERM');
      else killGroup();
      await exited;
    }
    killGroup(); // session processes may outlive the master by a moment
    child = null;
    process.off('exit', killGroup);
  }

  const stop = () => end('SIGTERM');
  const kill = () => end('SIGKILL');

  for (let attempt = 1; child === null; attempt++) {
    const [imap = 0, imaps = 0, pop3 = 0, pop3s = 0] = await freePorts(4);
    ports = { imap, imaps, pop3, pop3s };
    await writeFile(configFile, dovecotConfig({ root, user, group, cert, key, ports, options }));
    await launch().catch(error => {
      // Another process may have taken a port in the meantime.
      if (attempt === 3 || !String(error).includes('Address already in use')) throw error;
    });
  }

  let lastStamp = 0;
  /** Microseconds since 1970, each later than the one before. */
  const stamps = () => {
    lastStamp = Math.max(lastStamp + 1, Date.now() * 1000);
    return lastStamp;
  };

  async function deliver(folder: string, messages: Parameters<Dovecot['deliver']>[1], how: Delivery = {}) {
    const list = typeof messages === 'string' || messages instanceof Uint8Array ? [messages] : messages;
    const bytes = list.map(one => (typeof one === 'string' ? Buffer.from(one, 'utf8') : one));
    if ((options.format ?? 'maildir') !== 'maildir') return save(folder, bytes);
    await maildirDeliver({ mailRoot, folder, messages: bytes, how, own, stamps });
  }

  async function save(folder: string, messages: readonly Uint8Array[]) {
    await doveadm('mailbox', 'create', '-u', USER, folder).catch(() => undefined); // it exists
    for (const [n, message] of messages.entries()) {
      const file = join(root, `save-${n}`);
      await writeFile(file, message);
      own(file);
      await doveadm('save', '-u', USER, '-m', folder, file);
      await rm(file);
    }
  }

  async function doveadm(...args: string[]): Promise<string> {
    const command = [...drop, 'doveadm', '-c', configFile, ...args];
    const { stdout } = await promisify(execFile)('setpriv', command, {
      env: { PATH },
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  }

  async function dispose() {
    await kill();
    process.off('exit', removeAll);
    await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }

  return {
    host: '127.0.0.1',
    imapPort: ports.imap,
    imapsPort: ports.imaps,
    pop3Port: ports.pop3,
    pop3sPort: ports.pop3s,
    ca: cert,
    user: USER,
    password: PASSWORD,
    mailRoot,
    stop,
    kill,
    async restart() {
      await stop();
      await launch();
    },
    deliver,
    doveadm,
    log: () => readFile(logFile, 'utf8'),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** An account's numbers, and the name of its group, which differs between systems. */
async function identity(user: string) {
  const { stdout } = await promisify(execFile)('id', [user]);
  const [, uid, gid, group] = /^uid=(\d+)\S* gid=(\d+)\(([^)]+)\)/.exec(stdout) ?? [];
  if (!group) throw new Error(`No account: ${stdout}`);
  return { user, uid: Number(uid), gid: Number(gid), group };
}

/** True when the port answers with a greeting; false when Dovecot ended first. */
async function greets(port: number, server: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + 10_000;
  while (server.exitCode === null && server.signalCode === null && Date.now() < deadline) {
    const greeted = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1');
      socket.once('data', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
    });
    if (greeted) return true;
    await new Promise(resolve => setTimeout(resolve, 15));
  }
  return false;
}

/** Messages straight into a Maildir++ folder, as a delivery agent does it: tmp, then rename into new or cur. */
async function maildirDeliver(job: {
  mailRoot: string;
  folder: string;
  messages: readonly Uint8Array[];
  how: Delivery;
  own: (path: string) => unknown;
  stamps: () => number;
}): Promise<void> {
  const { mailRoot, folder, messages, how, own, stamps } = job;
  const directory = /^inbox$/i.test(folder)
    ? mailRoot
    : join(mailRoot, `.${encodeMailboxName(folder).replaceAll('/', '.')}`);
  for (const path of [directory, ...['tmp', 'new', 'cur'].map(name => join(directory, name))]) {
    if ((await mkdir(path, { recursive: true })) !== undefined) own(path);
  }
  const letters = (how.flags ?? []).map(flag => FLAG_LETTERS[flag] ?? '').sort();
  const target = how.flags ? join(directory, 'cur') : join(directory, 'new');
  const info = how.flags ? `:2,${letters.join('')}` : '';
  for (const [n, message] of messages.entries()) {
    // Dovecot numbers new messages by the seconds and microseconds in their names.
    const stamp = stamps();
    const unique = `${Math.floor(stamp / 1e6)}.M${stamp % 1e6}P${process.pid}.tmail,S=${message.length}`;
    const temporary = join(directory, 'tmp', unique);
    // Synchronous calls are five times faster here; the event loop gets its turn between slices.
    writeFileSync(temporary, message, { mode: 0o644 });
    if (how.date) utimesSync(temporary, how.date, how.date);
    renameSync(temporary, join(target, unique + info));
    if (n % 50 === 49) await new Promise(resolve => setImmediate(resolve));
  }
}
