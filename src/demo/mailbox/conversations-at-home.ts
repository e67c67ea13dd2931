// Conversations of the demo mailbox: family and neighbourhood.
import { ada, brother, landlord, library, mother, nadia } from './people.ts';
import { type Clock, conversation, type Placed } from './placed.ts';

export function conversationsAtHome(clock: Clock): Placed[] {
  return [...family(clock), ...neighbourhood(clock)];
}

function family(clock: Clock): Placed[] {
  return [
    ...conversation(clock, {
      id: 'starter',
      subject: 'The sourdough has escaped',
      people: [ada, mother, brother],
      turns: [
        {
          by: mother,
          ago: 96,
          text: 'Darlings, I fed the starter as Ada told me and put it beside the stove, and this morning it was on the floor. Is it meant to do that?\n\nMum x',
        },
        {
          by: brother,
          ago: 95,
          text: 'It is meant to be kept in a bowl with a plate on it, not in the sugar tin.',
          quote: true,
        },
        {
          by: ada,
          ago: 93,
          text: 'It is happy, that is all! Take two spoons of what is left in the tin, give it 50 g of flour and 50 g of water, and put it in the tall jar. The rest makes very good pancakes.',
        },
        {
          by: mother,
          ago: 46,
          text: 'Pancakes made, your father had five. The jar is on the window sill and has a name now (Gerald).',
          flags: ['\\Flagged'],
        },
        { by: brother, ago: 12.4, text: 'Can Gerald be divided? I would take a small Gerald.', answers: 3 },
      ],
    }),
    ...conversation(clock, {
      id: 'birthday',
      subject: "Dad's seventieth 🎂",
      people: [ada, brother],
      turns: [
        {
          by: brother,
          ago: 60,
          text: 'Plan: everybody at the boathouse at four, cake at five, and he thinks that we only want to look at the roof. Can you do the map of all the places where he fell into the water? 🛶💦',
        },
        {
          by: ada,
          ago: 58,
          text: 'I can, but at a scale that fits on the wall I will need an inset for the canal. 🙂',
          quote: true,
        },
        {
          by: brother,
          ago: 2.9,
          text: 'An inset for the canal is exactly the right idea. Grandma says that there is also a fountain.',
          quote: true,
        },
      ],
    }),
  ];
}

function neighbourhood(clock: Clock): Placed[] {
  return [
    ...conversation(clock, {
      id: 'tide-talk',
      subject: 'Your evening talk: how tide tables are made',
      people: [ada, nadia],
      turns: [
        {
          by: nadia,
          ago: 240,
          text: 'Dear Ada,\n\nwe would love to have your talk on the 14th at half past six, in the reading room. There is a projector, and a dog that belongs to the building.\n\nNadia Haddad',
        },
        {
          by: ada,
          ago: 236,
          text: 'Dear Nadia, the 14th suits me well. I need the projector for ten minutes and the dog for as long as it likes. May I bring a tide machine made of bicycle parts? It is as wide as a table.',
          quote: true,
        },
        {
          by: nadia,
          ago: 190,
          text: 'A table is reserved for the machine. So far 31 people have put their names down, which is a record after the talk about moths.',
          quote: true,
        },
        {
          by: nadia,
          ago: 15.3,
          text: 'One question from a reader who cannot come: does the moon know about daylight saving time?',
        },
      ],
    }),
    ...conversation(clock, {
      id: 'viewing',
      subject: 'Flat at 3 Weir Lane: viewing on Friday',
      people: [ada, landlord],
      turns: [
        {
          by: landlord,
          ago: 200,
          text: 'Dear Ms Winter,\n\nyou are welcome to see the flat on Friday at 17:15. Please ring at the green door; the blue one belongs to a dentist.\n\nDaniel Okonjo',
        },
        {
          by: ada,
          ago: 196,
          text: 'Thank you, I will be there. Is there room for a drawing table of 1.8 m?',
          quote: true,
        },
        {
          by: landlord,
          ago: 180,
          text: 'There is a north window with 2.1 m of wall below it. The last tenant painted there.',
          quote: true,
        },
        {
          by: landlord,
          ago: 22,
          text: 'The flat is yours if you still want it. I would need an answer by Monday.',
          flags: ['\\Flagged'],
        },
      ],
    }),
    ...conversation(clock, {
      id: 'overdue',
      subject: 'Two books and a kite are due',
      people: [ada, library],
      turns: [
        {
          by: library,
          ago: 33,
          text: 'Dear reader,\n\ndue on Tuesday:\n\n  The Shape of Water Levels\n  A Pocket History of Fog\n  Kite (red, tail missing)\n\nYou can renew at the desk, by telephone, or by answering this mail with the word RENEW.',
        },
      ],
    }),
  ];
}
