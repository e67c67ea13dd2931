// The demo: embedded IMAP and SMTP servers with a believable mailbox, reached like any other account.
// Loaded only with --demo and by tests; knows nothing of the store, the engine or the screen.
import type { Config, ServerSettings } from '../config/types.ts';
import { type ImapServer, startImapServer } from './imap-server.ts';
import { arrival } from './mailbox/arrivals.ts';
import { compose } from './mailbox/compose.ts';
import { DEMO_FOLDERS, demoMailbox } from './mailbox/mailbox.ts';
import { ada } from './mailbox/people.ts';
import { startSmtpServer } from './smtp-server.ts';

export interface Demo {
  /** One account, `demo`; no file. */
  readonly config: Config;
  /** For tests: to look into the mailbox and to change it as another client would. */
  readonly imap: ImapServer;
  /** The next new mail arrives now. */
  arrive(): void;
  /** Drops all connections. Repeatable. */
  stop(): Promise<void>;
}

export interface DemoOptions {
  /** What the dates of the mail count back from. */
  readonly now?: Date;
  /** Milliseconds until the nth new mail arrives after the one before; null: none does. */
  readonly arrivals?: ((n: number) => number) | null;
}

const USER = 'ada';
const PASSWORD = 'demo';
/** How much of the account's room is used at the beginning. */
const FILLED = 0.62;
/** Arrivals while one looks round; later ones are rare. */
const LIVELY = 10;

/** First after 8 s, then every 20–40 s (no need for chance: it only must not look like a clock), then every 6 min. */
export function usualPace(n: number): number {
  if (n === 0) return 8_000;
  return n < LIVELY ? 20_000 + ((n * 7_919) % 20_000) : 360_000;
}

/** Under 150 ms. The servers' timers do not keep the process alive, their connections do. */
export async function startDemo(options: DemoOptions = {}): Promise<Demo> {
  const mail = [...demoMailbox(options.now ?? new Date())];
  const bytes = mail.reduce((sum, { raw }) => sum + raw.length, 0);
  const quota = Math.ceil(bytes / FILLED / 1024);
  const imap = await startImapServer({ users: { [USER]: PASSWORD }, mailboxes: DEMO_FOLDERS, quota });
  for (const { folder, raw, flags, date } of mail) imap.deliver(folder, raw, flags, date);
  const smtp = await startSmtpServer({
    user: USER,
    password: PASSWORD,
    received(raw, recipients) {
      if (recipients.some(one => one.toLowerCase() === ada.email)) imap.deliver('INBOX', raw);
    },
  });

  let arrived = 0;
  function arrive(): void {
    const { folder, mail } = arrival(arrived++, new Date());
    imap.deliver(folder, compose(mail));
  }

  let timer: NodeJS.Timeout | undefined;
  const pace = options.arrivals === undefined ? usualPace : options.arrivals;
  function expect(n: number): void {
    if (!pace) return;
    timer = setTimeout(() => {
      arrive();
      expect(n + 1);
    }, pace(n));
    timer.unref();
  }
  expect(0);

  const server = (port: number): ServerSettings => ({
    host: '127.0.0.1',
    port,
    security: 'none',
    user: USER,
    tls: {},
  });
  return {
    imap,
    arrive,
    config: {
      file: null,
      accounts: [
        {
          id: 'demo',
          email: ada.email,
          name: ada.name,
          protocol: 'imap',
          incoming: server(imap.port),
          outgoing: server(smtp.port),
          auth: { t: 'plain', password: PASSWORD },
          outgoingAuth: { t: 'plain', password: PASSWORD },
          offline: 'all',
          serverCopy: null,
          disabled: false,
        },
      ],
      defaultAccount: 'demo',
      ui: { colors: 'auto', borders: 'auto', markReadAfter: 0, keys: {} },
    },
    async stop() {
      clearTimeout(timer);
      await Promise.all([imap.stop(), smtp.stop()]);
    },
  };
}
