import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attachmentWord } from '../../../src/mail/compose/attachment-words.ts';
import { type CheckContext, checkDraft, estimateSize, ownText } from '../../../src/mail/compose/check.ts';
import type { Draft, DraftProblem } from '../../../src/mail/compose/types.ts';
import { stopwatch } from '../cpu-time.ts';

const GOOD: Draft = {
  id: 'aaaaaaaaaaaaaaaa',
  account: 'work',
  from: 'Ada <ada@example.org>',
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
  created: 0,
  changed: 0,
};
const FILE = { file: 'a', name: 'a.txt', contentType: 'text/plain', size: 10 };

type Expected = readonly (readonly [DraftProblem['code'], boolean, DraftProblem['facts']])[];
const CASES: readonly (readonly [string, Partial<Draft>, Expected, CheckContext?])[] = [
  ['nothing is wrong', {}, []],
  ['no recipient', { to: ' , ' }, [['no-recipient', true, {}]]],
  ['only Bcc is a recipient', { to: '', bcc: 'a@example.org' }, []],
  ['half an address is not "no recipient"', { to: 'bo' }, [['malformed', true, { field: 'to', text: 'bo' }]]],
  ['each malformed one is named', { cc: 'x, a@example.org, y@', replyTo: 'z' }, [['malformed', true, { field: 'cc', text: 'x' }], ['malformed', true, { field: 'cc', text: 'y@' }], ['malformed', true, { field: 'replyTo', text: 'z' }]]],
  ['From', { from: 'Ada' }, [['from-malformed', true, { text: 'Ada' }]]],
  ['two in From', { from: 'a@example.org, b@example.org' }, [['from-malformed', true, { text: 'a@example.org, b@example.org' }]]],
  ['a variable of a template', { text: 'Dear {{to.first}},\n{{x}}\n> {{date}}\n' }, [['variable-left', false, { variable: '{{to.first}}' }]]],
  ['no subject', { subject: ' ' }, [['no-subject', false, {}]]],
  ['nothing written', { text: '\n\n-- \nAda\n' }, [['nothing-written', false, {}]]],
  ['nothing written below a quote', { text: 'On Tue, Grace wrote:\n> one\n\n' }, [['nothing-written', false, {}]]],
  ['a file is enough', { text: '', attachments: [FILE] }, []],
  ['a forward is enough', { text: '\n\n---------- Forwarded message ----------\nx', origin: { id: 'work:1:1', messageId: 'x', mark: 'forwarded' } }, []],
  ['forgotten', { text: 'The plan is attached.\n' }, [['attachment-forgotten', false, { word: 'attached' }]]],
  ['forgotten, in the subject', { subject: 'Anbei: Plan' }, [['attachment-forgotten', false, { word: 'Anbei' }]]],
  ['not forgotten', { text: 'The plan is attached.\n', attachments: [FILE] }, []],
  ['another’s subject', { subject: 'Re: the attachment' }, []],
  ['another’s words', { text: 'Thanks.\n\nOn Tue, Grace wrote:\n> I attached the plan\n' }, []],
  ['the signature’s words', { text: 'Hi\n-- \nAll attachments are scanned\n' }, []],
  ['a forwarded message’s words', { text: 'fyi\n\n---------- Forwarded message ----------\nFrom: x\n\nsee attached\n' }, []],
  ['words below a quote count', { text: '> x\n\nSee attached.\n-- \nAda' }, [['attachment-forgotten', false, { word: 'attached' }]]],
  ['a mistyped provider', { to: 'bob@gmial.com' }, [['domain-mistyped', false, { address: 'bob@gmial.com', suggestion: 'bob@gmail.com' }]]],
  ['a mistyped ending', { to: 'bob@somewhere-nice.con' }, [['domain-mistyped', false, { address: 'bob@somewhere-nice.con', suggestion: 'bob@somewhere-nice.com' }]]],
  ['nearly a known domain', { to: 'bob@lovelcae.example' }, [['domain-mistyped', false, { address: 'bob@lovelcae.example', suggestion: 'bob@lovelace.example' }]], { knownDomains: new Set(['lovelace.example']) }],
  ['a known domain', { to: 'bob@gmial.com' }, [], { knownDomains: new Set(['gmial.com']) }],
  ['short neighbours', { to: 'a@gmx.at, a@ab.io' }, [], { knownDomains: new Set(['ac.io']) }],
  ['an IDN', { to: 'a@bücher.example' }, [], { knownDomains: new Set(['bücher.example']) }],
  ['too large for the server', { attachments: [{ ...FILE, size: 8_000_000 }] }, [['too-large', true, { bytes: estimateSize({ text: 'Hello\n', attachments: [{ ...FILE, size: 8_000_000 }] }), limit: 10_000_000 }]], { serverLimit: 10_000_000 }],
  ['too large for many', { attachments: [{ ...FILE, size: 30_000_000 }] }, [['too-large', false, { bytes: estimateSize({ text: 'Hello\n', attachments: [{ ...FILE, size: 30_000_000 }] }), limit: 26_214_400 }]]],
  ['large, and the server takes it', { attachments: [{ ...FILE, size: 30_000_000 }] }, [], { serverLimit: 100_000_000 }],
  ['a bounce needs recipients only', { subject: '', text: 'see attached', resend: { file: 'x' }, to: '' }, [['no-recipient', true, {}]]],
];

