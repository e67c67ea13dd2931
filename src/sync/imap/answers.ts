// The server's tagged answers as imapflow parsed them, read: response codes, UIDs, refusals. Pure; hostile input.
import type { Copied, Place } from './client-types.ts';
import type { Coded } from './flow.ts';
import { expandUidSet } from './uid-set.ts';

export function isExpungeIssued(error: unknown): boolean {
  const { responseStatus, response } = error as { responseStatus?: unknown; response?: unknown };
  return responseStatus === 'NO' && /\[EXPUNGEISSUED\]/i.test(textOf(response));
}

/** imapflow's `exec` leaves the response code (RFC 9051 section 7.1) in the parsed answer. */
export function withResponseCode(error: unknown): unknown {
  if (!(error instanceof Error) || !('response' in error) || 'serverResponseCode' in error) return error;
  const code = /^\[([A-Z-]+)\]/.exec(textOf(error.response))?.[1];
  return code === undefined ? error : Object.assign(error, { serverResponseCode: code });
}

/** What a refused command was answered, in whatever form imapflow has it. */
export function refusalOf(error: unknown): string {
  const { responseStatus, responseText, serverResponseCode, response } = error as {
    responseStatus?: unknown;
    responseText?: unknown;
    serverResponseCode?: unknown;
    response?: unknown;
  };
  if (responseStatus !== 'NO') return '';
  return [responseText, serverResponseCode, textOf(response)].map(each => String(each ?? '')).join(' ');
}

/** `APPENDUID validity uid` of an answer (RFC 4315 section 3); null when it is not there or makes no sense. */
export function appendUid(answer: Coded): Place | null {
  const [word = '', uidValidity = '', uid = ''] = codeOf(answer);
  if (word !== 'APPENDUID' || ![uidValidity, uid].every(isNumber)) return null;
  return { uidValidity, uid: Number(uid) };
}

/**
 * `COPYUID validity set set` (RFC 4315 section 3) about at most `most` messages; null when it is not there or makes no
 * sense. The two sets are read in the order in which they stand: that is what pairs them.
 */
export function copyUid(answer: Coded, most: number): Copied | null {
  const [word = '', uidValidity = '', from = '', to = ''] = codeOf(answer);
  if (word !== 'COPYUID' || !isNumber(uidValidity)) return null;
  const here = expandUidSet(from, most);
  const there = expandUidSet(to, most);
  if (!here || !there || here.length !== there.length) return null;
  return { uidValidity, places: new Map(here.map((uid, i) => [uid, there[i] ?? 0])) };
}

function codeOf(answer: Coded): string[] {
  const words = (answer.attributes?.[0]?.section ?? []).map(({ value }) => String(value ?? ''));
  return words.map((word, i) => (i === 0 ? word.toUpperCase() : word));
}

const isNumber = (text: string): boolean => /^[1-9]\d{0,9}$/.test(text);

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** date-time of RFC 9051 section 9, in UTC. */
export function internalDate(at: number): string {
  const date = new Date(at);
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${two(date.getUTCDate())}-${MONTHS[date.getUTCMonth()]}-${date.getUTCFullYear()}`;
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  return `${day} ${time} +0000`;
}

/** The tagged answer as imapflow parsed it, or its text. */
function textOf(response: unknown): string {
  if (typeof response === 'string') return response;
  const { attributes } = (response ?? {}) as { attributes?: { section?: { value?: unknown }[] }[] };
  return (attributes ?? []).flatMap(each => each.section?.map(part => `[${part?.value}]`) ?? []).join(' ');
}
