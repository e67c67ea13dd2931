// FETCH (RFC 9051 section 6.4.5; RFC 7162 section 3.1.4): message data, one message at a time with back-pressure.
import { vanishedEarlier } from './commands-folders.ts';
import { messagesOf } from './commands-messages.ts';
import { bodyStructure, envelope } from './envelope.ts';
import type { StoredMessage } from './mail-store.ts';
import { type Part, parseMessage } from './part.ts';
import { parseSection, readSection, type Section } from './section.ts';
import { inRanges, parseSet } from './sequence-set.ts';
import type { Call, CommandDefinition, Session } from './session.ts';
import {
  type Answer,
  dateTime,
  itemsOf,
  numberOf,
  type Piece,
  refuse,
  syntaxError,
  type Token,
  textOf,
} from './syntax.ts';

type Item = string | Section;

const MACROS: Readonly<Record<string, readonly string[]>> = {
  ALL: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE'],
  FAST: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE'],
  FULL: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE', 'BODY'],
};
const PLAIN_ITEMS = [
  'FLAGS',
  'UID',
  'INTERNALDATE',
  'RFC822.SIZE',
  'ENVELOPE',
  'BODYSTRUCTURE',
  'BODY',
  'MODSEQ',
];
/** Old names for sections. */
const LEGACY: Readonly<Record<string, string>> = {
  RFC822: 'BODY[]',
  'RFC822.HEADER': 'BODY.PEEK[HEADER]',
  'RFC822.TEXT': 'BODY[TEXT]',
};

function readItems(token: Token | undefined, session: Session): Item[] {
  const single = token?.t === 'atom' ? MACROS[token.text.toUpperCase()] : undefined;
  if (single) return [...single];
  return itemsOf(token).map(item => {
    const name = textOf(item, 'FETCH item');
    const upper = name.toUpperCase();
    if (PLAIN_ITEMS.includes(upper) && (upper !== 'MODSEQ' || session.has('CONDSTORE'))) return upper;
    if (session.context.items?.has(upper)) return upper;
    const legacy = LEGACY[upper];
    const section = parseSection(legacy ?? name);
    if (!section) throw syntaxError('Unknown FETCH item');
    return legacy ? { ...section, label: upper } : section;
  });
}

interface Modifiers {
  readonly changedSince: number;
  readonly vanished: boolean;
}

function readModifiers(session: Session, token: Token | undefined, uid: boolean): Modifiers {
  if (token === undefined) return { changedSince: -1, vanished: false };
  const [word, value, extra] = itemsOf(token);
  if (textOf(word).toUpperCase() !== 'CHANGEDSINCE' || !session.has('CONDSTORE'))
    throw syntaxError('Bad FETCH modifier');
  const vanished = extra !== undefined && textOf(extra).toUpperCase() === 'VANISHED';
  if (vanished && (!uid || !session.enabled.has('QRESYNC'))) throw syntaxError('VANISHED needs QRESYNC');
  session.enabled.add('CONDSTORE');
  return { changedSince: numberOf(value), vanished };
}

async function fetch(session: Session, args: readonly Token[], call: Call): Promise<Answer> {
  const view = session.open();
  const { folder, readOnly } = view;
  const items = readItems(args[1], session);
  const { changedSince, vanished } = readModifiers(session, args[2], call.uid);
  if (call.uid && !items.includes('UID')) items.unshift('UID');
  if (items.includes('MODSEQ')) session.enabled.add('CONDSTORE');
  if (changedSince >= 0 && !items.includes('MODSEQ')) items.push('MODSEQ');
  const reads = items.some(item => typeof item !== 'string' && !item.peek) && !readOnly;
  const messages = messagesOf(session, args[0], call.uid);
  if (vanished) {
    const asked = parseSet(textOf(args[0]), folder.uidNext);
    vanishedEarlier(session, folder, changedSince, uid => inRanges(asked, uid));
  }
  let written = 0;
  let missed = false;
  for (const message of messages) {
    if (message.modseq <= changedSince) continue;
    if (strike(session, call, written)) return { status: 'NO', text: 'Interrupted' };
    if (message.gone) {
      missed = true;
      continue;
    }
    if (reads && !message.flags.has('\\Seen')) {
      folder.setFlags(message, [...message.flags, '\\Seen'], view);
      if (!items.includes('FLAGS')) items.push('FLAGS');
    }
    session.out.write(`* ${view.sequenceOf(message)} FETCH (`, ...data(message, items, session), ')\r\n');
    written++;
    await session.out.flush();
    if (session.out.closed) break;
  }
  if (!missed) return { status: 'OK', text: 'Fetched' };
  throw refuse('NO', 'Some of the messages no longer exist', 'EXPUNGEISSUED');
}

/** Faults that strike between two responses. @returns true when the command is over. */
function strike(session: Session, call: Call, written: number): boolean {
  for (const fault of call.faults) {
    if (fault.t === 'vanish' && written === fault.responses) {
      session.open().folder.expunge(message => fault.uids.includes(message.uid));
    }
    if (fault.t === 'bye' && written === fault.responses) {
      session.bye(fault.text ?? 'Going down');
      return true;
    }
  }
  return false;
}

function data(message: StoredMessage, items: readonly Item[], session: Session): Piece[] {
  let root: Part | null = null;
  const tree = () => {
    root ??= parseMessage(message.raw);
    return root;
  };
  return items.flatMap((item, n): Piece[] => {
    const space = n === 0 ? '' : ' ';
    const extra = typeof item === 'string' ? session.context.items?.get(item) : undefined;
    if (extra) return [`${space}${item} ${extra(message, session.open().folder)}`];
    if (typeof item === 'string') return [`${space}${item} ${plain(message, item, tree)}`];
    // The whole message needs no parsing.
    const whole = item.numbers.length === 0 && item.what === '' && item.partial === null;
    const bytes = whole ? message.raw : readSection(tree(), item);
    // A part that does not exist is empty, as Dovecot has it.
    if (bytes === null) return [`${space}${item.label} ""`];
    return [`${space}${item.label} {${bytes.length}}\r\n`, bytes];
  });
}

function plain(message: StoredMessage, item: string, tree: () => Part): string {
  if (item === 'FLAGS') return `(${[...message.flags].join(' ')})`;
  if (item === 'UID') return String(message.uid);
  if (item === 'INTERNALDATE') return dateTime(message.date);
  if (item === 'RFC822.SIZE') return String(message.raw.length);
  if (item === 'MODSEQ') return `(${message.modseq})`;
  if (item === 'ENVELOPE') return envelope(tree());
  return bodyStructure(tree(), item === 'BODYSTRUCTURE');
}

export const fetchCommands: Readonly<Record<string, CommandDefinition>> = {
  FETCH: { state: 'selected', holdsExpunges: true, run: fetch },
  'UID FETCH': { state: 'selected', run: fetch },
};
