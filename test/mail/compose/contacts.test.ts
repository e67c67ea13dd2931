import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AddressBook, createAddressBook, type Observation } from '../../../src/mail/compose/contacts.ts';
import { stopwatch } from '../cpu-time.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 1);
const book = () => createAddressBook(() => NOW);

/** `daysAgo`, direction, name, address. */
function use(to: AddressBook, direction: 'sent' | 'received', address: string, name = '', daysAgo = 1): void {
  to.observe({ direction, addresses: [{ name, address }], date: NOW - daysAgo * DAY });
}

const found = (in_: AddressBook, query: string, limit = 10) => in_.complete(query, limit).map(({ address }) => address);

test('those written to go before those who only wrote, the newer before the older', () => {
  const contacts = book();
  for (let n = 0; n < 10; n++) use(contacts, 'received', 'loud@x.org');
  use(contacts, 'sent', 'friend@x.org');
  use(contacts, 'received', 'once@x.org');
  use(contacts, 'received', 'long-ago@x.org', '', 1000);
  assert.deepEqual(found(contacts, ''), ['friend@x.org', 'loud@x.org', 'once@x.org', 'long-ago@x.org']);
  for (let n = 0; n < 5; n++) use(contacts, 'sent', 'old-friend@x.org', '', 2000);
  use(contacts, 'sent', 'new-friend@x.org', '', 1);
  assert.ok(found(contacts, 'friend').indexOf('new-friend@x.org') < found(contacts, 'friend').indexOf('old-friend@x.org'));
});

test('a name’s words, the address and the domain are found from their beginnings, accents and case aside', () => {
  const contacts = book();
  use(contacts, 'sent', 'jm@bücher.example', 'Jürgen Müller-Lüdenscheid');
  use(contacts, 'sent', 'grace.hopper@navy.example', 'Admiral Hopper');
  for (const query of ['jur', 'JÜR', 'mull', 'ludens', 'müller jürgen', 'jm@', 'bücher', 'bucher']) {
    assert.deepEqual(found(contacts, query)[0], 'jm@bücher.example', query);
  }
  for (const query of ['hop', 'adm hop', 'grace', 'grace.h', '@nav', 'navy', 'hopper@navy']) {
    assert.deepEqual(found(contacts, query), ['grace.hopper@navy.example'], query);
  }
  assert.deepEqual(found(contacts, 'nobody'), []);
});

test('a beginning goes before a middle, a middle before scattered letters', () => {
  const contacts = book();
  use(contacts, 'received', 'ann@x.org', 'Ann');
  for (let n = 0; n < 50; n++) use(contacts, 'sent', 'joanne@x.org', 'Joanne');
  for (let n = 0; n < 50; n++) use(contacts, 'sent', 'aaron.newman@x.org', 'Aaron Newman');
  assert.deepEqual(found(contacts, 'ann'), ['ann@x.org', 'joanne@x.org', 'aaron.newman@x.org']);
  assert.deepEqual(found(contacts, 'ann', 1), ['ann@x.org']);
  assert.deepEqual(
    contacts.complete('ann', 5, new Set(['ann@x.org'])).map(({ address }) => address),
    ['joanne@x.org', 'aaron.newman@x.org'],
  );
});

test('machines that take no answer are not offered, unless they were written to', () => {
  const contacts = book();
  for (const address of ['no-reply@x.org', 'noreply@x.org', 'DoNotReply@x.org', 'mailer-daemon@x.org', 'shop.no-reply@x.org', 'notifications@x.org', 'bounce+abc=1@x.org', 'noreply-42@x.org']) {
    use(contacts, 'received', address, 'Shop');
  }
  assert.deepEqual(found(contacts, ''), []);
  use(contacts, 'sent', 'no-reply@x.org');
  assert.deepEqual(found(contacts, 'shop'), ['no-reply@x.org']);
});

