// Where and when a demo message lies, and how a conversation becomes messages.
import type { Charset } from './charsets.ts';
import { type Attachment, type Mail, messageIdOf, type Person, wrap } from './compose.ts';
import { ada } from './people.ts';

export interface Placed {
  readonly folder: string;
  readonly mail: Mail;
  readonly flags: readonly string[];
}

/** Hours before the demo started → a moment. */
export type Clock = (hoursAgo: number) => Date;

export const FOLDERS = {
  inbox: 'INBOX',
  sent: 'Sent',
  drafts: 'Drafts',
  archive: 'Archive',
  junk: 'Junk',
  trash: 'Trash',
  list: 'Lists/tide-tools',
  letters: 'Lists/Newsletters',
  travel: 'Reisen & Übersee',
} as const;

/** Mail older than this many hours has been read. */
export const READ_AFTER = 20;

export interface Turn {
  readonly by: Person;
  /** Hours before the start. */
  readonly ago: number;
  /** Paragraphs as long lines; wrapped at 72 columns unless flowed. */
  readonly text: string;
  /** The turn that it answers; the one before when absent. */
  readonly answers?: number;
  /** Quotes the text that it answers below an attribution. */
  readonly quote?: boolean;
  readonly flowed?: boolean;
  readonly charset?: Charset;
  readonly attachments?: readonly Attachment[];
  readonly flags?: readonly string[];
}

/** Up to nine minutes in hours, always the same for the same id: nobody writes on the half hour. */
function unevenness(id: string): number {
  let sum = 0;
  for (const char of id) sum = (sum * 31 + char.charCodeAt(0)) % 541;
  return sum / 3600;
}

export interface Conversation {
  readonly id: string;
  readonly subject: string;
  readonly people: readonly Person[];
  readonly folder?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly turns: readonly Turn[];
}

/** The messages of a conversation; Ada's own lie in Sent. */
export function conversation(clock: Clock, about: Conversation): Placed[] {
  const mails: Mail[] = [];
  const answered = new Set(
    about.turns.flatMap((turn, n) => (turn.by === ada && n > 0 ? [turn.answers ?? n - 1] : [])),
  );
  return about.turns.map((turn, n) => {
    const parent = n === 0 ? undefined : mails[turn.answers ?? n - 1];
    const others = about.people.filter(one => one !== turn.by);
    const mail: Mail = {
      id: `${about.id}.${n + 1}`,
      from: turn.by,
      to: others.slice(0, 1),
      ...(others.length > 1 ? { cc: others.slice(1) } : {}),
      subject: n === 0 ? about.subject : `Re: ${about.subject}`,
      date: clock(turn.ago + unevenness(`${about.id}.${n}`)),
      text: textOf(turn, parent),
      flowed: turn.flowed ?? false,
      charset: turn.charset ?? 'utf-8',
      attachments: turn.attachments ?? [],
      references: parent ? [...(parent.references ?? []), messageIdOf(parent)] : [],
      headers: about.headers ?? [],
    };
    mails.push(mail);
    const flags = new Set(turn.flags ?? []);
    if (turn.by === ada || turn.ago > READ_AFTER || answered.has(n)) flags.add('\\Seen');
    if (answered.has(n)) flags.add('\\Answered');
    const folder =
      turn.by === ada && !about.folder?.startsWith('Lists/') ? FOLDERS.sent : (about.folder ?? FOLDERS.inbox);
    return { folder, mail, flags: [...flags] };
  });
}

function textOf(turn: Turn, parent: Mail | undefined): string {
  const own = turn.flowed ? turn.text : wrap(turn.text);
  if (!turn.quote || !parent?.text) return `${own}\n`;
  const quoted = parent.text
    .trimEnd()
    .split('\n')
    .map(line => (line.startsWith('>') ? `>${line}` : `> ${line}`.trimEnd()));
  return `${own}\n\nOn ${parent.date.toUTCString().slice(0, 16)}, ${parent.from.name} wrote:\n${quoted.join('\n')}\n`;
}

export interface Single {
  readonly id: string;
  readonly from: Person;
  readonly ago: number;
  readonly subject: string;
  readonly folder?: string;
  readonly flags?: readonly string[];
}

/** One message that stands alone, to Ada unless `rest` says otherwise. */
export function single(clock: Clock, about: Single, rest: Partial<Mail>): Placed {
  const seen = about.ago > READ_AFTER ? ['\\Seen'] : [];
  return {
    folder: about.folder ?? FOLDERS.inbox,
    flags: [...new Set([...(about.flags ?? []), ...seen])],
    mail: {
      id: about.id,
      from: about.from,
      to: [ada],
      subject: about.subject,
      date: clock(about.ago + unevenness(about.id)),
      ...rest,
    },
  };
}