for (const [name, fields, expected, context] of CASES) {
  test(`check: ${name}`, () => {
    assert.deepEqual(
      checkDraft({ ...GOOD, ...fields }, context).map(({ code, stops, facts }) => [code, stops, facts]),
      expected,
    );
  });
}

const list = (count: number) => Array.from({ length: count }, (_, n) => `u${n}@example.org`).join(', ');

test('more than twenty who see each other are counted, blind ones not', () => {
  const many = (fields: Partial<Draft>) =>
    checkDraft({ ...GOOD, ...fields }).filter(({ code }) => code === 'many-recipients');
  assert.deepEqual(many({ to: list(20) }), []);
  assert.deepEqual(many({ to: list(20), cc: 'x@example.org, U1@example.org' }), [
    { code: 'many-recipients', stops: false, facts: { count: 21 } },
  ]);
  assert.deepEqual(many({ bcc: list(100) }), []);
});

const SAID: readonly (readonly [string, string | null])[] = [
  ['Please find attached the plan', 'attached'],
  ['I’m attaching it', 'attaching'],
  ['Der Bericht ist im Anhang.', 'im Anhang'],
  ['anbei die Rechnung', 'anbei'],
  ['Ich habe es angehängt.', 'angehängt'],
  ['Veuillez trouver ci-joint le devis', 'ci-joint'],
  ['la pièce jointe', 'pièce jointe'],
  ['la pie\u0300ce jointe', 'pièce jointe'],
  ['Le adjunto el informe', 'adjunto'],
  ['in allegato la fattura', 'in allegato'],
  ['Zie bijlage', 'bijlage'],
  ['Segue em anexo', 'em anexo'],
  ['W załączniku przesyłam', 'załączniku'],
  ['Jag bifogar filen', 'bifogar'],
  ['Se vedhæftet fil', 'vedhæftet'],
  ['Se vedlegg', 'vedlegg'],
  ['Liitteenä raportti', 'Liitteenä'],
  ['V příloze posílám', 'příloze'],
  ['Csatolva küldöm', 'Csatolva'],
  ['Файл во вложении', 'во вложении'],
  ['Ekte bulabilirsiniz', 'Ekte'],
  ['資料を添付します', '添付'],
  ['请查收附件', '附件'],
  ['파일을 첨부합니다', '첨부'],
  ['I am unattached and rather detached', null],
  ['Die Anlage läuft', null],
  ['See you tomorrow', null],
  ['', null],
];

for (const [text, word] of SAID) {
  test(`${JSON.stringify(text)} ${word === null ? 'says nothing of' : 'speaks of'} an attachment`, () => {
    assert.equal(attachmentWord(text), word);
  });
}

test('one’s own words are those outside of quotes and signature', () => {
  assert.equal(ownText('a\n\nOn Tue, Bob wrote:\n> b\nc\n-- \nd'), 'a\n\nc');
  assert.equal(ownText('a\n-- \nme\n\nOn Tue, Bob wrote:\n> b\n'), 'a\n');
});

test('a check is fast at any size', () => {
  const knownDomains = new Set(Array.from({ length: 20_000 }, (_, n) => `domain-number-${n}.example`));
  const to = Array.from({ length: 2000 }, (_, n) => `u${n}@unknown-${n}.example.org`).join(', ');
  const text = 'All work and no play makes Jack a dull boy.\n'.repeat(25_000);
  const started = stopwatch();
  checkDraft({ ...GOOD, to, text }, { knownDomains });
  assert.ok(started() < 1500, `${started()} ms`);
});
