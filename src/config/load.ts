// Reads, checks and explains the configuration file. Never prints, never asks a server, never runs a command.
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type ErrorFacts, TmailError } from '../util/errors.ts';
import { type JsonNode, parseJson } from './json.ts';
import { configPath, type Environment, expandPath } from './paths.ts';
import { resolveConfig } from './resolve.ts';
import { configShape } from './schema.ts';
import { Findings } from './shape.ts';
import type { Config } from './types.ts';

/** No hand-written configuration comes near; keeps a wrong path such as /dev/zero from filling memory. */
const FILE_BYTES = 1024 * 1024;

export interface LoadedConfig {
  readonly config: Config;
  /** Odd but allowed; each says where. */
  readonly warnings: readonly TmailError[];
}

/**
 * @throws TmailError `config.none` (no file at the default place), `config.file-missing` (the named file is not
 * there), `config.unreadable`, `config.too-large`, `config.syntax`, or `config.invalid`: `configErrors` gives
 * everything that is wrong, each with file, line, column and path.
 */
export async function loadConfig(options: {
  readonly file?: string | undefined;
  readonly env: Environment;
}): Promise<LoadedConfig> {
  const { path, named } = configPath(options.env, options.file);
  const { text, mode } = await readText(path, named);
  const { config, warnings, findings, root } = checkConfig(text, path, options.env);
  const plain = config.accounts.find(
    account => account.auth.t === 'plain' || account.outgoingAuth.t === 'plain',
  );
  if (plain && (mode & 0o077) !== 0 && process.platform !== 'win32') {
    const facts = { account: plain.id, mode: (mode & 0o777).toString(8).padStart(4, '0') };
    return {
      config,
      warnings: [findings.error('config.world-readable', 'accounts', root.at, facts), ...warnings],
    };
  }
  return { config, warnings };
}

/** Checks a file's text as if it stood at `file`. @throws TmailError `config.syntax`, `config.invalid` */
export function checkConfig(
  text: string,
  file: string,
  env: Environment,
): LoadedConfig & { readonly findings: Findings; readonly root: JsonNode } {
  const findings = new Findings(file, text);
  const root = parse(text, file);
  const raw = configShape.read(root, '', findings);
  if (raw === undefined) {
    throw new TmailError('config', 'config.invalid', {
      facts: { file, count: findings.errors.length },
      cause: new AggregateError(findings.errors),
    });
  }
  const warnings: TmailError[] = [];
  const warn = (code: string, path: string, facts: ErrorFacts) => {
    warnings.push(findings.error(code, path, offsetOf(root, path.split('.')), facts));
  };
  const folder = dirname(file);
  const config = resolveConfig(raw, file, path => expandPath(path, folder, env), warn);
  return { config, warnings, findings, root };
}

/** Everything that `config.invalid` stands for; the error itself for any other. */
export function configErrors(error: TmailError): readonly TmailError[] {
  if (error.code !== 'config.invalid' || !(error.cause instanceof AggregateError)) return [error];
  return error.cause.errors.filter(found => found instanceof TmailError);
}

function parse(text: string, file: string): JsonNode {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof TmailError)) throw error;
    throw new TmailError('config', error.code, { facts: { file, ...error.facts } });
  }
}

/** Where a path stands; account ids may hold dots, so the longest key that fits is taken. */
function offsetOf(node: JsonNode, path: readonly string[]): number {
  if (node.t !== 'object' || path.length === 0) return node.at;
  for (let n = path.length; n > 0; n--) {
    const key = path.slice(0, n).join('.');
    const entry = node.entries.find(entry => entry.key === key);
    if (entry) return offsetOf(entry.value, path.slice(n));
  }
  return node.at;
}

async function readText(path: string, named: boolean): Promise<{ text: string; mode: number }> {
  try {
    await using file = await open(path, 'r');
    const { mode } = await file.stat();
    const buffer = Buffer.alloc(FILE_BYTES + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      length += bytesRead;
      if (bytesRead === 0 || length > FILE_BYTES) break;
    }
    if (length > FILE_BYTES) {
      throw new TmailError('config', 'config.too-large', { facts: { file: path, limit: FILE_BYTES } });
    }
    return { text: buffer.toString('utf8', 0, length), mode };
  } catch (error) {
    if (error instanceof TmailError) throw error;
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (reason === 'ENOENT') {
      throw new TmailError('config', named ? 'config.file-missing' : 'config.none', {
        facts: { file: path },
      });
    }
    throw new TmailError('config', 'config.unreadable', { facts: { file: path, reason } });
  }
}
