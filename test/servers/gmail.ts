// An IMAP server with Gmail's ways (X-GM-EXT-1): one message with many labels, each label a folder, All Mail with all
// of them. Leaving the inbox archives, only Trash and Spam delete. The embedded server with other rules over it.

import { folderOf } from '../../src/demo/imap/commands-folders.ts';
import { messagesOf } from '../../src/demo/imap/commands-messages.ts';
import type { MailFolder, MailStore, StoredMessage, Watcher } from '../../src/demo/imap/mail-store.ts';
import { formatSet } from '../../src/demo/imap/sequence-set.ts';
import type { Call, Session } from '../../src/demo/imap/session.ts';
import { type Answer, itemsOf, string, type Token, textOf, wordOf } from '../../src/demo/imap/syntax.ts';
import { DEFAULT_CAPABILITIES, type ImapServer, startImapServer } from '../../src/demo/imap-server.ts';
import { decodeMailboxName } from '../../src/mail/mailbox-name.ts';

const ALL = '[Gmail]/All Mail';
const STARRED = '[Gmail]/Starred';
/** What is there is nowhere else. */
const APART: ReadonlySet<string> = new Set(['[Gmail]/Trash', '[Gmail]/Spam']);
const SYSTEM: ReadonlyMap<string, string> = new Map([
  ['INBOX', '\\Inbox'],
  ['[Gmail]/Sent Mail', '\\Sent'],
  ['[Gmail]/Drafts', '\\Draft'],
  [STARRED, '\\Starred'],
  ['[Gmail]/Important', '\\Important'],
]);
const MAILBOXES = [
  { name: ALL, use: '\\All' },
  { name: '[Gmail]/Drafts', use: '\\Drafts' },
  { name: '[Gmail]/Important', use: '\\Important' },
  { name: '[Gmail]/Sent Mail', use: '\\Sent' },
  { name: '[Gmail]/Spam', use: '\\Junk' },
  { name: STARRED, use: '\\Flagged' },
  { name: '[Gmail]/Trash', use: '\\Trash' },
];

/** One message, whatever it is labelled. */
interface Mail {
  readonly id: bigint;
  readonly raw: Buffer;
  /** By folder. */
  readonly copies: Map<MailFolder, StoredMessage>;
}

export interface GmailServer extends ImapServer {
  /** Subjects in a folder, in the order of UIDs. */
  subjects(folder: string): string[];
  /** All labels of the message with this subject, system ones too, sorted. */
  labels(subject: string): string[];
}

export async function startGmail(
  options: { readonly labels?: readonly string[]; readonly port?: number } = {},
): Promise<GmailServer> {
  const world = new World();
  const server = await startImapServer({
    users: { 'ada@gmail.com': 'secret' },
    mailboxes: [...MAILBOXES, ...(options.labels ?? []).map(name => ({ name }))],
    // Gmail has no QRESYNC.
    capabilities: [...DEFAULT_CAPABILITIES.filter(name => name !== 'QRESYNC'), 'X-GM-EXT-1'],
    ...(options.port === undefined ? {} : { port: options.port }),
    extension: {
      begin: store => world.begin(store),
      items: new Map([
        ['X-GM-MSGID', (message: StoredMessage) => String(world.mailOf(message).id)],
        ['X-GM-THRID', (message: StoredMessage) => String(world.mailOf(message).id)],
        ['X-GM-LABELS', (message: StoredMessage, folder: MailFolder) => world.labelList(message, folder)],
      ]),
      commands: {
        'UID STORE': { state: 'selected', run: (session, args, call) => world.store(session, args, call) },
        'UID COPY': { state: 'selected', run: (session, args) => world.copy(session, args, false) },
        'UID MOVE': { state: 'selected', run: (session, args) => world.copy(session, args, true) },
      },
    },
  });
  const subjectOf = (raw: Buffer) => /^subject: (.*)$/im.exec(raw.toString('latin1'))?.[1]?.trim() ?? '';
  return {
    ...server,
    subjects: folder => server.folder(folder).messages.map(({ raw }) => subjectOf(raw)),
    labels: subject => world.labelsOf(mail => subjectOf(mail.raw) === subject),
  };
}

class World {
  readonly #mails = new Map<Buffer, Mail>();
  readonly #seen = new Set<MailFolder>();
  #store: MailStore | null = null;
  #next = 1n << 60n;

  begin(store: MailStore): void {
    this.#store = store;
    for (const folder of store.folders.values()) this.#watch(folder);
    // Labels that are made later are folders too.
    const create = store.create.bind(store);
    store.create = (name, use) => this.#watch(create(name, use));
  }

