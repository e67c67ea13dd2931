import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createScanner, type MimePart, scanMessage } from '../../src/mail/mime-scan.ts';
import { partialMessage } from '../../src/mail/partial.ts';
import { countAttachments, fileNameOf, locate, textSections } from '../../src/mail/structure.ts';
import { stopwatch } from './cpu-time.ts';

/** CRLF lines. */
const eml = (...lines: string[]) => Buffer.from(lines.join('\r\n'));
const body = (bytes: Buffer, part: MimePart) => bytes.toString('latin1', part.bodyAt, part.end);
/** `section type` of every part. */
const outline = (bytes: Buffer) => locate(scanMessage(bytes).root).map(({ section, node }) => `${section || '-'} ${node.type}`);

const MIXED = eml(
  'From: ada@example.org',
  'Content-Type: multipart/mixed; boundary="outer"',
  '',
  'preamble',
  '--outer',
  'Content-Type: multipart/alternative; boundary=inner',
  '',
  '--inner',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'Hello',
  '',
  '--inner',
  'Content-Type: text/html',
  '',
  '<p>Hello</p>',
  '--inner--',
  '',
  '--outer',
  'Content-Type: application/pdf; name="a.pdf"',
  'Content-Disposition: attachment; filename*=utf-8\'\'%C3%A4.pdf',
  'Content-Transfer-Encoding: base64',
  '',
  'aGVsbG8g',
  'd29ybGQ=',
  '--outer',
  'Content-Type: message/rfc822',
  '',
  'Subject: inside',
  'Content-Type: multipart/mixed; boundary=deep',
  '',
  '--deep',
  '',
  'text inside',
  '--deep',
  'Content-Type: image/png',
  '',
  'x',
  '--deep--',
  '--outer--',
  'epilogue',
  '',
);

test('parts have the section numbers of IMAP', () => {
  assert.deepEqual(outline(MIXED), [
    '- multipart/mixed',
    '1 multipart/alternative',
    '1.1 text/plain',
    '1.2 text/html',
    '2 application/pdf',
    '3 message/rfc822',
    '3 multipart/mixed',
    '3.1 text/plain',
    '3.2 image/png',
  ]);
  const single = eml('Content-Type: message/rfc822', '', 'Subject: x', '', 'text');
  assert.deepEqual(outline(single), ['1 message/rfc822', '1.1 text/plain']);
});

test('bodies begin behind the empty line and end before the line break of the delimiter', () => {
  const { root } = scanMessage(MIXED);
  const [alternative, pdf, message] = root.childNodes;
  assert.ok(alternative && pdf && message);
  const [text, html] = alternative.childNodes;
  assert.ok(text && html);
  assert.equal(body(MIXED, text), 'Hello\r\n');
  assert.equal(body(MIXED, html), '<p>Hello</p>');
  assert.equal(body(MIXED, pdf), 'aGVsbG8g\r\nd29ybGQ=');
  assert.equal(pdf.decoded, 11);
  assert.equal(fileNameOf(pdf), 'ä.pdf');
  assert.match(body(MIXED, message), /^Subject: inside[^]*--deep--$/);
});

test('the same parts come out however the bytes are split', () => {
  const whole = scanMessage(MIXED);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 40 }), sizes => {
      const scanner = createScanner();
      let at = 0;
      for (let i = 0; at < MIXED.length; i++) {
        const size = sizes[i % sizes.length] ?? 1;
        const reused = Buffer.from(MIXED.subarray(at, at + size));
        scanner.push(reused);
        reused.fill(0);
        at += size;
      }
      assert.deepEqual(scanner.end(), whole);
    }),
  );
});

test('any bytes give a tree whose parts lie inside of the message', () => {
  const piece = fc.oneof(
    fc.constantFrom('--a', '--a--', '--b', '\r\n', '\n', '\r\n\r\n', 'Content-Type: multipart/mixed; boundary=a\r\n\r\n'),
    fc.constantFrom('Content-Type: message/rfc822\r\n\r\n', 'Content-Type: multipart/x; boundary=b\r\n\r\n', 'A: b\r\n', ' '),
    fc.constantFrom('Content-Transfer-Encoding: base64\r\n', 'Content-Transfer-Encoding: quoted-printable\r\n', '=\r\n', '=3D'),
    fc.string({ unit: 'binary', maxLength: 10 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), pieces => {
      const bytes = Buffer.from(pieces.join(''));
      const { root, size } = scanMessage(bytes);
      assert.equal(size, bytes.length);
      for (const { node } of locate(root)) {
        assert.ok(node.headerAt <= node.bodyAt && node.bodyAt <= node.end && node.end <= bytes.length);
        assert.ok(node.decoded >= 0 && Number.isFinite(node.decoded));
      }
    }),
    { numRuns: 500 },
  );
});

