// tmail archive: messages out of the way, into their account's archive.
import { makeChange } from './change.ts';
import type { Context } from './context.ts';

export function archive(context: Context): Promise<number> {
  return makeChange(context, { t: 'archive' });
}
