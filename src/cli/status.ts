// What a process tells the one who started it.
import type { TmailError } from '../util/errors.ts';

export const DONE = 0;
export const FAILED = 1;
export const USAGE = 2;
/** EX_TEMPFAIL of sysexits.h: a later try may cure it. */
export const LATER = 75;
/** 128 + SIGINT, as shells count. */
export const INTERRUPTED = 130;

export function statusOf(error: TmailError): number {
  if (error.code === 'output.closed') return DONE;
  if (error.kind === 'cancelled') return INTERRUPTED;
  if (error.kind === 'config') return USAGE;
  if (error.kind === 'network' || error.retry === 'auto') return LATER;
  return FAILED;
}

/** Of several outcomes: what a later try won't cure comes first. */
export function worst(statuses: Iterable<number>): number {
  const all = [...statuses];
  return [INTERRUPTED, FAILED, USAGE, LATER].find(status => all.includes(status)) ?? DONE;
}
