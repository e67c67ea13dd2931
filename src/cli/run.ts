// Runs one command: reads the arguments, gives it what it asks for, and turns what it throws into one sentence
// on standard error and an exit status.
import { sentence } from '../app/messages.ts';
import { configErrors, type LoadedConfig, loadConfig } from '../config/load.ts';
import { configPath, dataPath, type Environment } from '../config/paths.ts';
import { asTmailError, cancelled, TmailError } from '../util/errors.ts';
import { type Arguments, type CommandName, parseArguments } from './arguments.ts';
import { type Context, knownAccount, type Mail } from './context.ts';
import type { Output } from './output.ts';
import { DONE, statusOf } from './status.ts';

export interface RunOptions {
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly output: Output;
  readonly version: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Called before the screen takes over the terminal and its signals. */
  readonly beforeScreen: () => void;
}

/** Never throws. Resolves with the exit status when everything is closed and written. */
export async function run(options: RunOptions): Promise<number> {
  try {
    const wish = parseArguments(options.argv, options.version);
    if (wish.t === 'run') return await runCommand(wish.args, options);
    await options.output.out.bytes(wish.text);
    return DONE;
  } catch (thrown) {
    const error = options.signal.aborted ? cancelled() : asTmailError(thrown);
    await complain(options.output, error);
    return statusOf(error);
  }
}

async function complain(output: Output, error: TmailError): Promise<void> {
  if (error.kind === 'cancelled') return;
  try {
    for (const found of configErrors(error)) await output.err.line(sentence(found));
  } catch {
    // Standard error is gone too; the exit status still tells.
  }
}

async function runCommand(args: Arguments, options: RunOptions): Promise<number> {
  const { env, output, signal } = options;
  const closing: (() => Promise<void>)[] = [];
  const load = async (): Promise<LoadedConfig> => {
    const loaded = await loadConfig({ file: args.value('config'), env });
    for (const warning of loaded.warnings) await output.err.line(sentence(warning));
    return loaded;
  };
  let opened: Promise<Mail> | undefined;
  const openMail = async (): Promise<Mail> => {
    const { demoMail, ownMail } = await import('./mail.ts');
    const mail = args.has('demo')
      ? await demoMail({ env, signal })
      : await ownMail({ env, signal, dir: dataPath(env, args.value('data')), load });
    closing.push(() => mail.close());
    return mail;
  };
  const mail = () => {
    opened ??= openMail();
    return opened;
  };
  const context: Context = { args, output, env, signal, load, mail };
  try {
    return await (args.command === null ? screen(args, options) : perform(args.command, context));
  } finally {
    for (const close of closing) await close();
  }
}

async function perform(command: CommandName, context: Context): Promise<number> {
  switch (command) {
    case 'config':
      return (await import('./config.ts')).config(context);
    case 'list':
      return (await import('./list.ts')).list(context);
    case 'show':
      return (await import('./show.ts')).show(context);
    case 'unread':
      return (await import('./unread.ts')).unread(context);
    case 'flag':
      return (await import('./flag.ts')).flag(context);
    case 'move':
      return (await import('./move.ts')).move(context);
    case 'archive':
      return (await import('./archive.ts')).archive(context);
    case 'delete':
      return (await import('./delete.ts')).deleteCommand(context);
    case 'save':
      return (await import('./save.ts')).save(context);
    case 'sync':
      return (await import('./sync.ts')).sync(context);
    case 'export':
      return (await import('./export.ts')).exportCommand(context);
    case 'import':
      return (await import('./import.ts')).importCommand(context);
    case 'send':
      return (await import('./send.ts')).send(context);
    case 'outbox':
      return (await import('./outbox.ts')).outbox(context);
    case 'doctor':
      return (await import('./doctor.ts')).doctor(context);
  }
}

async function screen(args: Arguments, { env, output, beforeScreen }: RunOptions): Promise<number> {
  if (!output.out.terminal || !process.stdin.isTTY) throw new TmailError('config', 'cli.no-terminal');
  const configFile = configPath(env, args.value('config'));
  const loaded = args.has('demo') ? null : await loadOrNone(args, env);
  const account = args.value('account') ?? null;
  if (loaded && account !== null) knownAccount(loaded.config, account);
  const { startTui } = await import('./tui.ts');
  beforeScreen();
  return startTui({
    config: loaded?.config ?? null,
    warnings: loaded?.warnings ?? [],
    configPath: configFile.path,
    dataDir: dataPath(env, args.value('data')),
    account,
    folder: args.value('folder') ?? null,
    demo: args.has('demo'),
    offline: args.has('offline'),
    env,
  });
}

/** Null: there is no configuration yet, and none was named. */
async function loadOrNone(args: Arguments, env: Environment): Promise<LoadedConfig | null> {
  try {
    return await loadConfig({ file: args.value('config'), env });
  } catch (error) {
    if (error instanceof TmailError && error.code === 'config.none') return null;
    throw error;
  }
}