test('spellings of one mailbox are one contact, with the newest honest name', () => {
  const contacts = book();
  use(contacts, 'received', 'Ada@Example.org', 'Ada L.', 10);
  use(contacts, 'sent', 'ada@example.org', 'Ada Lovelace', 5);
  use(contacts, 'received', 'ada@example.ORG', 'old name', 20);
  use(contacts, 'received', 'ada@example.org', 'boss@bank.example', 1);
  use(contacts, 'received', 'ada@example.org', 'ada@example.org', 1);
  assert.equal(contacts.size, 1);
  const { name, sent, received, last } = contacts.find('ADA@example.org') ?? {};
  assert.deepEqual([name, sent, received, last], ['Ada Lovelace', 1, 4, NOW - DAY]);
});

test('mail from the future and without a date does not rule the list', () => {
  const contacts = book();
  use(contacts, 'received', 'future@x.org', '', -10_000);
  use(contacts, 'sent', 'friend@x.org', '', 0);
  contacts.observe({ direction: 'received', addresses: [{ name: '', address: 'never@x.org' }], date: Number.NaN });
  assert.deepEqual(found(contacts, ''), ['friend@x.org', 'future@x.org', 'never@x.org']);
});

test('hostile names and addresses are plain keys, and what is no address is none', () => {
  const contacts = book();
  for (const address of ['__proto__@x.org', 'constructor@x.org', 'hasOwnProperty@x.org']) use(contacts, 'sent', address, '__proto__');
  for (const address of ['__proto__', 'constructor', '', 'a b@x.org', 'a@x.org,b@y.org', 'x@']) use(contacts, 'sent', address);
  assert.equal(contacts.size, 3);
  assert.equal(contacts.find('constructor'), undefined);
  assert.deepEqual(found(contacts, 'constructor'), ['constructor@x.org']);
  assert.equal(found(contacts, '__proto__').length, 3);
});

test('a domain is known by mail that came from it, not by one use', () => {
  const contacts = book();
  use(contacts, 'received', 'a@known.example');
  use(contacts, 'sent', 'a@typo.example');
  assert.deepEqual([...contacts.domains()], ['known.example']);
  use(contacts, 'sent', 'b@typo.example');
  use(contacts, 'sent', 'a@typo.example');
  assert.deepEqual([...contacts.domains()], ['known.example', 'typo.example']);
});

test('the order of observations does not matter', () => {
  const uses = fc.array(fc.tuple(fc.constantFrom('sent', 'received'), fc.nat({ max: 5 }), fc.nat({ max: 3000 })), { maxLength: 30 });
  fc.assert(
    fc.property(uses, list => {
      const ranked = (order: typeof list) => {
        const contacts = book();
        for (const [direction, n, days] of order) {
          use(contacts, direction === 'sent' ? 'sent' : 'received', `u${n}@x.org`, '', days);
        }
        return contacts.complete('', 10).map(({ address, sent, received, last }) => ({ address, sent, received, last }));
      };
      const by = (a: { address: string }, b: { address: string }) => (a.address < b.address ? -1 : 1);
      assert.deepEqual([...ranked([...list].reverse())].sort(by), [...ranked(list)].sort(by));
    }),
  );
});

test('fifty thousand observations and a completion among ten thousand contacts cost next to nothing', () => {
  const contacts = book();
  // As they come from a file: plain strings, not pieces to be joined.
  const seen: Observation[] = JSON.parse(JSON.stringify(Array.from({ length: 50_000 }, (_, n) => ({
    direction: n % 7 === 0 ? ('sent' as const) : ('received' as const),
    addresses: [{ name: `Person ${n % 10_000} Nachname`, address: `person.${n % 10_000}@domain-${n % 500}.example` }],
    date: NOW - (n % 2000) * DAY,
  }))));
  const building = stopwatch();
  for (const one of seen) contacts.observe(one);
  const built = building();
  assert.equal(contacts.size, 10_000);
  const queries = ['p', 'person 99', 'nach', 'domain-3', 'zzz', 'prsn99', 'e', '', 'a b c d'];
  const completing = stopwatch();
  for (const query of queries) contacts.complete(query, 10);
  const each = completing() / queries.length;
  // Budgets are 100 ms and 5 ms; a busy machine gets three times as much.
  assert.ok(built < 300, `built in ${built} ms`);
  assert.ok(each < 15, `completed in ${each} ms`);
});
