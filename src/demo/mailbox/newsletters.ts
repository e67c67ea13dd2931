// HTML mail as companies send it: layout tables, hidden preheaders, tracking pixels, buttons, footers.
import { contourPng } from './files.ts';
import { type Clock, FOLDERS, type Placed, single } from './placed.ts';

interface Layout {
  readonly preheader: string;
  readonly brand: string;
  readonly colour: string;
  readonly site: string;
  readonly body: string;
}

/** Link targets go through a click counter, and a picture of one pixel reports the reading: as in real life. */
function newsletter({ preheader, brand, colour, site, body }: Layout): string {
  return `<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>${brand}</title>
<style>body{margin:0;background:#f4f4f0}.button{background:${colour};color:#fff;padding:12px 20px;text-decoration:none}
@media only screen and (max-width:600px){.column{width:100%!important}}</style></head>
<body>
<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">${preheader}&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center">
<table role="presentation" width="600" class="column" style="background:#ffffff"><tr>
<td style="padding:24px;border-bottom:4px solid ${colour}"><img src="https://${site}/logo.png" alt="${brand}" width="160"></td></tr>
<tr><td style="padding:24px;font-family:Georgia,serif">${body}</td></tr>
<tr><td style="padding:24px;font-size:12px;color:#777777">You get this because you asked for it at
<a href="https://${site}/">${site}</a>.<br>
<a href="https://click.${site}/u?c=98121&amp;id=7f3e-ada&amp;to=unsubscribe">Unsubscribe</a> &middot;
<a href="https://click.${site}/p?id=7f3e-ada">Preferences</a></td></tr></table>
</td></tr></table>
<img src="https://open.${site}/pixel.gif?id=7f3e-ada" width="1" height="1" alt="">
</body></html>
`;
}

const button = (site: string, path: string, label: string) =>
  `<p><a class="button" href="https://click.${site}/r?id=7f3e-ada&amp;to=https%3A%2F%2F${site}%2F${path}">${label}</a></p>`;

const person = (name: string, email: string) => ({ name, email });
const bulk = (site: string): [string, string][] => [
  ['List-Unsubscribe', `<https://click.${site}/u?id=7f3e-ada>`],
  ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'],
];

export function newsletters(clock: Clock): Placed[] {
  return [...letters(clock), ...receipts(clock)];
}

function letters(clock: Clock): Placed[] {
  const weekly = 'meridian-weekly.example';
  const museum = 'harbour-museum.example';
  const bikes = 'spoke-and-chain.example';
  const issues = [
    'The island that was drawn twice',
    'Who owns the blank bit?',
    'A short war about a long coastline',
    'Fog, and how to print it',
  ];
  return [
    ...issues.map((title, n) =>
      single(
        clock,
        {
          id: `weekly.${n}`,
          from: person('Meridian Weekly', `letter@${weekly}`),
          ago: 18 + n * 168,
          subject: `Meridian Weekly: ${title}`,
          folder: n === 0 ? FOLDERS.inbox : FOLDERS.letters,
        },
        {
          headers: bulk(weekly),
          text: `${title}\n\nRead it in your browser: https://${weekly}/issues/${214 - n}\n`,
          html: newsletter({
            preheader: 'Five minutes about maps, every week.',
            brand: 'Meridian Weekly',
            colour: '#1f6f6b',
            site: weekly,
            body: `<h1>${title}</h1><p>Good morning, Ada.</p>
<p>For <strong>ninety years</strong> two surveys disagreed by <em>eleven metres</em>, and everybody who lived there knew which one was right.</p>
<h2>Also in this issue</h2><ul><li>A globe that fits in a match box</li><li>Letters: &ldquo;north is a habit&rdquo;</li><li>Puzzle: name the strait</li></ul>
<blockquote>A map is a letter to somebody who is lost.</blockquote>
${button(weekly, `issues/${214 - n}`, 'Read the whole issue')}`,
          }),
        },
      ),
    ),
    single(
      clock,
      {
        id: 'museum.spring',
        from: person('Harbour Museum', `friends@${museum}`),
        ago: 64,
        subject: 'This month at the museum ⚓',
        folder: FOLDERS.letters,
      },
      {
        headers: bulk(museum),
        html: newsletter({
          preheader: 'Ropes, whistles, and a very large anchor.',
          brand: 'Harbour Museum',
          colour: '#23395d',
          site: museum,
          body: `<h1>What is on</h1><table border="1" cellpadding="6"><thead><tr><th>When</th><th>What</th><th>Where</th></tr></thead><tbody>
<tr><td>Sat 11:00</td><td>Knots for beginners</td><td>Rope loft</td></tr>
<tr><td>Sun 14:00</td><td>The whistle concert</td><td>Quay</td></tr>
<tr><td>Wed 19:00</td><td>Anchors I have known</td><td>Hall</td></tr></tbody></table>
<p>Friends of the museum come in <b>free</b>.</p>${button(museum, 'calendar', 'The whole calendar')}`,
        }),
      },
    ),
    single(
      clock,
      {
        id: 'bikes.sale',
        from: person('Spoke & Chain', `hello@${bikes}`),
        ago: 41,
        subject: 'Ada, your chain is 3,000 km old',
        folder: FOLDERS.letters,
      },
      {
        headers: bulk(bikes),
        html: newsletter({
          preheader: 'New chains from 14.90',
          brand: 'Spoke &amp; Chain',
          colour: '#b5472a',
          site: bikes,
          body: `<h1>Time for a new one?</h1><table role="presentation"><tr><td width="33%"><img src="https://${bikes}/c9.jpg" alt="Chain, 9 speed"><br>9 speed<br><s>19.90</s> <b>14.90</b></td>
<td width="33%"><img src="https://${bikes}/c10.jpg" alt="Chain, 10 speed"><br>10 speed<br><s>24.90</s> <b>19.90</b></td>
<td width="33%"><img src="https://${bikes}/oil.jpg" alt="Chain oil"><br>Oil<br>6.50</td></tr></table>
${button(bikes, 'sale', 'Shop now')}`,
        }),
      },
    ),
  ];
}

