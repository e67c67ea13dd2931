// Where the configuration and the data live (XDG Base Directory). Touches no disk.
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The configuration file: `--config`, TMAIL_CONFIG, else below XDG_CONFIG_HOME. Absolute. */
export function configPath(
  env: Environment,
  flag?: string,
): { readonly path: string; readonly named: boolean } {
  const chosen = flag ?? (env.TMAIL_CONFIG || undefined);
  if (chosen !== undefined) return { path: resolve(chosen), named: true };
  return { path: join(base(env, 'XDG_CONFIG_HOME', '.config'), 'tmail', 'config.json'), named: false };
}

/** The data directory: `--data`, TMAIL_DATA, else below XDG_DATA_HOME. Absolute. */
export function dataPath(env: Environment, flag?: string): string {
  const chosen = flag ?? (env.TMAIL_DATA || undefined);
  return chosen === undefined
    ? join(base(env, 'XDG_DATA_HOME', join('.local', 'share')), 'tmail')
    : resolve(chosen);
}

/** A path from the configuration: `~` is the home folder, a relative one starts at the file's folder. */
export function expandPath(path: string, folder: string, env: Environment): string {
  if (path === '~') return home(env);
  if (path.startsWith('~/')) return join(home(env), path.slice(2));
  return resolve(folder, path);
}

function home(env: Environment): string {
  return env.HOME || homedir();
}

function base(env: Environment, variable: string, fallback: string): string {
  const value = env[variable];
  // The XDG specification: a relative path is to be ignored.
  return value && isAbsolute(value) ? value : join(home(env), fallback);
}
