// Sentences about operations that a server refused or could not do any more: which message, what happened, what was
// kept, which key is next. Facts are sanitised here: they may be a server's or a mail's words.
import { sanitize } from '../mail/sanitize.ts';
import type { Operation } from '../store/types.ts';
import type { TmailError } from '../util/errors.ts';
import { sentence } from './messages.ts';

export interface Refusal {
  readonly operation: Operation;
  readonly error: TmailError;
  /** Names of folders, as they are shown. Hostile text. */
  readonly folder: string;
  readonly to: string;
}

const quoted = (text: string): string => `"${sanitize(text).trim() || '(no subject)'}"`;
const name = (text: string): string => sanitize(text).trim() || '(no name)';

/** `is gone`, `are gone`. */
type Clause = (many: boolean, refusal: Refusal) => string;

/** Behind "because"; what is not here has the sentence of its error. */
const REASONS: Readonly<Record<string, Clause>> = {
  'imap.message-lost': many => `${many ? 'they were' : 'it was'} not on the server any more`,
  'imap.no-folder': (_, refusal) => `the server has no folder "${name(missing(refusal))}" (any more)`,
  'imap.read-only': (_, { folder }) => `"${name(folder)}" can't be changed on the server`,
  'imap.quota': () => 'the mailbox on the server is full',
  'imap.over-quota': () => 'the mailbox on the server is full',
  'imap.permission': () => 'the server does not allow it',
  'imap.no': () => 'the server refused',
  'imap.folder-refused': () => 'the server refused',
  'imap.folder-not-empty': () => 'there is mail in it on the server that did not move to Trash',
  'imap.not-moved': many =>
    `the server said that ${many ? 'they were' : 'it was'}, but ${many ? 'they are' : 'it is'} still there`,
  'imap.not-copied': many =>
    `the server said that ${many ? 'they were' : 'it was'}, but the ${many ? 'copies are' : 'copy is'} not there`,
  'imap.flag-not-kept': (_, { folder, error }) =>
    `the server does not keep ${name(String(error.facts.flags ?? 'this'))} in "${name(folder)}"`,
  'imap.uidvalidity': () => 'the server numbered its messages anew',
};

/** Of a folder that is gone the server's side knows only the number. */
function missing({ operation, error, folder, to }: Refusal): string {
  const told = String(error.facts.folder ?? '');
  if (told === operation.folder) return folder;
  return 'to' in operation && told === operation.to ? to : told;
}

const NEXT: Readonly<Record<string, string>> = {
  'imap.quota': '@ then f shows what fills it.',
  'imap.over-quota': '@ then f shows what fills it.',
  'imap.no-folder': 's moves to another folder.',
  'imap.permission': 's moves to another folder.',
};

function deed({ operation, to, folder }: Refusal): string {
  switch (operation.t) {
    case 'move':
      return `not moved to ${name(to)}`;
    case 'copy':
      return `not copied to ${name(to)}`;
    case 'delete':
      return `not deleted from ${name(folder)}`;
    case 'append':
      return `not put into ${name(folder)} on the server`;
    case 'flags':
      return `not marked in ${name(folder)}`;
    case 'folder-create':
      return `the folder "${name(operation.path)}" was not made`;
    case 'folder-rename':
      return `the folder "${name(operation.from)}" was not renamed`;
    case 'folder-delete':
      return `the folder "${name(operation.path)}" was not deleted`;
    case 'folder-subscribe':
      return `"${name(operation.path)}" was not ${operation.subscribed ? 'subscribed to' : 'unsubscribed from'}`;
  }
}

/** Where it is now. */
function kept(refusal: Refusal, many: boolean): string {
  const { operation, error, folder } = refusal;
  const lost = error.code === 'imap.message-lost';
  const they = many ? 'They are' : 'It is';
  switch (operation.t) {
    case 'move':
    case 'delete':
      return lost ? `${they} gone from here too.` : `${they} in ${name(folder)} again.`;
    case 'copy':
      return lost ? `${they} gone from here too.` : 'No copy was made.';
    case 'append':
      return `${they} kept here.`;
    case 'flags':
      return lost ? `${they} gone from here too.` : 'That was taken back here.';
    default:
      return 'That was taken back here.';
  }
}

function because(refusal: Refusal, many: boolean): string {
  const { error } = refusal;
  const clause = REASONS[error.code];
  const text = error.facts.text;
  const said = text ? ` The server said: "${sanitize(String(text)).trim()}"` : '';
  if (clause) return `, because ${clause(many, refusal)}. ${kept(refusal, many)}${said}`;
  return `: ${sentence(error)} ${kept(refusal, many)}`;
}

function next({ error }: Refusal): string {
  const key = NEXT[error.code];
  return key === undefined ? '' : ` ${key}`;
}

/** About one message, or about a folder. */
export function refusalText(refusal: Refusal, subject: string): string {
  const what = refusal.operation.t.startsWith('folder-') ? '' : `${quoted(subject)} was `;
  const text = `${what}${deed(refusal)}${because(refusal, false)}${next(refusal)}`;
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** About several at once; the log names them. */
export function refusalsText(refusal: Refusal, count: number): string {
  return `${count} messages were ${deed(refusal)}${because(refusal, true)}${next(refusal)} :log names them.`;
}

/** Several that have nothing in common. */
export function mixedText(count: number): string {
  return `${count} changes were not made on the server; what that means for each is in :log.`;
}
