// Mail that programs get wrong: reports, forwards, invitations, fakes, drafts, very long subjects.
import { compose, crlf, entity, type Mail, multipart, type Person, rfc5322Date } from './compose.ts';
import { pdf } from './files.ts';
import { ada, brother, ingrid, mei, nadia, tomas } from './people.ts';
import { type Clock, FOLDERS, type Placed, single } from './placed.ts';

const person = (name: string, email: string): Person => ({ name, email });

export function oddities(clock: Clock): Placed[] {
  return [
    invitation(clock),
    ...bounce(clock),
    forward(clock),
    longSubject(clock),
    ...junk(clock),
    ...drafts(clock),
    ...trash(clock),
  ];
}

const stamp = (date: Date) => date.toISOString().replace(/[-:]|\.\d+/g, '');

function invitation(clock: Clock): Placed {
  const start = clock(-50);
  const end = clock(-51);
  const calendar = `BEGIN:VCALENDAR
PRODID:-//Contour House//Calendar//EN
VERSION:2.0
METHOD:REQUEST
BEGIN:VEVENT
UID:proof-meeting-4@contour-house.example
DTSTAMP:${stamp(clock(3.4))}
DTSTART:${stamp(start)}
DTEND:${stamp(end)}
SUMMARY:North shore: sign off proof 4
LOCATION:Map room\\, second floor
ORGANIZER;CN=Ingrid Solberg:mailto:ingrid@contour-house.example
ATTENDEE;CN=Ada Winter;RSVP=TRUE;PARTSTAT=NEEDS-ACTION:mailto:ada@demo.example
DESCRIPTION:Bring the grey mudflats.\\nThere will be cake.
END:VEVENT
END:VCALENDAR
`;
  return single(
    clock,
    { id: 'invite.4', from: ingrid, ago: 3.4, subject: 'Invitation: North shore, sign off proof 4' },
    {
      text: 'You are invited: North shore, sign off proof 4.\nMap room, second floor. There will be cake.\n',
      calendar,
    },
  );
}

/** A delivery report (RFC 3464) about a message of Ada's, and that message. */
function bounce(clock: Clock): Placed[] {
  const subject = 'The moth talk';
  const original: Mail = {
    id: 'moths.1',
    from: ada,
    to: [person('', 'moths@old-library.example')],
    subject,
    date: clock(75.2),
    text: 'Is there a recording of the talk about moths?\n',
  };
  const returned = compose(original);
  const report = multipart('report; report-type=delivery-status', 'bounce.1-r', [
    entity(
      'text/plain; charset=us-ascii',
      '7bit',
      Buffer.from(
        crlf(
          'This is the mail system at host mx.demo.example.\n\nYour message could not be delivered to one recipient:\n\n<moths@old-library.example>: host mx.old-library.example said: 550 5.1.1\n    mailbox unknown (in reply to RCPT TO command)\n',
        ),
      ),
    ),
    entity(
      'message/delivery-status',
      '7bit',
      Buffer.from(
        crlf(
          `Reporting-MTA: dns; mx.demo.example\nArrival-Date: ${rfc5322Date(clock(75.2))}\n\nFinal-Recipient: rfc822; moths@old-library.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 mailbox unknown\n`,
        ),
      ),
    ),
    entity('message/rfc822', '7bit', returned),
  ]);
  const { type, bytes } = splitEntity(report);
  const failed = single(
    clock,
    {
      id: 'bounce.1',
      from: person('Mail Delivery System', 'MAILER-DAEMON@demo.example'),
      ago: 75.1,
      subject: 'Undelivered Mail Returned to Sender',
    },
    { headers: [['Auto-Submitted', 'auto-replied']], body: { type, bytes } },
  );
  return [{ folder: FOLDERS.sent, flags: ['\\Seen'], mail: original }, failed];
}

/** An entity's Content-Type and body apart, for `Mail.body`. */
function splitEntity(whole: Buffer): { type: string; bytes: Buffer } {
  const end = whole.indexOf('\r\n');
  return { type: whole.toString('latin1', 'Content-Type: '.length, end), bytes: whole.subarray(end + 2) };
}

/** A whole message as an attachment, with an attachment of its own. */
function forward(clock: Clock): Placed {
  const inner = compose({
    id: 'gauge.1',
    from: person('Harbour Museum', 'loans@harbour-museum.example'),
    to: [nadia],
    subject: 'Loan agreement: tide gauge',
    date: clock(84),
    text: 'Dear Ms Haddad,\n\nthe agreement is attached. The gauge weighs 31 kg and dislikes stairs.\n',
    attachments: [
      {
        filename: 'loan-agreement.pdf',
        type: 'application/pdf',
        bytes: pdf(['Harbour Museum', 'Loan agreement: tide gauge, 1907', 'The gauge weighs 31 kg.']),
      },
    ],
  });
  const body = multipart('mixed', 'fwd.1-m', [
    entity(
      'text/plain; charset=utf-8',
      '7bit',
      Buffer.from(crlf('Ada, could you sign this with me? See the last line about stairs.\n\nNadia\n')),
    ),
    entity(
      'message/rfc822',
      '7bit',
      inner,
      'Content-Disposition: attachment; filename="Loan agreement.eml"\r\n',
    ),
  ]);
  return single(
    clock,
    { id: 'fwd.1', from: nadia, ago: 14.1, subject: 'Fwd: Loan agreement: tide gauge' },
    { body: splitEntity(body) },
  );
}

