// Conversations of the demo mailbox: work, friends, and what is long done.
import { contourPng, pdf, photoPng } from './files.ts';
import { accounts, ada, brother, ingrid, jonas, lucia, mei, mother, nadia, priya, tomas } from './people.ts';
import { type Clock, conversation, FOLDERS, type Placed } from './placed.ts';

export function conversations(clock: Clock): Placed[] {
  return [...work(clock), ...hiking(clock), ...older(clock)];
}

function work(clock: Clock): Placed[] {
  const png = (filename: string) => ({ filename, type: 'image/png', bytes: contourPng(96) });
  return [
    ...conversation(clock, {
      id: 'proof',
      subject: 'North shore map: third proof',
      people: [ada, tomas, mei, priya],
      turns: [
        {
          by: tomas,
          ago: 170,
          text: 'Hi both,\n\nhere is the third proof of the north shore sheet. The contour interval is now 5 m below the coast road and 10 m above it, so the cliffs no longer turn into a solid brown band.\n\nOpen questions:\n- the footpath east of Gull Point: permissive or a right of way?\n- do we keep the old spelling of Haverstone?\n\nTomás',
          attachments: [png('north-shore-proof-3.png')],
        },
        {
          by: mei,
          ago: 166.5,
          text: 'The contours are so much better. I walked the Gull Point path in spring: there is a county sign at both ends, so it is a right of way.',
          quote: true,
        },
        {
          by: ada,
          ago: 165,
          text: 'Lovely work. About Haverstone: the parish uses the short form on its own website, and so does the 1911 survey. I would print "Haverstone (Haverston)" once, on the village itself, and the short form nowhere.\n\nThe blue of the mudflats is hard to tell from the sea on my printer. Could it go one step greyer?',
          quote: true,
          answers: 0,
        },
        {
          by: tomas,
          ago: 143,
          text: 'Greyer mudflats: yes. I will send a print-out to your desk, because screens lie about this colour more than about any other.',
          quote: true,
        },
        {
          by: priya,
          ago: 52,
          text: 'The trust is happy with both answers. Our wardens ask for one thing: please do not print the path to the tern colony. It is closed from April to August and people follow maps before they read signs.\n\nPriya',
          answers: 2,
        },
        { by: ada, ago: 50, text: 'Of course. We will leave it off the sheet and out of the data we share.' },
        {
          by: tomas,
          ago: 4.2,
          text: 'Proof 4 is on the server with grey mudflats and without the colony path. If nobody shouts by tomorrow noon it goes to the printer.',
          answers: 5,
          flags: ['\\Flagged'],
        },
      ],
    }),
    ...conversation(clock, {
      id: 'invoice',
      subject: 'Invoice 2207 and the travel claim',
      people: [ada, accounts],
      turns: [
        {
          by: accounts,
          ago: 310,
          text: 'Dear Ada,\n\nplease find invoice 2207 for the survey week attached. We still miss the ferry receipt for your travel claim.\n\nKind regards,\nAccounts',
          attachments: [
            {
              filename: 'invoice-2207.pdf',
              type: 'application/pdf',
              bytes: pdf([
                'Contour House',
                'Invoice 2207',
                'Survey week, north shore: 1 840.00',
                'Payable within 30 days',
              ]),
            },
          ],
        },
        {
          by: ada,
          ago: 288,
          text: 'Thank you. The ferry receipt is attached as text, because the machine only prints to a till roll. I copied it line by line.',
          attachments: [
            {
              filename: 'ferry-receipt.txt',
              type: 'text/plain; charset=utf-8',
              bytes: Buffer.from(
                'NORTH SOUND FERRY\r\nreturn, 1 adult, 1 bicycle\r\n18.40\r\nthank you and mind the step\r\n',
              ),
            },
          ],
        },
        {
          by: accounts,
          ago: 262,
          text: 'Received, and the claim is paid with this month. (The step: noted.)',
          quote: true,
        },
      ],
    }),
    ...conversation(clock, {
      id: 'printer',
      subject: 'The large printer on the second floor',
      people: [ada, ingrid, tomas, mei],
      turns: [
        {
          by: ingrid,
          ago: 28,
          text: 'It is making the noise again. Please print nothing wider than A2 until Thursday; somebody comes to look at the belt.',
        },
        { by: mei, ago: 27.2, text: 'Which noise? The goose or the teaspoon?', quote: true },
        { by: ingrid, ago: 26.9, text: 'The goose.', quote: true },
        {
          by: tomas,
          ago: 7.5,
          text: 'The belt is here, a day early. I have it on my desk in case anybody asks.',
          answers: 0,
        },
      ],
    }),
  ];
}

