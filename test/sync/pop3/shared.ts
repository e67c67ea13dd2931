// Two POP3 accounts over one store, the mail of `work` in the inbox of `home`; servers of the test's choice.
import type { AccountConfig, ServerCopy } from '../../../src/config/types.ts';
import type { AccountId } from '../../../src/mail/types.ts';
import { openStore } from '../../../src/store/store.ts';
import type { AccountStore, FolderStore } from '../../../src/store/types.ts';
import { createEngineFor } from '../../../src/sync/create.ts';
import { createLedgers } from '../../../src/sync/pop3/ledgers.ts';
import { FakeClock } from '../../fakes/clock.ts';

export interface SharedOptions {
  readonly dir: string;
  readonly ports: { readonly home: number; readonly work: number };
  readonly policies?: { readonly home?: ServerCopy; readonly work?: ServerCopy };
  /** False: each has its own inbox. */
  readonly delivers?: boolean;
  readonly clock?: FakeClock;
  readonly sizeLimit?: number;
}

export async function openShared(options: SharedOptions) {
  const { dir, ports, policies = {}, delivers = true, clock = new FakeClock() } = options;
  const auth = { t: 'plain', password: 'secret' } as const;
  const config = (id: 'home' | 'work'): AccountConfig => ({
    id,
    email: `ada@${id}.example`,
    name: 'Ada',
    protocol: 'pop3',
    incoming: { host: '127.0.0.1', port: ports[id], security: 'none', user: 'ada', tls: {} },
    outgoing: null,
    auth,
    outgoingAuth: auth,
    offline: 'all',
    serverCopy: policies[id] ?? 'untilDeletedHere',
    ...(id === 'work' && delivers && { deliverTo: 'home' }),
    pop3: {
      firstRun: 'all',
      sizeLimit: options.sizeLimit ?? null,
      sessionMessages: null,
      sessionBytes: null,
      checkEvery: 600_000,
    },
    disabled: false,
  });
  const accounts = [config('home'), config('work')];
  const store = await openStore({ dir, mode: 'owner', now: () => clock.now() });
  const pop3 = { accounts, ledgers: createLedgers(dir) };
  const engineOf = (id: 'home' | 'work') =>
    createEngineFor(config(id), store, { password: async () => 'secret', clock, random: () => 1, pop3 });
  const engines = { home: await engineOf('home'), work: await engineOf('work') };
  const kept: Record<AccountId, AccountStore> = {
    home: await store.account('home'),
    work: await store.account('work'),
  };

  async function folder(account: 'home' | 'work', path: string): Promise<FolderStore> {
    const record = kept[account]?.folders().find(one => one.path === path);
    if (!record) throw new Error(`${account} has no ${path}`);
    const opened = await store.account(account).then(one => one.folder(record.id));
    await opened.loadAll();
    await opened.ensure(0, Math.max(0, opened.length - 1));
    return opened;
  }

  /** Of all messages in a folder, oldest first. */
  async function subjects(account: 'home' | 'work', path: string): Promise<string[]> {
    const opened = await folder(account, path);
    const uids = Array.from({ length: opened.length }, (_, n) => opened.uidAt(opened.length - 1 - n) ?? 0);
    return uids.map(uid => opened.envelope(uid)?.subject ?? '?');
  }

  async function find(account: 'home' | 'work', path: string, subject: string) {
    const opened = await folder(account, path);
    const all = Array.from({ length: opened.length }, (_, n) => opened.uidAt(n) ?? 0);
    const uid = all.find(one => opened.envelope(one)?.subject === subject);
    if (uid === undefined) throw new Error(`${subject} is not in ${path}`);
    const target = { uid, remote: opened.remote(uid) ?? null, messageId: '' };
    return { opened, uid, id: opened.record.id, targets: [target] };
  }

  return {
    store,
    accounts,
    engines,
    kept,
    clock,
    subjects,
    find,
    async sync(...ids: ('home' | 'work')[]) {
      const reports = [];
      for (const id of ids.length > 0 ? ids : (['home', 'work'] as const)) {
        reports.push(await engines[id].syncOnce(null));
      }
      return reports;
    },
    /** For good, from this folder of `home`. */
    async destroy(path: string, subject: string) {
      const { id, targets } = await find('home', path, subject);
      await kept.home?.commit({ t: 'delete', folder: id, targets });
    },
    async move(from: string, subject: string, to: string) {
      const { id, targets } = await find('home', from, subject);
      const into = kept.home?.folders().find(one => one.path === to)?.id ?? 'home:0';
      await kept.home?.commit({ t: 'move', folder: id, to: into, targets });
    },
    async [Symbol.asyncDispose]() {
      await engines.home.stop();
      await engines.work.stop();
      await store.close();
    },
  };
}

export type Shared = Awaited<ReturnType<typeof openShared>>;
