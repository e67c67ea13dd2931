// tmail delete: messages to Trash, or for good where that is said.
import { makeChange } from './change.ts';
import type { Context } from './context.ts';

export function deleteCommand(context: Context): Promise<number> {
  return makeChange(context, { t: 'delete', forEver: context.args.has('for-ever') });
}
