// The way out for tests: a real store, a scripted submission server, and an IMAP and a POP3 account without servers.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { AccountConfig, Config } from '../../src/config/types.ts';
import type { Draft } from '../../src/mail/compose/types.ts';
import { createOutgoing, type LocalOutgoing, type OutgoingDeps } from '../../src/outgoing/outgoing.ts';
import type { OutboxItem } from '../../src/outgoing/types.ts';
import { type LocalStore, openStore, type StoreOptions } from '../../src/store/store.ts';
import type { FolderStore, StoreEvent } from '../../src/store/types.ts';
import { ensureFolders } from '../../src/sync/pop3/folders.ts';
import { openSmtp, type SmtpLimits } from '../../src/sync/smtp/client.ts';
import { createParser } from '../../src/worker/client.ts';
import { type ScriptedSmtp, type SmtpScript, startScriptedSmtp } from '../servers/smtp.ts';
import { info, MEMORY } from '../store/harness.ts';

export const SHORT: SmtpLimits = {
  connectMs: 2000,
  setUpMs: 2000,
  commandMs: 500,
  endMs: 500,
  messageMs: 5000,
};

export function accountFor(
  id: string,
  protocol: 'imap' | 'pop3',
  port: number,
  more: Partial<AccountConfig> = {},
): AccountConfig {
  const server = { host: '127.0.0.1', port, security: 'none' as const, user: 'ada', tls: {} };
  const auth = { t: 'plain' as const, password: 'secret' };
  return {
    id,
    email: `ada@${id}.example`,
    name: 'Ada Lovelace',
    protocol,
    incoming: server,
    outgoing: server,
    auth,
    outgoingAuth: auth,
    offline: 'all',
    serverCopy: protocol === 'pop3' ? 'keep' : null,
    disabled: false,
    ...more,
  };
}

export function configOf(...accounts: AccountConfig[]): Config {
  const ui = { colors: 'auto', borders: 'auto', markReadAfter: 0, keys: {} } as const;
  return { file: null, accounts, defaultAccount: accounts[0]?.id ?? null, ui };
}

export interface World {
  readonly dir: string;
  readonly store: LocalStore;
  readonly smtp: ScriptedSmtp;
  readonly config: Config;
  readonly events: StoreEvent[];
  readonly outgoing: LocalOutgoing;
  draft(more?: Partial<Draft>): Draft;
  /** Waits until it holds, looking again at each change. */
  until(holds: () => boolean | Promise<boolean>, what?: string): Promise<void>;
  item(id: string): OutboxItem | undefined;
  folder(account: string, role: string): Promise<FolderStore>;
  subjects(account: string, role: string): Promise<string[]>;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly dir?: string;
  readonly smtp?: ScriptedSmtp;
  readonly script?: SmtpScript;
  readonly deps?: Partial<OutgoingDeps>;
  readonly accounts?: (port: number) => AccountConfig[];
  readonly store?: Partial<StoreOptions>;
  readonly limits?: SmtpLimits;
  /** Without the folders of the IMAP account. */
  readonly bare?: boolean;
}

export async function openWorld(t: TestContext, options: WorldOptions = {}): Promise<World> {
  const dir = options.dir ?? (await mkdtemp(join(MEMORY, 'tmail-outgoing-')));
  const smtp = options.smtp ?? (await startScriptedSmtp(options.script));
  const store = await openStore({ dir, mode: 'owner', ...options.store });
  const events: StoreEvent[] = [];
  store.subscribe(event => events.push(event));
  const accounts = options.accounts?.(smtp.port) ?? [
    accountFor('work', 'imap', smtp.port),
    accountFor('home', 'pop3', smtp.port),
  ];
  const config = configOf(...accounts);
  for (const account of accounts) {
    const kept = await store.account(account.id);
    if (account.protocol === 'pop3') await ensureFolders(kept);
    else if (!options.bare && kept.folders().length === 0) {
      await kept.setFolders([
        info('INBOX', { role: 'inbox' }),
        info('Sent', { role: 'sent' }),
        info('Drafts', { role: 'drafts' }),
      ]);
    }
  }
  const parser = createParser({ workerUrl: null });
  const outgoing = createOutgoing({
    config,
    store,
    engines: [],
    parser: () => parser,
    password: async () => 'secret',
    openSmtp: (account, signal) => {
      if (!account.outgoing) throw new Error('no server');
      const limits = options.limits ?? SHORT;
      return openSmtp({ server: account.outgoing, password: async () => 'secret', limits }, signal);
    },
    ...options.deps,
  });
  let n = 0;
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await outgoing.close();
    await parser.close();
    await store.close().catch(() => undefined);
    if (!options.smtp) await smtp.stop();
    // Not by a hook of its own: those run in the order in which they were made.
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
  };
  t.after(close);
  const folder = async (account: string, role: string) => {
    const kept = await store.account(account);
    const id = kept.folders().find(each => each.role === role)?.id ?? `${account}:0`;
    const opened = await kept.folder(id);
    await opened.loadAll();
    return opened;
  };
  return {
    dir,
    store,
    smtp,
    config,
    events,
    outgoing,
    close,
    folder,
    draft: more => ({
      id: outgoing.newDraftId(),
      account: 'work',
      from: 'Ada Lovelace <ada@work.example>',
      to: 'Grace <grace@example.org>',
      cc: '',
      bcc: '',
      replyTo: '',
      subject: `message ${++n}`,
      text: 'Hello.\n',
      format: 'plain',
      attachments: [],
      inReplyTo: '',
      references: [],
      origin: null,
      dsn: false,
      replaces: null,
      resend: null,
      created: n,
      changed: n,
      ...more,
    }),
    item: id => outgoing.outbox().find(each => each.id === id),
    async subjects(account, role) {
      const found: string[] = [];
      for await (const { envelope } of (await folder(account, role)).scan()) found.push(envelope.subject);
      return found;
    },
    async until(holds, what = 'it') {
      const deadline = Date.now() + 10_000;
      let wake: () => void = () => undefined;
      const stop = outgoing.subscribe(() => wake());
      try {
        while (!(await holds())) {
          if (Date.now() > deadline) {
            throw new Error(`waited in vain for ${what}: ${JSON.stringify(outgoing.outbox())}`);
          }
          await new Promise<void>(resolve => {
            wake = resolve;
            setTimeout(resolve, 25);
          });
        }
      } finally {
        stop();
      }
    },
  };
}
