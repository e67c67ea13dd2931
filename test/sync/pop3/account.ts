// A POP3 account for tests: a real store in a directory, a real ledger, a session, and a server of the test's choice.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { AccountConfig, Security, ServerCopy } from '../../../src/config/types.ts';
import { messageId } from '../../../src/mail/ids.ts';
import type { MessageId } from '../../../src/mail/types.ts';
import { openStore } from '../../../src/store/store.ts';
import { systemClock } from '../../../src/sync/clock.ts';
import { ensureFolders, inboxOf } from '../../../src/sync/pop3/folders.ts';
import { openLedger } from '../../../src/sync/pop3/ledger.ts';
import { createPop3Session, type Pop3SessionOptions } from '../../../src/sync/pop3/session.ts';
import { TmailError } from '../../../src/util/errors.ts';
import type { FileSystem } from '../../../src/util/fsync.ts';

export interface AccountOptions {
  readonly dir: string;
  readonly port: number;
  readonly serverCopy: ServerCopy;
  readonly security?: Security;
  readonly ca?: string;
  readonly now?: () => number;
  /** Leaves the inbox as it is when it is opened: only its newest messages are in memory. */
  readonly early?: boolean;
  /** The store's disk. */
  readonly fs?: FileSystem;
  /** Whether there is room for more; always unless given. */
  readonly room?: () => Promise<void>;
  readonly session?: Omit<Pop3SessionOptions, 'ledger'>;
}

export async function openAccount(options: AccountOptions) {
  const disk = options.fs === undefined ? {} : { fs: options.fs };
  const store = await openStore({ dir: options.dir, mode: 'owner', ...disk });
  const account = await store.account('home');
  const ledger = await openLedger(join(options.dir, 'accounts', 'home', 'pop3.jsonl'));
  const auth = { t: 'plain', password: 'secret' } as const;
  const tls = options.ca === undefined ? {} : { ca: options.ca };
  const config: AccountConfig = {
    id: 'home',
    email: 'ada@example.org',
    name: 'Ada',
    protocol: 'pop3',
    incoming: {
      host: '127.0.0.1',
      port: options.port,
      security: options.security ?? 'none',
      user: 'ada',
      tls,
    },
    outgoing: null,
    auth,
    outgoingAuth: auth,
    offline: 'all',
    serverCopy: options.serverCopy,
    disabled: false,
  };
  await ensureFolders(account);
  const inbox = await account.folder(inboxOf(account).id);
  if (!options.early) await inbox.loadAll();
  let received = 0;
  const reports: TmailError[] = [];
  const newSession = () =>
    createPop3Session(
      {
        account: config,
        store: account,
        password: async () => 'secret',
        clock: { ...systemClock, now: options.now ?? systemClock.now },
        version: '0.0.0',
        report: error => reports.push(error),
        received: count => {
          received += count;
        },
        room: options.room ?? (async () => undefined),
        memory: { prefetched: new Map(), caution: new Map() },
      },
      { ledger, ...options.session },
    );

  /** One check as the engine makes it. */
  async function check() {
    received = 0;
    const session = newSession();
    let error: TmailError | null = null;
    try {
      await session.connect(new AbortController().signal);
      await session.folders();
      for await (const _ of session.pull(inbox.record.id)) void _;
    } catch (thrown) {
      if (!(thrown instanceof TmailError)) throw thrown;
      error = thrown;
    }
    const last = session.lastCheck;
    await session.close();
    return { error, received, last, session };
  }

  /** Hashes of all messages in the inbox, from their files, in the order of arrival. */
  async function hashes(): Promise<string[]> {
    await inbox.loadAll();
    const found: string[] = [];
    for (let position = inbox.length - 1; position >= 0; position--) {
      const uid = inbox.uidAt(position);
      const raw = uid === undefined ? undefined : inbox.raw(uid);
      found.push(
        raw
          ? createHash('sha256')
              .update(await account.raw.read(raw))
              .digest('hex')
          : 'missing',
      );
    }
    return found;
  }

  return {
    store,
    account,
    ledger,
    inbox,
    reports,
    newSession,
    check,
    hashes,
    idAt(position: number): MessageId {
      return messageId(inbox.record.id, inbox.uidAt(position) ?? 0);
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      await ledger.close();
    },
  };
}
