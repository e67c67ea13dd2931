// Messages as mailboxes hold them: mostly a few kilobytes of text, some HTML, some with an attachment.
import { syntheticEnvelope } from '../test/fixtures/synthetic.ts';

const SENTENCE =
  'The mill can be oiled on Thursday, and the printable plan is on the wiki for whoever needs it. ';

export function mailbox(count: number): string[] {
  return Array.from({ length: count }, (_, i) => message(i + 1));
}

function message(n: number): string {
  const { subject, from, date, messageId } = syntheticEnvelope(n);
  const head = [
    `From: ${from[0]?.address}`,
    'To: me@example.net',
    `Subject: ${encoded(subject)}`,
    `Date: ${new Date(date).toUTCString()}`,
    `Message-ID: <${messageId}>`,
    'MIME-Version: 1.0',
  ];
  if (n % 10 === 3) return withAttachment(head, n);
  const kind = n % 4 === 1 ? 'html' : 'plain';
  const lines = Array.from({ length: 14 + ((n * 37) % 80) }, (_, i) =>
    kind === 'html' ? `<p>${i}. ${SENTENCE}</p>` : `${i}. ${SENTENCE}`,
  );
  return [...head, `Content-Type: text/${kind}; charset=utf-8`, '', ...lines, ''].join('\r\n');
}

function withAttachment(head: readonly string[], n: number): string {
  const data = Buffer.alloc(16_000 + ((n * 7919) % 44_000), `attachment ${n} `).toString('base64');
  return [
    ...head,
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    SENTENCE,
    '--b',
    `Content-Type: application/octet-stream; name=file${n}.bin`,
    'Content-Disposition: attachment',
    'Content-Transfer-Encoding: base64',
    '',
    ...(data.match(/.{1,76}/g) ?? []),
    '--b--',
    '',
  ].join('\r\n');
}

function encoded(subject: string): string {
  return `=?utf-8?B?${Buffer.from(subject).toString('base64')}?=`;
}
