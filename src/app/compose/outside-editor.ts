// The text in another program: VISUAL or EDITOR, on a private file, without a shell. Whatever becomes of that program,
// the text that was there before is not lost by it.
import { spawn } from 'node:child_process';
import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TmailError } from '../../util/errors.ts';
import { shellWords } from './pasted-paths.ts';

/** A larger file is no mail any more. */
const MAX_BYTES = 16 * 1024 * 1024;

/** The program and its arguments; `vi` where nobody names one, as POSIX has it. */
export function editorCommand(env: NodeJS.ProcessEnv): readonly string[] {
  const named = [env.VISUAL, env.EDITOR].find(value => value !== undefined && value.trim() !== '');
  const words = named === undefined ? null : shellWords(named);
  return words && words.length > 0 ? words.map(word => word.text) : ['vi'];
}

export interface Outcome {
  /** What is in the file now. */
  readonly text: string;
  readonly changed: boolean;
  /** It ended as a program does that was content. */
  readonly ok: boolean;
}

/**
 * Runs the editor in the terminal as it is until it ends. The caller has given the terminal away.
 * @throws TmailError editor.missing {program}, editor.failed {program, reason}, editor.too-large; disk trouble
 */
export async function editOutside(text: string, name: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const [program = 'vi', ...rest] = editorCommand(env);
  const folder = await mkdtemp(join(env.TMPDIR || tmpdir(), 'tmail-edit-'));
  try {
    const path = join(folder, name);
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(text.endsWith('\n') || text === '' ? text : `${text}\n`);
    } finally {
      await file.close();
    }
    const ok = await run(program, [...rest, path], env);
    const { size } = await stat(path).catch(() => ({ size: 0 }));
    if (size > MAX_BYTES) throw new TmailError('storage', 'editor.too-large', { facts: { program } });
    // A file that is gone counts as empty: the caller asks.
    const now = (await readFile(path, 'utf8').catch(() => '')).replace(/\r\n?/g, '\n');
    // The line end that every editor puts at the end is not the person's.
    const read = text.endsWith('\n') ? now : now.replace(/\n$/, '');
    return { text: read, changed: read !== text, ok };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', env });
    child.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code === 'ENOENT' ? 'editor.missing' : 'editor.failed';
      reject(new TmailError('config', code, { facts: { program, reason: error.code ?? '' }, cause: error }));
    });
    child.on('exit', status => resolve(status === 0));
  });
}
