// tmail doctor: tries one thing after the other and says of each whether it works. Changes nothing, except with
// --rebuild the store's index; the mail itself is never touched.
import { access, constants } from 'node:fs/promises';
import { type Drop, isDue, messagesIn, onlyHere } from '../app/backup.ts';
import { sentence } from '../app/messages.ts';
import { notes } from '../app/notes.ts';
import { gmailPop, shownUser } from '../config/gmail.ts';
import { password } from '../config/secrets.ts';
import type { AccountConfig, Config, ServerSettings } from '../config/types.ts';
import { errnoOf, storageError } from '../store/disk.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import { type Context, knownAccount, type Mail, type OpenedStore } from './context.ts';
import { addressesOf, inspect, type Protocol } from './doctor-line.ts';
import { forgetUnreadable, summed } from './doctor-store.ts';
import { jsonLine } from './output.ts';
import { DONE, statusOf, worst } from './status.ts';

export type Step =
  | 'configuration'
  | 'password'
  | 'dns'
  | 'tls'
  | 'sign-in'
  | 'folders'
  | 'smtp-dns'
  | 'smtp-tls'
  | 'gmail'
  | 'backup'
  | 'store';

interface Outcome {
  readonly account: string | null;
  readonly step: Step;
  /** Null: not tried, because something that it needs failed. */
  readonly ok: boolean | null;
  readonly text: string;
  readonly code: string | null;
}

/** What a step found: its sentence, and what the next ones need. */
type Found<T> = { readonly text: string; readonly value: T };

export async function doctor(context: Context): Promise<number> {
  const { args } = context;
  const check = checker(context);
  const mail = await context.mail();
  const named = args.value('account');
  const accounts =
    named === undefined
      ? mail.config.accounts.filter(account => !account.disabled)
      : mail.config.accounts.filter(account => account.id === knownAccount(mail.config, named));
  if (args.has('rebuild')) {
    await check.run(null, 'store', () => rebuild(mail, context));
    return check.status();
  }
  await check.run(null, 'configuration', async () => ({
    text: notes.configChecked(mail.config.file ?? 'demo', mail.config.accounts.length),
    value: null,
  }));
  for (const account of accounts) await examine(check, context, mail, account);
  await check.run(null, 'store', async () => storeHealth(mail));
  return check.status();
}

interface Checker {
  /** Undefined: it failed, and that was printed. */
  run<T>(account: string | null, step: Step, work: () => Promise<Found<T>>): Promise<T | undefined>;
  skip(account: string, step: Step): Promise<void>;
  status(): number;
}

function checker({ args, output, signal }: Context): Checker {
  const statuses: number[] = [DONE];
  const print = ({ account, step, ok, text, code }: Outcome) =>
    args.has('json')
      ? output.out.bytes(jsonLine({ account, step, ok, text, code }))
      : output.out.line(notes.step(account, step, ok, text));
  return {
    async run(account, step, work) {
      signal.throwIfAborted();
      try {
        const { text, value } = await work();
        await print({ account, step, ok: true, text, code: null });
        return value;
      } catch (thrown) {
        signal.throwIfAborted();
        const error = asTmailError(thrown);
        if (error.code === 'output.closed') throw error;
        statuses.push(statusOf(error));
        await print({ account, step, ok: false, text: sentence(error), code: error.code });
        return undefined;
      }
    },
    skip: (account, step) => print({ account, step, ok: null, text: notes.skipped, code: null }),
    status: () => worst(statuses),
  };
}

async function examine(check: Checker, context: Context, mail: Mail, account: AccountConfig): Promise<void> {
  const { id, incoming, protocol } = account;
  const secret = await check.run(id, 'password', async () => {
    await password(account.auth, { env: context.env, signal: context.signal });
    return { text: notes.passwordFound(account.auth.t), value: true };
  });
  const secure = await line(check, context, id, incoming, protocol, ['dns', 'tls']);
  if (secret && secure) {
    const folders = await check.run(id, 'sign-in', async () => {
      const folders = await mail.signIn(id, context.signal);
      return { text: notes.signedIn(shownUser(incoming), incoming.host), value: folders };
    });
    if (folders) {
      await check.run(id, 'folders', async () => ({
        text: folders.maildrop ? notes.maildrop(folders.maildrop) : notes.folders(folders),
        value: null,
      }));
    } else await check.skip(id, 'folders');
  } else {
    await check.skip(id, 'sign-in');
    await check.skip(id, 'folders');
  }
  if (account.outgoing) await line(check, context, id, account.outgoing, 'smtp', ['smtp-dns', 'smtp-tls']);
  for (const { step, text } of await remarks(mail, account)) {
    await check.run(id, step, async () => ({ text, value: null }));
  }
}

