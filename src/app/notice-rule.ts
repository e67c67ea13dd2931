// Which new mail is worth a notice, when, and in which words. Pure.
import type { NoticeSettings } from '../config/types.ts';
import { sanitize } from '../mail/sanitize.ts';
import type { Address, Role } from '../mail/types.ts';
import type { FolderRecord } from '../store/types.ts';
import { folderLabel } from './selectors.ts';

/** What arrives there is nobody's news: thrown away, written by oneself, or in another folder as well. */
const SILENT: ReadonlySet<Role> = new Set(['junk', 'trash', 'sent', 'drafts', 'all', 'flagged', 'important']);
const NAMES = 3;
const FOLDERS = 3;
const NAME_LENGTH = 40;

/** The closest rule wins: the folder, those above it, what it is for (`work/inbox`), the account; else the inboxes. */
export function rings(
  { account, path, delimiter, role }: Pick<FolderRecord, 'account' | 'path' | 'delimiter' | 'role'>,
  rules: NoticeSettings['folders'],
): boolean {
  if (role !== null && SILENT.has(role)) return false;
  const rule = (place: string) => (Object.hasOwn(rules, place) ? rules[place] : undefined);
  const levels = delimiter === '' ? [path] : path.split(delimiter);
  for (let n = levels.length; n > 0; n--) {
    const found = rule(`${account}/${levels.slice(0, n).join(delimiter)}`);
    if (found !== undefined) return found;
  }
  return (role === null ? undefined : rule(`${account}/${role}`)) ?? rule(account) ?? role === 'inbox';
}

/** In the time of this computer. */
export function isQuiet(quiet: NoticeSettings['quiet'], at: number): boolean {
  if (quiet === null) return false;
  const date = new Date(at);
  const minute = date.getHours() * 60 + date.getMinutes();
  const { from, to } = quiet;
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}

export interface NewIn {
  readonly record: FolderRecord;
  /** Senders, oldest message first; one for each message. */
  readonly from: readonly (readonly Address[])[];
}

/** `3 new in work/Inbox: Ada, Grace`; safe for a terminal, one line. */
export function noticeText(all: readonly NewIn[]): string {
  const told = all.slice(0, FOLDERS).map(({ record, from }) => {
    const place = sanitize(`${record.account}/${folderLabel(record)}`);
    const names = [...new Set(from.map(nameOf))];
    const more = names.length > NAMES ? ', …' : '';
    return `${from.length} new in ${place}: ${names.slice(0, NAMES).join(', ')}${more}`;
  });
  const others = all.slice(FOLDERS).reduce((sum, { from }) => sum + from.length, 0);
  return [...told, ...(others > 0 ? [`${others} new in other folders`] : [])].join('; ');
}

function nameOf([first]: readonly Address[]): string {
  const name = sanitize(first?.name || first?.address || '').trim() || '(nobody)';
  return name.length > NAME_LENGTH ? `${[...name].slice(0, NAME_LENGTH - 1).join('')}…` : name;
}