test('decoded sizes of quoted-printable count what it decodes to', () => {
  const bytes = eml(
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    'gr=C3=BC=C3=9Fe and=',
    ' more',
    'end',
    '--b--',
  );
  assert.equal(scanMessage(bytes).root.childNodes[0]?.decoded, Buffer.byteLength('grüße and more\r\nend'));
});

test('broken structure still gives readable parts', () => {
  // No boundary parameter: the first delimiter-like line is taken.
  const guessed = eml('Content-Type: multipart/mixed', '', '--x1', '', 'one', '--x1', '', 'two', '--x1--');
  assert.deepEqual(outline(guessed), ['- multipart/mixed', '1 text/plain', '2 text/plain']);
  assert.deepEqual(scanMessage(guessed).notes, ['no-boundary']);
  // A boundary that never comes: all of it is text.
  const never = scanMessage(eml('Content-Type: multipart/mixed; boundary=zzz', '', 'only text'));
  assert.equal(never.root.type, 'text/plain');
  // A boundary with an 8-bit character; a type that ran into the next field.
  const eightBit = eml('Content-Type: multipart/mixed; boundary="µ"', '', '--µ', '', 'one', '--µ--');
  assert.deepEqual(outline(eightBit), ['- multipart/mixed', '1 text/plain']);
  assert.equal(scanMessage(eml('Content-Type: text/html Content-Transfer-Encoding: 8bit', '', 'x')).root.type, 'text/html');
  // No closing delimiter; a part whose header has no end.
  const open = eml('Content-Type: multipart/mixed; boundary=b', '', '--b', '', 'one', '--b', 'Content-Type: text/html');
  assert.deepEqual(outline(open), ['- multipart/mixed', '1 text/plain', '2 text/html']);
  // No header at all, and an empty file.
  assert.equal(scanMessage(Buffer.from('hello\r\nthere: you')).root.bodyAt, 0);
  assert.equal(scanMessage(Buffer.alloc(0)).root.type, 'text/plain');
  // An inner boundary that is longer than the outer one.
  const prefix = eml(
    ...['Content-Type: multipart/mixed; boundary=b', '', '--b', 'Content-Type: multipart/mixed; boundary=bb', ''],
    ...['--bb', '', 'x', '--bb--', '--b', '', 'y', '--b--'],
  );
  assert.deepEqual(outline(prefix), ['- multipart/mixed', '1 multipart/mixed', '1.1 text/plain', '2 text/plain']);
});

test('hostile structure costs a note, not the program', () => {
  const started = stopwatch();
  const nested = Array.from(
    { length: 20_000 },
    (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`,
  ).join('');
  const deep = scanMessage(Buffer.from(nested));
  assert.deepEqual(deep.notes, ['depth']);
  const many = scanMessage(Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\nx\r\n'.repeat(20_000)}`));
  assert.deepEqual(many.notes, ['parts']);
  assert.equal(locate(many.root).length, 1000);
  const header = scanMessage(Buffer.from(`${'X: y\r\n'.repeat(1_700_000)}\r\nbody`));
  assert.deepEqual(header.notes, ['header-cut']);
  assert.equal(header.root.bodyAt, 10_200_002);
  const messages = scanMessage(Buffer.from('Content-Type: message/rfc822\r\n\r\n'.repeat(20_000)));
  assert.deepEqual(messages.notes, ['depth']);
  const headers = scanMessage(
    Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${`--b\r\n${'X: y\r\n'.repeat(2000)}\r\n`.repeat(900)}`),
  );
  assert.deepEqual(headers.notes, ['header-cut']);
  scanMessage(Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--'.repeat(5_000_000)}`));
  scanMessage(Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--\r\n'.repeat(1_000_000)}`));
  assert.ok(started() < 8000);
});

test('attachments are what a person calls attachments', () => {
  const leaf = (type: string, more: object = {}) => ({ type, ...more });
  const multi = (type: string, ...childNodes: object[]) => ({ type: `multipart/${type}`, childNodes: childNodes as never[] });
  const named = (filename: string) => ({ disposition: 'attachment', dispositionParameters: { filename } });
  const text = leaf('text/plain');
  const html = leaf('text/html');
  const cases: readonly (readonly [object, number])[] = [
    [text, 0],
    [leaf('application/pdf'), 1],
    [multi('mixed', text, leaf('application/pdf', named('a.pdf'))), 1],
    [multi('mixed', text, leaf('text/plain', named('a.txt')), leaf('text/x-patch', { disposition: 'inline', parameters: { name: 'p' } })), 2],
    [multi('alternative', text, multi('related', html, leaf('image/png', { id: '<1@x>' }))), 0],
    [multi('related', html, leaf('image/png', { id: '<1@x>', disposition: 'attachment' })), 0],
    [multi('mixed', text, leaf('image/jpeg', { disposition: 'inline' })), 1],
    [multi('signed', text, leaf('application/pgp-signature', { parameters: { name: 'signature.asc' } })), 0],
    [multi('alternative', text, leaf('text/calendar')), 0],
    [multi('mixed', text, leaf('text/calendar', named('i.ics'))), 1],
    [multi('report', text, leaf('message/delivery-status'), leaf('message/rfc822', { childNodes: [text] })), 0],
    [multi('mixed', text, leaf('message/rfc822', { childNodes: [multi('mixed', text, leaf('image/png'))] })), 1],
    [multi('mixed', text, leaf('application/ms-tnef', { parameters: { name: 'winmail.dat' } })), 1],
  ];
  for (const [structure, count] of cases) {
    assert.equal(countAttachments(structure as never), count, JSON.stringify(structure));
  }
});

