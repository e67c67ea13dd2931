// SEARCH (RFC 9051 section 6.4.4) with ESEARCH's RETURN (RFC 4731) and MODSEQ (RFC 7162).
import type { StoredMessage } from './mail-store.ts';
import { header, parseMessage } from './part.ts';
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
import { allText, bodyText, hasHeader, headerText } from './text.ts';

type Test = (message: StoredMessage, sequence: number) => boolean;

const DAY = 24 * 60 * 60 * 1000;
const FLAGS: Readonly<Record<string, string>> = {
  ANSWERED: '\\Answered',
  DELETED: '\\Deleted',
  DRAFT: '\\Draft',
  FLAGGED: '\\Flagged',
  SEEN: '\\Seen',
};

interface Query {
  readonly tokens: readonly Token[];
  at: number;
  readonly session: Session;
}

const next = (query: Query): Token | undefined => query.tokens[query.at++];
const utf8 = (query: Query) =>
  Buffer.from(textOf(next(query), 'text'), 'latin1')
    .toString('utf8')
    .toLowerCase();

/** Midnight UTC of the message's own date, as its sender wrote it. */
function sentDay(message: StoredMessage): number {
  const sent = Date.parse(header(parseMessage(message.raw), 'date') ?? '');
  const time = Number.isNaN(sent) ? message.date.getTime() : sent;
  return time - (time % DAY);
}

const arrivalDay = (message: StoredMessage) => message.date.getTime() - (message.date.getTime() % DAY);

/** All keys in a row must hold. */
function all(tokens: readonly Token[], session: Session): Test {
  const query = { tokens, at: 0, session };
  const tests: Test[] = [];
  while (query.at < tokens.length) tests.push(key(query));
  return (message, sequence) => tests.every(test => test(message, sequence));
}

function key(query: Query): Test {
  const token = next(query);
  if (token?.t === 'list') return all(token.items, query.session);
  const word = wordOf(token, 'search key');
  const flag = FLAGS[word] ?? null;
  if (flag) return message => message.flags.has(flag);
  const unset = word.startsWith('UN') ? FLAGS[word.slice(2)] : undefined;
  if (unset) return message => !message.flags.has(unset);
  return textKey(word, query) ?? dateKey(word, query) ?? otherKey(word, query);
}

function textKey(word: string, query: Query): Test | null {
  if (['BCC', 'CC', 'FROM', 'SUBJECT', 'TO'].includes(word)) {
    const wanted = utf8(query);
    return message => headerText(message.raw, word).includes(wanted);
  }
  if (word === 'HEADER') {
    const name = textOf(next(query), 'header name');
    const wanted = utf8(query);
    return message => hasHeader(message.raw, name) && headerText(message.raw, name).includes(wanted);
  }
  if (word !== 'BODY' && word !== 'TEXT') return null;
  const wanted = utf8(query);
  const read = word === 'BODY' ? bodyText : allText;
  return message => read(message.raw).includes(wanted);
}

function dateKey(word: string, query: Query): Test | null {
  const match = /^(SENT)?(BEFORE|ON|SINCE)$/.exec(word);
  if (!match) return null;
  const day = parseDate(textOf(next(query), 'date')).getTime();
  const of = match[1] ? sentDay : arrivalDay;
  if (match[2] === 'BEFORE') return message => of(message) < day;
  return match[2] === 'ON' ? message => of(message) === day : message => of(message) >= day;
}

