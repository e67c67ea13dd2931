// Commands about folders (RFC 9051 sections 6.3.2 to 6.3.11, 6.4.1, 6.4.2; RFC 5258, 5819, 6154, 7162).
import type { FolderView } from './folder-view.ts';
import type { MailFolder } from './mail-store.ts';
import { formatSet, inRanges, parseSet } from './sequence-set.ts';
import type { CommandDefinition, Session } from './session.ts';
import { type Answer, itemsOf, refuse, string, type Token, textOf, wordOf } from './syntax.ts';

const done = (text: string, code?: string): Answer => ({ status: 'OK', text, ...(code ? { code } : {}) });

/** The folder that an argument names. @throws NO [NONEXISTENT] or [TRYCREATE] */
export function folderOf(session: Session, token: Token | undefined, code = 'NONEXISTENT'): MailFolder {
  const folder = session.context.store.get(textOf(token, 'mailbox name'));
  if (!folder) throw refuse('NO', 'No such mailbox', code);
  return folder;
}

const STATUS_ITEMS: Readonly<Record<string, (folder: MailFolder) => number>> = {
  MESSAGES: folder => folder.messages.length,
  RECENT: () => 0,
  UIDNEXT: folder => folder.uidNext,
  UIDVALIDITY: folder => folder.uidValidity,
  UNSEEN: folder => folder.messages.filter(message => !message.flags.has('\\Seen')).length,
  DELETED: folder => folder.messages.filter(message => message.flags.has('\\Deleted')).length,
  SIZE: folder => folder.messages.reduce((sum, message) => sum + message.raw.length, 0),
  HIGHESTMODSEQ: folder => folder.modseq,
};

function statusLine(session: Session, folder: MailFolder, items: readonly Token[]): string {
  const parts = items.map(item => {
    const name = wordOf(item);
    const read = Object.hasOwn(STATUS_ITEMS, name) ? STATUS_ITEMS[name] : undefined;
    if (!read || (name === 'HIGHESTMODSEQ' && !session.has('CONDSTORE')))
      throw refuse('BAD', 'Unknown STATUS item');
    return `${name} ${read(folder)}`;
  });
  return `* STATUS ${string(folder.name)} (${parts.join(' ')})\r\n`;
}

/** LIST patterns: `*` is anything, `%` anything but the separator. */
function matcher(patterns: readonly string[]): (name: string) => boolean {
  const expressions = patterns.map(pattern => {
    const source = pattern.replace(/[.*+?^${}()|[\]\\%]/g, char =>
      char === '*' ? '[^]*' : char === '%' ? '[^/]*' : `\\${char}`,
    );
    return new RegExp(`^${source.replace(/^inbox(?=$|\/)/i, 'INBOX')}$`);
  });
  return name => expressions.some(expression => expression.test(name));
}

/** All names: folders, subscriptions without a folder, and parents that exist only by their children. */
function allNames(session: Session): string[] {
  const { store } = session.context;
  const names = new Set<string>();
  for (const name of [...store.folders.keys(), ...store.subscriptions]) {
    const levels = name.split('/');
    for (let depth = 1; depth <= levels.length; depth++) names.add(levels.slice(0, depth).join('/'));
  }
  return [...names].filter(name => name !== '');
}

interface ListWish {
  readonly patterns: readonly string[];
  readonly onlySubscribed: boolean;
  readonly onlySpecial: boolean;
  readonly subscribed: boolean;
  readonly status: readonly Token[] | null;
}

function readList(args: readonly Token[]): ListWish {
  let [selection, reference, pattern, word, options] = args;
  if (selection?.t !== 'list') [selection, reference, pattern, word, options] = [undefined, ...args];
  const chosen = selection ? itemsOf(selection).map(item => wordOf(item)) : [];
  const prefix = textOf(reference, 'reference');
  const patterns = itemsOf(pattern).map(item => prefix + textOf(item));
  const wanted = word && wordOf(word) === 'RETURN' ? itemsOf(options) : [];
  const statusAt = wanted.findIndex(item => item.t === 'atom' && item.text.toUpperCase() === 'STATUS');
  return {
    patterns,
    onlySubscribed: chosen.includes('SUBSCRIBED'),
    onlySpecial: chosen.includes('SPECIAL-USE'),
    subscribed:
      chosen.includes('SUBSCRIBED') ||
      wanted.some(item => item.t === 'atom' && item.text.toUpperCase() === 'SUBSCRIBED'),
    status: statusAt < 0 ? null : itemsOf(wanted[statusAt + 1]),
  };
}

