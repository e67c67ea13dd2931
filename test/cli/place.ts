// A configuration and an environment of a test's own.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export interface Place {
  readonly dir: string;
  readonly env: Record<string, string>;
}

/** A folder with a configuration for one account, and the environment that names it. */
export async function place(t: TestContext, incoming: Record<string, unknown>, more = {}): Promise<Place> {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-beside-'));
  t.after(() => rm(dir, { recursive: true }));
  const work = { email: 'a@b.c', protocol: 'imap', incoming, auth: { passwordEnv: 'P' }, ...more };
  await writeFile(join(dir, 'config.json'), JSON.stringify({ accounts: { work } }));
  return { dir, env: { TMAIL_CONFIG: join(dir, 'config.json'), TMAIL_DATA: join(dir, 'data'), P: 'secret' } };
}
