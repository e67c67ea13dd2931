import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { type ParsedMail, simpleParser } from 'mailparser';
import { formatMailbox } from '../../../src/mail/compose/addresses.ts';
import { type BuildOptions, buildMessage, newMessageId } from '../../../src/mail/compose/build.ts';
import { estimateSize } from '../../../src/mail/compose/check.ts';
import { plainText } from '../../../src/mail/compose/quote.ts';
import { recall, textOf } from '../../../src/mail/compose/recall.ts';
import type { Draft, DraftAttachment } from '../../../src/mail/compose/types.ts';
import { parseMessage, savePart } from '../../../src/worker/parse.ts';
import type { ParsedMessage } from '../../../src/worker/types.ts';
import { TmailError } from '../../../src/util/errors.ts';

const NOW = Date.UTC(2026, 2, 4, 5, 6, 7);
const dir = await mkdtemp(join(tmpdir(), 'tmail-build-'));
after(() => rm(dir, { recursive: true, force: true }));

const EMPTY: Draft = {
  id: 'aaaaaaaaaaaaaaaa',
  account: 'work',
  from: 'Ada Lovelace <ada@example.org>',
  to: 'grace@example.net',
  cc: '',
  bcc: '',
  replyTo: '',
  subject: 'Engine',
  text: 'Hello\n',
  format: 'plain',
  attachments: [],
  inReplyTo: '',
  references: [],
  origin: null,
  dsn: false,
  replaces: null,
  resend: null,
  created: NOW,
  changed: NOW,
};

const draft = (fields: Partial<Draft>): Draft => ({ ...EMPTY, ...fields });

interface Sent {
  readonly bytes: Buffer;
  readonly text: string;
  readonly head: string;
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  readonly smtpUtf8: boolean;
  readonly eightBit: boolean;
  readonly mail: ParsedMail;
  readonly own: ParsedMessage;
  readonly path: string;
}

let count = 0;

async function send(
  fields: Partial<Draft>,
  files: Readonly<Record<string, Buffer>> = {},
  options: Partial<BuildOptions> = {},
): Promise<Sent> {
  const built = await buildMessage(draft(fields), {
    readAttachment: async function* (file) {
      const bytes = files[file] ?? Buffer.alloc(0);
      for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
    },
    now: NOW,
    messageId: 'id@example.org',
    kind: 'send',
    ...options,
  });
  const chunks: Buffer[] = [];
  for await (const chunk of built.bytes) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const path = join(dir, `${++count}.eml`);
  await writeFile(path, bytes);
  const text = bytes.toString('utf8');
  return {
    ...built,
    bytes,
    text,
    head: text.slice(0, text.indexOf('\r\n\r\n') + 2),
    mail: await simpleParser(bytes, { skipHtmlToText: true, skipTextToHtml: true, skipImageLinks: true }),
    own: await parseMessage(path),
    path,
  };
}

/** RFC 5321 and 5322: what every message on the wire must be, whatever was typed. */
function assertLegal({ bytes, text, smtpUtf8, eightBit }: Sent): void {
  const wire = bytes.toString('latin1');
  assert.doesNotMatch(wire, /\r(?!\n)/, 'a lone CR');
  assert.doesNotMatch(wire, /(?<!\r)\n/, 'a lone LF');
  assert.ok(!wire.includes('\0'), 'NUL');
  assert.ok(wire.endsWith('\r\n'), 'the last line has no end');
  for (const line of wire.split('\r\n')) assert.ok(line.length <= 998, `a line of ${line.length}`);
  if (!smtpUtf8 && !eightBit) assert.match(wire, /^[\x01-\x7f]*$/);
  const head = text.slice(0, text.indexOf('\r\n\r\n'));
  for (const line of head.split('\r\n')) {
    assert.match(line, /^(?:[A-Za-z-]+: ?\S|[A-Za-z-]+:$|[ \t]+\S)/, `header line ${JSON.stringify(line)}`);
  }
}

const names = (list: readonly { name: string; address: string }[]) =>
  list.map(({ name, address }) => [name, address]);

function parsedAddresses(mail: ParsedMail, field: 'from' | 'to' | 'cc' | 'replyTo'): (string | undefined)[][] {
  const value = mail[field];
  return (Array.isArray(value) ? value : value ? [value] : [])
    .flatMap(one => one.value)
    .map(({ name, address }) => [name, address]);
}

const attachment = (file: string, name: string, contentType: string, size = 0): DraftAttachment => ({
  file,
  name,
  contentType,
  size,
});

