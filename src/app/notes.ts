// Sentences for a person that are no errors: results of commands, and what the doctor found. Facts are sanitised here.
import { GMAIL_POP_SETTING } from '../config/gmail.ts';
import type { Offline } from '../config/types.ts';
import { sanitize } from '../mail/sanitize.ts';

function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** `7 B`, `12 kB`, `3.4 MB`. */
export function bytesText(size: number): string {
  if (size < 1000) return `${size} B`;
  if (size < 1_000_000) return `${Math.round(size / 1000)} kB`;
  return size < 1_000_000_000
    ? `${(size / 1_000_000).toFixed(1)} MB`
    : `${(size / 1_000_000_000).toFixed(1)} GB`;
}

/** Of what was done to a server's folder without the server. */
const WAITS = 'The server hears of it when it can be reached. ';

const PASSWORD_FROM: Readonly<Record<string, string>> = {
  command: 'by its command',
  env: 'in the environment',
  file: 'in its file',
  plain: 'in the configuration',
};

const EXPORT_FORMATS: Readonly<Record<string, string>> = {
  maildir: 'Maildir',
  mbox: 'mbox files',
  eml: '.eml files, which any disk takes',
};

/** Why an import did not read something. */
const REFUSED: Readonly<Record<string, string>> = {
  link: 'a link',
  'not-a-file': 'not a file',
  depth: 'too many folders within folders',
};

const OUTBOX_STATES: Readonly<Record<string, string>> = {
  undo: 'It waits in the outbox',
  queued: 'It waits in the outbox, and is tried again by itself or by tmail sync',
  sending: 'It is being sent',
  sent: 'Sent',
  failed: 'It was not sent and stays in the outbox: tmail outbox',
  unknown: 'Nobody knows whether it was sent; it stays in the outbox until you say: tmail outbox',
};

/** INBOX is the protocol's word, not a person's. Hostile text. */
const shownPath = (path: string): string => (path === 'INBOX' ? 'Inbox' : path);

/** `the last 90 days`, `the last day` */
const lastOf = (which: string, n: number, one: string): string =>
  n === 1 ? `the ${which} ${one}` : `the ${which} ${count(n, one)}`;

/** Not all of its mail, but some. */
const isPart = (offline: Offline): boolean =>
  typeof offline === 'object' && (offline.days ?? offline.newest) !== undefined;

/** Folders that are named before their files go. */
const CLEANED_SHOWN = 6;

interface Counts {
  readonly accounts: number;
  readonly folders: number;
  readonly messages: number;
  readonly files: number;
  readonly bytes: number;
}

interface Maildrop {
  readonly messages: number;
  readonly bytes: number;
  readonly uidl: boolean;
  readonly top: boolean;
  readonly pipelining: boolean;
  readonly expireDays: number | null;
}

