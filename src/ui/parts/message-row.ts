// One message of the list: marks and state letters, account, date, who, how many, subject. Pure.
import type { Fold } from '../../app/listing/types.ts';
import type { DateForm } from '../../config/types.ts';
import { shortName } from '../../mail/address.ts';
import { listDate } from '../../mail/dates.ts';
import {
  ANSWERED,
  DELETED,
  DRAFT,
  type Envelope,
  FLAGGED,
  type Flags,
  FORWARDED,
  SEEN,
} from '../../mail/types.ts';
import { fit, fitRight, width } from '../../mail/width.ts';
import type { Theme } from '../theme.ts';
import { byteSize } from './reader-rows.ts';
import { bar, clean, piece, row } from './row.ts';
import { type Cell, columnsOf, rowDate, STATE, USUAL_COLUMNS, type Wish } from './row-columns.ts';

export interface MessageRow {
  /** Undefined while it is read from the disk. */
  readonly envelope: Envelope | undefined;
  readonly flags: Flags;
  readonly cursor: boolean;
  readonly marked: boolean;
  /** The list has the keys. */
  readonly focused: boolean;
  /** In Sent and Drafts the others are who it goes to. */
  readonly outgoing: boolean;
  /** Its text is on this computer. */
  readonly here: boolean;
  /** The account's letter in lists over several; null: none is shown. */
  readonly badge: string | null;
  /** How it belongs to a conversation; undefined: it is alone, null: the list knows no conversations. */
  readonly fold: Fold | undefined | null;
  /** The message is in another folder than the list's, and is an answer of one's own. */
  readonly elsewhere?: { readonly folder: string; readonly mine: boolean } | null;
  /** As a person calls them; absent: none. Hostile text. */
  readonly labels?: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Two rows have room for a short date only. */
const DATE = 7;
/** Nothing but the names takes from the subject below this (LIST-10). */
const SUBJECT_ENOUGH = 40;
/** Less of the labels says nothing. */
const LABELS_LEAST = 4;
/** Deeper answers stand no further to the right. */
const DEPTH_MOST = 4;

/** `N` unread, `R` answered, `F` forwarded, `D` deleted elsewhere, `E` unfinished: one letter, the most urgent. */
export function stateLetter(flags: Flags): string {
  if (flags & DELETED) return 'D';
  if (!(flags & SEEN)) return 'N';
  if (flags & DRAFT) return 'E';
  if (flags & ANSWERED) return 'R';
  return flags & FORWARDED ? 'F' : ' ';
}

const USUAL = { columns: USUAL_COLUMNS, dates: 'short' } as const;

interface Letters {
  readonly mark: string;
  readonly state: string;
  readonly star: string;
  readonly file: string;
  readonly badge: string;
}

function letters({ flags, envelope, here, marked, badge, fold }: MessageRow): Letters {
  // A folded conversation with something unread in it is unread.
  const unread = fold?.folded && fold.unread > 0;
  return {
    mark: marked ? '+' : here ? ' ' : '~',
    state: unread ? 'N' : stateLetter(flags),
    star: flags & FLAGGED || (fold?.folded && fold.starred) ? '*' : ' ',
    file: (envelope?.attachments ?? 0) > 0 || (fold?.folded && fold.files) ? '@' : ' ',
    badge: badge ?? '',
  };
}

function isUnread({ flags, fold }: MessageRow): boolean {
  return (flags & SEEN) === 0 || (fold?.folded === true && fold.unread > 0);
}

/** Whose name stands in the row. */
function who({ envelope, outgoing, elsewhere }: MessageRow): string {
  if (!envelope) return '';
  // One's own answer in a conversation says where it lies.
  if (elsewhere?.mine) return `you (${clean(elsewhere.folder)})`;
  const list = outgoing ? envelope.to : envelope.from;
  const first = list[0];
  if (!first) return outgoing ? '(no recipient)' : '(no sender)';
  const name = clean(shortName(first)) || '(no name)';
  if (elsewhere) return `${name} (${clean(elsewhere.folder)})`;
  return outgoing && list.length > 1 ? `${name} +${list.length - 1}` : name;
}

/** The branch of the conversation's tree that leads to the message. */
function lead({ fold }: MessageRow, theme: Theme): string {
  const depth = fold?.depth ?? 0;
  if (!fold || depth === 0) return '';
  const ascii = theme.borders.vertical === '|';
  const [on, none, more, last] = ascii ? ['| ', '  ', '|- ', '`- '] : ['│ ', '  ', '├─ ', '└─ '];
  // Of a deep branch its end: that is what tells siblings apart.
  const from = Math.max(0, depth - 1 - DEPTH_MOST);
  let text = '';
  for (let level = from; level < depth - 1; level++) {
    text += level < 30 && (fold.guides & (1 << level)) !== 0 ? on : none;
  }
  return text + (fold.last ? last : more);
}

function subject({ envelope }: MessageRow): string {
  return envelope ? clean(envelope.subject) || '(no subject)' : '...';
}

/** The subject, and at its end the labels: in the room that it leaves, or beyond its own 40 cells. */
function subjectText(message: MessageRow, cells: number, theme: Theme): string {
  const own = subject(message);
  const text = (message.labels ?? []).map(label => `[${clean(label)}]`).join(' ');
  const room = Math.min(width(text), cells - 1 - Math.min(width(own), SUBJECT_ENOUGH));
  if (room < LABELS_LEAST) return fit(own, cells, theme.ellipsis);
  return `${fit(own, cells - room - 1, theme.ellipsis)} ${fit(text, room, theme.ellipsis)}`;
}

function countText({ fold }: MessageRow): string {
  if (!fold || fold.depth > 0 || fold.count < 2) return '';
  return fold.count > 99 ? '(99)' : `(${fold.count})`;
}

/** What stands in a column, as wide as that. */
function cellText(message: MessageRow, column: Cell, cells: number, dates: DateForm, theme: Theme): string {
  const { envelope, now } = message;
  switch (column) {
    case 'date':
      return fitRight(envelope ? rowDate(envelope.date, now, dates) : '', cells, '');
    case 'from':
      return fit(`${lead(message, theme)}${who(message)}`, cells, theme.ellipsis);
    case 'count':
      return fitRight(countText(message), cells, '');
    case 'size':
      return fitRight(envelope ? byteSize(envelope.size) : '', cells, '');
    case 'subject':
      return subjectText(message, cells, theme);
  }
}

/** One row of exactly `cells` cells. */
export function messageRow(
  message: MessageRow,
  cells: number,
  theme: Theme,
  wish: Pick<Wish, 'columns' | 'dates'> = USUAL,
): string {
  const { mark, state, star, file, badge } = letters(message);
  const columns = columnsOf(cells, {
    ...wish,
    badge: message.badge !== null,
    threads: message.fold !== null,
  });
  const cursor = message.cursor ? '>' : ' ';
  const branch = lead(message, theme) !== '';
  let text = columns.badge ? `${badge} ` : ' ';
  for (let i = 0; i < columns.cells.length; i++) {
    const [column, room] = columns.cells[i] ?? ['subject', 0];
    const [next, more] = columns.cells[i + 1] ?? ['subject', 0];
    // A branch takes the room of the count, which only the first row has.
    const wide = branch && column === 'from' && next === 'count';
    text += `${cellText(message, column, wide ? room + 1 + more : room, columns.dates, theme)} `;
    if (wide) i++;
  }
  const unread = isUnread(message);
  const before = `${cursor}${mark}${state}`;
  if (message.cursor && message.focused) {
    return bar(before + star + file + text, unread ? 'selected-unread' : 'selected', cells, theme);
  }
  const meaning = unread ? 'unread' : 'read';
  return row(
    [
      piece(before, meaning),
      piece(star, star === '*' ? 'star' : meaning),
      piece(file, meaning),
      piece(text, meaning),
    ],
    cells,
    theme,
  );
}

/** Two rows of exactly `cells` cells, for narrow terminals: who and when, then the subject. */
export function messageRows(message: MessageRow, cells: number, theme: Theme): readonly [string, string] {
  const { mark, state, star, file, badge } = letters(message);
  const unread = isUnread(message);
  const date = message.envelope ? listDate(message.envelope.date, message.now) : '';
  const names = Math.max(4, cells - STATE - badge.length - DATE - 2);
  const cursor = message.cursor ? '>' : ' ';
  const count = countText(message);
  const name = count === '' ? `${lead(message, theme)}${who(message)}` : `${who(message)} ${count}`;
  const first = `${cursor}${mark}${state}${star}${file}${badge} ${fit(name, names, theme.ellipsis)} ${fitRight(date, DATE, '')} `;
  const second = `${' '.repeat(STATE + badge.length)}${subject(message)}`;
  const plain = unread ? 'unread' : 'read';
  const selected = unread ? 'selected-unread' : 'selected';
  const meaning = message.cursor && message.focused ? selected : plain;
  return [bar(first, meaning, cells, theme), bar(second, meaning, cells, theme)];
}