test('a plain message has the fields it needs and nothing that tells of this computer', async () => {
  const sent = await send({ cc: 'Jürgen <j@example.net>', replyTo: 'ada@home.example' });
  assertLegal(sent);
  const fields = sent.head.split('\r\n').flatMap(line => /^([A-Za-z-]+):/.exec(line)?.[1] ?? []);
  assert.deepEqual(fields, [
    'From',
    'Reply-To',
    'To',
    'Cc',
    'Subject',
    'Message-ID',
    'Date',
    'Content-Transfer-Encoding',
    'MIME-Version',
    'Content-Type',
  ]);
  assert.doesNotMatch(sent.text, /nodemailer|NmP|node|tmail/i);
  assert.match(sent.head, /^Message-ID: <id@example\.org>\r$/m);
  assert.match(sent.head, /^Date: Wed, 4 Mar 2026 \d\d:\d\d:07 [+-]\d{4}\r$/m);
  assert.equal(sent.mail.date?.getTime(), NOW);
  assert.equal(sent.own.date, NOW);
});

// ── Recipients

test('names of every kind arrive in every field, and the envelope has each address once', async () => {
  const sent = await send({
    from: '"Lovelace, Ada (Countess)" <ada@example.org>',
    to: 'Jürgen Müller <j@bücher.example>; "a\\"b\\\\c" <b@example.net>, plain@example.net',
    cc: '李雷 <li@example.cn>, PLAIN@EXAMPLE.NET',
    bcc: 'Secret Person <secret@example.net>',
    replyTo: '"=?utf-8?q?x?=" <r@example.org>',
  });
  assertLegal(sent);
  assert.deepEqual(sent.envelope, {
    from: 'ada@example.org',
    to: ['j@xn--bcher-kva.example', 'b@example.net', 'plain@example.net', 'li@example.cn', 'secret@example.net'],
  });
  const to = [
    ['Jürgen Müller', 'j@xn--bcher-kva.example'],
    ['a"b\\c', 'b@example.net'],
    ['', 'plain@example.net'],
  ];
  assert.deepEqual(names(sent.own.to), to);
  // mailparser shows A-labels as people read them.
  assert.deepEqual(parsedAddresses(sent.mail, 'to'), [['Jürgen Müller', 'j@bücher.example'], ...to.slice(1)]);
  assert.deepEqual(names(sent.own.from), [['Lovelace, Ada (Countess)', 'ada@example.org']]);
  assert.deepEqual(parsedAddresses(sent.mail, 'from'), [['Lovelace, Ada (Countess)', 'ada@example.org']]);
  assert.deepEqual(names(sent.own.cc), [
    ['李雷', 'li@example.cn'],
    ['', 'PLAIN@EXAMPLE.NET'],
  ]);
  assert.deepEqual(names(sent.own.replyTo), [['=?utf-8?q?x?=', 'r@example.org']]);
  assert.deepEqual(parsedAddresses(sent.mail, 'replyTo'), [['=?utf-8?q?x?=', 'r@example.org']]);
});

test('Bcc is in the envelope and nowhere in the bytes that are sent', async () => {
  const sent = await send({ to: '', bcc: 'Secret <secret@example.net>, "Other" <other@example.net>' });
  assertLegal(sent);
  assert.deepEqual(sent.envelope.to, ['secret@example.net', 'other@example.net']);
  assert.doesNotMatch(sent.text, /bcc|secret|other/i);
  assert.match(sent.head, /^To: undisclosed-recipients:;\r$/m);
});

test('a local part beyond ASCII needs SMTPUTF8 and stays as it is', async () => {
  const sent = await send({ to: 'Jürgen <jürgen@bücher.example>' });
  assertLegal(sent);
  assert.equal(sent.smtpUtf8, true);
  assert.equal(sent.eightBit, true);
  assert.deepEqual(sent.envelope.to, ['jürgen@bücher.example']);
  assert.deepEqual(names(sent.own.to), [['Jürgen', 'jürgen@bücher.example']]);
  assert.equal((await send({ to: 'j@bücher.example' })).smtpUtf8, false);
});

test('two thousand recipients with long names are all there, on lines that end', async () => {
  const list = Array.from({ length: 2000 }, (_, n) => `"${'Long, '.repeat(40)}${n}" <user${n}@example.net>`);
  const sent = await send({ to: list.join(', ') });
  assertLegal(sent);
  assert.equal(sent.envelope.to.length, 2000);
  assert.equal(parsedAddresses(sent.mail, 'to').length, 2000);
});

