// A TCP line with a round trip time: what goes in comes out unchanged and in order, half of it later. No limit on
// bandwidth.
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface DelayProxy {
  readonly port: number;
  close(): Promise<void>;
}

export function createDelayProxy(target: number, roundTripMs: number): Promise<DelayProxy> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // The other side's end says enough.
    socket.on('error', () => socket.destroy());
  };
  const server = createServer({ noDelay: true, allowHalfOpen: true }, client => {
    const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    keep(client);
    keep(upstream);
    carry(client, upstream, roundTripMs / 2);
    carry(upstream, client, roundTripMs / 2);
  });
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () =>
      resolve({ port: portOf(server), close: () => closeAll(server, sockets) }),
    );
  });
}

function carry(from: Socket, to: Socket, delay: number) {
  from.on('data', (chunk: Buffer) => setTimeout(() => !to.destroyed && to.write(chunk), delay));
  from.on('end', () => setTimeout(() => to.end(), delay));
  from.on('close', () => setTimeout(() => to.destroy(), delay + 10));
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function closeAll(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  return new Promise(resolve => server.close(() => resolve()));
}
