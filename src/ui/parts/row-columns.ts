// Which columns a row of the list has at a width, and how wide each is. Pure; knows nothing of what stands in them.
import { DATE_FORMS, type DateForm, type ListColumn } from '../../config/types.ts';
import { listDate } from '../../mail/dates.ts';

/** Where nothing else is set: what product.md sketches. */
export const USUAL_COLUMNS: readonly ListColumn[] = ['account', 'date', 'from', 'count', 'subject'];

/** Cells before the columns: cursor, mark, state, star, attachment, a space. */
export const STATE = 6;
/** `(27)` */
const COUNT = 4;
/** `1023K` */
const SIZE = 5;
/** The subject is never narrower (LIST-10). */
export const SUBJECT_LEAST = 20;
const NAME_LEAST = 8;
const NAME_MOST = 20;
const DATE_CELLS: Readonly<Record<DateForm, number>> = { short: 7, iso: 10, full: 16 };

export interface Wish {
  /** From left to right; `account` is a letter among those of the state. */
  readonly columns: readonly ListColumn[];
  readonly dates: DateForm;
  /** The list is over several accounts. */
  readonly badge: boolean;
  /** The list knows conversations. */
  readonly threads: boolean;
}

/** What stands behind the letters. */
export type Cell = Exclude<ListColumn, 'account'>;

export interface RowColumns {
  readonly badge: boolean;
  readonly dates: DateForm;
  /** From left to right, with the cells of each; a space follows on each of them. */
  readonly cells: readonly (readonly [Cell, number])[];
}

/** What goes first where it is narrow: long dates become short, then size, count and date go (LIST-10). */
const DROPPED: readonly Cell[] = ['size', 'count', 'date'];

/** What there is room for: names shrink to 8 cells before anything goes, the subject keeps 20. */
export function columnsOf(width: number, wish: Wish): RowColumns {
  const badge = wish.badge && wish.columns.includes('account');
  const wanted = wish.columns.filter(column => column !== 'account' && (column !== 'count' || wish.threads));
  const named = [...new Set(wanted)] as readonly Cell[];
  const all: readonly Cell[] = named.includes('subject') ? named : [...named, 'subject'];
  const hasNames = all.includes('from');
  const least = SUBJECT_LEAST + (hasNames ? NAME_LEAST : 0);
  const room = (columns: readonly Cell[], dates: DateForm): number =>
    width - STATE - (badge ? 1 : 0) - columns.reduce((sum, column) => sum + fixedCells(column, dates) + 1, 0);
  // At last nothing but who and what.
  let columns = all;
  let { dates } = wish;
  while (DATE_FORMS.indexOf(dates) > 0 && room(columns, dates) < least)
    dates = DATE_FORMS[DATE_FORMS.indexOf(dates) - 1] ?? 'short';
  for (const dropped of DROPPED) {
    if (room(columns, dates) < least) columns = columns.filter(column => column !== dropped);
  }
  const rest = Math.max(0, room(columns, dates));
  const names = hasNames ? nameCells(rest, columns.includes('count')) : 0;
  return {
    badge,
    dates,
    cells: columns.map(column => {
      if (column === 'from') return [column, names];
      return [column, column === 'subject' ? rest - names : fixedCells(column, dates)];
    }),
  };
}

function fixedCells(column: Cell, dates: DateForm): number {
  if (column === 'date') return DATE_CELLS[dates];
  if (column === 'count') return COUNT;
  return column === 'size' ? SIZE : 0;
}

/** Of the cells that names and subject share. */
function nameCells(rest: number, counted: boolean): number {
  const share = Math.floor((rest + 1) * (counted ? 0.28 : 0.36));
  return Math.max(Math.min(NAME_LEAST, rest), Math.min(NAME_MOST, Math.max(14, share), rest - SUBJECT_LEAST));
}

/** Empty for what is no date. */
export function rowDate(ms: number, now: number, form: DateForm): string {
  if (form === 'short') return listDate(ms, now);
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return '';
  const two = (n: number) => String(n).padStart(2, '0');
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  const day = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  if (form === 'full') return `${day} ${clock}`;
  return new Date(now).toDateString() === date.toDateString() ? clock : day;
}
