// tmail move: messages to another folder of their account.
import { usage } from './arguments.ts';
import { makeChange } from './change.ts';
import type { Context } from './context.ts';

export async function move(context: Context): Promise<number> {
  const to = context.args.value('to');
  if (to === undefined) throw usage('cli.option-missing', 'move', { option: '--to', expected: 'FOLDER' });
  return makeChange(context, { t: 'move', to });
}
