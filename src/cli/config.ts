// tmail config: check, path, schema.
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { sentence } from '../app/messages.ts';
import { notes } from '../app/notes.ts';
import { configPath } from '../config/paths.ts';
import { jsonSchema } from '../config/schema.ts';
import type { AccountConfig } from '../config/types.ts';
import { TmailError } from '../util/errors.ts';
import { nearest } from '../util/nearest.ts';
import { usage } from './arguments.ts';
import type { Context } from './context.ts';
import { DONE, USAGE } from './status.ts';

const WORDS = ['check', 'path', 'schema'];

export async function config(context: Context): Promise<number> {
  const { args, env, output } = context;
  const word = args.words[0] ?? 'check';
  if (word === 'path') {
    await output.out.line(configPath(env, args.value('config')).path);
    return DONE;
  }
  if (word === 'schema') {
    await output.out.bytes(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
    return DONE;
  }
  if (word !== 'check') throw usage('cli.unknown-word', 'config', { word, suggestion: nearest(word, WORDS) });
  return check(context);
}

async function check({ load, output }: Context): Promise<number> {
  const { config } = await load();
  const errors = (await Promise.all(config.accounts.map(fileErrors))).flat();
  for (const error of errors) await output.err.line(sentence(error));
  if (errors.length > 0) return USAGE;
  await output.out.line(notes.configChecked(config.file ?? '', config.accounts.length));
  return DONE;
}

/** Files that the configuration names: password files must be private, certificates readable. */
async function fileErrors(account: AccountConfig): Promise<TmailError[]> {
  const found: TmailError[] = [];
  for (const auth of new Set([account.auth, account.outgoingAuth])) {
    if (auth.t === 'file') found.push(...(await passwordFileErrors(account.id, auth.path)));
  }
  const paths = [account.incoming.tls.ca, account.outgoing?.tls.ca];
  for (const path of new Set(paths.filter(path => path !== undefined))) {
    const readable = await access(path, constants.R_OK).then(
      () => true,
      () => false,
    );
    if (!readable) {
      found.push(new TmailError('config', 'config.ca-missing', { facts: { account: account.id, path } }));
    }
  }
  return found;
}

async function passwordFileErrors(account: string, path: string): Promise<TmailError[]> {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile()) return [new TmailError('auth', 'secret.file-missing', { facts: { account, path } })];
  if ((found.mode & 0o077) === 0 || process.platform === 'win32') return [];
  const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
  return [new TmailError('auth', 'secret.file-mode', { facts: { account, path, mode } })];
}
