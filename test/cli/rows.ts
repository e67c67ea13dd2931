// What the command line prints of a mailbox, as a script reads it.
import assert from 'node:assert/strict';
import type { Place } from './place.ts';
import { type Ran, tmail } from './program.ts';

export const message = (n: number) =>
  `From: a@example.org\r\nSubject: number ${n}\r\nMessage-ID: <${n}@x>\r\n\r\nbody ${n}\r\n`;

export interface Row {
  readonly id: string;
  readonly subject: string;
  readonly flags: readonly string[];
  readonly folder: string;
}

export async function rows(here: Place, folder = 'inbox'): Promise<Row[]> {
  const { stdout, stderr } = await tmail(['list', '--json', '--folder', folder], here);
  assert.equal(stderr, '');
  return lines(stdout).sort((a, b) => a.subject.localeCompare(b.subject));
}

export function lines(text: string) {
  return text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line));
}

export function done(ran: Ran): Ran {
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
  return ran;
}
