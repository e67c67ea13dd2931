// Files into a draft: by a path with completion, by a paste that is a path, from a message; and files into its text.
import { open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DraftId } from '../../mail/compose/types.ts';
import type { MessageId } from '../../mail/types.ts';
import type { Outgoing } from '../../outgoing/types.ts';
import { asTmailError, TmailError } from '../../util/errors.ts';
import type { Core } from '../core.ts';
import { type LineLayer, replaceTop, topLayer } from '../state.ts';
import { expandHome, pastedPaths, typedPath } from './pasted-paths.ts';
import { act } from './typing.ts';
import { changeWriting, withAttachment } from './writing.ts';

/** Names that are offered for a path. */
const NAMES = 200;
/** A file in the text that is larger than this is an attachment. */
const TEXT_BYTES = 4 * 1024 * 1024;

export interface Attaching {
  files(draft: DraftId, paths: readonly string[]): void;
  parts(draft: DraftId, parts: readonly { readonly message: MessageId; readonly n: number | null }[]): void;
  /** The files that a person meant by this line. */
  typed(draft: DraftId, text: string): void;
  /** Looks up what the path in the prompt could go on with. */
  complete(prompt: LineLayer): void;
  /** The text of a file, handed to `put`. */
  insert(path: string, put: (text: string) => void): void;
  /** A paste: text, or the paths of files that are there, which is asked about. */
  pasted(text: string, offer: (paths: readonly string[]) => void): void;
}

export function createAttaching(core: Core): Attaching {
  const { change, track } = core;
  const { outgoing } = core.deps;

  /** The draft can't be sent before `work` has ended. */
  const awaited = (draft: DraftId, work: Promise<void>) => {
    const waiting = (by: number) =>
      change(state => changeWriting(state, draft, each => ({ ...each, attaching: each.attaching + by })));
    waiting(1);
    track(work.finally(() => waiting(-1)));
  };

  const add = (draft: DraftId, copy: (outgoing: Outgoing) => ReturnType<Outgoing['attachFile']>) => {
    if (!outgoing) return;
    const copied = copy(outgoing).then(attachment =>
      change(state => changeWriting(state, draft, each => withAttachment(each, attachment))),
    );
    awaited(draft, copied);
  };

  const files: Attaching['files'] = (draft, paths) => {
    for (const path of paths) add(draft, out => out.attachFile(draft, path));
  };

  return {
    files,
    parts(draft, parts) {
      for (const { message, n } of parts) add(draft, out => out.attachPart(draft, message, n));
    },
    typed(draft, text) {
      const found = asTyped(text).then(path =>
        files(draft, path === null ? (pastedPaths(text) ?? [typedPath(text)]) : [path]),
      );
      awaited(draft, found);
    },
    complete(prompt) {
      if (prompt.about === 'find') return;
      const { text } = prompt.field;
      track(
        namesFor(text).then(choices =>
          change(state => {
            const layer = topLayer(state);
            // What was typed meanwhile has its own answer.
            if (layer.t !== 'line' || layer.field.text !== text) return state;
            return replaceTop(state, { ...layer, choices, cursor: -1 });
          }),
        ),
      );
    },
    insert(path, put) {
      track(
        asTyped(path)
          .then(found => readText(found ?? typedPath(path)))
          .then(put),
      );
    },
    pasted(text, offer) {
      const paths = pastedPaths(text);
      const insert = () => change(state => act(state, { t: 'paste-text', text }));
      if (!paths) {
        insert();
        return;
      }
      track(areFiles(paths).then(yes => (yes ? offer(paths) : insert())));
    },
  };
}

/** The path with every character as it was typed, a backslash as well; null: nothing is there, so it may be escaped. */
async function asTyped(text: string): Promise<string | null> {
  const path = expandHome(text);
  return stat(path).then(
    () => path,
    () => null,
  );
}

async function areFiles(paths: readonly string[]): Promise<boolean> {
  const found = await Promise.all(
    paths.map(path =>
      stat(path).then(
        file => file.isFile(),
        () => false,
      ),
    ),
  );
  return found.every(Boolean);
}

/** Names in the folder that the path is in, that go on with what is typed; folders end in a slash. */
async function namesFor(typed: string): Promise<readonly string[]> {
  const path = expandHome(typed);
  const folder = path.endsWith('/') ? path : dirname(path);
  const start = path.endsWith('/') ? '' : path.slice(path.lastIndexOf('/') + 1);
  const shown = typed.endsWith('/') ? typed : typed.slice(0, typed.lastIndexOf('/') + 1);
  const entries = await readdir(folder === '' ? '.' : folder, { withFileTypes: true }).catch(() => []);
  const found = entries
    .filter(({ name }) => name.startsWith(start) && (start.startsWith('.') || !name.startsWith('.')))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, NAMES);
  return Promise.all(
    found.map(async entry => {
      const linked = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => null) : null;
      return `${shown}${entry.name}${(linked ?? entry).isDirectory() ? '/' : ''}`;
    }),
  );
}

/** @throws TmailError attach.missing, attach.unreadable, attach.directory, insert.too-large, insert.no-text */
async function readText(path: string): Promise<string> {
  const facts = { path };
  try {
    const file = await open(path, 'r');
    try {
      const found = await file.stat();
      if (found.isDirectory()) throw new TmailError('storage', 'attach.directory', { facts });
      if (!found.isFile() || found.size > TEXT_BYTES)
        throw new TmailError('storage', 'insert.too-large', { facts });
      const bytes = await file.readFile();
      if (bytes.includes(0)) throw new TmailError('storage', 'insert.no-text', { facts });
      try {
        return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      } catch {
        return bytes.toString('latin1');
      }
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (thrown instanceof TmailError) throw thrown;
    const missing = (thrown as NodeJS.ErrnoException).code === 'ENOENT';
    if (missing) throw new TmailError('storage', 'attach.missing', { facts, cause: thrown });
    const reason = asTmailError(thrown).facts.text;
    throw new TmailError('storage', 'attach.unreadable', { facts: { ...facts, reason }, cause: thrown });
  }
}
