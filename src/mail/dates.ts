// Dates of mail: read tolerantly (RFC 5322 section 3.3 and what stands in its place), written short for rows and
// long for the reader, in the zone of this computer. No clock of its own: `now` is an argument.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const DAY = 86_400_000;

/** Years that a Date header can mean: mail is not older than 1971, and 1970 is a clock that was never set. */
const FIRST_YEAR = 1971;
const LAST_YEAR = 2099;

// RFC 5322 section 4.3, and the European names that senders write. Minutes from UTC.
const ZONES: ReadonlyMap<string, number> = new Map([
  ['UT', 0],
  ['UTC', 0],
  ['GMT', 0],
  ['Z', 0],
  ['EST', -300],
  ['EDT', -240],
  ['CST', -360],
  ['CDT', -300],
  ['MST', -420],
  ['MDT', -360],
  ['PST', -480],
  ['PDT', -420],
  ['WET', 0],
  ['WEST', 60],
  ['BST', 60],
  ['CET', 60],
  ['MET', 60],
  ['CEST', 120],
  ['MEST', 120],
  ['EET', 120],
  ['EEST', 180],
  ['MSK', 180],
  ['JST', 540],
  ['KST', 540],
]);

// "Tue, 12 Mar 2024 14:05:09 +0100", also "12-Mar-24 14.05", also without seconds, weekday or zone.
const RFC =
  /(\d{1,2})[\s-]+([A-Za-z]{3})[A-Za-z]*\.?[\s,-]+(\d{2,5})(?:[\s,]+(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2}))?(?:\.\d+)?)?\s*(?:([+-]\d{1,2}:?\d{2})|([A-Za-z]{1,5}))?/;
// ctime: "Tue Mar 12 14:05:09 2024"
const CTIME =
  /([A-Za-z]{3})[a-z]*\s+(\d{1,2})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s+(?:([A-Z]{1,5})\s+)?(\d{4})\b/;
const ISO =
  /^\s*(\d{4})-(\d{2})-(\d{2})(?:[T\s](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?)?\s*(?:([+-]\d{2}:?\d{2})|([A-Za-z]{1,5}))?/;

interface Fields {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** Minutes from UTC. */
  zone: number;
}

function zoneOf(offset: string | undefined, name: string | undefined): number {
  if (offset) {
    const digits = offset.slice(1).replace(':', '').padStart(4, '0');
    const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
    return minutes > 24 * 60 ? 0 : offset.startsWith('-') ? -minutes : minutes;
  }
  // Unknown and military zones mean UTC (RFC 5322 section 4.3).
  return ZONES.get((name ?? '').toUpperCase()) ?? 0;
}

function monthOf(name: string | undefined): number {
  const wanted = (name ?? '').toLowerCase();
  return MONTHS.findIndex(month => month.toLowerCase() === wanted);
}

function fieldsOf(text: string): Fields | null {
  const iso = ISO.exec(text);
  if (iso) {
    const [year, month, day, hour, minute, second] = iso.slice(1, 7).map(digits => Number(digits ?? 0));
    return fields(year, (month ?? 0) - 1, day, hour, minute, second, zoneOf(iso[7], iso[8]));
  }
  const ctime = CTIME.exec(text);
  const rfc = ctime ? null : RFC.exec(text);
  if (rfc) {
    const digits = rfc[3] ?? '';
    const written = Number(digits);
    // Two digits, and three from programs that count from 1900 (RFC 5322 section 4.3).
    const year =
      digits.length === 2 && written < 50 ? 2000 + written : digits.length < 4 ? 1900 + written : written;
    const [hour, minute, second] = [rfc[4], rfc[5], rfc[6]].map(text => Number(text ?? 0));
    return fields(year, monthOf(rfc[2]), Number(rfc[1]), hour, minute, second, zoneOf(rfc[7], rfc[8]));
  }
  if (!ctime) return null;
  const [hour, minute, second] = [ctime[3], ctime[4], ctime[5]].map(text => Number(text ?? 0));
  return fields(
    Number(ctime[7]),
    monthOf(ctime[1]),
    Number(ctime[2]),
    hour,
    minute,
    second,
    zoneOf(undefined, ctime[6]),
  );
}

function fields(year = 0, month = -1, day = 0, hour = 0, minute = 0, second = 0, zone = 0): Fields | null {
  if (month < 0 || month > 11 || day < 1 || day > 31) return null;
  if (hour > 24 || minute > 59 || second > 61) return null;
  return { year, month, day, hour, minute, second: Math.min(second, 59), zone };
}

/** A Date header (comments allowed) in milliseconds since 1970; null when there is none or its year is absurd. */
export function parseDate(value: string): number | null {
  const text = value.length > 200 ? value.slice(0, 200) : value;
  const found = fieldsOf(text.replace(/\([^()]*\)/g, ' ').replace(/\s+/g, ' '));
  if (!found || found.year < FIRST_YEAR || found.year > LAST_YEAR) return null;
  const { year, month, day, hour, minute, second, zone } = found;
  const utc = Date.UTC(year, month, day, hour, minute, second) - zone * 60_000;
  return Number.isFinite(utc) ? utc : null;
}

const two = (n: number) => String(n).padStart(2, '0');
const clock = (date: Date) => `${two(date.getHours())}:${two(date.getMinutes())}`;

function dayStart(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/**
 * For a row, at most 7 cells: today `14:05`, the six days before `Tue`, in the last eleven months (and the next)
 * `12 Mar`, else `2024-03`. Empty for what is no date.
 */
export function listDate(ms: number, now: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return '';
  const today = new Date(now);
  const start = dayStart(today);
  // Calendar days, not hours: a day that changes to summer time has 23 hours.
  const days = Math.round((start - dayStart(date)) / DAY);
  if (days === 0) return clock(date);
  if (days > 0 && days < 7) return DAYS[date.getDay()] ?? '';
  const months = (today.getFullYear() - date.getFullYear()) * 12 + today.getMonth() - date.getMonth();
  if (months >= -1 && months < 11) return `${date.getDate()} ${MONTHS[date.getMonth()] ?? ''}`;
  const year = date.getFullYear();
  return year > 9999 || year < 0 ? '' : `${String(year).padStart(4, '0')}-${two(date.getMonth() + 1)}`;
}

/** For the reader: `Tue 12 Mar 2024 14:05`. Empty for what is no date. */
export function longDate(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return '';
  return `${DAYS[date.getDay()]} ${date.getDate()} ${MONTHS[date.getMonth()]} ${date.getFullYear()} ${clock(date)}`;
}
