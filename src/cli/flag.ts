// tmail flag: sets and clears flags and keywords of messages.
import { usage } from './arguments.ts';
import { makeChange } from './change.ts';
import type { Context } from './context.ts';

/** As `--json` names them → as the servers do. */
const WIRE: Readonly<Record<string, string>> = {
  seen: '\\Seen',
  answered: '\\Answered',
  flagged: '\\Flagged',
  draft: '\\Draft',
  forwarded: '$Forwarded',
};
/** An atom of RFC 9051 section 9, in ASCII. */
const KEYWORD = /^[!#$&'+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]+$/;

export async function flag(context: Context): Promise<number> {
  const { args } = context;
  const add = args.values('set').map(wireName);
  const remove = args.values('clear').map(wireName);
  if (add.length === 0 && remove.length === 0) {
    throw usage('cli.option-missing', 'flag', { option: '--set or --clear', expected: 'FLAG' });
  }
  const both = add.find(name => remove.includes(name));
  if (both !== undefined) throw usage('cli.one-of', 'flag', { got: `--set ${both} and --clear ${both}` });
  return makeChange(context, { t: 'flag', add, remove });
}

/** What deletes has a command of its own; `\Recent` is nobody's to set. */
function wireName(name: string): string {
  const lower = name.replace(/^\\/, '').toLowerCase();
  const known = Object.hasOwn(WIRE, lower) ? WIRE[lower] : undefined;
  if (known !== undefined) return known;
  if (KEYWORD.test(name) && !['deleted', 'recent'].includes(lower) && name.length <= 100) return name;
  throw usage('cli.flag', 'flag', { got: name, expected: Object.keys(WIRE).join(', ') });
}