const REFUSED: readonly (readonly [Partial<Draft>, string, object])[] = [
  [{ from: '' }, 'compose.from-malformed', { text: '' }],
  [{ from: 'Ada' }, 'compose.from-malformed', { text: 'Ada' }],
  [{ to: '' }, 'compose.no-recipient', {}],
  [{ to: 'grace@example.net, bob@' }, 'compose.malformed', { field: 'to', text: 'bob@' }],
  [{ cc: 'a b c' }, 'compose.malformed', { field: 'cc', text: 'a b c' }],
  [{ bcc: '<a@x.org,b@y.org>' }, 'compose.malformed', { field: 'bcc', text: '<a@x.org,b@y.org>' }],
  [{ replyTo: 'x' }, 'compose.malformed', { field: 'replyTo', text: 'x' }],
];

for (const [fields, code, facts] of REFUSED) {
  test(`${JSON.stringify(fields)} is not sent: ${code}`, async () => {
    await assert.rejects(
      send(fields),
      (error: unknown) => error instanceof TmailError && error.code === code && deepEqual(error.facts, facts),
    );
  });
}

function deepEqual(a: unknown, b: unknown): boolean {
  assert.deepEqual(a, b);
  return true;
}

// ── Injection

const HOSTILE = ['\r\nBcc: evil@example.com', '\nX-Evil: yes', '\rX-Evil: yes', '\0', '\r\n\r\nbody', '\u2028X-Evil: 1', '\x85X-Evil: 1', '\x0bX-Evil: 1'];

for (const text of HOSTILE) {
  test(`no field can hold a line break: ${JSON.stringify(text)}`, async () => {
    const fields: Partial<Draft> = {
      subject: `Hi${text}`,
      inReplyTo: `a@b${text}`,
      references: [`a@b${text}`, 'ok@example.org', `<x>${text}`],
      attachments: [attachment('a', `f${text}.txt`, `text/plain${text}`)],
    };
    const sent = await send(fields, { a: Buffer.from('x') });
    assertLegal(sent);
    assert.doesNotMatch(sent.text, /^(?:X-Evil|Bcc):/im);
    assert.equal(sent.own.bcc.length, 0);
    assert.deepEqual(sent.own.references, ['ok@example.org']);
    assert.equal(sent.own.inReplyTo, '');
    assert.equal(sent.own.parts.length, 1);
    assert.equal(sent.own.text, 'Hello');
  });

  for (const field of ['from', 'to', 'replyTo'] as const) {
    test(`a name in ${field} with ${JSON.stringify(text)} is refused or cleaned`, async () => {
      let sent: Sent;
      try {
        sent = await send({ [field]: `"Ada${text}" <ada@example.org>` });
      } catch (error) {
        assert.ok(error instanceof TmailError);
        assert.match(error.code, /^compose\.(?:from-)?malformed$/);
        return;
      }
      assertLegal(sent);
      assert.doesNotMatch(sent.text, /^(?:X-Evil|Bcc):/im);
      assert.equal(sent.envelope.to.length, 1);
    });
  }
}

test('what is no address is never sent as one, nor as several', async () => {
  for (const to of ['a@x.org b@y.org', '<a@x.org,b@y.org>', 'a@x.org>\r\n<b@y.org', 'a@x.org\0', 'a@x.org <', 'a@x@y.org']) {
    await assert.rejects(send({ to }), (error: unknown) => error instanceof TmailError && error.code === 'compose.malformed');
  }
  // Two lines are two entries, as when a list is pasted.
  assert.deepEqual((await send({ to: 'a@x.org\r\nb@y.org' })).envelope.to, ['a@x.org', 'b@y.org']);
});

// ── Subject

const SUBJECTS = [
  'Engine',
  'Grüße aus Köln',
  '🎉 Überraschung 👩‍👩‍👧‍👦',
  '会議の議事録について、添付ファイルをご確認ください。よろしくお願いいたします。',
  'two  spaces and   three',
  '=?utf-8?Q?not_encoded?=',
  'see =?utf-8?B?eA==?= here',
  'a =? b ?= c',
  '"quoted" \\ back',
  'x'.repeat(3000),
  `${'word '.repeat(200)}end`,
  'ünï '.repeat(100).trim(),
  `${'é'.repeat(300)}`,
  'tab\there',
  ': colon',
  '',
];

for (const subject of SUBJECTS) {
  test(`the subject ${JSON.stringify(subject.slice(0, 40))} arrives as it was typed`, async () => {
    const sent = await send({ subject });
    assertLegal(sent);
    const expected = subject.replace('\t', ' ');
    assert.equal(sent.mail.subject ?? '', expected);
    // The envelope keeps 1,000 characters.
    assert.equal(sent.own.subject, expected.slice(0, 1000));
  });
}

