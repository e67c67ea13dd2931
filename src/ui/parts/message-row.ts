// One message of the list: state letters, date, who, subject. Pure.
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
import { fit, fitRight } from '../../mail/width.ts';
import type { Theme } from '../theme.ts';
import { bar, clean, piece, row } from './row.ts';

export interface MessageRow {
  /** Undefined while it is read from the disk. */
  readonly envelope: Envelope | undefined;
  readonly flags: Flags;
  readonly cursor: boolean;
  /** The list has the keys. */
  readonly focused: boolean;
  /** In Sent and Drafts the others are who it goes to. */
  readonly outgoing: boolean;
  /** Its text is on this computer. */
  readonly here: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const DATE = 7;
/** Cells before the date: cursor, mark, state, star, attachment, a space. */
const STATE = 6;
/** The subject is never narrower (LIST-10). */
const SUBJECT_LEAST = 20;

/** `N` unread, `R` answered, `F` forwarded, `D` deleted elsewhere, `E` unfinished: one letter, the most urgent. */
export function stateLetter(flags: Flags): string {
  if (flags & DELETED) return 'D';
  if (!(flags & SEEN)) return 'N';
  if (flags & DRAFT) return 'E';
  if (flags & ANSWERED) return 'R';
  return flags & FORWARDED ? 'F' : ' ';
}

function letters(message: MessageRow): { state: string; star: string; file: string; place: string } {
  const { flags, envelope, here } = message;
  return {
    state: stateLetter(flags),
    star: flags & FLAGGED ? '*' : ' ',
    file: (envelope?.attachments ?? 0) > 0 ? '@' : ' ',
    place: here ? ' ' : '~',
  };
}

/** Whose name stands in the row. */
function who({ envelope, outgoing }: MessageRow): string {
  if (!envelope) return '';
  const list = outgoing ? envelope.to : envelope.from;
  const first = list[0];
  if (!first) return outgoing ? '(no recipient)' : '(no sender)';
  const name = clean(shortName(first)) || '(no name)';
  return outgoing && list.length > 1 ? `${name} +${list.length - 1}` : name;
}

function subject({ envelope }: MessageRow): string {
  return envelope ? clean(envelope.subject) || '(no subject)' : '...';
}

function nameCells(cells: number): number {
  const rest = cells - STATE - DATE - 2;
  return Math.max(8, Math.min(20, Math.max(14, Math.floor(rest * 0.36)), rest - SUBJECT_LEAST - 1));
}

/** One row of exactly `cells` cells. */
export function messageRow(message: MessageRow, cells: number, theme: Theme): string {
  const { state, star, file, place } = letters(message);
  const mark = message.cursor ? '>' : ' ';
  const date = fitRight(message.envelope ? listDate(message.envelope.date, message.now) : '', DATE, '');
  const names = nameCells(cells);
  const unread = (message.flags & SEEN) === 0;
  const subjectCells = Math.max(0, cells - STATE - DATE - names - 3);
  const before = `${mark}${place}${state}`;
  const rest = ` ${date} ${fit(who(message), names, theme.ellipsis)} ${fit(subject(message), subjectCells, theme.ellipsis)} `;
  if (message.cursor && message.focused) {
    return bar(before + star + file + rest, unread ? 'selected-unread' : 'selected', cells, theme);
  }
  const meaning = unread ? 'unread' : 'read';
  return row(
    [
      piece(before, meaning),
      piece(star, star === '*' ? 'star' : meaning),
      piece(file, meaning),
      piece(rest, meaning),
    ],
    cells,
    theme,
  );
}

/** Two rows of exactly `cells` cells, for narrow terminals: who and when, then the subject. */
export function messageRows(message: MessageRow, cells: number, theme: Theme): readonly [string, string] {
  const { state, star, file, place } = letters(message);
  const unread = (message.flags & SEEN) === 0;
  const date = message.envelope ? listDate(message.envelope.date, message.now) : '';
  const names = Math.max(4, cells - STATE - DATE - 2);
  const mark = message.cursor ? '>' : ' ';
  const first = `${mark}${place}${state}${star}${file} ${fit(who(message), names, theme.ellipsis)} ${fitRight(date, DATE, '')} `;
  const second = `${' '.repeat(STATE)}${subject(message)}`;
  const plain = unread ? 'unread' : 'read';
  const selected = unread ? 'selected-unread' : 'selected';
  const meaning = message.cursor && message.focused ? selected : plain;
  return [bar(first, meaning, cells, theme), bar(second, meaning, cells, theme)];
}
