// A line between a client and a server that can be cut at any byte of what the server says, or just when the server has
// done what a command asked for and says so.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CuttableLine extends AsyncDisposable {
  readonly port: number;
  /** All lines are cut when the server has said that many more bytes; null: never. */
  cutAfter(bytes: number | null): void;
  /** The answer to the command that changes something after that many more of them is lost with its line; null: none. */
  loseAnswer(after: number | null): void;
}

const CHANGES = /^(\S+) (?:UID (?:MOVE|COPY|EXPUNGE|STORE)|EXPUNGE|APPEND|RENAME|CREATE|DELETE|SUBSCRIBE)\b/;

export async function startProxy(port: number): Promise<CuttableLine> {
  const sockets = new Set<Socket>();
  let left: number | null = null;
  let passing: number | null = null;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer(near => {
    const far = connect(port, '127.0.0.1');
    let lost: string | null = null;
    keep(near);
    keep(far);
    near.on('data', (bytes: Buffer) => {
      for (const line of bytes.toString('latin1').split('\r\n')) {
        const tag = CHANGES.exec(line)?.[1];
        if (tag === undefined || passing === null) continue;
        if (passing-- > 0) continue;
        passing = null;
        lost = tag;
      }
      far.write(bytes);
    });
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    far.on('data', (bytes: Buffer) => {
      const text = bytes.toString('latin1');
      if (lost !== null && !text.startsWith('+')) {
        if (`\r\n${text}`.includes(`\r\n${lost} `)) near.destroy();
        return;
      }
      if (left === null) return void near.write(bytes);
      near.write(bytes.subarray(0, left));
      left -= bytes.length;
      if (left > 0) return;
      left = null;
      // What was said until then arrives.
      near.end(cut);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cutAfter(bytes) {
      left = bytes;
    },
    loseAnswer(after) {
      passing = after;
    },
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
