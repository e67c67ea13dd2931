// A line on which a test speaks a protocol by hand: sends lines, waits for what comes back.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Waiting longer than this for bytes is a failure. */
const DEADLINE = 5_000;

export interface Wire {
  readonly socket: Socket;
  /** Everything received and not yet taken, as a binary string. */
  pending(): string;
  send(...lines: string[]): void;
  /** Waits until `pattern` matches; takes everything up to the match's end. Rejects when the line closes first, or after 5 s. */
  until(pattern: RegExp): Promise<string>;
  /** Waits for the end of the line; what was received and not taken. */
  closed(): Promise<string>;
  /** Sends a command and waits for its tagged answer. */
  command(line: string): Promise<string>;
  /** How many chunks arrived. */
  chunks(): number;
}

export async function openWire(target: number | Socket): Promise<Wire> {
  const socket = typeof target === 'number' ? connect(target, '127.0.0.1') : target;
  let received = '';
  let chunks = 0;
  let tag = 0;
  let ended = false;
  const changed = new Set<() => void>();
  const wake = () => {
    for (const one of changed) one();
  };
  socket.on('data', chunk => {
    received += chunk.toString('latin1');
    chunks++;
    wake();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    ended = true;
    wake();
  });
  if (typeof target === 'number') await once(socket, 'connect');

  function until(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const give = (why: string) => reject(new Error(`${why} before ${pattern}: ${received.slice(-500)}`));
      const deadline = setTimeout(() => give(`${DEADLINE} ms`), DEADLINE);
      const look = () => {
        const match = pattern.exec(received);
        if (!match && !ended) return;
        changed.delete(look);
        clearTimeout(deadline);
        if (!match) return give('closed');
        const end = match.index + match[0].length;
        const taken = received.slice(0, end);
        received = received.slice(end);
        resolve(taken);
      };
      changed.add(look);
      look();
    });
  }

  return {
    socket,
    pending: () => received,
    send: (...lines) => void socket.write(lines.map(line => `${line}\r\n`).join(''), 'latin1'),
    until,
    async closed() {
      if (!ended) await once(socket, 'close');
      return received;
    },
    command(line) {
      tag++;
      socket.write(`t${tag} ${line}\r\n`, 'latin1');
      return until(new RegExp(`^t${tag} [^\\n]*\\n`, 'm'));
    },
    chunks: () => chunks,
  };
}

/** Connected, greeted and signed in as ada. */
export async function signedIn(port: number): Promise<Wire> {
  const wire = await openWire(port);
  await wire.until(/^\* (OK|PREAUTH).*\r\n/);
  await wire.command('LOGIN ada secret');
  return wire;
}
