import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { originalOf, recall } from '../../../src/mail/compose/recall.ts';
import type { Identity } from '../../../src/mail/compose/types.ts';
import { parseMessage } from '../../../src/worker/parse.ts';

const dir = await mkdtemp(join(tmpdir(), 'tmail-recall-'));
after(() => rm(dir, { recursive: true, force: true }));

let count = 0;
async function parsed(...lines: readonly string[]) {
  const path = join(dir, `${++count}.eml`);
  await writeFile(path, lines.join('\r\n'));
  return parseMessage(path);
}

const ADA: Identity = {
  account: 'work',
  name: 'Ada Lovelace',
  address: 'ada@example.org',
  replyTo: '',
  signature: '',
  signatureAbove: false,
};
const HOME: Identity = { ...ADA, account: 'home', address: 'ada@home.example' };

test('a draft of another program: its fields, its thread, its paragraphs', async () => {
  const message = await parsed(
    'From: Ada <ada@home.example>',
    'To: =?utf-8?q?J=C3=BCrgen?= <j@x.org>, "B, C" <b@x.org>',
    'Bcc: secret@x.org',
    'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=',
    'In-Reply-To: <p@x.org>',
    'References: <r@x.org>',
    ' <p@x.org>',
    'X-Mozilla-Draft-Info: internal/draft; vcard=0',
    'Content-Type: text/plain; charset=utf-8; format=flowed',
    '',
    'one ',
    'two',
    '',
    '> three ',
    '> four',
    '',
  );
  const { draft, parts } = recall(message, 'work', [ADA, HOME]);
  assert.deepEqual(draft, {
    account: 'home',
    from: 'Ada <ada@home.example>',
    to: 'Jürgen <j@x.org>, "B, C" <b@x.org>',
    cc: '',
    bcc: 'secret@x.org',
    replyTo: '',
    subject: 'Grüße',
    text: 'one two\n\n> three four\n',
    format: 'flowed',
    inReplyTo: 'p@x.org',
    references: ['r@x.org', 'p@x.org'],
    origin: null,
    dsn: false,
    replaces: null,
    resend: null,
  });
  assert.deepEqual(parts, []);
});

test('a draft that has nothing yet, or only HTML', async () => {
  const empty = recall(await parsed('Subject: ', '', ''), 'work', [ADA]).draft;
  assert.deepEqual([empty.from, empty.to, empty.subject, empty.text, empty.format], ['Ada Lovelace <ada@example.org>', '', '', '', 'plain']);
  const html = await parsed('From: ada@example.org', 'Content-Type: text/html', '', '<p>Hello <b>you</b></p>');
  assert.deepEqual([recall(html, 'work', [ADA]).draft.text, recall(html, 'work', [ADA]).draft.from], ['Hello you\n', 'ada@example.org']);
});

test('what is answered knows where the numbers of its text lead, as does an HTML draft', async () => {
  const html = await parsed('From: ada@example.org', 'Content-Type: text/html', '', '<p>Pay <a href="https://x.org/?id=42">here</a>.</p>');
  assert.deepEqual(originalOf('work:1:7', 'work', html).links, ['https://x.org/?id=42']);
  assert.equal(recall(html, 'work', [ADA]).draft.text, 'Pay here [1].\n\n[1] https://x.org/?id=42\n');
  const plain = await parsed('From: ada@example.org', '', 'See [1] https://x.org/');
  assert.deepEqual(originalOf('work:1:7', 'work', plain).links, []);
});

const FORMATTED = ['Content-Type: multipart/alternative; boundary=b', '', '--b', '', 'text', '--b', 'Content-Type: text/html', '', '<b>text</b>', '--b--'];

test('a draft loses its HTML when another program wrote it, and not when tmail makes it again', async () => {
  const loses = async (...lines: readonly string[]) => recall(await parsed(...lines), 'work', [ADA]).losesHtml;
  assert.equal(await loses('From: ada@example.org', ...FORMATTED), true);
  assert.equal(await loses('From: ada@example.org', 'Content-Type: text/html', '', '<p>Hello'), true);
  assert.equal(await loses('From: ada@example.org', 'X-Tmail-Format: markdown', ...FORMATTED), false);
  assert.equal(await loses('From: ada@example.org', '', 'plain'), false);
});

test('a sender who is not oneself does not become From', async () => {
  const message = await parsed('From: Evil <evil@x.org>', 'To: a@x.org', '', 'text');
  assert.equal(recall(message, 'work', [ADA]).draft.from, 'Ada Lovelace <ada@example.org>');
});

test('a signature alone gets its empty lines back', async () => {
  assert.equal(recall(await parsed('Subject: x', '', '', '', '-- ', 'Ada', ''), 'work', [ADA]).draft.text, '\n\n-- \nAda\n');
});

test('its own files are attached again, those inside of an attached message with it', async () => {
  const message = await parsed(
    'From: ada@example.org',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    'text',
    '--b',
    'Content-Type: message/rfc822',
    'Content-Disposition: attachment; filename=m.eml',
    '',
    'Content-Type: multipart/mixed; boundary=c',
    '',
    '--c',
    'Content-Type: image/png; name=inner.png',
    '',
    'x',
    '--c--',
    '--b',
    'Content-Type: application/pdf; name=a.pdf',
    '',
    'pdf',
    '--b',
    'Content-Type: application/pgp-signature; name=s.asc',
    '',
    'sig',
    '--b--',
  );
  const { parts } = recall(message, 'work', [ADA]);
  assert.deepEqual(
    parts.map(n => message.parts.find(part => part.n === n)?.filename),
    ['m.eml', 'a.pdf'],
  );
});

for (const value of ['answered x <y>', 'answered ../../x:1:2 <y>', 'deleted work:1:2 <y>', 'answered work:1:2', 'answered work:1:2 <a> <b>', 'answered __proto__ <y>']) {
  test(`a note that is not ours marks nothing: ${value}`, async () => {
    assert.equal(recall(await parsed(`X-Tmail-Origin: ${value}`, '', ''), 'work', []).draft.origin, null);
  });
}

test('what is answered has its soft breaks joined', async () => {
  const message = await parsed('From: a@x.org', 'Delivered-To: ada@example.org', 'Content-Type: text/plain; format=flowed; delsp=yes', '', 'one  ', 'two', '> a ', '> b');
  const original = originalOf('work:1:7', 'work', message);
  assert.equal(original.text, 'one two\n> ab');
  assert.deepEqual(original.headers.find(({ name }) => name === 'Delivered-To')?.value, 'ada@example.org');
  assert.deepEqual([original.id, original.account], ['work:1:7', 'work']);
});