test('the text sections are all that opening a message needs', () => {
  const { root } = scanMessage(MIXED);
  assert.deepEqual(textSections(root), [
    { section: '1.1', size: 7 },
    { section: '1.2', size: 12 },
  ]);
  assert.deepEqual(textSections({ type: 'text/plain', size: 5 }), [{ section: '1', size: 5 }]);
  assert.deepEqual(textSections({ type: 'text/html', size: 500e6 }), []);
  assert.deepEqual(
    textSections({ type: 'multipart/mixed', childNodes: [{ type: 'text/plain', size: 1 }, { type: 'text/calendar', size: 2 }] }),
    [
      { section: '1', size: 1 },
      { section: '2', size: 2 },
    ],
  );
});

/** What a server would send for the text sections of a message. */
function fetched(bytes: Buffer) {
  const { root } = scanMessage(bytes);
  const all = locate(root);
  const wanted = new Set(textSections(root).map(({ section }) => section));
  return {
    root,
    header: bytes.subarray(0, root.bodyAt),
    parts: new Map(
      all
        .filter(({ section, node }) => wanted.has(section) && node.childNodes.length === 0)
        .map(({ section, node }) => [
          section,
          { mime: bytes.subarray(node.headerAt, node.bodyAt), body: bytes.subarray(node.bodyAt, node.end) },
        ]),
    ),
  };
}

test('a partial message keeps header and text exactly, and says what is missing', () => {
  const { root, header, parts } = fetched(MIXED);
  const partial = partialMessage(header, root, parts);
  assert.ok(partial.subarray(0, header.length).equals(header));
  const again = scanMessage(partial);
  const found = locate(again.root).map(({ section, node }) => [section, node.type, node.omitted, fileNameOf(node)]);
  assert.deepEqual(found, [
    ['', 'multipart/mixed', null, ''],
    ['1', 'multipart/alternative', null, ''],
    ['1.1', 'text/plain', null, ''],
    ['1.2', 'text/html', null, ''],
    ['2', 'application/pdf', 18, 'ä.pdf'],
    ['3', 'message/rfc822', root.childNodes[2]?.size, ''],
  ]);
  const [alternative] = again.root.childNodes;
  assert.equal(body(partial, alternative?.childNodes[0] as MimePart), 'Hello\r\n');
  assert.equal(body(partial, alternative?.childNodes[1] as MimePart), '<p>Hello</p>');
  assert.equal(countAttachments(again.root), countAttachments(root));
});

test('a partial message of a single part holds its text, or says that it is missing', () => {
  const text = eml('Subject: x', 'Content-Type: text/plain', '', 'Hello', '');
  const one = fetched(text);
  assert.ok(partialMessage(one.header, one.root, one.parts).equals(text));
  const pdf = fetched(eml('Subject: x', 'Content-Type: application/pdf', '', 'data'));
  const again = scanMessage(partialMessage(pdf.header, pdf.root, pdf.parts));
  assert.equal(again.root.omitted, 4);
});

test('names from a structure cannot break out of their header', () => {
  const structure = {
    type: 'multipart/mixed',
    parameters: { boundary: 'b' },
    childNodes: [
      {
        type: 'application/x\r\nEvil: 1',
        size: 9,
        id: '<a\r\nEvil: 2>',
        encoding: 'base64\r\nEvil: 3',
        disposition: 'attachment',
        dispositionParameters: { filename: 'a"\r\nEvil: 4\r\n\r\nbody', 'x\r\nEvil': '5', weird: 'ä\ud800' },
      },
    ],
  };
  const header = Buffer.from('Content-Type: multipart/mixed; boundary=b\r\n\r\n');
  const { root } = scanMessage(partialMessage(header, structure, new Map()));
  const [part] = root.childNodes;
  assert.equal(root.childNodes.length, 1);
  assert.ok(part && !part.fields.some(field => field.name.startsWith('Evil')));
  assert.equal(part.omitted, 9);
  assert.equal(fileNameOf(part), structure.childNodes[0]?.dispositionParameters.filename);
});

test('a message that claims to be omitted but is here is here', () => {
  const { root } = scanMessage(eml('Content-Type: image/png', 'X-Tmail-Omitted: 99', '', 'data'));
  assert.equal(root.omitted, null);
});
