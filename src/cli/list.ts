// tmail list: the messages of a folder, newest first. Reads the store only; never connects.
import { messageId } from '../mail/ids.ts';
import { sanitize } from '../mail/sanitize.ts';
import {
  type Address,
  ANSWERED,
  DRAFT,
  type Envelope,
  FLAGGED,
  type Flags,
  FORWARDED,
  SEEN,
} from '../mail/types.ts';
import { fit, truncate } from '../mail/width.ts';
import { usage } from './arguments.ts';
import { type Context, chosenAccount } from './context.ts';
import { chosenFolder } from './folders.ts';
import { messageJson } from './message-json.ts';
import { jsonLine } from './output.ts';
import { DONE } from './status.ts';

/** Lines printed in one write: a terminal and a pipe are both quicker with fewer. */
const LINES = 100;

export async function list(context: Context): Promise<number> {
  const { args, output, signal } = context;
  const limit = limitOf(args.value('limit'));
  const mail = await context.mail();
  const store = await mail.reader();
  const named = chosenAccount(mail.config, args.value('account'));
  const own = await store.account(named);
  const into = mail.config.accounts.find(({ id }) => id === named)?.deliverTo;
  // Its mail is in another account's folders, unless it has older mail of its own.
  const account = into === undefined || own.folders().length > 0 ? own : await store.account(into);
  const record = chosenFolder(account, args.value('folder'));
  const folder = await account.folder(record.id);
  const place = { account: account.id, folder: record.path };
  let left = limit;
  let block: string[] = [];
  const write = async () => {
    await output.out.bytes(block.join(''));
    block = [];
  };
  if (left > 0) {
    for await (const { uid, flags, envelope } of folder.scan()) {
      signal.throwIfAborted();
      const id = messageId(record.id, uid);
      block.push(
        args.has('json')
          ? jsonLine(messageJson({ id, ...place }, envelope, flags, folder.keywords))
          : `${row(id, envelope, flags, record.role === 'sent', output.out.columns)}\n`,
      );
      if (--left === 0) break;
      if (block.length >= LINES) await write();
    }
  }
  await write();
  return DONE;
}

function limitOf(value: string | undefined): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  if (!/^\d{1,9}$/.test(value))
    throw usage('cli.number', 'list', { option: '--limit', expected: 'a whole number' });
  return Number(value);
}

/** Every state has a letter: N new, R answered, F forwarded, D draft, * flagged, @ attachments. */
function letters(flags: Flags, attachments: number | null): string {
  const reply = flags & ANSWERED ? 'R' : flags & FORWARDED ? 'F' : flags & DRAFT ? 'D' : ' ';
  return (flags & SEEN ? ' ' : 'N') + reply + (flags & FLAGGED ? '*' : ' ') + (attachments ? '@' : ' ');
}

function row(id: string, envelope: Envelope, flags: Flags, sent: boolean, columns: number): string {
  const people = sent ? envelope.to : envelope.from;
  const who = sanitize(people.map(shown).join(', ')) || '(nobody)';
  const subject = sanitize(envelope.subject) || '(no subject)';
  const line = [
    id.padEnd(14),
    localDate(envelope.date),
    letters(flags, envelope.attachments),
    fit(who, 24),
    subject,
  ].join('  ');
  return Number.isFinite(columns) ? truncate(line, columns) : line;
}

function shown(address: Address): string {
  return address.name || address.address;
}

/** `2026-11-23 09:42` in this computer's zone. */
export function localDate(at: number): string {
  const date = new Date(at);
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