// ── Text

const BODIES: readonly (readonly [string, string])[] = [
  ['lone dots', '.\n..\n.a\n\n.\n'],
  ['a 3,000-character line', `${'x'.repeat(3000)}\nend\n`],
  ['a 3,000-character line of words', `${'word '.repeat(600)}end\n`],
  ['8-bit', 'Grüße, naïve café — “quoted” … €\n'],
  ['emoji', '👩‍👩‍👧‍👦 🇩🇪 1️⃣ 😀\n'],
  ['Chinese', '数学是研究数量、结构以及空间等概念的一门学科。\n'.repeat(30)],
  ['From at the start of a line', 'From here on\n>From there\nFrom: x\n'],
  ['trailing spaces', 'a \nb  \n-- \nAda\n'],
  ['leading spaces and tabs', '  a\n\tb\n    c\n'],
  ['boundaries', '--=_x\n--=_x--\n=_\n=20 =\n'],
  ['headers', 'Content-Type: text/html\n\n<b>x</b>\n'],
  ['only line breaks', 'a\n\n\n\nb\n'],
  ['a megabyte', 'All work and no play makes Jack a dull boy. Ünd so weiter.\n'.repeat(17_000)],
  ['combining marks', 'e\u0301 a\u0308 n\u0303\n'],
  ['a lone surrogate', 'a\ud800b\n'],
  ['DEL, ESC', 'a\x7fb\x1bc\n'],
];

for (const [name, text] of BODIES) {
  for (const format of ['plain', 'markdown'] as const) {
    test(`a text with ${name} arrives equal, ${format}`, async () => {
      const sent = await send({ text, format });
      assertLegal(sent);
      const expected = text.replace('\ud800', '\ufffd').replace(/[\x7f\x1b]/g, '');
      assert.equal(sent.mail.text?.replace(/\n+$/, ''), expected.replace(/\n+$/, ''));
      assert.equal(sent.own.text, expected.replace(/^\n+|\n+$/g, ''));
      assert.equal(sent.eightBit, false);
    });
  }
}

test('bare LF and CR of a pasted text are line ends, NUL is nothing', async () => {
  const sent = await send({ text: 'one\rtwo\r\nthree\nfo\0ur' });
  assertLegal(sent);
  assert.equal(sent.own.text, 'one\ntwo\nthree\nfour');
  assert.match(sent.head, /^Content-Transfer-Encoding: 7bit\r$/m);
});

test('an encoding fits its text: 7bit for ASCII, quoted-printable for Latin, base64 for the rest', async () => {
  const encodingOf = async (text: string) =>
    /^Content-Transfer-Encoding: (.*)\r$/m.exec((await send({ text })).head)?.[1];
  assert.equal(await encodingOf('plain\n'), '7bit');
  assert.equal(await encodingOf(`${'x'.repeat(100)}\n`), 'quoted-printable');
  assert.equal(await encodingOf('Grüße\n'), 'quoted-printable');
  assert.equal(await encodingOf('数学是研究数量\n'), 'base64');
});

test('format=flowed says so, and the paragraphs come back whole', async () => {
  const long = `${'word '.repeat(60)}end`;
  const text = `${long}\n\n> ${long}\n> > ${long}\n indented\n>not a quote mark\nFrom ada\n-- \nAda\n`;
  const sent = await send({ text, format: 'flowed' });
  assertLegal(sent);
  assert.match(sent.head, /^Content-Type: text\/plain; charset=utf-8; format=flowed\r$/m);
  assert.equal(sent.own.flowed, true);
  const body = sent.text.slice(sent.head.length);
  for (const line of body.split('\r\n')) assert.ok(line.length < 79, line);
  assert.equal(textOf(sent.own), text.replace('>not', '> not').trimEnd());
});

// ── Attachments

const FILE_NAMES = [
  'report.pdf',
  'Über uns.pdf',
  '履歴書 (最終版).docx',
  'a "quoted" name.txt',
  "it's; a=b, c.txt",
  'back%20slash*.txt',
  '=?utf-8?Q?x?=.txt',
  '😀 emoji 👩‍👩‍👧‍👦.png',
  `${'long '.repeat(30)}name.txt`,
  `${'ü'.repeat(100)}.txt`,
  'no extension',
  '.hidden',
  "utf-8''x.txt",
  '100%.txt',
];

