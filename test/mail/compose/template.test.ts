import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type FilledTemplate,
  fillTemplate,
  parseTemplate,
  type TemplateValues,
  variablesLeft,
} from '../../../src/mail/compose/template.ts';
import { TmailError } from '../../../src/util/errors.ts';
import { stopwatch } from '../cpu-time.ts';

const ADA = { name: 'Ada Lovelace', address: 'ada@example.org' };
const GRACE = { name: 'Hopper, Grace', address: 'grace@navy.example' };
const VALUES: TemplateValues = {
  from: { name: 'Charles Babbage', address: 'charles@example.org' },
  to: [ADA],
  subject: 'Cards',
  now: new Date(2026, 2, 4, 12).getTime(),
  nameOf: address => (address === 'known@example.net' ? 'Known Person' : ''),
};

const NOTHING: FilledTemplate = {
  to: '',
  cc: '',
  bcc: '',
  replyTo: '',
  subject: '',
  text: '',
  cursor: null,
  empty: [],
  unknown: [],
};

type Case = readonly [what: string, source: string, Partial<FilledTemplate>, Partial<TemplateValues>?];
const CASES: readonly Case[] = [
  ['text alone', 'Hello\nyou\n', { text: 'Hello\nyou' }],
  ['an empty file', '', {}],
  ['header and text', 'Subject: Hi\nto: a@x.org\n\nBody\n', { to: 'a@x.org', subject: 'Hi', text: 'Body' }],
  ['a header alone', 'Subject: Hi\n', { subject: 'Hi' }],
  ['every field', 'To: a@x.org\nCC: b@x.org\nBcc: c@x.org\nReply-To: d@x.org\nSubject: S\n\nT', { to: 'a@x.org', cc: 'b@x.org', bcc: 'c@x.org', replyTo: 'd@x.org', subject: 'S', text: 'T' }],
  ['CRLF and a byte order mark', '\ufeffSubject: Hi\r\n\r\nBody\r\n', { subject: 'Hi', text: 'Body' }],
  ['a folded field', 'To: a@x.org,\n  b@x.org\n\nT', { to: 'a@x.org, b@x.org', text: 'T' }],
  ['text that begins like a field, behind an empty line', '\nNote: this\n', { text: 'Note: this' }],
  ['text whose first line is no field', 'Dear all: hello\n\nBody', { text: 'Dear all: hello\n\nBody' }],
  ['a sender and a date', '{{from.name}} {{from.first}} {{from.address}} {{date}}', { text: 'Charles Babbage Charles charles@example.org 2026-03-04' }],
  ['the recipients of the draft', 'Hi {{to.first}}: {{to.name}} {{to.address}}', { text: 'Hi Ada: Ada Lovelace ada@example.org' }],
  ['several recipients, one by the last name first', '{{to.first}}', { text: 'Ada, Grace' }, { to: [ADA, GRACE] }],
  ['its own recipients before those', 'To: Bob B <bob@x.org>\n\n{{to.first}}', { to: 'Bob B <bob@x.org>', text: 'Bob' }],
  ['a name that the address book knows', 'To: known@example.net\n\n{{to.first}}', { to: 'known@example.net', text: 'Known' }],
  ['no name: told, and left', 'Hi {{to.first}}, {{ to.name }}', { text: 'Hi {{to.first}}, {{ to.name }}', empty: ['to.first', 'to.name'] }, { to: [{ name: '', address: 'x@y.org' }] }],
  ['nobody at all', '{{to.address}}', { text: '{{to.address}}', empty: ['to.address'] }, { to: [] }],
  ['the subject of the template, filled in, before the draft\'s', 'Subject: For {{to.first}}\n\n{{subject}}', { subject: 'For Ada', text: 'For Ada' }],
  ['the subject of the draft', '{{subject}}', { text: 'Cards' }],
  ['no subject', '{{subject}}', { text: '{{subject}}', empty: ['subject'] }, { subject: ' ' }],
  ['a mark', 'Dear all,\n\n{{cursor}}\n\nBye', { text: 'Dear all,\n\n\n\nBye', cursor: 11 }],
  ['two marks: the first one counts', 'a{{cursor}}b{{cursor}}c', { text: 'abc', cursor: 1 }],
  ['the mark stands behind what was filled in', '{{to.first}}{{Cursor}}!', { text: 'Ada!', cursor: 3 }],
  ['no mark in a field', 'Subject: {{cursor}}x\n\nT', { subject: '{{cursor}}x', text: 'T', empty: ['cursor'] }],
  ['what is no variable', '{{too.name}} {{ }} {{a b}} {x} {{}} {{too.name}}', { text: '{{too.name}} {{ }} {{a b}} {x} {{}} {{too.name}}', unknown: ['too.name'] }],
  ['names of the language\'s own objects', '{{constructor}} {{__proto__}}', { text: '{{constructor}} {{__proto__}}', unknown: ['constructor'] }],
  ['a copy to oneself', 'Bcc: {{from.address}}\n\nT', { bcc: 'charles@example.org', text: 'T' }],
  ['a name brings no address', 'Cc: {{to.name}}\n\nT', { cc: '{{to.name}}', text: 'T', empty: ['to.name'] }, { to: [{ name: 'x, evil@y.org', address: 'a@x.org' }] }],
  ['what is filled in is no variable', '{{to.name}}', { text: '{{cursor}} {{date}}' }, { to: [{ name: '{{cursor}} {{date}}', address: 'a@x.org' }] }],
  ['no line breaks and controls from a name', 'Subject: {{to.name}}\n\n{{to.name}}', { subject: 'A Bcc: evil', text: 'A Bcc: evil' }, { to: [{ name: 'A\r\nBcc:\u0000evil', address: 'a@x.org' }] }],
];

for (const [what, source, expected, values] of CASES) {
  test(`a template with ${what}`, () => {
    const given = { ...VALUES, ...values };
    assert.deepEqual(fillTemplate(parseTemplate(source, 'f.txt'), given), { ...NOTHING, ...expected });
  });
}

const WRONG: readonly (readonly [string, string, number, string?])[] = [
  ['X-Mailer: evil\n\nT', 'template.field', 1, 'X-Mailer'],
  ['Subject: a\nFrom: b@x.org\n\nT', 'template.field', 2, 'From'],
  ['Subject: a\nSUBJECT: b\n\nT', 'template.twice', 2, 'SUBJECT'],
  ['Subject: a\nHello\n\nT', 'template.line', 2],
];

for (const [source, code, line, name] of WRONG) {
  test(`${JSON.stringify(source)} is refused with its place`, () => {
    assert.throws(
      () => parseTemplate(source, 'f.txt'),
      error =>
        error instanceof TmailError &&
        error.code === code &&
        error.facts.line === line &&
        error.facts.name === name &&
        error.facts.file === 'f.txt',
    );
  });
}

test('variables that are left in a text are found, others are not', () => {
  assert.deepEqual(variablesLeft('{{to.first}} {{x}} {{ Date }} {{to.first}}'), ['{{to.first}}', '{{ Date }}']);
});

test('a text of nothing but braces ends quickly', () => {
  const started = stopwatch();
  for (const text of ['{', '{{ ', '{{a', '{{date}}', '{{   ']) {
    fillTemplate(parseTemplate(text.repeat(50_000), 'f.txt'), VALUES);
  }
  assert.ok(started() < 1500);
});