function otherKey(word: string, query: Query): Test {
  const { session } = query;
  switch (word) {
    case 'ALL':
    case 'OLD':
      return () => true;
    case 'NEW':
    case 'RECENT':
      return () => false; // \Recent is not kept (RFC 9051 did away with it)
    case 'KEYWORD':
    case 'UNKEYWORD': {
      const keyword = textOf(next(query), 'keyword').toLowerCase();
      const wanted = word === 'KEYWORD';
      return message => [...message.flags].some(flag => flag.toLowerCase() === keyword) === wanted;
    }
    case 'LARGER':
    case 'SMALLER': {
      const size = numberOf(next(query));
      return message => (word === 'LARGER' ? message.raw.length > size : message.raw.length < size);
    }
    case 'NOT': {
      const test = key(query);
      return (message, sequence) => !test(message, sequence);
    }
    case 'OR': {
      const [a, b] = [key(query), key(query)];
      return (message, sequence) => a(message, sequence) || b(message, sequence);
    }
    case 'MODSEQ': {
      if (!session.has('CONDSTORE')) throw syntaxError('Unknown search key');
      session.enabled.add('CONDSTORE');
      if (query.tokens[query.at]?.t === 'string') query.at += 2; // an entry name and type: all entries count alike
      const since = numberOf(next(query));
      return message => message.modseq >= since;
    }
    case 'UID': {
      const ranges = parseSet(textOf(next(query), 'sequence set'), session.open().lastUid);
      return message => inRanges(ranges, message.uid);
    }
    default: {
      if (!/^[\d*]/.test(word)) throw syntaxError('Unknown search key');
      const ranges = parseSet(word, session.open().messages.length);
      return (_, sequence) => inRanges(ranges, sequence);
    }
  }
}

function search(session: Session, args: readonly Token[], call: Call): Answer {
  let rest = [...args];
  let wanted: string[] | null = null;
  if (rest[0]?.t === 'atom' && wordOf(rest[0]) === 'RETURN' && session.has('ESEARCH')) {
    wanted = itemsOf(rest[1]).map(item => wordOf(item));
    if (wanted.length === 0) wanted = ['ALL'];
    rest = rest.slice(2);
  }
  if (rest[0]?.t === 'atom' && wordOf(rest[0]) === 'CHARSET') {
    if (!/^(utf-8|us-ascii)$/i.test(textOf(rest[1])))
      throw refuse('NO', 'Unknown charset', 'BADCHARSET (UTF-8)');
    rest = rest.slice(2);
  }
  if (rest.length === 0) throw syntaxError('Missing search key');
  const test = all(rest, session);
  const hits = session
    .open()
    .messages.flatMap((message, n) => (!message.gone && test(message, n + 1) ? [{ message, n: n + 1 }] : []));
  const numbers = hits.map(hit => (call.uid ? hit.message.uid : hit.n));
  const modseq = rest.some(token => token.t === 'atom' && token.text.toUpperCase() === 'MODSEQ')
    ? Math.max(0, ...hits.map(hit => hit.message.modseq))
    : 0;
  const tail = modseq > 0 ? ` (MODSEQ ${modseq})` : '';
  if (wanted === null)
    session.out.write(`* SEARCH${numbers.map(number => ` ${number}`).join('')}${tail}\r\n`);
  else
    session.out.write(
      `* ESEARCH (TAG "${call.tag}")${call.uid ? ' UID' : ''}${results(wanted, numbers)}${tail.replace(/[()]/g, '')}\r\n`,
    );
  return { status: 'OK', text: 'Searched' };
}

function results(wanted: readonly string[], numbers: readonly number[]): string {
  const parts: string[] = [];
  if (wanted.includes('MIN') && numbers.length > 0) parts.push(` MIN ${numbers[0]}`);
  if (wanted.includes('MAX') && numbers.length > 0) parts.push(` MAX ${numbers.at(-1)}`);
  if (wanted.includes('ALL') && numbers.length > 0) parts.push(` ALL ${formatSet(numbers)}`);
  if (wanted.includes('COUNT')) parts.push(` COUNT ${numbers.length}`);
  return parts.join('');
}

export const searchCommands: Readonly<Record<string, CommandDefinition>> = {
  SEARCH: { state: 'selected', holdsExpunges: true, run: search },
  'UID SEARCH': { state: 'selected', run: search },
};