export const notes = {
  waitsForSync: (account: string, changes: number, why: string) =>
    `${account}: ${count(changes, 'change')} ${changes === 1 ? 'waits' : 'wait'} for the next tmail sync${why ? `: ${why}` : '.'}`,
  crashed: (report: string | null) =>
    `tmail met a mistake of its own and has ended. Your mail is safe. ${report === null ? 'No report could be written.' : `What happened, without any mail or password: ${sanitize(report)}`}`,
  program: (name: string) =>
    `Careful: "${sanitize(name)}" may be a program. Open it only if you expected it.`,
  configChecked: (file: string, accounts: number) =>
    `${sanitize(file)}: ${count(accounts, 'account')}, no mistakes`,
  synced: (report: {
    account: string;
    received: number;
    sent: number;
    pushed: number;
    deletedOnServer: number;
    onServer: number;
  }) =>
    [
      `${report.account}: ${report.received} received`,
      ...(report.sent > 0 ? [`${report.sent} sent`] : []),
      ...(report.pushed > 0 ? [`${count(report.pushed, 'change')} pushed`] : []),
      ...(report.deletedOnServer > 0 ? [`${report.deletedOnServer} deleted on the server`] : []),
      `${report.onServer} on the server`,
    ].join(', '),

  exported: (report: {
    account: string;
    verified: number;
    written: number;
    bytes: number;
    to: string;
    format: string;
  }) =>
    `${report.account}: ${count(report.verified, 'message')} in ${sanitize(report.to)} (${report.format}), each read back and compared; ${report.written} written now, ${bytesText(report.bytes)}`,
  exportStopped: (report: { account: string; verified: number; to: string }) =>
    `${report.account}: not finished. ${count(report.verified, 'message')} in ${sanitize(report.to)} ${report.verified === 1 ? 'is' : 'are'} complete; the same command goes on from there.`,
  notExported: (account: string, notHere: number, partial: number) => [
    ...(notHere > 0
      ? [
          `${account}: ${count(notHere, 'message')} ${notHere === 1 ? 'is' : 'are'} only on the server, not on this computer, and not in the export.`,
        ]
      : []),
    ...(partial > 0
      ? [
          `${account}: of ${count(partial, 'message')} only a part is on this computer; ${partial === 1 ? 'it is' : 'they are'} not in the export.`,
        ]
      : []),
  ],
  notExportedFile: (account: string, id: string, reason: string) =>
    `${account}: ${id} is not in the export: ${sanitize(reason)}`,
  imported: (report: {
    account: string;
    imported: number;
    duplicates: number;
    bytes: number;
    folders: number;
  }) =>
    [
      `${report.account}: ${count(report.imported, 'message')} imported into ${count(report.folders, 'folder')}, ${bytesText(report.bytes)}`,
      ...(report.duplicates > 0 ? [`${report.duplicates} were there already`] : []),
    ].join('; '),
  importOfImap: (account: string) =>
    `${sanitize(account)}: not imported. Its mail comes from its server; --account ${sanitize(account)} uploads what the server does not have.`,
  importOfUnknown: (account: string) =>
    `${sanitize(account)}: not imported. There is no such account here; --account names another one for its folder.`,
  importStopped: (report: { account: string; imported: number; path: string }) =>
    `${report.account}: not finished. ${count(report.imported, 'message')} of ${sanitize(report.path)} came now and stay; the same command takes the rest, and none twice.`,
  importPassed: (report: { account: string; refused: number; tooLarge: number; otherFiles: number }) => [
    ...(report.refused > 0
      ? [`${report.account}: ${report.refused} not read: links, pipes, and what can't be opened.`]
      : []),
    ...(report.tooLarge > 0
      ? [`${report.account}: ${report.tooLarge} not taken: larger than any mail can be.`]
      : []),
    ...(report.otherFiles > 0
      ? [`${report.account}: ${count(report.otherFiles, 'file')} passed over: no mail.`]
      : []),
  ],
  importRefused: (account: string, name: string, reason: string) =>
    `${account}: ${sanitize(name)} was not read (${sanitize(REFUSED[reason] ?? reason)})`,
  /** What of an IMAP account, or of a folder, is kept on this computer. */
  kept: (offline: Offline) => {
    if (typeof offline === 'string')
      return { all: 'all mail', headers: 'headers only', none: 'nothing' }[offline];
    const { days, newest, attachments } = offline;
    const part =
      days !== undefined
        ? lastOf('last', days, 'day')
        : newest !== undefined
          ? lastOf('newest', newest, 'message')
          : 'all mail';
    return attachments === false ? `${part}, without attachments` : part;
  },

  /** The same for a column of 22 cells. */
  keptShort: (offline: Offline) => {
    if (typeof offline === 'string') return { all: 'all', headers: 'headers', none: 'nothing' }[offline];
    const { days, newest, attachments } = offline;
    const part = days !== undefined ? count(days, 'day') : newest !== undefined ? `newest ${newest}` : 'all';
    return attachments === false ? `${part}, texts` : part;
  },

  /** What the choice means beyond its name; '': nothing. */
  keptMeans: (offline: Offline) => {
    if (offline === 'none') return 'Its list is fetched when it is opened.';
    return isPart(offline) ? 'Starred mail stays besides.' : '';
  },

  /** Of one folder, where it is not as the account. */
  keptApart: (path: string, offline: Offline, there: boolean) =>
    `${sanitize(shownPath(path))}: ${notes.kept(offline)}${there ? '' : ' (there is no such folder)'}`,

  keptNow: (
    place: { readonly account: string; readonly path?: string },
    offline: Offline,
    written: boolean,
    left: { readonly messages: number; readonly bytes: number },
  ) =>
    [
      `${sanitize(place.path === undefined ? place.account : `"${shownPath(place.path)}"`)} keeps ${notes.kept(offline)}${isPart(offline) ? ' and starred mail' : ''}${written ? ' here from now on' : ' here until tmail ends: there is no configuration file to write it to'}.`,
      ...(left.messages > 0
        ? [`C frees ${bytesText(left.bytes)} of ${count(left.messages, 'message')}.`]
        : []),
    ].join(' '),
  nothingToClean: (accounts: readonly { readonly id: string; readonly kept: Offline | null }[]) => {
    const all = accounts.filter(({ kept }) => kept === 'all').map(({ id }) => sanitize(id));
    return all.length > 0
      ? `Nothing can go: ${all.join(' and ')} ${all.length === 1 ? 'keeps' : 'keep'} all mail here. p changes what is kept.`
      : 'Nothing can go: no file is here that is not to be kept.';
  },
  /** The numbers before anything goes. */
  cleanQuestion: (
    accounts: readonly string[],
    folders: readonly {
      readonly path: string;
      readonly kept: Offline;
      readonly messages: number;
      readonly bytes: number;
    }[],
    stays: { readonly starred: number; readonly texts: number },
    /** Accounts whose server can't be reached now. */
    away: readonly string[],
  ) => {
    const messages = folders.reduce((sum, folder) => sum + folder.messages, 0);
    const bytes = folders.reduce((sum, folder) => sum + folder.bytes, 0);
    const most = [...folders].sort((a, b) => b.bytes - a.bytes);
    const shown = most.slice(0, CLEANED_SHOWN);
    const rest = most.slice(CLEANED_SHOWN);
    const others = rest.reduce((sum, folder) => sum + folder.bytes, 0);
    return [
      `${count(messages, 'message file')} of ${accounts.map(id => sanitize(id)).join(' and ')} (${bytesText(bytes)}) ${messages === 1 ? 'is' : 'are'} not to be kept here, by the choice made with p.`,
      ...(folders.length > 1
        ? shown.map(
            folder =>
              `- ${sanitize(shownPath(folder.path))}: ${folder.messages}, ${bytesText(folder.bytes)} (keeps ${notes.kept(folder.kept)})`,
          )
        : []),
      ...(folders.length > 1 && rest.length > 0
        ? [`- ${count(rest.length, 'more folder')}: ${bytesText(others)}`]
        : []),
      ...(stays.texts > 0
        ? [
            `Of ${count(stays.texts, 'message')} only the attachments go: the text is fetched again while connected.`,
          ]
        : []),
      ...(stays.starred > 0
        ? [`${count(stays.starred, 'starred message')} ${stays.starred === 1 ? 'stays' : 'stay'}.`]
        : []),
      ...(away.length > 0
        ? [
            `${away.map(id => sanitize(id)).join(' and ')} ${away.length === 1 ? 'is' : 'are'} not connected: until then what goes can not be read.`,
          ]
        : []),
      'The mail stays on the server and in the lists; a text is fetched again when it is opened. Drafts, what waits for the server and what is only here stay.',
    ];
  },
  cleaned: (messages: number, bytes: number) =>
    `Removed ${count(messages, 'message file')}, ${bytesText(bytes)}. The mail is on its server.`,

  folderMade: (name: string, remote: boolean, waits: boolean) =>
    `Made "${sanitize(name)}". ${remote ? `${waits ? WAITS : ''}u to undo.` : 'It exists only on this computer. u to undo.'}`,
  folderRenamed: (before: string, after: string, waits: boolean) =>
    `"${sanitize(before)}" is "${sanitize(after)}" now. ${waits ? WAITS : ''}u to undo.`,
  folderDeleted: (name: string, messages: number, waits: boolean) =>
    `Deleted the folder "${sanitize(name)}".${messages === 0 ? '' : ` ${count(messages, 'message')} moved to Trash.`} ${waits ? WAITS : ''}u to undo.`,
  folderEmptied: (name: string, messages: number) =>
    `Moved ${count(messages, 'message')} from "${sanitize(name)}" to Trash. u to undo.`,
  folderSubscribed: (name: string, on: boolean, waits: boolean) =>
    `${on ? 'Subscribed to' : 'Unsubscribed from'} "${sanitize(name)}". ${waits ? WAITS : ''}u to undo.`,
  folderUsed: (name: string, role: string | null) =>
    role === null
      ? `"${sanitize(name)}" is an ordinary folder now. u to undo.`
      : `"${sanitize(name)}" is the account's ${role} folder now. u to undo.`,

  /** What fills it is a key away. */
  quotaCrossed: (account: string, percent: number, numbers: string, root: string) =>
    `${sanitize(account)}: the mailbox on the server is ${percent}% full (${numbers}${root === '' ? '' : ` of "${sanitize(root)}"`}). @ then f shows what fills it.`,
  /** `said`: the server's words. */
  quotaPassed: (account: string, said: string) =>
    `${sanitize(account)}: the mailbox on the server is over its quota${said === '' ? '' : `; the server says: ${sanitize(said)}`}. @ then f shows what fills it.`,
  /** What a server wants a person to know (RFC 9051 section 7.1). */
  serverAlert: (account: string, text: string) => `${sanitize(account)}: the server says: ${sanitize(text)}`,
  quotaFull: (account: string) =>
    `${sanitize(account)}: the server has no room left for what is put there; it is kept here. @ then f shows what fills the mailbox.`,

  /** For mail that exists only here. `at`: the last export, milliseconds since 1970; null: never. */
  backup: (messages: number, at: number | null, now: number) => {
    const lost = `if this disk breaks, ${count(messages, 'message')} ${messages === 1 ? 'is' : 'are'} gone`;
    if (at === null) return `never exported: ${lost}. tmail export`;
    const days = Math.max(0, Math.floor((now - at) / 86_400_000));
    return `last exported ${count(days, 'day')} ago: ${lost}, as far as they are newer. tmail export`;
  },

  /** The same for a row of 80 cells with a label before it. */
  backupRow: (messages: number, at: number | null, now: number) => {
    const only = `${messages} only here: e exports`;
    if (at === null) return `never exported, ${only}`;
    return `exported ${count(Math.max(0, Math.floor((now - at) / 86_400_000)), 'day')} ago, ${only}`;
  },
  /** While nobody knows what is only here. */
  backupUnknown: (at: number | null, now: number) => {
    const only = 'only here: known after the check';
    if (at === null) return `never exported, ${only}`;
    return `exported ${count(Math.max(0, Math.floor((now - at) / 86_400_000)), 'day')} ago, ${only}`;
  },
  backedUp: ({ at, to, format }: { at: number; to: string; format: string }, now: number) => {
    const days = Math.max(0, Math.floor((now - at) / 86_400_000));
    return `${days === 0 ? 'today' : `${count(days, 'day')} ago`}, to ${sanitize(to)} (${sanitize(format)})`;
  },

  /** Of one message, to a command. */
  notChanged: (id: string) =>
    `${sanitize(id)} was not changed: this disk is full. Once there is room, do it again.`,

  /** `why`: a sentence. */
  exportForgotten: (account: string, why: string) =>
    `${sanitize(account)}: the export is good, but that could not be remembered, so the reminder of it stays: ${why}`,

  /** Under the prompt that asks where an export goes. */
  exportAbout: (format: string) =>
    `As ${EXPORT_FORMATS[format] ?? format}; Tab chooses another format. Each account gets a folder of its name there, every message is read back, and what an earlier export has there is not written again.`,
  exportedAll: (
    reports: readonly {
      account: string;
      verified: number;
      written: number;
      format: string;
      complete: boolean;
    }[],
    to: string,
  ) => {
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    const messages = count(sum(reports.map(report => report.verified)), 'message');
    if (reports.some(report => !report.complete))
      return `The export is not finished: ${messages} in ${sanitize(to)} complete. e goes on from there.`;
    const accounts = reports.length === 1 ? '' : ` of ${count(reports.length, 'account')}`;
    return `Exported: ${messages}${accounts} in ${sanitize(to)} (${sanitize(reports[0]?.format ?? '')}), each read back and compared; ${sum(reports.map(report => report.written))} written now.`;
  },

  /** What became of a message that a command sent. */
  outboxState: ({ id, state }: { id: string; state: string }) =>
    `${OUTBOX_STATES[state] ?? state}${state === 'sent' ? '' : ` (${id})`}`,
  recipientSaid: (address: string, reply: string) => `${sanitize(address)}: ${sanitize(reply)}`,
  outboxRow: (item: { state: string; subject: string; recipients: readonly { address: string }[] }) => {
    const [first, ...others] = item.recipients.map(({ address }) => sanitize(address));
    const to = others.length > 0 ? `${first} and ${others.length} more` : (first ?? '(nobody)');
    return `${item.state.padEnd(8)}  ${to}  ${sanitize(item.subject) || '(no subject)'}`;
  },

  /** One line of the doctor. */
  step: (account: string | null, step: string, ok: boolean | null, text: string) =>
    `${(ok === null ? '-' : ok ? 'ok' : 'FAILED').padEnd(7)} ${account === null ? '' : `${account}: `}${step}: ${text}`,
  skipped: 'not tried, because something before it failed',
  passwordFound: (from: string) => `found ${PASSWORD_FROM[from] ?? ''}`.trim(),
  addresses: (host: string, addresses: readonly string[]) => `${host} is ${addresses.join(', ')}`,
  connected: (
    server: { host: string; port: number; security: string },
    tls: { protocol: string; issuer: string; validTo: string; fingerprint256: string } | null,
  ) => {
    const where = `${server.host}:${server.port}`;
    if (tls === null) return `connected to ${where} without TLS, as the configuration asks`;
    const by = tls.issuer ? ` by ${sanitize(tls.issuer)}` : '';
    return `${tls.protocol} with ${where}; certificate issued${by}, valid to ${sanitize(tls.validTo)}, SHA-256 ${sanitize(tls.fingerprint256)}`;
  },
  signedIn: (user: string, host: string) => `signed in to ${host} as ${user}`,
  folders: (folders: { total: number; roles: readonly string[] }) =>
    `${count(folders.total, 'folder')}${folders.roles.length > 0 ? ` (${folders.roles.join(', ')})` : ''}`,
  /** POP3 has one folder; what it has in it, and what that server can't do. */
  maildrop: (drop: Maildrop) =>
    [
      `${count(drop.messages, 'message')} on the server, ${bytesText(drop.bytes)}`,
      ...(drop.uidl ? [] : ['no names for messages (UIDL): each check compares them']),
      ...(drop.top ? [] : ['no headers alone (TOP): large messages come whole']),
      ...(drop.pipelining ? [] : ['one command at a time: a first download is slow']),
      ...(drop.expireDays === null
        ? []
        : [`the server itself deletes mail after ${count(drop.expireDays, 'day')}`]),
    ].join('; '),
  /** What Google's POP3 server does that others don't. */
  gmail: (recent: boolean) =>
    [
      `Google's own POP setting decides what becomes of mail there after a download, whatever "serverCopy" says: ${GMAIL_POP_SETTING}`,
      recent
        ? '"recent:" before the user means the last 30 days, whoever has fetched them: other programs get them too. What leaves those 30 days counts neither as deleted there nor as to be fetched again'
        : 'What another program has fetched is not shown to this one; "recent:" before the user shows the last 30 days to all of them',
    ].join('. '),
  store: (dir: string, health: Counts) =>
    `${sanitize(dir)}: ${count(health.accounts, 'account')}, ${count(health.folders, 'folder')}, ` +
    `${count(health.messages, 'message')}, ${count(health.files, 'message file')}, ${bytesText(health.bytes)}`,
  rebuilt: (dir: string, health: Counts, lost: number) =>
    `${notes.store(dir, health)}` +
    (lost > 0 ? `; ${lost} lost, to be fetched again: tmail sync` : '; everything reads'),
} as const;