function hiking(clock: Clock): Placed[] {
  const photo = { filename: 'Lake Orrin from the saddle.png', type: 'image/png', bytes: photoPng(590) };
  return conversation(clock, {
    id: 'orrin',
    subject: 'Lake Orrin on Saturday?',
    people: [ada, jonas, lucia, mei],
    turns: [
      {
        by: jonas,
        ago: 122,
        text: 'Hallo zusammen,\n\nthe forecast has turned kind. Who would come to Lake Orrin on Saturday? Train at 7:12, back by 20:00, about 19 km and 750 m up. The hut sells soup.\n\nGrüße\nJonas',
        flowed: true,
        charset: 'iso-8859-1',
      },
      {
        by: lucia,
        ago: 120.5,
        text: '¡Me apunto! I bring the stove in case the soup is the same as last year.',
        flowed: true,
        quote: true,
        charset: 'iso-8859-1',
      },
      {
        by: mei,
        ago: 118,
        text: 'I am in as far as the hut. My knee will not agree to the descent by the chains; I would go down by the forest road and meet you at the station.',
        answers: 0,
      },
      {
        by: ada,
        ago: 117,
        text: 'In, chains and all. Mei, I will come down the forest road with you if you let me carry half of the stove.',
        quote: true,
      },
      { by: lucia, ago: 116, text: 'The stove weighs 84 grams, you may carry all of it.', quote: true },
      {
        by: jonas,
        ago: 70,
        text: 'Tickets: group ticket for four, 11.50 each. I buy it tonight; please bring the money in coins, because my wallet is a museum.',
        answers: 3,
      },
      {
        by: lucia,
        ago: 9.8,
        text: 'The photo from the saddle, before the cloud came. Everybody is in it but me, which is the fate of whoever has the long arms.',
        answers: 5,
        attachments: [photo],
      },
      {
        by: jonas,
        ago: 1.6,
        text: 'What a picture! Next time I carry the stove. Has somebody found a grey glove? Left hand.',
        quote: true,
        flowed: true,
      },
    ],
  });
}

/** What was dealt with long ago and lies in the archive. */
function older(clock: Clock): Placed[] {
  const past: readonly [string, string, typeof tomas, string][] = [
    [
      'Keys to the map room',
      'keys',
      ingrid,
      'The new lock is in. Your key hangs in the cupboard behind the globe; please take the one with the yellow ring, the other opens nothing that we know of.',
    ],
    [
      'Survey week: who sleeps where',
      'beds',
      mei,
      'There are two rooms with a view and one with a boiler. I drew lots with the help of the cat. You have a view.',
    ],
    [
      'Scale bars',
      'scale',
      tomas,
      'From now on every sheet gets its scale bar at the lower left. This ends a discussion that began before I was hired.',
    ],
    [
      'Your bicycle',
      'bicycle',
      jonas,
      'It stands in my cellar, with air in both tyres. Come when you like, but not on Wednesday.',
    ],
    [
      'Paper samples',
      'paper',
      accounts,
      'Four samples of the waterproof paper came in. They have been put under the tap by several people already.',
    ],
    [
      'Notes from the wardens',
      'wardens',
      priya,
      'The wardens walked the draft with a pencil. Eleven corrections, all small, and one drawing of a seal.',
    ],
    [
      'Recipe as promised',
      'recipe',
      lucia,
      'Chickpeas, spinach, smoked paprika, a slice of fried bread crushed with garlic. No stock cube; the paprika does the work.',
    ],
    [
      'Photographs from the attic',
      'attic',
      mother,
      'Your grandfather with the theodolite, 1958. On the back it says "do not touch the tripod", in three hands.',
    ],
    [
      'Old tide gauge',
      'gauge',
      nadia,
      'The harbour museum would lend us the gauge for your talk if somebody fetches it with a van and a blanket.',
    ],
    [
      'Train times in winter',
      'trains',
      brother,
      'The 7:12 becomes the 7:09. I tell you this as a service to civilisation.',
    ],
  ];
  return past.flatMap(([subject, id, by, text], n) =>
    conversation(clock, {
      id: `old-${id}`,
      subject,
      people: [ada, by],
      folder: FOLDERS.archive,
      turns: [
        { by, ago: 400 + n * 61, text },
        ...(n % 3 === 0 ? [{ by: ada, ago: 396 + n * 61, text: 'Thank you, noted.', quote: true }] : []),
      ],
    }),
  );
}
