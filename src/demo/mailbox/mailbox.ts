// The whole demo mailbox: what lies in which folder, oldest first.
import { compose } from './compose.ts';
import { conversations } from './conversations.ts';
import { conversationsAtHome } from './conversations-at-home.ts';
import { languages } from './languages.ts';
import { listMail } from './list-mail.ts';
import { newsletters } from './newsletters.ts';
import { oddities } from './oddities.ts';
import { FOLDERS, type Placed } from './placed.ts';

export interface DemoMessage {
  readonly folder: string;
  readonly raw: Buffer;
  readonly flags: readonly string[];
  readonly date: Date;
}

/** Name and SPECIAL-USE attribute. */
export const DEMO_FOLDERS: readonly { readonly name: string; readonly use?: string }[] = [
  { name: FOLDERS.drafts, use: '\\Drafts' },
  { name: FOLDERS.sent, use: '\\Sent' },
  { name: FOLDERS.archive, use: '\\Archive' },
  { name: FOLDERS.junk, use: '\\Junk' },
  { name: FOLDERS.trash, use: '\\Trash' },
  { name: FOLDERS.list },
  { name: FOLDERS.letters },
  { name: FOLDERS.travel },
];

/** The same for the same `now`. */
export function demoMailbox(now: Date): DemoMessage[] {
  const clock = (hoursAgo: number) =>
    new Date(Math.floor(now.getTime() / 1000) * 1000 - Math.round(hoursAgo * 3600) * 1000);
  const placed: Placed[] = [
    conversations,
    conversationsAtHome,
    listMail,
    newsletters,
    languages,
    oddities,
  ].flatMap(part => part(clock));
  placed.sort((a, b) => a.mail.date.getTime() - b.mail.date.getTime());
  return placed.map(({ folder, mail, flags }) => ({ folder, raw: compose(mail), flags, date: mail.date }));
}
