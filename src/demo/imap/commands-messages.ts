// Commands that change messages (RFC 9051 sections 6.3.12, 6.3.13, 6.4.3, 6.4.6 to 6.4.8; RFC 7162).
import { folderOf } from './commands-folders.ts';
import type { StoredMessage } from './mail-store.ts';
import { formatSet, inRanges, parseSet } from './sequence-set.ts';
import type { Call, CommandDefinition, Session } from './session.ts';
import {
  type Answer,
  itemsOf,
  numberOf,
  parseDate,
  refuse,
  syntaxError,
  type Token,
  textOf,
  wordOf,
} from './syntax.ts';

const done = (text: string, code?: string): Answer => ({ status: 'OK', text, ...(code ? { code } : {}) });

/** The messages that a sequence set names in the client's view, in order. */
export function messagesOf(session: Session, token: Token | undefined, uid: boolean): StoredMessage[] {
  const view = session.open();
  const known = view.messages;
  const set = textOf(token, 'sequence set');
  const ranges = parseSet(set, uid ? view.lastUid : known.length);
  if (!uid && ranges.some(([from, to]) => from < 1 || to > known.length))
    throw refuse('BAD', 'No such message');
  const numbers = new Set<StoredMessage>();
  for (const [from, to] of ranges) {
    if (!uid) for (const message of known.slice(from - 1, to)) numbers.add(message);
    else if (from === to) {
      const message = view.byUid(from);
      if (message) numbers.add(message);
    } else for (const message of known) if (message.uid >= from && message.uid <= to) numbers.add(message);
  }
  return [...numbers].sort((a, b) => a.uid - b.uid);
}

function writable(session: Session): void {
  if (session.open().readOnly) throw refuse('NO', 'The mailbox is read-only', 'READ-ONLY');
}

function store(session: Session, args: readonly Token[], call: Call): Answer {
  writable(session);
  const [set, ...rest] = args;
  let unchangedSince = Number.POSITIVE_INFINITY;
  if (rest[0]?.t === 'list' && rest.length > 2) {
    const [word, value] = itemsOf(rest.shift());
    if (wordOf(word) !== 'UNCHANGEDSINCE' || !session.has('CONDSTORE'))
      throw syntaxError('Bad STORE modifier');
    unchangedSince = numberOf(value);
    session.enabled.add('CONDSTORE');
  }
  const item = /^([+-]?)FLAGS(\.SILENT)?$/.exec(wordOf(rest.shift(), 'STORE item'));
  if (!item) throw syntaxError('Bad STORE item');
  const flags = rest.flatMap(token => itemsOf(token).map(flag => textOf(flag)));
  const failed: number[] = [];
  for (const message of messagesOf(session, set, call.uid)) {
    if (message.gone) continue;
    if (message.modseq > unchangedSince) {
      failed.push(call.uid ? message.uid : session.open().sequenceOf(message));
      continue;
    }
    session.open().folder.setFlags(message, combine(message.flags, item[1] ?? '', flags), session.open());
    answerStore(session, message, call.uid, item[2] !== undefined);
  }
  return failed.length > 0 ? done('Some had changed', `MODIFIED ${formatSet(failed)}`) : done('Stored');
}

function combine(now: ReadonlySet<string>, sign: string, flags: readonly string[]): string[] {
  if (sign === '+') return [...now, ...flags];
  if (sign === '') return [...flags];
  const without = new Set(flags.map(flag => flag.toLowerCase()));
  return [...now].filter(flag => !without.has(flag.toLowerCase()));
}

function answerStore(session: Session, message: StoredMessage, uid: boolean, silent: boolean): void {
  const parts: string[] = [];
  if (uid) parts.push(`UID ${message.uid}`);
  if (session.enabled.has('CONDSTORE')) parts.push(`MODSEQ (${message.modseq})`);
  else if (silent) return;
  if (!silent) parts.push(`FLAGS (${[...message.flags].join(' ')})`);
  session.out.write(`* ${session.open().sequenceOf(message)} FETCH (${parts.join(' ')})\r\n`);
  session.open().told(message);
}

