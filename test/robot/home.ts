// A configuration and a data folder to start the program with.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccountConfig } from '../../src/config/types.ts';
import { openStore } from '../../src/store/store.ts';
import { fillFolder } from '../fixtures/synthetic.ts';

export interface Home {
  readonly dir: string;
  readonly data: string;
  /** Command line of the built program on this home. */
  command(...more: readonly string[]): string[];
  dispose(): Promise<void>;
}

/**
 * The IMAP account `work` whose server nobody answers for, and `count` messages of it in the cache; `more`: its
 * settings; `others`: accounts that have as many.
 */
export async function createHome(
  count: number,
  more: object = {},
  others: readonly string[] = [],
): Promise<Home> {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-bench-'));
  const data = join(dir, 'data');
  const config = join(dir, 'config.json');
  await mkdir(data, { mode: 0o700 });
  const incoming = { host: '127.0.0.1', port: 1, security: 'none', user: 'ada' };
  const account = {
    email: 'ada@example.org',
    name: 'Ada',
    protocol: 'imap',
    incoming,
    auth: { passwordEnv: 'PW' },
    ...more,
  };
  const names = ['work', ...others];
  const accounts = Object.fromEntries(names.map(name => [name, account]));
  await writeFile(config, JSON.stringify({ accounts }), { mode: 0o600 });
  const store = await openStore({ dir: data, mode: 'owner' });
  for (const name of names) await fillFolder(store, name, 'INBOX', count);
  await store.close();
  return {
    dir,
    data,
    command: (...more) => [process.execPath, 'dist/tmail.js', '--config', config, '--data', data, ...more],
    dispose: () => rm(dir, { recursive: true, force: true }),
  };
}

/** The account `work` on a server on this machine. */
export function accountOn(port: number, ca: string, user: string, password: string): AccountConfig {
  return {
    id: 'work',
    email: 'ada@example.org',
    name: 'Ada',
    protocol: 'imap',
    incoming: { host: '127.0.0.1', port, security: 'tls', user, tls: { ca } },
    outgoing: null,
    auth: { t: 'plain', password },
    outgoingAuth: { t: 'plain', password },
    offline: 'all',
    serverCopy: null,
    disabled: false,
  };
}
