// A mailing list with its headers, nested quotes, patches and a digest.
import { ada, bea, otto, tideList, yusuf } from './people.ts';
import { type Clock, conversation, FOLDERS, type Placed } from './placed.ts';

const LIST_HEADERS: readonly (readonly [string, string])[] = [
  ['List-Id', 'Programs about tides <tide-tools.lists.openwater.example>'],
  ['List-Post', '<mailto:tide-tools@lists.openwater.example>'],
  [
    'List-Unsubscribe',
    '<mailto:tide-tools-leave@lists.openwater.example>,\r\n <https://lists.openwater.example/leave>',
  ],
  ['List-Archive', '<https://lists.openwater.example/archive/tide-tools/>'],
  ['Precedence', 'list'],
];

const PATCH = `This stops the table from printing two high waters in the same minute when the gauge skips a reading.

---
 src/table.c | 6 +++---
 1 file changed, 3 insertions(+), 3 deletions(-)

diff --git a/src/table.c b/src/table.c
index 4f21a0c..9be7d13 100644
--- a/src/table.c
+++ b/src/table.c
@@ -88,9 +88,9 @@ static int next_high(struct gauge *g, time_t from)
 \tfor (i = 1; i < g->count; i++) {
-\t\tif (g->level[i] >= g->level[i - 1] &&
-\t\t    g->level[i] >= g->level[i + 1])
-\t\t\treturn i;
+\t\tif (g->level[i] > g->level[i - 1] &&
+\t\t    g->level[i] >= g->level[i + 1] && g->time[i] > from)
+\t\t\treturn i;
 \t}
 \treturn -1;
 }
--
2.39.2`;

export function listMail(clock: Clock): Placed[] {
  const people = [tideList, bea, otto, yusuf, ada];
  const post = (id: string, subject: string, turns: Parameters<typeof conversation>[1]['turns']) =>
    conversation(clock, {
      id,
      subject: `[tide-tools] ${subject}`,
      people,
      folder: FOLDERS.list,
      headers: LIST_HEADERS,
      turns,
    });
  return [
    ...post('release', 'Plan for 0.9', [
      {
        by: bea,
        ago: 330,
        text: 'Hello all,\n\nI would like to release 0.9 at the next spring tide, because that is what we always say. What is left:\n\n 1. leap seconds (do we care?)\n 2. the manual page for tide-plot\n 3. the harbour list is from a time before two of the harbours were filled in',
      },
      {
        by: otto,
        ago: 328,
        text: '> 1. leap seconds (do we care?)\n\nNo. The harbour wall moves more in a day than the tide does in a second.\n\n> 3. the harbour list\n\nI can send corrections for the whole east coast.',
      },
      {
        by: yusuf,
        ago: 327,
        text: 'I write the manual page. Is there anybody who uses --fathoms? If not, I would leave it out of the page first and out of the program later.',
        answers: 0,
      },
      { by: otto, ago: 325.5, text: 'I use --fathoms.', quote: true },
      {
        by: yusuf,
        ago: 325,
        text: 'Then it gets a paragraph of its own, with your name on it.',
        quote: true,
      },
      {
        by: ada,
        ago: 300,
        text: 'Harbours of the north shore checked against our new sheet: Haverston lost its inner basin, Gull Point never had one. I attach nothing, because the list is three lines long:\n\n  haverston      55.1042  -1.6120\n  gull-point     55.1318  -1.5897\n  weir-mouth     55.0871  -1.6023',
        answers: 1,
      },
      { by: bea, ago: 120, text: 'All three points are done. Release candidate tonight.', answers: 0 },
      { by: bea, ago: 30, text: 'Release candidate 2, with the manual page spelt right.', answers: 6 },
      { by: otto, ago: 11, text: 'Builds here on the machine with the barnacles.', answers: 7 },
    ]),
    ...post('patch', '[PATCH] table: no two high waters in one minute', [
      { by: yusuf, ago: 200, text: PATCH },
      {
        by: bea,
        ago: 198,
        text: 'Good catch. Could the comparison with `from` come first? It is the cheaper one.\n\n> +\t\t    g->level[i] >= g->level[i + 1] && g->time[i] > from)',
      },
      { by: yusuf, ago: 190, text: 'It could. Version 2 follows.', quote: true },
      { by: bea, ago: 186, text: 'Applied, thanks.', quote: true },
    ]),
    ...post('quotes', 'How deep does a quotation go?', [
      {
        by: otto,
        ago: 90,
        text: 'A question about our archive: at what depth of quotation does a discussion end?',
      },
      { by: bea, ago: 88, text: 'At the depth where the margin is wider than the thought.', quote: true },
      { by: yusuf, ago: 86, text: 'Which is how deep?', quote: true },
      { by: otto, ago: 84, text: 'We seem to be finding out.', quote: true },
      { by: bea, ago: 82, text: 'I can see the end of my screen from here.', quote: true },
    ]),
  ];
}
