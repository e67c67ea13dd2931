// Mail that arrives while one watches the demo.
import type { Mail } from './compose.ts';
import { ada, bea, brother, ingrid, jonas, mei, mother, nadia, otto, tideList, tomas } from './people.ts';
import { FOLDERS } from './placed.ts';

export interface Arrival {
  readonly folder: string;
  readonly mail: Mail;
}

interface Note {
  readonly from: Mail['from'];
  readonly subject: string;
  readonly text: string;
  /** The Message-ID that it answers. */
  readonly answers?: string;
  readonly folder?: string;
}

const NOTES: readonly Note[] = [
  {
    from: mei,
    subject: 'Re: North shore map: third proof',
    answers: '<proof.7@contour-house.example>',
    text: 'Nobody shouts from this desk. The grey is the right grey.\n\nMei\n',
  },
  {
    from: jonas,
    subject: 'Re: Lake Orrin on Saturday?',
    answers: '<orrin.8@wanderfreunde.example>',
    text: 'Glove found. It was in the stove bag, inside the stove.\n\nJonas\n',
  },
  {
    from: mother,
    subject: 'Gerald',
    text: 'He lifts the lid by himself now. Should I be worried?\n\nMum x\n',
  },
  {
    from: otto,
    subject: '[tide-tools] Plan for 0.9',
    folder: FOLDERS.list,
    text: 'All tests pass on the machine with the barnacles, which is now the machine without the barnacles.\n',
  },
  {
    from: ingrid,
    subject: 'Cake',
    text: 'There is cake in the map room, earlier than planned. It will not last until the meeting.\n',
  },
  {
    from: nadia,
    subject: 'Re: Your evening talk: how tide tables are made',
    answers: '<tide-talk.4@elmstreet-library.example>',
    text: '44 names on the list now. I have asked for the second row of chairs and a longer lead for the dog.\n\nNadia\n',
  },
  {
    from: brother,
    subject: "Re: Dad's seventieth 🎂",
    answers: '<birthday.3@family.example>',
    text: 'Confirmed by two witnesses: the fountain counts. ⛲\n',
  },
  {
    from: tomas,
    subject: 'Re: North shore map: third proof',
    answers: '<proof.7@contour-house.example>',
    text: 'Last call for proof 4: the printer has cleared the large press for tomorrow.\n\nTomás\n',
  },
  {
    from: bea,
    subject: '[tide-tools] 0.9 is out',
    folder: FOLDERS.list,
    text: '0.9 is released, at spring tide, as we always say. Thank you all; Otto has the anchor.\n',
  },
  {
    from: mei,
    subject: 'Soup',
    text: 'The hut has sent the recipe. It is only water, leeks and altitude.\n\nMei\n',
  },
];

/** The nth mail to arrive; they begin again when all have come. */
export function arrival(n: number, date: Date): Arrival {
  const note = NOTES[n % NOTES.length];
  const { from, subject, text, answers, folder } = note ?? { from: ada, subject: '', text: '' };
  const list = folder === FOLDERS.list;
  return {
    folder: folder ?? FOLDERS.inbox,
    mail: {
      id: `live.${n + 1}`,
      from,
      to: [list ? tideList : ada],
      subject,
      date,
      text,
      references: answers ? [answers] : [],
      headers: list ? [['List-Id', 'Programs about tides <tide-tools.lists.openwater.example>']] : [],
    },
  };
}