function longSubject(clock: Clock): Placed {
  return single(
    clock,
    {
      id: 'long.1',
      from: mei,
      ago: 88,
      subject:
        'Minutes of the meeting about the meeting that we had about how long the subject lines of the minutes of meetings may become before somebody says something, with an annex on annexes, a list of those who were excused, and the date of the next meeting, which is not yet fixed',
    },
    { text: 'See above.\n\nMei\n' },
  );
}

function junk(clock: Clock): Placed[] {
  const place = (id: string, from: Person, ago: number, subject: string) => ({
    id,
    from,
    ago,
    subject,
    folder: FOLDERS.junk,
  });
  return [
    // A right-to-left override turns "fdp.exe" round, a link says one thing and leads to another, ESC in the subject.
    single(
      clock,
      place(
        'phish.1',
        person('ada@demo.example via "Contour House Bank"', 'security@c0ntour-bank.example'),
        21,
        '\x1b]0;You have won\x07\x1b[31mURGENT\x1b[0m: your account \u202ednepsus\u202c',
      ),
      {
        html: `<html><body><p>Dear customer,</p><p>we noticed a <b>sign-in</b> from a new place. Confirm your account at
<a href="https://login.c0ntour-bank.example/verify?who=ada">https://www.contour-bank.example/</a> within 24 hours.</p>
<p>Or click <a href="javascript:alert(1)">here</a>, or open <a href="file:///etc/passwd">the form</a>.</p>
<p style="color:#fff;font-size:1px">flower seven lantern oak</p><p>\x1b[2J&#27;[31mYour bank&#8238;</p></body></html>\n`,
        attachments: [
          {
            filename: 'statement\u202efdp.exe',
            type: 'application/octet-stream',
            bytes: Buffer.from('This is not a statement. It is not a program either.\r\n'),
          },
        ],
        headers: [
          ['Reply-To', '"Security" <collect@mailbox-777.example>'],
          ['X-Spam-Flag', 'YES'],
        ],
      },
    ),
    single(
      clock,
      place(
        'spam.1',
        person('Prize Office', 'winner@lucky-draw.example'),
        49,
        'Re: Re: your 3 unclaimed boats',
      ),
      { text: 'Congratulations! Three boats wait for you. Send only the harbour fee.\n' },
    ),
    single(
      clock,
      place(
        'spam.2',
        person('SEO Wizards', 'grow@rank-rocket.example'),
        130,
        'Is your website feeling lonely?',
      ),
      { text: 'We looked at your website and it looked back. First page guaranteed.\n' },
    ),
    single(
      clock,
      place(
        'spam.3',
        person('', 'unknown@bulk-offers.example'),
        222,
        'CHEAP MAPS!!! 90% OFF!!! (north not included)',
      ),
      { html: '<html><body><center><font size="7" color="red">MAPS</font></center></body></html>\n' },
    ),
  ];
}

function drafts(clock: Clock): Placed[] {
  const flags = ['\\Draft', '\\Seen'];
  return [
    single(
      clock,
      {
        id: 'draft.1',
        from: ada,
        ago: 13.5,
        subject: 'Re: Your evening talk: how tide tables are made',
        folder: FOLDERS.drafts,
        flags,
      },
      {
        to: [nadia],
        text: 'Dear Nadia,\n\nthe moon does not know, and it is the only one in the town who\n',
      },
    ),
    single(
      clock,
      { id: 'draft.2', from: ada, ago: 140, subject: '', folder: FOLDERS.drafts, flags },
      {
        to: [brother],
        text: 'Places where he fell in, so far:\n\n- the weir (twice)\n- the canal, see inset\n- \n',
      },
    ),
  ];
}

function trash(clock: Clock): Placed[] {
  const place = (id: string, from: Person, ago: number, subject: string) => ({
    id,
    from,
    ago,
    subject,
    folder: FOLDERS.trash,
    flags: ['\\Seen'],
  });
  return [
    single(clock, place('trash.1', ingrid, 260, 'Car blocks the gate'), { text: 'The green one. Again.\n' }),
    single(clock, place('trash.2', ingrid, 259.7, 'Car has gone'), { text: 'Thank you, whoever it was.\n' }),
    single(clock, place('trash.3', tomas, 420, 'Lunch?'), { text: 'The soup place at half past twelve?\n' }),
  ];
}
