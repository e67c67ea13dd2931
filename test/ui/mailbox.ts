// A small mailbox for frames: the people and subjects of the product's sketches.
import { ANSWERED, type Envelope, FLAGGED, FORWARDED, SEEN } from '../../src/mail/types.ts';
import { type FakeParser, type FakeStore, NOW, parsed } from '../app/fakes.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** From, subject, age, flags, attachments; newest first. */
const INBOX: readonly (readonly [string, string, number, number, number])[] = [
  ['Ada Lovelace', 'Re: Engine timetable for the spring meeting', 0.7 * HOUR, FLAGGED, 2],
  ['Grace Hopper', 'Compiler notes and the scans you asked for', 1.1 * HOUR, 0, 1],
  ['Build Farm', 'tmail #418 passed on main', 1.4 * HOUR, SEEN, 0],
  ['Dennis Ritchie', 'Re: header file question', 1.9 * HOUR, SEEN | ANSWERED, 0],
  ['Margaret Hamilton', 'Checklist v7 (final)', 1 * DAY, SEEN, 1],
  ['Barbara Liskov', 'Fwd: substitution talk, room change', 1.2 * DAY, SEEN | FORWARDED, 0],
  ['Fastmail Billing', 'Your receipt for November', 1.5 * DAY, SEEN | FLAGGED, 0],
  ['lists.debian.org', '[RFC] Dropping the old resolver', 2 * DAY, 0, 0],
  ['Ken Thompson', 'regex engine, a small bet', 2.2 * DAY, SEEN, 0],
  ['Katherine Johnson', 'Re: orbit tables', 2.4 * DAY, SEEN, 0],
  ['Hedy Lamarr', 'Frequency plan attached below', 3 * DAY, SEEN, 0],
  ['Alan Turing', 'Re: a question about halting', 3.2 * DAY, SEEN | ANSWERED, 1],
  ['Newsletter', '42 things in your terminal this week', 4 * DAY, SEEN, 0],
  ['Edsger Dijkstra', 'EWD 1036, typed', 4.3 * DAY, SEEN, 0],
  ['山田太郎', '会議の議事録を送ります', 5 * DAY, SEEN, 0],
  ['Zoë 👩‍🚀 Müller', 'Fotos 🎉 vom Flug', 9 * DAY, SEEN, 1],
  ['Donald Knuth', '', 10 * DAY, SEEN, 0],
  ['Niklaus Wirth', 'Re: plea for lean software', 10.2 * DAY, SEEN, 0],
  ['Joan Clarke', 'Hut 8 notes, part 3 of 4', 11 * DAY, SEEN, 0],
  ['calendar@acme', 'Invitation: planning, Tue 14:00-15:00', 12 * DAY, SEEN, 0],
  ['Radia Perlman', 'Re: spanning tree poem', 12.1 * DAY, SEEN, 0],
  ['Jean Sammet', 'FORMAC draft', 13 * DAY, SEEN, 0],
  ['Lynn Conway', 'VLSI text, second printing', 14 * DAY, SEEN, 0],
  ['Tony Hoare', 'Re: the billion dollar mistake', 400 * DAY, SEEN, 0],
];

export const BODY = `Charles,

I moved the second session to Thursday so that the mill can be oiled. The new plan is on the wiki and the printable one is attached. This line is long enough to be wrapped.

Two open points:
  - who carries the cards?
  - the hall closes at 22:00, is that late enough?

On Sunday Charles Babbage wrote:
> The timetable of the engine is not yet final.
> It depends on the steam.
> And on the weather.
> Four lines of quotation.
> Five lines.
> Six lines.
>> Which timetable?
> Seven.

-- 
Ada
`;

export function fillStore(store: FakeStore, account = 'work'): void {
  const inbox = store.addFolder(account, 'INBOX', 'inbox');
  for (const [name, subject, age, flags, attachments] of [...INBOX].reverse()) {
    const address = `${name.toLowerCase().replace(/[^a-z]+/g, '.')}@mail.example`;
    const date = NOW - age;
    inbox.add({ subject, from: [{ name, address }], date, arrival: date, attachments }, flags);
  }
  store.addFolder(account, 'Drafts', 'drafts').add({ subject: 'Unfinished' }, SEEN);
  const sent = store.addFolder(account, 'Sent', 'sent');
  const to: Partial<Envelope> = { to: [{ name: 'Grace Hopper', address: 'grace@navy.example' }] };
  sent.add({ ...to, subject: 'Re: Compiler notes' }, SEEN);
  store.addFolder(account, 'Archive', 'archive');
  store.addFolder(account, 'Junk', 'junk').add({ subject: 'Win' }, 0);
  store.addFolder(account, 'Trash', 'trash');
  store.addFolder(account, 'lists', null, false);
  store.addFolder(account, 'lists/debian').add({ subject: 'Resolver' }, 0);
  store.addFolder(account, 'projects/engine/cards');
}

export function fillParser(parser: FakeParser, file: string): void {
  const part = { contentId: null, disposition: 'attachment', omitted: false } as const;
  parser.messages.set(
    file,
    parsed({
      subject: 'Re: Engine timetable for the spring meeting',
      to: [
        { name: 'Me', address: 'me@work.example' },
        { name: 'Charles Babbage', address: 'charles@analytical.example' },
      ],
      text: BODY,
      headers: [
        { name: 'From', value: 'Ada Lovelace <ada@analytical.example>' },
        { name: 'Subject', value: 'Re: Engine timetable for the spring meeting' },
        { name: 'X-Mailer', value: 'Difference Engine No. 2' },
      ],
      links: [
        { text: 'the plan', url: 'https://wiki.analytical.example/timetable' },
        { text: 'www.bank.example', url: 'https://evil.example/login?next=www.bank.example' },
        { text: 'write', url: 'mailto:ada@analytical.example' },
      ],
      parts: [
        {
          ...part,
          n: 1,
          section: '2',
          filename: 'timetable.pdf',
          contentType: 'application/pdf',
          size: 219_000,
        },
        {
          ...part,
          n: 2,
          section: '3',
          filename: 'notes.txt',
          contentType: 'text/plain',
          size: 3050,
          omitted: true,
        },
      ],
      remoteImages: 3,
    }),
  );
}