for (const name of FILE_NAMES) {
  test(`the file name ${JSON.stringify(name)} arrives`, async () => {
    const content = Buffer.from([0, 1, 2, 13, 10, 13, 255]);
    const sent = await send({ attachments: [attachment('a', name, 'application/pdf')] }, { a: content });
    assertLegal(sent);
    assert.equal(sent.own.parts[0]?.filename, name);
    assert.equal(sent.mail.attachments[0]?.filename, name);
    assert.deepEqual(sent.mail.attachments[0]?.content, content);
    assert.equal(sent.own.parts[0]?.contentType, 'application/pdf');
    assert.equal(sent.own.parts[0]?.disposition, 'attachment');
  });
}

test('no path of this computer goes out with a name', async () => {
  const attachments = ['/home/ada/secret/a.txt', 'C:\\Users\\ada\\b.txt', '../../.bashrc', ''].map(name =>
    attachment('a', name, 'text/plain'),
  );
  const sent = await send({ attachments }, { a: Buffer.from('x') });
  assert.deepEqual(
    sent.own.parts.map(({ filename }) => filename),
    ['a.txt', 'b.txt', '.bashrc', 'attachment'],
  );
  assert.doesNotMatch(sent.text, /home|secret|Users/);
});

test('files of every kind come back byte for byte, an empty one and one without any text included', async () => {
  const binary = Buffer.from(Array.from({ length: 70_000 }, (_, n) => (n * 7919) % 256));
  const files = { a: binary, b: Buffer.alloc(0), c: Buffer.from('one\ntwo\r\nthree\rfour') };
  const attachments = [
    attachment('a', 'a.bin', 'application/octet-stream'),
    attachment('b', 'empty.txt', 'text/plain'),
    attachment('c', 'lines.txt', 'text/plain; charset=utf-8'),
  ];
  for (const text of ['Here they are\n', '']) {
    const sent = await send({ attachments, text }, files);
    assertLegal(sent);
    assert.equal(sent.own.text, text.trim());
    assert.equal(sent.own.parts.length, 3);
    for (const [n, file] of (['a', 'b', 'c'] as const).entries()) {
      const to = join(dir, `part-${++count}`);
      await savePart(sent.path, n + 1, to);
      assert.deepEqual(await readFile(to), files[file]);
    }
  }
  const alone = await send({ attachments: attachments.slice(0, 1), text: '' }, files);
  assert.equal(alone.own.parts.length, 1);
  assert.deepEqual(alone.mail.attachments[0]?.content, binary);
});

const TYPES: readonly (readonly [string, string])[] = [
  ['image/png', 'image/png'],
  ['TEXT/Plain; charset="iso-8859-1"', 'text/plain'],
  ['multipart/mixed; boundary=x', 'application/octet-stream'],
  ['message/delivery-status', 'application/octet-stream'],
  ['message/partial', 'application/octet-stream'],
  ['nonsense', 'application/octet-stream'],
  ['', 'application/octet-stream'],
  ['text/html', 'text/html'],
  ['a/b\r\nX: y', 'application/octet-stream'],
];

for (const [given, expected] of TYPES) {
  test(`an attachment of type ${JSON.stringify(given)} goes as ${expected}, with its bytes`, async () => {
    const content = Buffer.from('--x\r\n\r\n<b>hi</b>\r\n--x--\r\n');
    const sent = await send({ attachments: [attachment('a', 'f', given)] }, { a: content });
    assertLegal(sent);
    assert.equal(sent.own.parts[0]?.contentType, expected);
    assert.deepEqual(sent.mail.attachments[0]?.content, content);
  });
}

const INNER = 'From: a@x.org\r\nSubject: inner\r\n\r\nbody\r\n.\r\n';
const MESSAGES: readonly (readonly [string, Buffer, boolean, string, string])[] = [
  ['ASCII', Buffer.from(INNER), false, 'message/rfc822', '7bit'],
  ['8-bit', Buffer.from(INNER.replace('body', 'bödy')), false, 'message/rfc822', '8bit'],
  ['8-bit to a server without 8BITMIME', Buffer.from(INNER.replace('body', 'bödy')), true, 'application/octet-stream', 'base64'],
  ['NUL', Buffer.from(INNER.replace('body', 'bo\0dy')), false, 'application/octet-stream', 'base64'],
  ['a long line', Buffer.from(INNER.replace('body', 'x'.repeat(999))), false, 'application/octet-stream', 'base64'],
];

