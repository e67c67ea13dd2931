// The seam between the command line and the screen: everything that the screen needs to know to start.
import type { Environment } from '../config/paths.ts';
import type { Config } from '../config/types.ts';
import { TmailError } from '../util/errors.ts';

export interface TuiOptions {
  /** Null: no configuration yet (the first screen), or the demo. */
  readonly config: Config | null;
  /** What is odd in the configuration; nothing was printed about it. */
  readonly warnings: readonly TmailError[];
  /** Where the configuration is looked for. */
  readonly configPath: string;
  readonly dataDir: string;
  /** As on the command line; not checked against the configuration. */
  readonly account: string | null;
  readonly folder: string | null;
  readonly demo: boolean;
  readonly offline: boolean;
  readonly env: Environment;
  readonly version: string;
}

/** Takes over the terminal until the person quits. Resolves with the exit status. */
export async function startTui(_options: TuiOptions): Promise<number> {
  throw new TmailError('config', 'cli.not-available', { facts: { word: '' } });
}