function list(session: Session, args: readonly Token[]): Answer {
  const wish = readList(args);
  if (wish.patterns.length === 1 && wish.patterns[0] === '') {
    session.out.write('* LIST (\\Noselect) "/" ""\r\n');
    return done('Listed');
  }
  const matches = matcher(wish.patterns);
  const { store } = session.context;
  const names = allNames(session);
  const parents = new Set(
    names.filter(name => name.includes('/')).map(name => name.slice(0, name.lastIndexOf('/'))),
  );
  for (const name of names.filter(matches)) {
    const folder = store.get(name);
    const isSubscribed = folder?.subscribed ?? store.subscriptions.has(name);
    if ((wish.onlySubscribed && !isSubscribed) || (wish.onlySpecial && !folder?.use)) continue;
    if (!folder && store.subscriptions.has(name) && !wish.onlySubscribed && !parents.has(name)) continue;
    const attributes = [parents.has(name) ? '\\HasChildren' : '\\HasNoChildren'];
    if (!folder) attributes.unshift(parents.has(name) ? '\\Noselect' : '\\NonExistent');
    if (folder?.use && session.has('SPECIAL-USE')) attributes.push(folder.use);
    if (wish.subscribed && isSubscribed) attributes.push('\\Subscribed');
    session.out.write(`* LIST (${attributes.join(' ')}) "/" ${string(name)}\r\n`);
    if (folder && wish.status) session.out.write(statusLine(session, folder, wish.status));
  }
  return done('Listed');
}

function lsub(session: Session, args: readonly Token[]): Answer {
  const { store } = session.context;
  const matches = matcher([textOf(args[0], 'reference') + textOf(args[1], 'pattern')]);
  for (const name of allNames(session).filter(matches)) {
    if (store.get(name)?.subscribed ?? store.subscriptions.has(name)) {
      session.out.write(`* LSUB () "/" ${string(name)}\r\n`);
    }
  }
  return done('Listed');
}

function open(session: Session, args: readonly Token[], readOnly: boolean): Answer {
  session.unselect();
  const folder = folderOf(session, args[0]);
  const params = args[1] ? itemsOf(args[1]) : [];
  const words = params.map(param => (param.t === 'atom' ? param.text.toUpperCase() : ''));
  const condstore = session.has('CONDSTORE');
  if (words.includes('CONDSTORE') && condstore) session.enabled.add('CONDSTORE');
  const view = session.select(folder, readOnly);
  const keywords = new Set(
    folder.messages.flatMap(message => [...message.flags].filter(flag => !flag.startsWith('\\'))),
  );
  const flags = ['\\Answered', '\\Flagged', '\\Deleted', '\\Seen', '\\Draft', ...keywords].join(' ');
  session.out.write(
    `* FLAGS (${flags})\r\n* OK [PERMANENTFLAGS (${readOnly ? '' : `${flags} \\*`})] Flags permitted\r\n`,
    `* ${folder.messages.length} EXISTS\r\n* 0 RECENT\r\n`,
    `* OK [UIDVALIDITY ${folder.uidValidity}] UIDs valid\r\n* OK [UIDNEXT ${folder.uidNext}] Predicted next UID\r\n`,
    condstore ? `* OK [HIGHESTMODSEQ ${folder.modseq}] Highest\r\n` : '',
  );
  const resync = words.indexOf('QRESYNC');
  if (resync >= 0) {
    if (!session.enabled.has('QRESYNC')) throw refuse('BAD', 'QRESYNC is not enabled');
    tellSince(session, view, itemsOf(params[resync + 1]));
  }
  return done(readOnly ? 'Examined' : 'Selected', readOnly ? 'READ-ONLY' : 'READ-WRITE');
}

/** What changed since the client's mod-sequence (RFC 7162 section 3.2.5). */
function tellSince(session: Session, view: FolderView, args: readonly Token[]): void {
  const { folder } = view;
  const [uidValidity, modseq] = [Number(textOf(args[0])), Number(textOf(args[1]))];
  if (uidValidity !== folder.uidValidity) return;
  const known = args[2] ? parseSet(textOf(args[2]), folder.uidNext) : null;
  vanishedEarlier(session, folder, modseq, uid => known === null || inRanges(known, uid));
  for (const message of folder.messages) if (message.modseq > modseq) view.tellFlags(message);
}