for (const [name, bytes, sevenBit, type, encoding] of MESSAGES) {
  test(`an attached message with ${name} goes as ${type} in ${encoding}, byte for byte`, async () => {
    const sent = await send(
      { attachments: [attachment('a', 'forwarded', 'message/rfc822')] },
      { a: bytes },
      { sevenBit },
    );
    assertLegal(sent);
    assert.equal(sent.eightBit, encoding === '8bit');
    assert.equal(sent.own.parts[0]?.contentType, type);
    assert.ok(sent.text.includes(`Content-Transfer-Encoding: ${encoding}\r\n`));
    const to = join(dir, `part-${++count}`);
    await savePart(sent.path, 1, to);
    assert.deepEqual(await readFile(to), bytes);
  });
}

test('an attached message with lone CR and LF goes with CRLF, so that all servers see the same lines', async () => {
  const sent = await send(
    { attachments: [attachment('a', 'x.eml', 'message/rfc822')] },
    { a: Buffer.from('Subject: x\n\na\n.\nb\r.\rc\r\r\nd') },
  );
  assertLegal(sent);
  assert.ok(sent.text.includes('Subject: x\r\n\r\na\r\n.\r\nb\r\n.\r\nc\r\n\r\nd\r\n'));
});

test('a file that is gone is named, and what its reader throws comes through', async () => {
  const missing = join(dir, 'not-here');
  const attachments = [attachment('a', 'plan.txt', 'text/plain')];
  await assert.rejects(send({ attachments }, {}, { readAttachment: () => missing }), (error: unknown) => {
    assert.ok(error instanceof TmailError);
    assert.deepEqual([error.code, error.facts], ['compose.attachment', { name: 'plan.txt', reason: 'ENOENT' }]);
    return true;
  });
  const own = new TmailError('storage', 'disk.io');
  const failing = {
    readAttachment: () => {
      throw own;
    },
  };
  await assert.rejects(send({ attachments }, {}, failing), (error: unknown) => error === own);
});

test('a path is read as a file, and a reader that stops early leaves nothing open', async () => {
  const file = join(dir, 'big.bin');
  await writeFile(file, Buffer.alloc(3_000_000, 7));
  let open = 0;
  const built = await buildMessage(draft({ attachments: [attachment('a', 'big.bin', 'image/png')] }), {
    readAttachment: async function* () {
      open++;
      try {
        yield* createReadStream(file);
      } finally {
        open--;
      }
    },
    now: NOW,
    messageId: 'id@example.org',
    kind: 'send',
  });
  for await (const chunk of built.bytes) if (chunk.length > 0 && open > 0) break;
  while (open > 0) await new Promise(resolve => setImmediate(resolve));
  const sent = await send({ attachments: [attachment('a', 'big.bin', 'image/png')] }, {}, { readAttachment: () => file });
  assert.equal(sent.mail.attachments[0]?.size, 3_000_000);
});

test('the size that a person is told is the size that is sent, nearly', async () => {
  const file = Buffer.alloc(1_000_000, 3);
  const fields = { text: 'Some text.\n'.repeat(1000), attachments: [attachment('a', 'a.bin', 'image/png', file.length)] };
  const { bytes } = await send(fields, { a: file });
  const told = estimateSize(fields);
  assert.ok(told >= bytes.length && told < bytes.length * 1.01, `${told} for ${bytes.length}`);
});

// ── Thread

test('In-Reply-To and References are written as they should, a bounded chain of valid ids', async () => {
  const references = [...Array.from({ length: 100 }, (_, n) => `${n}@example.org`), 'a b@x', '<x@y>', 'ü@x', ''];
  const sent = await send({ inReplyTo: '99@example.org', references });
  assertLegal(sent);
  assert.equal(sent.own.inReplyTo, '99@example.org');
  assert.equal(sent.own.references.length, 30);
  assert.deepEqual([sent.own.references[0], sent.own.references.at(-1)], ['0@example.org', '99@example.org']);
  assert.equal(sent.mail.inReplyTo, '<99@example.org>');
});

test('a Message-ID is of the sender’s domain', () => {
  assert.equal(newMessageId('Ada <ada@Example.org>', 'abc'), 'abc@example.org');
  assert.equal(newMessageId('ada@bücher.example', 'abc'), 'abc@xn--bcher-kva.example');
  assert.equal(newMessageId('ada@[127.0.0.1]', 'abc'), 'abc@mail.invalid');
  assert.equal(newMessageId('nobody', 'abc'), 'abc@mail.invalid');
});

// ── Markdown

