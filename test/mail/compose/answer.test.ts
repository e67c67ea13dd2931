import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  answer,
  bounce,
  canReplyToList,
  compose,
  editAsNew,
  forward,
} from '../../../src/mail/compose/answer.ts';
import { parseMailto } from '../../../src/mail/compose/mailto.ts';
import { spokenDate, withSignature, writingPlace } from '../../../src/mail/compose/quote.ts';
import type { AnswerKind, Identity, Original } from '../../../src/mail/compose/types.ts';
import { parseAddresses } from '../../../src/mail/address.ts';

const identity = (fields: Partial<Identity>): Identity => ({
  account: 'work',
  name: 'Ada Lovelace',
  address: 'ada@example.org',
  replyTo: '',
  signature: '',
  signatureAbove: false,
  ...fields,
});
const ADA = identity({});
const ME: readonly Identity[] = [
  ADA,
  identity({ name: 'Countess', address: 'ada@home.example', account: 'home', signature: 'At home', replyTo: 'c@home.example' }),
  identity({ name: 'A. L.', address: 'a.l@example.org' }),
];
const DATE = new Date(2024, 2, 12, 14, 5).getTime();

interface Fields {
  readonly from?: string;
  readonly to?: string;
  readonly cc?: string;
  readonly replyTo?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function original({ from, to, cc, replyTo, headers, ...more }: Fields & Partial<Omit<Original, keyof Fields>> = {}): Original {
  const list = (text: string | undefined, or: string) => parseAddresses(text ?? or);
  return {
    id: 'work:1:7',
    account: 'work',
    subject: 'Engine',
    from: list(from, 'Charles Babbage <charles@example.net>'),
    to: list(to, 'ada@example.org'),
    cc: list(cc, ''),
    replyTo: list(replyTo, ''),
    date: DATE,
    messageId: 'orig@example.net',
    inReplyTo: '',
    references: [],
    headers: Object.entries(headers ?? {}).map(([name, value]) => ({ name, value })),
    text: 'How is it?\n',
    links: [],
    ...more,
  };
}

const LIST = { 'List-Post': '<mailto:engines@lists.example>' };
const C = 'Charles Babbage <charles@example.net>';

const RECIPIENTS: readonly (readonly [string, AnswerKind, Fields, string, string])[] = [
  ['a reply goes to the author', 'reply', { cc: 'x@y.org' }, C, ''],
  ['Reply-To is honoured', 'reply', { replyTo: 'Desk <desk@example.net>' }, 'Desk <desk@example.net>', ''],
  ['several in Reply-To', 'reply', { replyTo: 'a@x.org, b@x.org, A@X.org' }, 'a@x.org, b@x.org', ''],
  ['to all: author first, the others as copies, oneself not', 'replyAll', { to: 'Ada <ADA@example.org>, Bob <bob@x.org>', cc: 'c@x.org, BOB@x.org, ada@home.example, charles@example.net' }, C, 'Bob <bob@x.org>, c@x.org'],
  ['to all with one’s plus-address', 'replyAll', { to: 'ada+news@example.org, bob@x.org' }, C, 'bob@x.org'],
  ['to all with Reply-To', 'replyAll', { replyTo: 'desk@x.org', to: 'ada@example.org, bob@x.org' }, 'desk@x.org', 'bob@x.org'],
  ['one’s own mail goes on to those it was for', 'reply', { from: 'Ada <ada@example.org>', to: 'Bob <bob@x.org>', cc: 'c@x.org' }, 'Bob <bob@x.org>', ''],
  ['one’s own mail to all', 'replyAll', { from: 'Ada <ada@example.org>', to: 'Bob <bob@x.org>', cc: 'c@x.org, ada@home.example' }, 'Bob <bob@x.org>', 'c@x.org'],
  ['a note to oneself', 'reply', { from: 'ada@example.org', to: 'ada@example.org' }, 'ada@example.org', ''],
  ['a note to oneself, to all', 'replyAll', { from: 'ada@example.org', to: 'ada@example.org' }, 'ada@example.org', ''],
  ['one’s own mail with copies to others only', 'replyAll', { from: 'ada@example.org', to: 'ada@home.example', cc: 'c@x.org' }, 'c@x.org', ''],
  ['a list in Reply-To does not take a reply from the author', 'reply', { replyTo: 'engines@lists.example', to: 'engines@lists.example', headers: LIST }, C, ''],
  ['… but all means the list too', 'replyAll', { replyTo: 'Engines <engines@lists.example>', to: 'engines@lists.example', headers: LIST }, `${C}, Engines <engines@lists.example>`, ''],
  ['a list that writes as itself names the author in Reply-To', 'reply', { from: 'Charles via Engines <engines@lists.example>', replyTo: `${C}, engines@lists.example`, headers: LIST }, C, ''],
  ['a list that writes as itself, Reply-To the list', 'reply', { from: 'Engines <engines@lists.example>', replyTo: 'Engines <engines@lists.example>', headers: LIST }, 'Engines <engines@lists.example>', ''],
  ['an author’s own Reply-To on a list', 'reply', { replyTo: 'c2@example.net', headers: LIST }, 'c2@example.net', ''],
  ['to the list', 'replyList', { to: 'engines@lists.example', cc: 'x@y.org', headers: LIST }, 'engines@lists.example', ''],
  ['to the list, without one: to all', 'replyList', { cc: 'x@y.org' }, C, 'x@y.org'],
  ['Mail-Followup-To, to all', 'replyAll', { cc: 'x@y.org', headers: { ...LIST, 'Mail-Followup-To': 'engines@lists.example, Bob <bob@x.org>, ada@example.org' } }, 'engines@lists.example, Bob <bob@x.org>', ''],
  ['Mail-Followup-To, to the list', 'replyList', { headers: { ...LIST, 'Mail-Followup-To': 'b@x.org' } }, 'b@x.org', ''],
  ['Mail-Followup-To is not for a reply', 'reply', { headers: { 'Mail-Followup-To': 'b@x.org' } }, C, ''],
  ['names that need quotes', 'reply', { from: '"Babbage, C. (Charles)" <charles@example.net>' }, '"Babbage, C. (Charles)" <charles@example.net>', ''],
  ['an address that is several stays broken', 'reply', { from: '<a@x.org,b@y.org>' }, '<a@x.org b@y.org>', ''],
  ['nobody', 'reply', { from: '' }, '', ''],
];

for (const [name, kind, fields, to, cc] of RECIPIENTS) {
  test(`recipients: ${name}`, () => {
    const draft = answer(kind, original(fields), ME);
    assert.deepEqual([draft.to, draft.cc, draft.bcc], [to, cc, '']);
  });
}

const AUTHORS: readonly (readonly [string, Fields & { account?: string }, string, string])[] = [
  ['in To', { to: 'x@y.org, A.L@example.org' }, 'A. L. <a.l@example.org>', 'work'],
  ['in Cc', { to: 'x@y.org', cc: 'ada@home.example' }, 'Countess <ada@home.example>', 'home'],
  ['the account’s own before another’s', { to: 'ada@home.example, a.l@example.org' }, 'A. L. <a.l@example.org>', 'work'],
  ['Delivered-To', { to: 'list@x.org', headers: { 'Delivered-To': 'ada@home.example' } }, 'Countess <ada@home.example>', 'home'],
  ['X-Original-To', { to: 'list@x.org', headers: { 'x-original-to': '<a.l@example.org>' } }, 'A. L. <a.l@example.org>', 'work'],
  ['To before Delivered-To', { to: 'a.l@example.org', headers: { 'Delivered-To': 'ada@home.example' } }, 'A. L. <a.l@example.org>', 'work'],
  ['a plus-address stays', { to: 'Ada+Shop@example.org' }, 'Ada Lovelace <Ada+Shop@example.org>', 'work'],
  ['one’s own mail: who wrote it', { from: 'a.l@example.org', to: 'ada@example.org' }, 'A. L. <a.l@example.org>', 'work'],
  ['the account’s default', { to: 'list@x.org', account: 'home' }, 'Countess <ada@home.example>', 'home'],
  ['an account without identity', { to: 'list@x.org', account: 'other' }, 'Ada Lovelace <ada@example.org>', 'work'],
];

for (const [name, fields, from, account] of AUTHORS) {
  test(`who answers: ${name}`, () => {
    const draft = answer('reply', original(fields), ME);
    assert.deepEqual([draft.from, draft.account], [from, account]);
  });
}

test('an identity brings its Reply-To and its signature', () => {
  const draft = answer('reply', original({ to: 'ada@home.example' }), ME);
  assert.equal(draft.replyTo, 'c@home.example');
  assert.match(draft.text, /\n-- \nAt home\n$/);
});

test('without identities there is still a draft', () => {
  const draft = answer('reply', original(), []);
  assert.deepEqual([draft.from, draft.account, draft.to], ['', 'work', C]);
});

const reference = (n: number) => `${n}@x.org`;

test('threads: the parent, its references, a bounded chain', () => {
  const thread = (fields: Parameters<typeof original>[0]) => {
    const { inReplyTo, references } = answer('reply', original(fields), ME);
    return { inReplyTo, references };
  };
  assert.deepEqual(thread({}), { inReplyTo: 'orig@example.net', references: ['orig@example.net'] });
  assert.deepEqual(thread({ references: ['a@x', 'b@x'] }).references, ['a@x', 'b@x', 'orig@example.net']);
  assert.deepEqual(thread({ inReplyTo: 'a@x' }).references, ['a@x', 'orig@example.net']);
  assert.deepEqual(thread({ inReplyTo: 'z@x', references: ['a@x'] }).references, ['a@x', 'orig@example.net']);
  assert.deepEqual(thread({ messageId: '', references: ['a@x'] }), { inReplyTo: '', references: ['a@x'] });
  assert.deepEqual(thread({ messageId: 'a b\r\nBcc: c', references: ['ok@x', 'no t@x'] }), { inReplyTo: '', references: ['ok@x'] });
  const long = thread({ references: Array.from({ length: 200 }, (_, n) => reference(n)) }).references;
  assert.deepEqual([long.length, long[0], long.at(-2), long.at(-1)], [30, reference(0), reference(199), 'orig@example.net']);
});

const TEXTS: readonly (readonly [string, string, string])[] = [
  ['lines', 'one\ntwo\n', '> one\n> two'],
  ['levels', 'new\n> old\n>> older', '> new\n> > old\n> >> older'],
  ['empty lines, at the ends none', '\n\n  \none\n\n \ntwo\n\n\n', '> one\n>\n>\n> two'],
  ['trailing spaces', 'one  \n-', '> one\n> -'],
  ['the signature', 'one\n\n-- \nCharles\nLondon', '> one'],
  ['a signature above older mail', 'one\n\n-- \nCharles\n\nOn Monday, Ada wrote:\n> old\n> older\n', '> one\n>\n> On Monday, Ada wrote:\n> > old\n> > older'],
  ['a signature right above older mail', 'one\n-- \nCharles\n> old', '> one\n>\n> > old'],
  ['a forwarded message below a signature', 'fyi\n-- \nC.\n\n---------- Forwarded message ----------\nFrom: a\n\nold', '> fyi\n>\n> ---------- Forwarded message ----------\n> From: a\n>\n> old'],
  ['a forwarded message below a signature, as Apple Mail has it', 'fyi\n-- \nC.\n\nBegin forwarded message:\n\n> old', '> fyi\n>\n> Begin forwarded message:\n>\n> > old'],
  ['a forwarded message below a signature, as Outlook has it', 'fyi\n-- \nC.\n\nFrom: a\nSent: Monday\nTo: b\nSubject: c\n\nold', '> fyi\n>\n> From: a\n> Sent: Monday\n> To: b\n> Subject: c\n>\n> old'],
  ['a line of two dashes is no signature', 'one\n--\ntwo', '> one\n> --\n> two'],
  ['controls', 'a\x1b[31mb\0\rc', '> a[31mb\n> c'],
];

for (const [name, text, expected] of TEXTS) {
  test(`quoted: ${name}`, () => {
    const { text: written } = answer('reply', original({ text }), [ADA]);
    assert.equal(written, `On Tue, 12 Mar 2024 at 14:05, Charles Babbage wrote:\n${expected}\n\n`);
  });
}

test('a long line is broken where it is quoted, unless paragraphs flow; a link stays whole', () => {
  const url = `https://example.org/${'x'.repeat(200)}`;
  const text = `${'word '.repeat(40)}end ${url} more\n> ${'old '.repeat(30)}`;
  const lines = answer('reply', original({ text }), [ADA]).text.split('\n');
  for (const line of lines) assert.ok(line.length <= 78 || line === `> ${url}`, line);
  assert.ok(lines.includes(`> ${url}`));
  assert.equal(lines.filter(line => line.startsWith('> > old')).length, 2);
  const flowed = answer('reply', original({ text }), [ADA], { format: 'flowed' });
  assert.equal(flowed.format, 'flowed');
  assert.ok(flowed.text.includes(`> ${'word '.repeat(40)}end ${url} more\n`));
});

test('the signature stands below the quote, or above it with the place to write', () => {
  const below = answer('reply', original(), [identity({ signature: 'Ada\nLondon\n' })]).text;
  assert.equal(below, 'On Tue, 12 Mar 2024 at 14:05, Charles Babbage wrote:\n> How is it?\n\n\n\n-- \nAda\nLondon\n');
  assert.equal(below.slice(writingPlace(below)), '\n\n-- \nAda\nLondon\n');
  const above = answer('reply', original(), [identity({ signature: 'Ada', signatureAbove: true })]).text;
  assert.equal(above, '\n\n-- \nAda\n\nOn Tue, 12 Mar 2024 at 14:05, Charles Babbage wrote:\n> How is it?\n');
  assert.equal(writingPlace(above), 0);
  const none = answer('reply', original(), [ADA]).text;
  assert.equal(writingPlace(none), none.length);
  assert.equal(answer('reply', original({ text: '' }), [ADA]).text, '');
});

test('the attribution says what is known, on one line', () => {
  const line = (fields: Parameters<typeof original>[0]) => answer('reply', original(fields), [ADA]).text.split('\n')[0];
  assert.equal(line({ date: null }), 'Charles Babbage wrote:');
  assert.equal(line({ from: 'c@x.org', date: null }), 'c@x.org wrote:');
  assert.equal(line({ from: '', date: null }), 'It was written:');
  assert.equal(line({ from: '"A\nB\x1b" <c@x.org>', date: null }), 'A B wrote:');
  assert.equal(spokenDate(Number.NaN), '');
});

test('inline, a message is repeated with its head; attached, nothing is', () => {
  const draft = forward(original({ cc: 'x@y.org', subject: 'Re: Engine' }), 'inline', [identity({ signature: 'Ada' })]);
  assert.equal(draft.subject, 'Fwd: Re: Engine');
  assert.equal(
    draft.text,
    '\n\n---------- Forwarded message ----------\nFrom: Charles Babbage <charles@example.net>\nDate: Tue, 12 Mar 2024 at 14:05\nSubject: Re: Engine\nTo: ada@example.org\nCc: x@y.org\n\nHow is it?\n\n-- \nAda\n',
  );
  assert.deepEqual([draft.to, draft.inReplyTo, draft.references, draft.origin?.mark], ['', '', [], 'forwarded']);
  assert.equal(forward(original(), 'attached', [ADA]).text, '');
});

test('a message passed on never stands below a signature delimiter, and an answer to the copy quotes it', () => {
  for (const signatureAbove of [false, true]) {
    const { text } = forward(original(), 'inline', [identity({ signature: 'Ada', signatureAbove })]);
    assert.equal(text.startsWith('\n\nAda\n\n-----'), signatureAbove);
    assert.ok(!/^-- $[^]*How is it/m.test(text));
    assert.match(answer('reply', original({ text }), [ADA]).text, /^> From: Charles[^]*^> How is it\?$/m);
  }
});

test('another identity brings its signature, above a message that is passed on as well', () => {
  const known = ['Ada', '-- \nCountess'];
  const text = (signature: string, signatureAbove: boolean) =>
    forward(original(), 'inline', [identity({ signature, signatureAbove })]).text;
  for (const above of [false, true]) {
    assert.equal(withSignature(text('Ada', above), known, '-- \nCountess'), text('Countess', above));
    assert.equal(withSignature(text('Else', above), known, 'Countess'), text('Else', above));
  }
  assert.equal(withSignature(text('Ada', true), known, ''), text('', true));
});

const LONG_URL = `https://shop.example/other?${'x'.repeat(120)}`;
const LINKED = {
  text: 'Please pay here [1] or there [2], not [9].\n\n-- \nThe shop [3]\n',
  links: ['https://shop.example/pay?id=42', LONG_URL, 'https://shop.example/', 'https://shop.example/unnamed'],
};

test('a quoted mail made from HTML has the targets of its links below, each on a line of its own', () => {
  assert.equal(
    answer('reply', original(LINKED), [ADA]).text,
    `On Tue, 12 Mar 2024 at 14:05, Charles Babbage wrote:\n> Please pay here [1] or there [2], not [9].\n>\n> [1] https://shop.example/pay?id=42\n> [2] ${LONG_URL}\n\n`,
  );
});

test('a mail made from HTML that is passed on or edited as new has the targets of all its links', () => {
  const notes = `\n\n[1] https://shop.example/pay?id=42\n[2] ${LONG_URL}\n[3] https://shop.example/\n`;
  assert.ok(forward(original(LINKED), 'inline', [ADA]).text.endsWith(`The shop [3]${notes}`));
  assert.ok(editAsNew(original(LINKED), [ADA]).text.endsWith(`The shop [3]${notes}`));
  assert.ok(bounce(original(LINKED), [ADA], 'f1').text.endsWith(`The shop [3]${notes}`));
});

test('a text without numbers gets no list of links', () => {
  const text = 'a[1] b [0] [x] [12345]\n';
  assert.equal(editAsNew(original({ text, links: LINKED.links }), [ADA]).text, text);
});

test('edit as new repeats what was written; one’s own stays in its conversation', () => {
  const fields = { cc: 'c@x.org', headers: { Bcc: 'Bob <bob@x.org>' }, references: ['a@x'], inReplyTo: 'a@x' };
  const mine = editAsNew(original({ ...fields, from: 'a.l@example.org', to: 'Grace <g@x.org>' }), ME);
  assert.deepEqual(
    [mine.from, mine.to, mine.cc, mine.bcc, mine.subject, mine.text, mine.inReplyTo, mine.references, mine.origin],
    ['A. L. <a.l@example.org>', 'Grace <g@x.org>', 'c@x.org', 'Bob <bob@x.org>', 'Engine', 'How is it?\n', 'a@x', ['a@x'], null],
  );
  const other = editAsNew(original(fields), ME);
  assert.deepEqual([other.from, other.inReplyTo, other.references], ['Ada Lovelace <ada@example.org>', '', []]);
});

test('a bounce shows what goes and names the file that goes', () => {
  const draft = bounce(original(), ME, 'f1');
  assert.deepEqual([draft.resend, draft.to, draft.subject, draft.origin?.mark], [{ file: 'f1' }, '', 'Engine', 'forwarded']);
  assert.ok(draft.text.endsWith('How is it?\n'));
});

test('new mail is signed, from a link with what the link may bring', () => {
  const ada = identity({ signature: '-- \nAda\n', replyTo: 'r@x.org' });
  assert.deepEqual([compose(ada).text, compose(ada).replyTo, compose(ADA).text], ['\n\n-- \nAda\n', 'r@x.org', '']);
  const link = parseMailto('mailto:a@x.org?subject=s&body=b&in-reply-to=<p@x.org>');
  assert.ok(link);
  const draft = compose(ada, link);
  assert.deepEqual(
    [draft.to, draft.subject, draft.text, draft.inReplyTo, draft.references],
    ['a@x.org', 's', 'b\n\n-- \nAda\n', 'p@x.org', ['p@x.org']],
  );
});

test('a list is one when it says where to post', () => {
  assert.equal(canReplyToList(original({ headers: LIST })), true);
  assert.equal(canReplyToList(original({ headers: { 'List-Post': 'NO' } })), false);
});

test('a mail with a hundred thousand recipients and lines is answered at once', () => {
  const to = Array.from({ length: 500 }, (_, n) => `u${n}@x.org`).join(', ');
  const text = `${'> '.repeat(500)}x\n`.repeat(200) + 'line\n'.repeat(100_000);
  const started = Date.now();
  const draft = answer('replyAll', original({ to, text }), ME);
  assert.ok(draft.cc.endsWith('u499@x.org'));
  assert.ok(Date.now() - started < 3000);
});
