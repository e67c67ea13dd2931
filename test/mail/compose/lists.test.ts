import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { listAddress, unsubscribeChoices } from '../../../src/mail/compose/list-headers.ts';
import { parseMailto } from '../../../src/mail/compose/mailto.ts';
import { readAddresses } from '../../../src/mail/compose/addresses.ts';

const NONE = { to: '', cc: '', bcc: '', subject: '', body: '', inReplyTo: '' };
const LINKS: readonly (readonly [string, Partial<typeof NONE> | null])[] = [
  ['mailto:chris@example.com', { to: 'chris@example.com' }],
  ['MAILTO:chris@example.com', { to: 'chris@example.com' }],
  ['mailto:infobot@example.com?subject=current-issue', { to: 'infobot@example.com', subject: 'current-issue' }],
  ['mailto:joe@example.com?cc=bob@example.com&body=hello', { to: 'joe@example.com', cc: 'bob@example.com', body: 'hello' }],
  ['mailto:?to=joe@example.com&cc=bob@example.com', { to: 'joe@example.com', cc: 'bob@example.com' }],
  ['mailto:a@x.org,b@y.org?to=c@z.org', { to: 'a@x.org, b@y.org, c@z.org' }],
  ['mailto:gorby%25kremvax@example.com', { to: 'gorby%kremvax@example.com' }],
  ['mailto:unlikely%3Faddress@example.com', { to: 'unlikely?address@example.com' }],
  ['mailto:%22not%40me%22@example.org', { to: '"not@me"@example.org' }],
  ['mailto:user@example.org?subject=caf%C3%A9', { to: 'user@example.org', subject: 'café' }],
  ['mailto:user@example.org?subject=%3D%3Futf-8%3FQ%3Fcaf%3DC3%3DA9%3F%3D', { to: 'user@example.org', subject: 'café' }],
  ['mailto:a@x.org?body=send%20current%0D%0Asend%20index', { to: 'a@x.org', body: 'send current\nsend index' }],
  ['mailto:a+b@x.org?subject=1+1', { to: 'a+b@x.org', subject: '1+1' }],
  ['mailto:list@x.org?In-Reply-To=%3C3469A91.D10AF4C@example.com%3E', { to: 'list@x.org', inReplyTo: '3469A91.D10AF4C@example.com' }],
  ['mailto:a@x.org?SUBJECT=x&amp;bcc=s@x.org', { to: 'a@x.org', subject: 'x', bcc: 's@x.org' }],
  ['mailto:a@x.org?attach=/etc/passwd&attachment=x&file=y&from=z@x.org&X-Evil=1&content-type=text/html', { to: 'a@x.org' }],
  ['mailto:a@x.org?subject=x%0D%0ABcc:%20evil@x.org', { to: 'a@x.org', subject: 'x Bcc: evil@x.org' }],
  ['mailto:a@x.org%0D%0ABcc:evil@y.org', { to: '<a@x.org Bcc evil@y.org>' }],
  ['mailto:a@x.org%2Cb@y.org', { to: '<a@x.org b@y.org>' }],
  ['mailto:a@x.org?body=a%00b%1b[31m', { to: 'a@x.org', body: 'ab[31m' }],
  ['mailto:a@x.org?subject=100%', { to: 'a@x.org', subject: '100%' }],
  ['mailto:', {}],
  ['https://x.org', null],
  ['javascript:mailto:x', null],
];

for (const [link, expected] of LINKS) {
  test(`the link ${link}`, () => {
    const found = parseMailto(link);
    if (expected === null) {
      assert.equal(found, null);
      return;
    }
    assert.ok(found);
    const { addresses: _, ...fields } = found;
    assert.deepEqual(fields, { ...NONE, ...expected });
  });
}

test('no link gives more than the safe fields, nor a line break outside of the body', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab@.,?&=%0DA2C<>":;x', 'subject=', 'to=', 'bcc=') }), rest => {
      const found = parseMailto(`mailto:${rest}`);
      assert.ok(found);
      const { body: _, addresses: __, ...lines } = found;
      for (const value of Object.values(lines)) assert.doesNotMatch(value, /[\r\n\0]/);
      readAddresses(found.to);
    }),
  );
});

const header = (name: string, value: string) => ({ name, value });
const POST = header('List-Unsubscribe-Post', 'List-Unsubscribe=One-Click');

test('where a list is written to', () => {
  const at = (value: string) => listAddress([header('List-Post', value)]);
  assert.equal(at('<mailto:list@example.org>'), 'list@example.org');
  assert.equal(at('<mailto:list@example.org?subject=x> (Postings)'), 'list@example.org');
  assert.equal(at('<https://x.org/post>, <mailto:list@example.org>'), 'list@example.org');
  for (const none of ['NO', 'NO (closed)', '', '<mailto:>', '<mailto:a@b@c>', 'list@example.org']) assert.equal(at(none), '');
  assert.equal(listAddress([header('LIST-post', '<mailto:a@x.org>')]), 'a@x.org');
});

test('ways to leave come in order: one click, mail, page; only https and mailto', () => {
  const value = '(Use this) <http://x.org/u>, <mailto:leave@x.org?subject=leave>,\t<https://x.org/u?id=1>, <javascript:x>, <https://b.x.org/v>';
  const unsubscribe = header('List-Unsubscribe', value);
  const shown = (headers: Parameters<typeof unsubscribeChoices>[0]) =>
    unsubscribeChoices(headers).map(choice => [choice.t, choice.t === 'mailto' ? choice.mail.to : choice.url]);
  const mail = ['mailto', 'leave@x.org'];
  const links = [
    ['link', 'https://x.org/u?id=1'],
    ['link', 'https://b.x.org/v'],
  ];
  assert.deepEqual(shown([unsubscribe]), [mail, ...links]);
  assert.deepEqual(shown([POST, unsubscribe]), [['one-click', 'https://x.org/u?id=1'], mail, ...links]);
  assert.deepEqual(shown([header('List-Unsubscribe-Post', 'other'), unsubscribe]), [mail, ...links]);
  const [choice] = unsubscribeChoices([unsubscribe]);
  assert.ok(choice?.t === 'mailto' && choice.mail.subject === 'leave');
  for (const bad of ['', '<>', '<http://x.org>', '<https://user:pw@x.org/>', '<ftp://x.org>', '<mailto:>', '<https://>', 'https://x.org']) {
    assert.deepEqual(unsubscribeChoices([POST, header('List-Unsubscribe', bad)]), [], bad);
  }
  assert.deepEqual(unsubscribeChoices([POST]), []);
});