function receipts(clock: Clock): Placed[] {
  const rail = 'northwind-rail.example';
  const parcel = 'swift-parcel.example';
  return [
    single(
      clock,
      {
        id: 'ticket.8841',
        from: person('Northwind Rail', `tickets@${rail}`),
        ago: 69,
        subject: 'Your booking NW-8841: Haverston to Orrin',
        flags: ['\\Flagged'],
      },
      {
        text: `Booking NW-8841\n\nSat 07:12  Haverston    platform 2\nSat 09:03  Orrin Halt\n\nSat 17:46  Orrin Halt\nSat 19:40  Haverston\n\n4 adults, group ticket: 46.00\n`,
        html: newsletter({
          preheader: 'Platform 2, and please be early.',
          brand: 'Northwind Rail',
          colour: '#7a1f3d',
          site: rail,
          body: `<h1>Thank you for your booking</h1><p>Booking <code>NW-8841</code></p>
<table border="1" cellpadding="6"><tr><th>Train</th><th>From</th><th>To</th><th>Departs</th><th>Arrives</th></tr>
<tr><td>NR 204</td><td>Haverston</td><td>Orrin Halt</td><td>07:12</td><td>09:03</td></tr>
<tr><td>NR 241</td><td>Orrin Halt</td><td>Haverston</td><td>17:46</td><td>19:40</td></tr></table>
<p>4 adults, group ticket: <b>46.00</b></p><img src="cid:map@${rail}" alt="The line from Haverston to Orrin">
${button(rail, 'bookings/NW-8841', 'Change this booking')}`,
        }),
        attachments: [
          { filename: 'line.png', type: 'image/png', bytes: contourPng(64), inline: { cid: `map@${rail}` } },
        ],
      },
    ),
    single(
      clock,
      {
        id: 'parcel.1',
        from: person('Swift Parcel', `no-reply@${parcel}`),
        ago: 5.6,
        subject: 'Your parcel is two stops away',
      },
      {
        // HTML alone, with no text beside it.
        html: newsletter({
          preheader: 'Between 15:10 and 15:40',
          brand: 'Swift Parcel',
          colour: '#0b6e4f',
          site: parcel,
          body: `<h1>Nearly there</h1><p>Your parcel from <b>Paper &amp; Nib</b> arrives today between <b>15:10</b> and <b>15:40</b>.</p>${button(parcel, 'track/55120', 'Follow it')}`,
        }),
      },
    ),
  ];
}
