// Free loopback ports for servers that can't listen on port 0 and say which they got.
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Ports that nobody listens on now. Below the range that the kernel hands out (32768–60999), so that no outgoing
 * connection takes one while its server restarts.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = 18_000 + Math.floor(Math.random() * 14_000);
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  return [...found];
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  probe.listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
}
