// Every sentence that tells a person about trouble, keyed by the error's code. What happened, to which account,
// what was kept, what to do next. Facts are sanitised here: they may be a server's or a mail's words.
import { sanitize } from '../mail/sanitize.ts';
import type { TmailError } from '../util/errors.ts';
import { SERVER_TEXT } from '../util/limits.ts';

/** Facts as short, safe text; '' where there is none. */
type Facts = Readonly<Record<string, string>>;
type Sentence = string | ((facts: Facts) => string);

export interface SentenceOptions {
  readonly account?: string;
  /** Said in place of what a later try may do. */
  readonly again?: string;
}

/** The sentence for an error, safe for any terminal, without a final line break. */
export function sentence(error: TmailError, options: SentenceOptions = {}): string {
  const facts = safeFacts(error, options.account);
  const found = Object.hasOwn(sentences, error.code) ? sentences[error.code] : undefined;
  const text = found === undefined ? generic(error, facts) : typeof found === 'string' ? found : found(facts);
  return (
    place(error.code, facts) +
    (options.again === undefined ? text : text.replace(AGAIN, () => options.again ?? AGAIN))
  );
}

/** On the screen, in place of "a later try may cure it": what waits, and the key that tries now. */
export function againText(waiting: number): string {
  if (waiting === 0) return `${KEPT}; $ tries now.`;
  return `${waiting === 1 ? '1 change is' : `${waiting} changes are`} kept here; $ tries now.`;
}

/** True when a code has a sentence of its own. */
export function hasSentence(code: string): boolean {
  return Object.hasOwn(sentences, code);
}

function safeFacts(error: TmailError, account: string | undefined): Facts {
  const given = Object.entries({ ...(account === undefined ? {} : { account }), ...error.facts });
  const safe = given.map(([key, value]) => {
    const text = value === undefined ? '' : sanitize(String(value)).trim();
    return [key, text.length > SERVER_TEXT ? `${text.slice(0, SERVER_TEXT)}…` : text] as const;
  });
  return new Proxy(Object.fromEntries(safe), {
    get: (facts, key) => (typeof key === 'string' && Object.hasOwn(facts, key) ? facts[key] : ''),
  });
}

/** Where: a place in a file as editors understand it, or the account. */
function place(code: string, { file, line, column, account }: Facts): string {
  if (line) return `${file}:${line}:${column}: `;
  return account && !code.startsWith('account.') ? `${account}: ` : '';
}

function generic(error: TmailError, facts: Facts): string {
  const said = facts.text ? `: ${facts.text}` : '';
  switch (error.kind) {
    case 'network':
      return `the network failed (${error.code})${said}. Mail here stays readable; a later try may cure it.`;
    case 'tls':
      return `the connection would not be safe (${error.code})${said}. Nothing was sent. Next: tmail doctor.`;
    case 'auth':
      return `signing in failed (${error.code})${said}. Mail here stays readable. Next: tmail doctor.`;
    case 'rejected':
      return `refused (${error.code})${said}.`;
    case 'protocol':
      return `the server said something that makes no sense (${error.code})${said}. Nothing was lost; a later try may cure it.`;
    case 'storage':
      return `this computer's disk failed (${error.code})${said}. Next: tmail doctor.`;
    case 'config':
      return `something is wrong in the configuration or the command (${error.code})${said}. Next: tmail config check.`;
    case 'cancelled':
      return 'Stopped.';
    case 'bug':
      return `this is a mistake in tmail (${error.code})${said}. Mail on this computer is not touched by it.`;
  }
}

function meant({ suggestion }: Facts): string {
  return suggestion ? ` Did you mean "${suggestion}"?` : '';
}

function said({ text }: Facts): string {
  return text ? ` The server said: "${text}"` : '';
}

function server({ host, port }: Facts): string {
  return port ? `${host}:${port}` : host || 'the server';
}

function certificate({ issuer, fingerprint256 }: Facts): string {
  const from = issuer ? ` (issued by ${issuer})` : '';
  return `${from}. Nothing was sent. ${fingerprint256 ? `Its SHA-256 is ${fingerprint256}.` : ''}`.trimEnd();
}

function help({ command }: Facts): string {
  return ` Try: tmail ${command ? `${command} ` : ''}--help`;
}

