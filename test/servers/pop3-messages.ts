// Bodies that break POP3 clients, and the wire form of a body. Shared by the scripted server and its tests.

/** Each line that starts with a dot gets a second one; the body ends with CRLF and the terminating dot follows. */
export function stuffed(body: Buffer): Buffer {
  const text = body.toString('latin1');
  const dotted = text.replace(/(^|\r\n)\./g, '$1..');
  const ended = dotted === '' || dotted.endsWith('\r\n') ? dotted : `${dotted}\r\n`;
  return Buffer.from(`${ended}.\r\n`, 'latin1');
}

const bytes = (text: string) => Buffer.from(text, 'latin1');
const head = 'From: a@example.org\r\nSubject: hard\r\nMessage-ID: <hard@example.org>\r\n\r\n';

/** Every body that mail can hold (reliability: POP3). Names fit into "a body with …". */
export const hardBodies: Readonly<Record<string, Buffer>> = {
  'nothing in it': bytes(''),
  'headers only': bytes('From: a@example.org\r\nSubject: x\r\n'),
  'headers and an empty line': bytes('Subject: x\r\n\r\n'),
  'a lone dot': bytes(`${head}one\r\n.\r\ntwo\r\n`),
  'only a dot': bytes('.\r\n'),
  'dots at the end': bytes(`${head}.\r\n..\r\n...\r\n`),
  'dot-stuffed lines': bytes(`${head}.one\r\n..two\r\n...three\r\n`),
  '8-bit bytes': Buffer.concat([bytes(head), Buffer.from(Array.from({ length: 256 }, (_, n) => n))]),
  'NUL bytes': bytes(`${head}a\0b\0\0\r\n\0.\r\n`),
  'bare CR and LF': bytes(`${head}a\rb\nc\r\rd\n\ne\r\n`),
  'a dot between bare LFs': bytes(`${head}a\n.\nb\n.\r\nc\r\n`),
  'a dot between bare CRs': bytes(`${head}a\r.\rb\r.\r\nc\r\n`),
  'CR at the very end': bytes(`${head}a\r`),
  'LF at the very end': bytes(`${head}a\n`),
  'CR before CRLF': bytes(`${head}a\r\r\n.\r\r\n\r\n`),
  'no final newline': bytes(`${head}end`),
  'a dot and no final newline': bytes(`${head}end\r\n.`),
  'lines that look like replies': bytes(`${head}+OK\r\n-ERR no\r\n+OK 1 100\r\n.\r\n-ERR\r\n`),
  'a line of 200 kB': bytes(`${head}${'long '.repeat(40_000)}\r\nshort\r\n`),
};