/** What a person should know of an account whose mail is downloaded; no failures. */
export async function remarks(
  mail: Pick<Mail, 'reader' | 'config'>,
  account: AccountConfig,
): Promise<{ readonly step: Step; readonly text: string }[]> {
  if (account.protocol !== 'pop3') return [];
  const gmail = gmailPop(account.incoming);
  const backup = await backupText(mail, account);
  return [
    ...(gmail ? [{ step: 'gmail', text: notes.gmail(gmail.recent) } as const] : []),
    ...(backup === null ? [] : [{ step: 'backup', text: backup } as const]),
  ];
}

/** DNS and TLS of one server; true when both are fine. */
async function line(
  check: Checker,
  context: Context,
  account: string,
  server: ServerSettings,
  protocol: Protocol,
  [dns, tls]: readonly [Step, Step],
): Promise<boolean> {
  const addresses = await check.run(account, dns, async () => {
    const found = await addressesOf(server.host);
    return { text: notes.addresses(server.host, found), value: found };
  });
  if (!addresses) {
    await check.skip(account, tls);
    return false;
  }
  const connected = await check.run(account, tls, async () => {
    const facts = await inspect(server, protocol, context.signal);
    return { text: notes.connected(server, facts), value: true };
  });
  return connected === true;
}

/**
 * What would be lost with this disk, also where no server was ever asked; null: nothing, or it was exported lately. A
 * reminder, not a failure.
 */
async function backupText(
  mail: Pick<Mail, 'reader' | 'config'>,
  account: AccountConfig,
): Promise<string | null> {
  const reader = await mail.reader();
  try {
    if (!reader.accounts().includes(account.id)) return null;
    const kept = await reader.account(account.id);
    const only = onlyHere(account.id, messagesIn(kept.folders()), await drops(mail.config, reader));
    const exported = (await kept.exports?.last())?.at ?? null;
    const now = Date.now();
    return only !== null && only > 0 && isDue(exported, now) ? notes.backup(only, exported, now) : null;
  } finally {
    await reader.close();
  }
}

/** Of the accounts that are checked; as the ledgers say, which is as of their last checks. */
async function drops({ accounts }: Config, reader: OpenedStore): Promise<Drop[]> {
  const { lookAtMaildrops } = await import('../sync/pop3/looking.ts');
  const checked = accounts.filter(({ protocol, disabled }) => protocol === 'pop3' && !disabled);
  const facts = await lookAtMaildrops(checked, reader);
  // No check is under way: where none was ever finished, no server is known to have more than its memory says.
  return checked.map(config => ({ config, facts: facts.get(config.id) ?? null, checking: false }));
}

async function storeHealth(mail: Mail): Promise<Found<null>> {
  const health = summed(await (await mail.reader()).inspect());
  if (health.missing > 0 || health.damaged.length > 0) {
    const facts = { dir: mail.dir, missing: health.missing, damaged: health.damaged.join(', ') };
    throw new TmailError('storage', 'store.unhealthy', { facts });
  }
  await assertWritable(mail.dir);
  return { text: notes.store(mail.dir, health), value: null };
}

/** Writes nothing: asks. @throws TmailError `disk.read-only` */
async function assertWritable(dir: string): Promise<void> {
  try {
    await access(dir, constants.W_OK);
  } catch (error) {
    // One that is not there yet is made when it is needed.
    if (errnoOf(error) !== 'ENOENT') throw storageError(error, dir);
  }
}

async function rebuild(mail: Mail, { output, signal }: Context): Promise<Found<null>> {
  const store = await mail.owner();
  const troubles: TmailError[] = [];
  const unsubscribe = store.subscribe(event => {
    if (event.t === 'trouble') troubles.push(event.error);
  });
  try {
    let lost = await forgetUnreadable(store, signal);
    for (const id of store.accounts()) lost += (await store.rebuild(id)).missing;
    for (const trouble of troubles) await output.err.line(sentence(trouble));
    return { text: notes.rebuilt(mail.dir, summed(await store.inspect()), lost), value: null };
  } finally {
    unsubscribe();
    await store.close();
  }
}