  mailOf({ raw }: StoredMessage): Mail {
    let mail = this.#mails.get(raw);
    if (!mail) {
      mail = { id: this.#next++, raw, copies: new Map() };
      this.#mails.set(raw, mail);
    }
    return mail;
  }

  labelsOf(which: (mail: Mail) => boolean): string[] {
    const mails = [...this.#mails.values()].filter(mail => mail.copies.size > 0 && which(mail));
    return mails
      .flatMap(({ copies }) => [...copies.keys()].map(({ name }) => decodeMailboxName(name)))
      .sort();
  }

  /** Without the label of the folder that is open, as Gmail has it. */
  labelList(message: StoredMessage, open: MailFolder): string {
    const names = [...this.mailOf(message).copies.keys()].filter(
      folder => folder !== open && folder.name !== ALL && !APART.has(folder.name),
    );
    return `(${names.map(({ name }) => SYSTEM.get(name) ?? string(name)).join(' ')})`;
  }

  async store(session: Session, args: readonly Token[], call: Call): Promise<Answer | null> {
    const item = /^([+-])X-GM-LABELS(\.SILENT)?$/.exec(wordOf(args[1], 'STORE item'));
    if (!item) return (await session.commands.get('STORE')?.run(session, args, call)) ?? null;
    const names = args.slice(2).flatMap(token => itemsOf(token).map(label => textOf(label)));
    const { folder } = session.open();
    for (const message of messagesOf(session, args[0], true)) {
      if (message.gone) continue;
      for (const name of names) this.#label(message, name, item[1] === '+');
      const answer = `UID ${message.uid} X-GM-LABELS ${this.labelList(message, folder)}`;
      session.out.write(`* ${session.open().sequenceOf(message)} FETCH (${answer})\r\n`);
    }
    return { status: 'OK', text: 'Success' };
  }

  /** What is in the target already keeps its UID there; moving out of All Mail to a label leaves it in All Mail. */
  copy(session: Session, args: readonly Token[], move: boolean): Answer {
    const { folder } = session.open();
    const target = folderOf(session, args[1], 'TRYCREATE');
    const messages = messagesOf(session, args[0], true).filter(({ gone }) => !gone);
    const places = messages.map(message => {
      const there = this.mailOf(message).copies.get(target);
      return (there ?? target.append(message.raw, message.flags, message.date)).uid;
    });
    const uids = `COPYUID ${target.uidValidity} ${formatSet(messages.map(({ uid }) => uid))} ${places.join(',')}`;
    if (move && folder.name !== ALL) {
      const going = new Set(messages);
      folder.expunge(message => going.has(message));
    }
    if (move && messages.length > 0) session.out.write(`* OK [${uids}]\r\n`);
    return { status: 'OK', text: 'Success', ...(move || messages.length === 0 ? {} : { code: uids }) };
  }

  #label(message: StoredMessage, name: string, wanted: boolean): void {
    const system = [...SYSTEM].find(([, label]) => label.toLowerCase() === name.toLowerCase())?.[0];
    const folder = wanted ? this.#store?.ensure(system ?? name) : this.#store?.get(system ?? name);
    if (!folder) return;
    const there = this.mailOf(message).copies.get(folder);
    if (wanted && !there) folder.append(message.raw, message.flags, message.date);
    if (!wanted && there) folder.expunge(one => one === there);
  }

  #watch(folder: MailFolder): MailFolder {
    if (this.#seen.has(folder)) return folder;
    this.#seen.add(folder);
    const watcher: Watcher = {
      changed: message => (message === null ? this.#members(folder) : this.#flags(folder, message, watcher)),
      renumbered: () => undefined,
      deleted: () => {
        for (const mail of this.#mails.values()) mail.copies.delete(folder);
      },
    };
    folder.watchers.add(watcher);
    return folder;
  }

  #members(folder: MailFolder): void {
    const apart = APART.has(folder.name);
    for (const message of [...folder.messages]) {
      const mail = this.mailOf(message);
      if (mail.copies.get(folder) === message) continue;
      mail.copies.set(folder, message);
      if (apart) this.#leaveAll(mail, folder);
      else this.#enterAll(mail, message);
      this.#flags(folder, message, null);
      this.#touch(mail, folder);
    }
    for (const mail of this.#mails.values()) {
      if (!mail.copies.get(folder)?.gone) continue;
      mail.copies.delete(folder);
      this.#touch(mail, folder);
    }
  }

  /** All of it is in All Mail; what leaves Trash or Spam comes back there. */
  #enterAll(mail: Mail, message: StoredMessage): void {
    for (const [other, copy] of [...mail.copies]) {
      if (APART.has(other.name)) other.expunge(one => one === copy);
    }
    const all = this.#store?.get(ALL);
    if (all && !mail.copies.has(all)) all.append(message.raw, message.flags, message.date);
  }

  #leaveAll(mail: Mail, except: MailFolder): void {
    for (const [folder, copy] of [...mail.copies]) {
      if (folder !== except) folder.expunge(one => one === copy);
    }
  }

  /** Read in one folder, read in all; starred is a folder of its own. */
  #flags(folder: MailFolder, message: StoredMessage, by: Watcher | null): void {
    const mail = this.mailOf(message);
    const shared = [...message.flags].filter(flag => flag !== '\\Deleted');
    for (const [other, copy] of [...mail.copies]) {
      if (other === folder) continue;
      const own = copy.flags.has('\\Deleted') ? ['\\Deleted'] : [];
      other.setFlags(copy, [...shared, ...own], by);
    }
    if (APART.has(folder.name)) return;
    const starred = this.#store?.get(STARRED);
    const copy = starred && mail.copies.get(starred);
    if (starred && !copy && message.flags.has('\\Flagged')) starred.append(message.raw, shared, message.date);
    if (starred && copy && !message.flags.has('\\Flagged')) starred.expunge(one => one === copy);
  }

  /** Labels count as a change of the message wherever it is. */
  #touch(mail: Mail, by: MailFolder): void {
    for (const [folder, copy] of mail.copies) {
      if (folder === by) continue;
      copy.modseq = ++folder.modseq;
      for (const watcher of folder.watchers) {
        if (!this.#isOwn(watcher)) watcher.changed(copy, null);
      }
    }
  }

  #isOwn(watcher: Watcher): boolean {
    return !('tell' in watcher);
  }
}
