// A throw-away Dovecot with numbered messages, and a world that is connected to it.
import type { TestContext } from 'node:test';
import { type Dovecot, type DovecotOptions, startDovecot } from '../servers/dovecot.ts';
import { message, openWorld, type World } from './world.ts';

export async function dovecot(t: TestContext, count: number, options: DovecotOptions = {}): Promise<Dovecot> {
  const server = await startDovecot({ pop3: false, ...options });
  t.after(() => server.dispose());
  if (count > 0)
    await server.deliver(
      'INBOX',
      Array.from({ length: count }, (_, i) => message(i + 1)),
    );
  return server;
}

export function options(server: Dovecot) {
  return {
    port: server.imapsPort,
    security: 'tls' as const,
    ca: server.ca,
    user: server.user,
    password: server.password,
  };
}

export function worldOf(server: Dovecot): Promise<World> {
  return openWorld(options(server));
}