/** COPY and MOVE; the COPYUID code says what became of each (RFC 9051 section 7.1). */
function copy(session: Session, args: readonly Token[], call: Call, move: boolean): Answer {
  if (move) writable(session);
  const { folder } = session.open();
  const target = folderOf(session, args[1], 'TRYCREATE');
  const messages = messagesOf(session, args[0], call.uid).filter(message => !message.gone);
  const size = messages.reduce((sum, message) => sum + message.raw.length, 0);
  if (!move) checkQuota(session, size);
  const copies = messages.map(({ raw, flags, date }) => target.append(raw, flags, date));
  const uids = `COPYUID ${target.uidValidity} ${formatSet(messages.map(one => one.uid))} ${formatSet(copies.map(one => one.uid))}`;
  const code = messages.length > 0 && session.has('UIDPLUS') ? uids : undefined;
  if (!move) return done('Copied', code);
  if (code) session.out.write(`* OK [${code}] Moved\r\n`);
  const moved = new Set(messages);
  folder.expunge(message => moved.has(message));
  return done('Moved');
}

function checkQuota(session: Session, more: number): void {
  const { quota, store: mail } = session.context;
  if (quota !== null && mail.size() + more > quota * 1024) throw refuse('NO', 'Quota exceeded', 'OVERQUOTA');
}

function append(session: Session, args: readonly Token[]): Answer {
  const folder = folderOf(session, args[0], 'TRYCREATE');
  const rest = args.slice(1);
  const flags = rest[0]?.t === 'list' ? itemsOf(rest.shift()).map(flag => textOf(flag)) : [];
  const date = rest.length > 1 ? parseDate(textOf(rest.shift())) : new Date();
  const message = rest[0];
  if (message?.t !== 'string' || !message.literal) throw syntaxError('Missing message');
  checkQuota(session, message.literal.length);
  const { uid } = folder.append(message.literal, flags, date);
  return done('Appended', session.has('UIDPLUS') ? `APPENDUID ${folder.uidValidity} ${uid}` : undefined);
}

function expunge(session: Session, args: readonly Token[], call: Call): Answer {
  writable(session);
  const ranges = call.uid ? parseSet(textOf(args[0], 'sequence set'), session.open().folder.uidNext) : null;
  session
    .open()
    .folder.expunge(
      message => message.flags.has('\\Deleted') && (ranges === null || inRanges(ranges, message.uid)),
    );
  return done('Expunged');
}

async function idle(session: Session): Promise<Answer> {
  session.out.write('+ Watching\r\n');
  session.idling = true;
  try {
    session.selected?.tell(true);
    const line = await session.reader.line();
    if (line !== null && !/^done$/i.test(line.toString('latin1'))) throw syntaxError('Expected DONE');
  } finally {
    session.idling = false;
  }
  return done('Watched');
}

export const messageCommands: Readonly<Record<string, CommandDefinition>> = {
  STORE: { state: 'selected', holdsExpunges: true, run: store },
  'UID STORE': { state: 'selected', run: store },
  COPY: { state: 'selected', run: (session, args, call) => copy(session, args, call, false) },
  'UID COPY': { state: 'selected', run: (session, args, call) => copy(session, args, call, false) },
  MOVE: { state: 'selected', needs: 'MOVE', run: (session, args, call) => copy(session, args, call, true) },
  'UID MOVE': {
    state: 'selected',
    needs: 'MOVE',
    run: (session, args, call) => copy(session, args, call, true),
  },
  EXPUNGE: { state: 'selected', run: expunge },
  'UID EXPUNGE': { state: 'selected', needs: 'UIDPLUS', run: expunge },
  APPEND: { state: 'authenticated', run: append },
  CHECK: { state: 'selected', run: () => done('Checked') },
  IDLE: { state: 'authenticated', needs: 'IDLE', run: idle },
};