function folderName({ reason, folder }: Facts): string {
  switch (reason) {
    case 'long':
      return 'this name is too long for a folder.';
    case 'deep':
      return 'these are too many folders within folders.';
    case 'control':
      return "a folder can't have invisible characters in its name.";
    default:
      return folder?.includes('/')
        ? 'there has to be a name before and after each "/".'
        : 'a folder has to have a name.';
  }
}

function megabytes(bytes: string | undefined): string {
  return String(Math.round(Number(bytes) / 1_000_000) || 0);
}

const KEPT = 'Mail here stays readable';
const AGAIN = `${KEPT}; a later try may cure it.`;
const LATER = 'It is kept, and tried again.';
const NOTHING_SENT = 'Neither name nor password was sent.';

const FOLDER_DEEDS: Readonly<Record<string, string>> = {
  'folder-create': 'make',
  'folder-rename': 'give its new name to',
  'folder-delete': 'delete',
  'folder-subscribe': 'change the subscription of',
};

const sentences: Readonly<Record<string, Sentence>> = {
  cancelled: 'Stopped.',
  'bug.unexpected': f =>
    `something happened that tmail did not expect: ${f.text}. Mail on this computer is not touched by it.`,
  'bug.forgotten-uid': f => `this is a mistake in tmail: message ${f.uid} of ${f.folder} was written twice.`,
  'bug.mixed-uidvalidity': f =>
    `this is a mistake in tmail: message ${f.uid} of ${f.folder} has two origins.`,
  'parse.no-worker': 'this is a mistake in tmail: a part of the program is missing. Install it again.',
  'bug.unreachable': f => `this is a mistake in tmail: ${f.value} was not expected here.`,

  // The configuration
  'config.none': f => `there is no configuration yet (${f.file}). Next: tmail, or tmail --demo.`,
  'config.file-missing': f => `${f.file} does not exist.`,
  'config.unreadable': f => `${f.file} can't be read (${f.reason}).`,
  'config.unwritable': f =>
    `${f.file} can't be changed (${f.reason === 'encoding' ? 'it is no UTF-8 text' : f.reason}). It is as it was.`,
  'config.changed': f =>
    `${f.file} was changed by somebody else at this moment. It is as they left it; try again.`,
  'config.edit-lost': f => `${f.file} has no place for "${f.path}" any more. It is as it was.`,
  'config.too-large': f => `${f.file} is larger than a configuration can be (${f.limit} bytes).`,
  'config.syntax': f => `expected ${f.expected}${f.found ? `, found "${f.found}"` : ', found the end'}.`,
  'config.invalid': f =>
    `${f.file} has ${f.count === '1' ? 'a mistake' : `${f.count} mistakes`}. Next: tmail config check.`,
  'config.unknown-key': f => `"${f.path}" is not a setting.${meant(f)}`,
  'config.duplicate-key': f => `"${f.path}" stands here a second time.`,
  'config.missing': f => `"${f.path}" is missing: ${f.expected}.`,
  'config.type': f => `"${f.path || 'the file'}" must be ${f.expected}, not ${f.got}.`,
  'config.value': f => `"${f.path}" must be ${f.expected}.${meant(f)}`,
  'config.key': f => `"${f.path}" is no name that can be used here: ${f.expected}.`,
  'config.auth-none': f => `"${f.path}" does not say where the password is: one of ${f.expected}.`,
  'config.auth-many': f => `"${f.path}" says it more than once: only one of ${f.got}.`,
  'config.deliver-itself': f => `"${f.path}" names the account itself: without it, its mail is its own.`,
  'config.deliver-imap': f =>
    `"${f.path}": the folders of "${f.account}" are on its IMAP server; only a POP3 account can take another one's mail.`,
  'config.deliver-chain': f =>
    `"${f.path}": the mail of "${f.account}" goes to "${f.to}" itself; mail goes one step only.`,
  'config.deliver-disabled': f => `"${f.path}": "${f.account}" is disabled, so nobody would see the mail.`,
  'config.insecure': f =>
    `"${f.path}": without TLS the password would cross the network to ${f.host} in clear. Use "tls" or "starttls", or set "allowInsecure": true beside it.`,
  'config.server-copy-missing': f =>
    `"${f.path}" is missing: what happens to the copy on the server? "keep", "untilDeletedHere", { "deleteAfterDays": 14 } or "delete".`,
  'config.no-accounts': 'there is no account in it.',
  'config.unknown-account': f => `"${f.path}": there is no account "${f.got || f.account}".${meant(f)}`,
  'config.same-name': f =>
    `the account "${f.account}" differs only by upper and lower case from another; some disks take them for one.`,
  'config.ignored': f =>
    `"${f.key}" means nothing for an ${f.protocol === 'pop3' ? 'POP3' : 'IMAP'} account.`,
  'config.unusual-port': f => `port ${f.port} usually speaks "${f.suggestion}", not "${f.security}".`,
  'config.plain-password': f =>
    `the password stands in the file itself. "passwordCommand" or "passwordFile" keeps it out (${f.path}).`,
  'config.world-readable': f =>
    `others can read this file (mode ${f.mode}), and it holds a password. Next: chmod 600 ${f.file}`,
  'config.ca-missing': f => `the certificates of "tls.ca" can't be read (${f.path}).`,

  // Passwords
  'secret.command-failed': f =>
    f.reason
      ? `the password command "${f.program}" can't be started (${f.reason}). ${KEPT}.`
      : `the password command failed (${f.signal || `exit status ${f.exit}`})${f.stderr ? `: ${f.stderr}` : ''}. ${KEPT}.`,
  'secret.timeout': f => `the password command gave no answer in ${f.seconds} s and was ended. ${KEPT}.`,
  'secret.env-missing': f =>
    `the environment variable ${f.variable}, which should hold the password, is not set.`,
  'secret.file-missing': f => `the password file ${f.path} can't be read${f.reason ? ` (${f.reason})` : ''}.`,
  'secret.file-mode': f =>
    `others can read the password file ${f.path} (mode ${f.mode}). Next: chmod 600 ${f.path}`,
  'secret.empty': f => `the password is empty${f.variable || f.path ? ` (${f.variable || f.path})` : ''}.`,
  'secret.malformed': 'the password holds line breaks or NUL; only one line can be a password.',
  'auth.not-supported-yet': f =>
    `${f.what === 'oauth2' ? 'OAuth 2' : 'the system keyring'} can't be used yet in this version. Use passwordCommand, passwordEnv or passwordFile.`,
  'auth.refused': f => `${server(f)} refused the sign-in. ${KEPT}. Check user and password.${said(f)}`,
  'auth.disabled': f => `${server(f)} does not allow signing in with a password on this connection. ${KEPT}.`,
  'auth.no-password': 'there is no password to sign in with.',
  'auth.no-method': f => `${server(f)} offers no way of signing in that tmail knows. ${KEPT}.`,

  // The network
  'net.refused': f => `${server(f)} refuses connections. ${AGAIN}`,
  'net.dns': f => `the name ${f.host} can't be found: no network, or a wrong host name. ${AGAIN}`,
  'net.timeout': f => `${server(f)} does not answer. ${AGAIN}`,
  'net.unreachable': f => `${server(f)} can't be reached from here. ${AGAIN}`,
  'net.closed': f => `the connection to ${server(f)} was cut. ${AGAIN}`,

  // TLS
  'tls.expired': f => `the certificate of ${f.host} expired on ${f.validTo}${certificate(f)}`,
  'tls.not-yet-valid': f =>
    `the certificate of ${f.host} is valid only from ${f.validFrom}; is this computer's clock right? Nothing was sent.`,
  'tls.self-signed': f =>
    `the certificate of ${f.host} is signed by itself${certificate(f)} If it is the right one, pin it: "tls": { "fingerprint256": … }.`,
  'tls.unknown-issuer': f =>
    `the certificate of ${f.host} comes from somebody that this computer does not know${certificate(f)} If that is right, name its authority in "tls": { "ca": … }.`,
  'tls.revoked': f => `the certificate of ${f.host} was revoked${certificate(f)}`,
  'tls.host': f => `the certificate is not for ${f.host} but for ${f.names || f.subject}${certificate(f)}`,
  'tls.certificate': f => `the certificate of ${f.host} can't be trusted (${f.reason})${certificate(f)}`,
  'tls.fingerprint': f =>
    `the certificate of ${f.host} is not the pinned one. Expected ${f.expected}, got ${f.fingerprint256}. Nothing was sent.`,
  'tls.ca': f => `the certificates of "tls.ca" can't be read (${f.path}). Nothing was sent.`,
  'tls.injection': f =>
    `${server(f)} sent something before TLS began; somebody may be in between. Nothing was sent. ${KEPT}.`,
  'tls.starttls-missing': f =>
    `${server(f)} does not offer STARTTLS, and "security" asks for it. ${NOTHING_SENT} Try "security": "tls" (port 993).`,
  'tls.not-tls': f =>
    `${server(f)} does not speak TLS at once. ${NOTHING_SENT} Perhaps this port wants "security": "starttls".`,
  'tls.old': f => `${server(f)} speaks only versions of TLS that are no longer safe. ${NOTHING_SENT}`,
  'tls.failed': f => `the TLS handshake with ${server(f)} failed (${f.reason}). ${NOTHING_SENT}`,

  // IMAP
  'imap.preauth': f => `${server(f)} says that somebody is signed in already; refused. ${NOTHING_SENT}`,
  'imap.busy': f =>
    `${server(f)} ${f.word === 'SERVERBUG' ? 'has trouble of its own' : 'is busy or has too many connections'}. ${AGAIN}${said(f)}`,
  'imap.throttled': f => `${server(f)} asks for patience. ${AGAIN}${said(f)}`,
  'imap.bye': f => `${server(f)} ended the connection. ${AGAIN}${said(f)}`,
  'imap.bad': f => `${server(f)} did not understand. ${AGAIN}${said(f)}`,
  'imap.no': f => `${server(f)} said no.${said(f)}`,
  'imap.permission': f => `the server does not let this account do that.${said(f)}`,
  'imap.no-folder': f => `the folder is not on the server (any more).${said(f)}`,
  'imap.quota': f => `the mailbox on the server is full. Nothing here was lost.${said(f)}`,
  'imap.over-quota': f => `the mailbox on the server is full. Nothing here was lost.${said(f)}`,
  'imap.limit': f =>
    `${server(f)} sent more than mail can hold (${f.limit}); the connection was closed. ${AGAIN}`,
  'imap.parse': f => `${server(f)} sent something that is not IMAP. ${AGAIN}`,
  'imap.uidvalidity': f =>
    `the server numbered its messages anew in "${f.folder}"; tmail fetches them again.`,
  'imap.no-uidvalidity': 'the server does not number its messages, so that none can be kept here.',
  'imap.unstable': 'the folder changed faster than it could be read. A later try may cure it.',
  'imap.read-only': f => `"${f.folder}" can't be changed on the server. The change was taken back here.`,
  'imap.flag-not-kept': f =>
    `the server does not keep ${f.flags} in "${f.folder}". The change was taken back here.`,
  'copy.differs': f =>
    `the copy in "${f.folder}" did not read back as it was written; is the disk failing? The message stays where it was.`,
  'move.only-here': f =>
    `"${f.folder}" and "${f.to}" are not on the same side: one is on the server, the other only on this computer. Nothing was moved.`,
  'operation.final':
    'what was deleted for good in an earlier run of tmail is not here any more: it can not be taken back.',
  'operation.unknown':
    'this is a mistake in tmail: the copy that a deletion waits for is not known. Nothing was deleted.',
  'operation.under-way':
    'this is on its way to the server right now; it can be taken back with u when it is there.',
  'imap.not-moved': f =>
    `the server said that messages of "${f.folder}" were moved, but they are still there. Taken back here.`,
  'imap.not-copied': f =>
    `the server said that messages of "${f.folder}" were copied, but the copies are not there. Taken back here.`,
  'imap.only-marked': f =>
    `"${f.folder}": the server can only expunge all that is marked as deleted, and others have marked some. Ours are marked, not expunged.`,
  'imap.folder-refused': f =>
    `the server would not ${FOLDER_DEEDS[f.doing ?? ''] ?? 'change'} the folder "${f.folder}". Here it is as it was before.${said(f)}`,
  'imap.folder-not-empty': f =>
    `"${f.folder}" was not deleted: there is mail in it on the server that did not move to Trash. It is here as it was.`,
  'imap.message-lost': f =>
    `the message is no longer in "${f.folder}" on the server; nothing was changed there.`,

  // POP3
  'pop3.in-use': f =>
    `the mailbox on ${server(f)} is open in another program. tmail waits and tries again.${said(f)}`,
  'pop3.login-delay': f =>
    `${server(f)} wants more time between two checks. tmail waits and tries again.${said(f)}`,
  'pop3.too-soon': f =>
    `the server wants to be left alone between two checks; the next one is possible in ${Math.max(1, Math.ceil(Number(f.seconds) / 60))} min.`,
  'pop3.server-trouble': f => `${server(f)} has trouble of its own. ${AGAIN}${said(f)}`,
  'pop3.server-broken': f =>
    `${server(f)} can't give access to the mailbox, and says that trying again is of no use. ${KEPT}.${said(f)}`,
  'pop3.greeting-refused': f => `${server(f)} turns everybody away. ${AGAIN}${said(f)}`,
  'pop3.refused': f =>
    `the server refused ${f.number ? `message ${f.number}` : f.command || 'a command'}; it is tried again at the next check.${said(f)}`,
  'pop3.ended-by-server': f => `${server(f)} ended the session. ${AGAIN}${said(f)}`,
  'pop3.unexpected': f => `${server(f)} sent something that is not POP3. ${AGAIN}${said(f)}`,
  'pop3.line-too-long': f => `${server(f)} sent a line without end; the connection was closed. ${AGAIN}`,
  'pop3.list-too-long': f =>
    `${server(f)} lists more messages than a mailbox can hold (${f.limit}); the connection was closed. ${KEPT}.`,
  'pop3.body-too-long': f =>
    `a message on ${server(f)} is larger than ${megabytes(f.limit)} MB; it stays there, and the next check goes on without it.`,
  'pop3.argument':
    'user or password hold characters that POP3 can not carry (spaces at an end, line breaks).',
  'pop3.no-policy':
    'the configuration does not say what happens to the copy on the server ("serverCopy"). Nothing was touched.',
  'pop3.uidl-reused':
    'the server gave one name to two messages. Nothing was deleted there; names are no longer relied on.',
  'pop3.copy-damaged':
    'the copy of a message here is damaged or missing. It stays on the server, and is fetched again.',
  'pop3.ledger-open': f =>
    `the account's memory ${f.path} can't be read${f.reason ? ` (${f.reason})` : ''}. Nothing was fetched or deleted. Next: tmail doctor.`,
  'pop3.ledger-write': f =>
    `the account's memory ${f.path} can't be written${f.reason ? ` (${f.reason})` : ''}. Nothing was deleted on the server.`,
  'pop3.ledger-version': "the account's memory was written by a newer tmail. Nothing was fetched or deleted.",
  'pop3.ledger-damaged': f =>
    `${f.lines} lines of the account's memory could not be read. What they knew is looked up again; no mail is lost.`,
  'imap.unexpected': f => `the conversation with ${server(f)} failed: ${f.text}. ${AGAIN}`,

  // Sending
  'smtp.busy': f => `${server(f)} takes no mail right now. ${LATER}${said(f)}`,
  'smtp.deferred': f => `${server(f)} does not take this message yet. ${LATER}${said(f)}`,
  'smtp.turned-away': f => `${server(f)} does not take mail from here.${said(f)}`,
  'smtp.unexpected': f => `${server(f)} sent something that is not SMTP. ${LATER}${said(f)}`,
  'smtp.sender-refused': f => `${server(f)} does not take mail from this sender.${said(f)}`,
  'smtp.recipients-refused': f => `${server(f)} does not take mail for these recipients.${said(f)}`,
  'smtp.message-refused': f => `${server(f)} refused the message.${said(f)}`,
  'smtp.too-large': f =>
    `the message is larger (${megabytes(f.size)} MB) than the server takes (${megabytes(f.limit)} MB).`,
  'smtp.no-8bit':
    'the server takes no text beyond ASCII as it is, and this message can not be written otherwise.',
  'smtp.no-utf8': f => `the server takes no addresses such as ${f.address} (SMTPUTF8).`,
  'smtp.bad-address': f => `"${f.address}" is no address that mail can be sent to.`,
  'smtp.unknown-outcome': 'the line broke before the server answered: it may have arrived or not.',
  'send.no-server': f =>
    `the account "${f.account}" names no server for outgoing mail ("outgoing"). The message is kept.`,
  'send.no-header': 'this is no message: it has no header fields.',
  'send.too-large': f => `the message is larger than any server takes (${megabytes(f.limit)} MB).`,
  'compose.no-recipient': 'it has no recipient.',
  'compose.malformed': f => `"${f.text}" in ${f.field} is no mail address.`,
  'compose.from-malformed': f => `"${f.text}" is no mail address to send from.`,
  'compose.attachment': f =>
    `the attached file "${f.name}" can't be read${f.reason ? ` (${f.reason})` : ''}.`,
  'compose.no-identity': 'no account can write mail: each is disabled.',
  'compose.no-mailto': f => `"${f.url}" is no address to write to.`,
  'attach.missing': f => `${f.path || 'the file'} does not exist.`,
  'attach.directory': f => `${f.path || 'this'} is a folder; only files can be attached.`,
  'attach.unreadable': f => `${f.path || 'the file'} can't be read${f.reason ? ` (${f.reason})` : ''}.`,
  'attach.too-large': f => `${f.path || 'the file'} is too large to be sent (${megabytes(f.size)} MB).`,
  'insert.too-large': f => `${f.path} is too large to stand in the text; attach it.`,
  'insert.no-text': f => `${f.path} is not text; attach it.`,
  'template.field': f =>
    `templates/${f.file}, line ${f.line}: a template has no field "${f.name}", only To, Cc, Bcc, Reply-To and Subject. For text, begin with an empty line.`,
  'template.twice': f => `templates/${f.file}, line ${f.line}: "${f.name}" stands there twice.`,
  'template.line': f =>
    `templates/${f.file}, line ${f.line}: this is no header field; an empty line goes before the text.`,
  'template.gone': f => `there is no template ${f.file} any more.`,
  'template.too-large': f => `templates/${f.file} is too large for a template.`,
  'template.no-text': f => `templates/${f.file} is no text in UTF-8.`,
  'template.unreadable': f => `${f.file} can't be read${f.reason ? ` (${f.reason})` : ''}.`,
  'notice.command': f => {
    const why: Readonly<Record<string, string>> = {
      ENOENT: 'it is not here',
      EACCES: 'it may not be run',
      time: 'it did not end within ten seconds and was stopped',
    };
    return `the program for notices, "${f.program}", failed: ${why[f.reason ?? ''] ?? f.reason}. See "notices" in the configuration.`;
  },
  'editor.missing': f => `the editor "${f.program}" is not here. Name another one in VISUAL or EDITOR.`,
  'editor.failed': f => `the editor "${f.program}" can't be started${f.reason ? ` (${f.reason})` : ''}.`,
  'editor.too-large': f => `what "${f.program}" left is too large for a mail. The text is as it was.`,
  'unsubscribe.refused-host': f =>
    `${f.host} is a machine of this network, not a list's; nothing was sent there.`,
  'unsubscribe.failed': f =>
    `${f.host} did not take the word for it (${f.status}). The list may still write.`,
  'outbox.too-late': 'it is too late: this message is being sent, or was sent.',
  'outbox.gone': 'this message is not in the outbox any more.',
  'outbox.not-editable': 'a whole message from the command line can not be edited.',
  'outbox.nobody-left':
    'there is nobody left to send it to: every recipient has it already or was refused. Next: e on it in the outbox changes the recipients.',
  'outbox.message-lost': 'the message that waited here is missing on this disk. Next: tmail doctor.',
  'append.unverified': f =>
    `the copy in "${f.folder}" on the server is not what was sent there. The original is kept.`,
  'append.not-there': f =>
    `the server said that it filed a message in "${f.folder}", and it is not there. It is looked for, and filed again, later.`,
  'append.message-lost': f =>
    `a message for "${f.folder}" is missing on this disk; it was not filed on the server.`,
  'imap.append-limit': f =>
    `the server files no messages of ${megabytes(f.size)} MB (its limit: ${megabytes(f.limit)} MB). The copy stays here.`,

  // This computer's disk
  'disk.full': 'this disk is full. Fetching has stopped; nothing was lost. It goes on when there is room.',
  'disk.floor': f =>
    `this disk is nearly full (${megabytes(f.free)} MB free). Background fetching waits below ${megabytes(f.floor)} MB; what you open is still fetched.`,
  'disk.read-only': f => `${f.path || 'the store'} can't be written. Reading works; changes are not kept.`,
  'disk.io': f =>
    `the disk failed${f.path ? ` at ${f.path}` : ''}${f.errno || f.reason ? ` (${f.errno || f.reason})` : ''}. Next: tmail doctor.`,
  'queue.full':
    'too much waits for the server already; this was not done. Once some of it has gone there, do it again.',
  'store.locked': 'another tmail has this mail open. This one can read, but not change anything.',
  'store.reader': 'another tmail has this mail open; this one only reads.',
  'store.version': f =>
    `the mail here was written by a newer tmail (version ${f.found} of the store, this one knows ${f.supported}). Nothing was touched.`,
  'store.lost': f => `${f.count} messages can't be found on this disk any more. Next: tmail doctor.`,
  'raw.missing':
    'the file of this message is not on this disk. It is fetched again when there is a connection.',
  'raw.damaged':
    'the file of this message is damaged on this disk. It is fetched again when there is a connection.',
  'parse.timeout': 'this message takes too long to take apart. Its raw form works: = or tmail show --raw.',
  'parse.memory':
    'this message needs too much memory to take apart. Its raw form works: = or tmail show --raw.',
  'parse.failed': "this message can't be taken apart. Its raw form works: = or tmail show --raw.",

  // The command line
  'cli.unknown-command': f => `there is no command "${f.word}".${meant(f)}${help(f)}`,
  'cli.unknown-word': f => `"tmail ${f.command} ${f.word}" is not known.${meant(f)}${help(f)}`,
  'cli.not-available': f => `"tmail ${f.word}" is not available yet in this version.`,
  'cli.unknown-option': f =>
    `there is no option ${f.option}${f.command ? ` of "tmail ${f.command}"` : ''}.${meant(f)}${help(f)}`,
  'cli.option-value': f => `${f.option} needs a value (${f.expected}).${help(f)}`,
  'cli.option-no-value': f => `${f.option} takes no value.${help(f)}`,
  'cli.option-once': f => `${f.option} can be given only once.${help(f)}`,
  'cli.words': f =>
    f.expected ? `expected ${f.expected}.${help(f)}` : `nothing more was expected.${help(f)}`,
  'cli.number': f => `${f.option} must be ${f.expected}.${help(f)}`,
  'cli.flag': f => `"${f.got}" is no flag: ${f.expected}, or a keyword without spaces.${help(f)}`,
  'cli.one-of': f => `only one of ${f.got}.${help(f)}`,
  'terminal.none': 'tmail needs a terminal. Without one: tmail list, show, sync (tmail --help).',
  'cli.no-terminal': 'tmail needs a terminal. Without one: tmail list, show, sync (tmail --help).',
  'output.closed': 'nobody reads the output any more.',
  'output.failed': f => `the output can't be written (${f.reason}).`,
  'id.malformed': f => `"${f.id}" is no message id; "tmail list" prints them.`,

  'cli.option-missing': f => `${f.option} is needed: ${f.expected}.${help(f)}`,

  // Export and import
  'export.exists': f =>
    `${f.path} holds something else; nothing was written. Name a new place, or an earlier export of the same account and format.`,
  'export.full': f =>
    `the disk of ${f.path} is full. What is complete there stays; with more room the same command goes on.`,
  'export.write': f => `${f.path} can't be written${f.errno ? ` (${f.errno})` : ''}.`,
  'export.verify': f =>
    `${f.path} did not read back as it was written; is its disk failing? It was not counted.`,
  'import.not-found': f => `${f.path} does not exist.`,
  'import.not-mail': f => `${f.path} is no mbox file, no Maildir and no .eml file; nothing was imported.`,
  'import.not-mbox': f =>
    `${f.path} does not begin with a From_ line, as an mbox file must; nothing of it was imported.`,
  'import.accounts': f =>
    `${f.path} holds the mail of ${f.names}; ${f.account ? `nothing of "${f.account}" is in it` : 'no account of that name here takes imported mail'}. Next: tmail import ${f.first} --account NAME`,
  'import.changed': f => `${f.path} changed while it was read. The same command takes the rest.`,
  'import.too-many': 'a folder holds more files than an import reads.',
  'import.full': 'this disk is full. What was imported stays; with more room the same command goes on.',
  'import.not-listed': f =>
    `not all mail of "${f.folder}" is listed here yet, so that what is there already is not known. Nothing was imported into it. Next: tmail sync --account ${f.account}`,

  // Accounts, folders, messages
  'account.unknown': f => `there is no account "${f.account}".${meant(f)}`,
  'account.none': 'every account is disabled. Name one with --account.',
  'account.disabled': f => `the account "${f.account}" is disabled in the configuration.`,
  'account.empty': f =>
    `nothing of "${f.account}" is on this computer yet. Next: tmail sync --account ${f.account}`,
  'folder.not-listed': f =>
    `not all mail of "${f.folder}" is listed here yet, so none of it was moved. It comes with the next connection; then try again.`,
  'folder.exists': f => `there is a folder "${f.folder}" already.`,
  'folder.name': f => folderName(f),
  'folder.role': f => `"${f.folder}" is a folder that every account has: it keeps its name and its place.`,
  'folder.on-server': f => `"${f.folder}" is on the server, where this version of tmail changes no folders.`,
  'folder.within-itself': f => `"${f.folder}" can't be moved into itself.`,
  'folder.not-empty': f =>
    `"${f.folder}" holds ${f.count === '1' ? 'a message' : `${f.count} messages`} and stays as it is.`,
  'folder.not-for-mail': f => `"${f.folder}" holds only other folders, no messages.`,
  'change.only-trash':
    'Gmail deletes only what is in Trash: tmail delete moves it there, and --for-ever there deletes it.',
  'change.in-trash': 'it is in Trash already. --for-ever deletes it for good.',
  'folder.unknown': f => `there is no folder "${f.folder}".${meant(f)}`,
  'message.not-found': f => `there is no message ${f.id} here (any more).`,
  'message.gone': 'this message is not here any more.',
  'body.offline':
    'this message is not on this computer, and there is no connection. It opens when there is one.',
  'body.gone': 'this message is no longer on the server, and was not kept here.',
  'body.too-large': f => `this message is too large to be fetched (${megabytes(f.size)} MB).`,
  'show.no-html': 'this message has no HTML part. Try --text.',
  'save.nothing': 'this message has no attachments.',
  'save.no-part': f => `this message has no part ${f.part}; it has ${f.parts}.`,
  'save.no-folder': f => `${f.folder} is not a folder.`,
  'store.owner-gone': 'the tmail that was open has just ended. Try again.',
  'store.no-owner': 'the tmail that was open has just ended. Try again.',
  'store.owner-silent': f =>
    `another tmail${f.pid ? ` (process ${f.pid})` : ''} has this mail open and does not answer; is it stopped (Ctrl-Z)?`,
  'store.not-serving': 'the tmail that was just opened is not ready yet. Try again.',
  'store.request-too-large': 'this is too much for the tmail that is open.',
  'store.set-aside': f =>
    `${f.file} was damaged (${f.reason})${f.kept ? ` and is kept as ${f.kept}` : ''}. It is rebuilt; the mail itself is not touched.${
      f.file?.endsWith('.state.json')
        ? ' What was read or starred is asked of the server again; of mail that is only here it is lost.'
        : ''
    }`,
  'account.malformed': f => `"${f.account}" is no name that an account can have.`,
  'store.unhealthy': f =>
    `${f.missing} message files are missing in ${f.dir}${f.damaged ? `, and damaged: ${f.damaged}` : ''}. Next: tmail doctor --rebuild, then tmail sync.`,
  'door.answer':
    'the tmail that is open on a screen gave an answer that makes no sense. Is it another version?',
  'door.request': 'another tmail asked for something that this version does not know.',
  'save.exists': f => `${f.path || 'the file'} exists already; nothing was overwritten.`,
  'save.omitted': 'this attachment is still on the server. Connect, and try again.',
  'save.names-taken': f => `too many files named "${f.name}" in ${f.folder}.`,
};