test('Markdown goes as text and as HTML that loads and runs nothing', async () => {
  const text = [
    '# Title',
    '',
    'Some **bold** text, <script>alert(1)</script> <img src=x onerror=y>',
    '![pic](https://evil.example/x.png) ![](data:image/png;base64,x) [a](javascript:alert(1)) [b](https://ok.example/?a=1&b=2)',
    '[c](JAVA\tSCRIPT:x) [d](mailto:x@y.org) [e](file:///etc/passwd) <https://auto.example> [f](vbscript:x "t") [g][h]',
    '',
    '[h]: data:text/html,x',
    '> quoted',
    'my answer',
    '',
    '```',
    '> code & <b>',
    '```',
    'not a heading',
    '-- ',
    '*Ada* <x>',
  ].join('\n');
  const sent = await send({ text, format: 'markdown' });
  assertLegal(sent);
  assert.equal(sent.own.text, text);
  const html = sent.own.html ?? '';
  assert.doesNotMatch(html, /<(?:script|img|iframe|link|style|base)\b|<[^>]*\s(?:src|on\w+)=|href="(?!https?:|mailto:)/i);
  assert.ok(html.includes('<strong>bold</strong>'));
  assert.ok(html.includes('href="https://ok.example/?a=1&amp;b=2"'));
  assert.ok(html.includes('href="mailto:x@y.org"'));
  assert.ok(html.includes('href="https://auto.example"'));
  assert.ok(html.includes('&lt;script&gt;alert(1)&lt;/script&gt;'));
  assert.match(html, /quoted<\/p>\s*<\/blockquote>\s*<p>my answer/);
  assert.ok(html.includes('&gt; code &amp; &lt;b&gt;'));
  assert.ok(!html.includes('<h2'));
  assert.match(html, /<p class="signature"[^>]*>-- <br>\n\*Ada\* &lt;x&gt;/);
});

// ── Drafts

test('a draft keeps Bcc, half-typed fields and what MIME has no place for, and is recalled as it was', async () => {
  const fields: Partial<Draft> = {
    to: 'Grace <grace@example.net>, "half',
    cc: 'Jürgen <j@bücher.example>',
    bcc: 'Secret <secret@example.net>',
    replyTo: 'x@',
    subject: 'Noch =?utf-8?q?x?= nicht fertig: ',
    text: '\n\n**Hello** Ünïcode\n> quoted\n-- \nAda\n',
    format: 'markdown',
    inReplyTo: 'parent@example.org',
    references: ['root@example.org', 'parent@example.org'],
    origin: { id: 'work:3:17', messageId: 'parent@example.org', mark: 'answered' },
    replaces: { id: 'work:2:9', messageId: 'old@example.org' },
    dsn: true,
    attachments: [attachment('a', 'Über.pdf', 'application/pdf')],
  };
  const sent = await send(fields, { a: Buffer.from('pdf') }, { kind: 'draft' });
  assertLegal(sent);
  assert.deepEqual(names(sent.own.bcc), [['Secret', 'secret@example.net']]);
  const { draft: back, parts } = recall(sent.own, 'work', []);
  const { to, cc, bcc, replyTo, format, inReplyTo, references, origin, dsn, text, from, subject } = back;
  assert.equal(from, '');
  assert.equal(to, fields.to);
  assert.equal(cc, 'Jürgen <j@xn--bcher-kva.example>');
  assert.equal(bcc, fields.bcc);
  assert.equal(replyTo, fields.replyTo);
  assert.equal(subject, fields.subject?.trim());
  assert.equal(text, fields.text?.replace(/^\n+/, ''));
  assert.deepEqual({ format, inReplyTo, references, origin, dsn }, {
    format: fields.format,
    inReplyTo: fields.inReplyTo,
    references: fields.references,
    origin: fields.origin,
    dsn: true,
  });
  assert.deepEqual(parts, [1]);
});

test('a draft needs no recipient and no text; a sent one holds no note of ours', async () => {
  const empty = await send({ from: 'not yet', to: '', text: '', subject: '' }, {}, { kind: 'draft' });
  assertLegal(empty);
  assert.deepEqual(empty.envelope, { from: '', to: [] });
  assert.equal(recall(empty.own, 'work', []).draft.from, 'not yet');
  const origin = { id: 'work:3:17', messageId: 'p@example.org', mark: 'answered' } as const;
  assert.doesNotMatch((await send({ origin, dsn: true, format: 'markdown' })).text, /X-Tmail/i);
});

// ── Bounces

test('a bounced message goes on byte for byte under Resent fields, its Bcc left out', async () => {
  const before = 'Received: from a\r\n\tby b\r\nFrom: Bob <bob@x.org>\r\nTo: ada@example.org\r\n';
  const behind = 'Subject: =?utf-8?q?x?=\r\nMessage-ID: <orig@x.org>\r\n\r\nBcc: not a header\r\nbody \xe4\r\n';
  const bytes = Buffer.from(`${before}Bcc: secret@x.org,\r\n other@x.org\r\n${behind}`, 'latin1');
  const sent = await send({ resend: { file: 'm' }, to: 'Grace <grace@example.net>', cc: 'c@example.net', bcc: 'hidden@example.net', subject: 'shown only' }, { m: bytes });
  const wire = sent.bytes.toString('latin1');
  assert.ok(wire.endsWith(`${before}${behind}`));
  const head = wire.slice(0, wire.indexOf(before));
  assert.match(
    head,
    /^Resent-From: Ada Lovelace <ada@example\.org>\r\nResent-To: Grace <grace@example\.net>\r\nResent-Cc: c@example\.net\r\nResent-Date: Wed, 4 Mar 2026 [^\r]*\r\nResent-Message-ID: <id@example\.org>\r\n$/,
  );
  assert.deepEqual(sent.envelope.to, ['grace@example.net', 'c@example.net', 'hidden@example.net']);
  assert.equal(sent.eightBit, true);
  assert.doesNotMatch(wire, /secret|other@|hidden|shown only/);
});

test('a bounced message of a folder file (mbox line, LF) goes as legal lines', async () => {
  const sent = await send({ resend: { file: 'm' } }, { m: Buffer.from('From a@b Thu Jan 1\nSubject: x\nX-Tmail-Origin: y\n\n.\nend') });
  assertLegal(sent);
  assert.ok(sent.text.endsWith('Resent-Message-ID: <id@example.org>\r\nSubject: x\r\n\r\n.\r\nend\r\n'));
});

// ── Anything at all

const anyText = fc.string({ unit: 'binary', maxLength: 60 });
const graphemes = fc.string({ unit: 'grapheme', maxLength: 60 });
const text = fc.oneof(graphemes, anyText, fc.string({ maxLength: 80 }));
const clean = (value: string) => value.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').replace(/\p{Cs}/gu, '\ufffd').trim();

test('whatever is typed, the message is legal and comes back field by field', async () => {
  await fc.assert(
    fc.asyncProperty(
      text,
      text,
      text,
      fc.array(text, { maxLength: 8 }),
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom('plain', 'flowed', 'markdown'),
      async (name, subject, file, lines, bytes, format) => {
        const body = lines.join('\n');
        const sent = await send(
          {
            to: formatMailbox({ name, address: 'grace@example.net' }),
            subject,
            text: body,
            format,
            attachments: [attachment('a', file, 'application/octet-stream')],
          },
          { a: Buffer.from(bytes) },
        );
        assertLegal(sent);
        const shownName = clean(name).replace(/\s+/g, ' ').trim();
        assert.deepEqual(names(sent.own.to), [[shownName, 'grace@example.net']]);
        assert.equal(sent.own.subject, clean(subject));
        const shownFile = clean(file.split(/[/\\]/).at(-1) ?? '') || 'attachment';
        assert.equal(sent.own.parts[0]?.filename, shownFile);
        assert.deepEqual(sent.mail.attachments.at(-1)?.content ?? Buffer.alloc(0), Buffer.from(bytes));
        if (format !== 'flowed') {
          const expected = plainText(body).replace(/^\n+|\n+$/g, '');
          assert.equal(sent.own.text, expected.trim() === '' ? '' : expected);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('mailparser reads names, subjects and files as we wrote them', async () => {
  await fc.assert(
    fc.asyncProperty(graphemes, graphemes, graphemes, async (name, subject, file) => {
      const sent = await send({
        to: formatMailbox({ name, address: 'grace@example.net' }),
        subject,
        attachments: [attachment('a', file, 'image/png')],
      });
      assert.deepEqual(parsedAddresses(sent.mail, 'to'), [[clean(name).replace(/\s+/g, ' ').trim(), 'grace@example.net']]);
      assert.equal(sent.mail.subject ?? '', clean(subject));
      assert.equal(sent.mail.attachments[0]?.filename, clean(file.split(/[/\\]/).at(-1) ?? '') || 'attachment');
    }),
    { numRuns: 200 },
  );
});

test('the same draft gives the same bytes when the boundary is given', async () => {
  const fields = { format: 'markdown', attachments: [attachment('a', 'a.txt', 'text/plain')] } as const;
  const [one, two] = [await send(fields, {}, { boundary: 'b' }), await send(fields, {}, { boundary: 'b' })];
  assert.deepEqual(one.bytes, two.bytes);
  assert.notDeepEqual((await send(fields)).bytes, one.bytes);
});