export function vanishedEarlier(
  session: Session,
  folder: MailFolder,
  since: number,
  asked: (uid: number) => boolean,
): void {
  const gone = folder.expunged.filter(one => one.modseq > since && asked(one.uid)).map(one => one.uid);
  if (gone.length > 0) session.out.write(`* VANISHED (EARLIER) ${formatSet(gone.sort((a, b) => a - b))}\r\n`);
}

function create(session: Session, args: readonly Token[]): Answer {
  const { store } = session.context;
  const name = textOf(args[0], 'mailbox name').replace(/\/$/, '');
  if (name === '' || name.startsWith('/') || name.includes('//'))
    throw refuse('NO', 'Bad mailbox name', 'CANNOT');
  if (store.get(name)) throw refuse('NO', 'Mailbox already exists', 'ALREADYEXISTS');
  store.create(name).subscribed = store.subscriptions.delete(name);
  return done('Created');
}

function remove(session: Session, args: readonly Token[]): Answer {
  const folder = folderOf(session, args[0]);
  if (folder.name === 'INBOX') throw refuse('NO', "INBOX can't be deleted", 'CANNOT');
  if (folder.subscribed) session.context.store.subscriptions.add(folder.name);
  const own = session.selected?.folder === folder ? session.selected : null;
  session.context.store.delete(folder, own);
  if (own) session.unselect();
  return done('Deleted');
}

function rename(session: Session, args: readonly Token[]): Answer {
  const { store } = session.context;
  const from = textOf(args[0], 'mailbox name');
  const to = textOf(args[1], 'mailbox name');
  const exists = [...store.folders.keys()].some(name => name === from || name.startsWith(`${from}/`));
  if (!exists && !/^inbox$/i.test(from)) throw refuse('NO', 'No such mailbox', 'NONEXISTENT');
  if (store.get(to)) throw refuse('NO', 'Mailbox already exists', 'ALREADYEXISTS');
  if (to.startsWith(`${from}/`)) throw refuse('NO', "A mailbox can't move into itself", 'CANNOT');
  if (!/^inbox$/i.test(from)) store.rename(from, to);
  else {
    const inbox = store.ensure('INBOX');
    const target = store.create(to);
    for (const message of inbox.messages) target.append(message.raw, message.flags, message.date);
    inbox.expunge(() => true);
  }
  return done('Renamed');
}

function subscribe(session: Session, args: readonly Token[], wanted: boolean): Answer {
  const { store } = session.context;
  const name = textOf(args[0], 'mailbox name');
  const folder = store.get(name);
  if (folder) folder.subscribed = wanted;
  else if (wanted) throw refuse('NO', 'No such mailbox', 'NONEXISTENT');
  else store.subscriptions.delete(name);
  return done(wanted ? 'Subscribed' : 'Unsubscribed');
}

export const folderCommands: Readonly<Record<string, CommandDefinition>> = {
  LIST: { state: 'authenticated', run: list },
  LSUB: { state: 'authenticated', run: lsub },
  STATUS: {
    state: 'authenticated',
    run(session, args) {
      session.out.write(statusLine(session, folderOf(session, args[0]), itemsOf(args[1])));
      return done('Status listed');
    },
  },
  SELECT: { state: 'authenticated', run: (session, args) => open(session, args, false) },
  EXAMINE: { state: 'authenticated', run: (session, args) => open(session, args, true) },
  CREATE: { state: 'authenticated', run: create },
  DELETE: { state: 'authenticated', run: remove },
  RENAME: { state: 'authenticated', run: rename },
  SUBSCRIBE: { state: 'authenticated', run: (session, args) => subscribe(session, args, true) },
  UNSUBSCRIBE: { state: 'authenticated', run: (session, args) => subscribe(session, args, false) },
  CLOSE: {
    state: 'selected',
    run(session) {
      const { folder, readOnly } = session.open();
      session.unselect();
      if (!readOnly) folder.expunge(message => message.flags.has('\\Deleted'));
      return done('Closed');
    },
  },
  UNSELECT: {
    state: 'selected',
    needs: 'UNSELECT',
    run(session) {
      session.unselect();
      return done('Unselected');
    },
  },
};
