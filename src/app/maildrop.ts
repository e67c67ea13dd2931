// What a person reads about a POP3 account's maildrop: what is said before anything is deleted there, and the lines
// of the accounts screen. Pure.
import { GMAIL_POP_SETTING, gmailPop } from '../config/gmail.ts';
import type { AccountConfig, ServerCopy } from '../config/types.ts';
import { sanitize } from '../mail/sanitize.ts';
import type { MaildropWarning } from '../sync/types.ts';
import { type Backup, backupRow } from './backup.ts';
import { bytesText } from './notes.ts';
import { grouped, plural } from './selectors.ts';
import type { AccountView, Level } from './state.ts';

const DAY = 24 * 60 * 60_000;

/** `leave 14 days`: what `serverCopy` does, in a few words. */
export function policyText(copy: ServerCopy): string {
  if (typeof copy === 'object') return `leave ${plural(copy.deleteAfterDays, 'day')}`;
  return { keep: 'leave all', untilDeletedHere: 'leave until deleted here', delete: 'delete at once' }[copy];
}

/** The policy as the plan names it. */
function nameText(policy: string): string {
  const days = /^deleteAfterDays (\d+)$/.exec(policy)?.[1];
  if (days !== undefined) return policyText({ deleteAfterDays: Number(days) });
  return policy === 'keep' || policy === 'untilDeletedHere' || policy === 'delete'
    ? policyText(policy)
    : policy;
}

const CHECKED = 'Each copy here is read again before.';
const CHECKED_ONE = 'The copy here is read again before.';
const STAYS =
  'If it shall stay there, change "serverCopy" first; D on the @ screen, or tmail sync --agree, deletes it now.';

/** One or two sentences, without the account's name. */
export function warningText(warning: MaildropWarning): string {
  const messages = plural(warning.count, 'message');
  const one = warning.count === 1;
  switch (warning.t) {
    case 'first-deletion': {
      const falls = `${one ? 'falls' : 'fall'} under "${nameText(warning.policy)}"`;
      if (warning.held)
        return `${messages} on the server, ${one ? '' : 'some of them '}from before this rule, ${falls}. Nothing of the older mail was deleted yet: the next check does it. ${STAYS}`;
      // What goes because it was deleted here has no copy here.
      const checked = warning.policy === 'untilDeletedHere' ? '' : ` ${one ? CHECKED_ONE : CHECKED}`;
      return `${messages} on the server ${falls} and ${one ? 'is' : 'are'} deleted there, for the first time.${checked}`;
    }
    case 'many-deletions': {
      const more = `far more than usual (${grouped(warning.usual)})`;
      return warning.held
        ? `${messages} are due to be deleted on the server, ${more}. Is this computer's clock right? The next check deletes them. ${STAYS}`
        : `${messages} are deleted on the server now, ${more}. ${CHECKED}`;
    }
    case 'returned':
      return one
        ? '1 message that was gone from the server is there again, or another under its name. It is fetched and compared.'
        : `${messages} that were gone from the server are there again, or others under their names. They are fetched and compared.`;
    case 'renumbered':
      return `the server has new names for ${messages}. They were recognised: nothing comes twice, and nothing is deleted by its name alone.`;
    case 'unrecognisable':
      return one
        ? 'the server has no usable name for 1 message. It is fetched at every check and compared.'
        : `the server has no usable names for ${messages}. They are fetched at every check and compared.`;
  }
}

export function warningLevel(warning: MaildropWarning): Level {
  return 'held' in warning && warning.held ? 'warning' : 'info';
}

export interface MaildropLine {
  readonly label: string;
  /** May quote a mail: sanitised here. */
  readonly text: string;
  readonly level: Level;
}

/** On the server, policy, the next check, what did not come, and when what is only here was last exported. */
export function maildropLines(
  account: AccountView,
  config: AccountConfig,
  now: number,
  backup: Backup | undefined,
): MaildropLine[] {
  const own = [...deliveryLines(config), ...gmailLines(config)];
  return [...serverLines(account, config, now), ...own, exportLine(backup, now)];
}

function deliveryLines({ deliverTo }: AccountConfig): MaildropLine[] {
  if (deliverTo === undefined) return [];
  return [{ label: 'inbox', text: `its mail comes into the inbox of ${sanitize(deliverTo)}`, level: 'info' }];
}

/** Short enough for 80 columns, each whole. */
function gmailLines({ incoming }: AccountConfig): MaildropLine[] {
  const gmail = gmailPop(incoming);
  if (!gmail) return [];
  const line = (label: string, text: string) => ({ label, text, level: 'info' as const });
  return [
    line('gmail', "Google's POP setting decides what stays there:"),
    line('', GMAIL_POP_SETTING),
    gmail.recent
      ? line('recent:', 'the last 30 days; other programs get them too')
      : line('', 'what another program fetched is not shown here'),
  ];
}

/** Undefined: not looked up yet. */
function exportLine(backup: Backup | undefined, now: number): MaildropLine {
  if (!backup) return { label: 'export', text: 'counting', level: 'info' };
  return { label: 'export', text: backupRow(backup, now), level: backup.due ? 'warning' : 'info' };
}

function serverLines(account: AccountView, config: AccountConfig, now: number): MaildropLine[] {
  const facts = account.status.maildrop ?? null;
  const info = (label: string, text: string) => ({ label, text, level: 'info' as const });
  const policy = info('policy', config.serverCopy === null ? 'none' : policyText(config.serverCopy));
  if (facts === null) {
    const unknown = 'known after the next connection';
    return [info('on server', unknown), policy, info('next run', unknown), info('not here', unknown)];
  }
  const first = facts.lastCheck === null;
  const { onServer, willDelete, held, placeholders, skipped, later } = facts;
  // What came since the screen's clock last moved is not from the future.
  const days = onServer.oldest === null ? 0 : Math.max(0, Math.floor((now - onServer.oldest) / DAY));
  const oldest = onServer.oldest === null ? '' : `, oldest ${plural(days, 'day')}`;
  const there = `${plural(onServer.messages, 'message')}, ${bytesText(onServer.bytes)}${oldest}`;
  const largest = placeholders.largest;
  const named = largest ? `: "${sanitize(largest.subject)}" ${bytesText(largest.bytes)}` : '';
  const missing = [
    ...(placeholders.messages > 0 ? [`${grouped(placeholders.messages)} over the size limit${named}`] : []),
    ...(skipped > 0 ? [`${grouped(skipped)} from before the first check`] : []),
    // How many of them the next one brings is the limits' business.
    ...(later > 0
      ? [later === 1 ? '1 comes with the next check' : `${grouped(later)} come with the next checks`]
      : []),
  ];
  return [
    info('on server', first ? 'not looked at yet' : there),
    policy,
    held > 0
      ? { label: 'next run', text: `deletes ${grouped(willDelete)} on the server; D: now`, level: 'warning' }
      : info('next run', nextText(willDelete, config.serverCopy)),
    info(
      'not here',
      first ? 'known after the first check' : missing.join(', ') || 'nothing: all mail is on this computer',
    ),
  ];
}

/** What the next check deletes on the server. Each fits beside its label in 80 columns. */
function nextText(willDelete: number, copy: ServerCopy | null): string {
  const count = grouped(willDelete);
  // Also what is there already and was not fetched yet.
  if (copy === 'delete')
    return `deletes ${willDelete === 0 ? '' : `${count} and `}what it brings, each safe here first`;
  if (willDelete === 0) return 'deletes nothing on the server';
  if (copy === 'untilDeletedHere') return `deletes ${count} on the server: deleted here for good`;
  return `deletes ${count} on the server, each verified here first`;
}
