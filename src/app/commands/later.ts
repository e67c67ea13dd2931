// Keys whose feature comes with a later version: they are in the keymap so that pressing one says so.
import type { Command, Context, Group } from './command.ts';

const BOTH: readonly Context[] = ['list', 'reader'];
const LIST: readonly Context[] = ['list'];
const READER: readonly Context[] = ['reader'];

const CONTACTS = 'An address book and invitations come with a later version of tmail.';
const SEARCHING = 'Searching comes with a later version of tmail.';
const LABELS = 'Snoozing comes with a later version of tmail.';
const COPYING =
  'Copying comes with a later version of tmail; a number shows a link alone, ready to be selected.';
const OUTSIDE = 'Other programs come with a later version of tmail.';

/** id, title, keys, contexts, synonyms */
type Row = readonly [string, string, readonly string[], readonly Context[], (readonly string[])?];

function later(group: Group, reason: string, rows: readonly Row[]): readonly Command[] {
  return rows.map(([id, title, keys, contexts, synonyms]) => ({
    id,
    group,
    title,
    help: reason,
    keys,
    in: contexts,
    synonyms: synonyms ?? [],
    later: true,
    disabled: () => reason,
    run: () => undefined,
  }));
}

export const laterCommands: readonly Command[] = [
  ...later('Writing', CONTACTS, [
    ['contacts', 'Contacts', ['Q'], BOTH, ['addressbook', 'alias']],
    ['invite.accept', 'Accept the invitation', ['gy'], READER],
    ['invite.decline', 'Decline the invitation', ['gn'], READER],
    ['invite.maybe', 'Answer maybe', ['gm'], READER, ['tentative']],
  ]),
  ...later('Organising', LABELS, [
    ['snooze', 'Snooze', ['S'], BOTH],
    ['snoozed', 'Snoozed messages', ['gS'], BOTH],
    ['remind', 'Wait for a reply', ['W'], BOTH, ['remind']],
    ['waiting', 'Waiting for a reply', ['gW'], BOTH],
  ]),
  ...later('Searching', SEARCHING, [
    ['search', 'Search', ['/'], LIST],
    ['search.next', 'Next result', ['n'], LIST, ['next-result']],
    ['search.previous', 'Previous result', ['N'], LIST],
  ]),
  ...later('Reading', COPYING, [
    ['copy.address', "Copy the sender's address", ['ya'], BOTH, ['yank']],
    ['copy.subject', 'Copy the subject', ['ys'], BOTH],
    ['copy.message-id', 'Copy the Message-ID', ['ym'], BOTH],
    ['copy.links', 'Copy the list of links', ['yl'], READER],
    ['copy.link', 'Copy a link', ['y1', 'y2', 'y3', 'y4', 'y5', 'y6', 'y7', 'y8', 'y9'], READER],
  ]),
  ...later('Reading', OUTSIDE, [
    ['browser', 'Open HTML in the browser', ['gx'], READER],
    ['remote-images', 'Load remote pictures once', ['gI'], READER],
    ['pipe', 'Pipe to a program', ['|'], BOTH],
    ['shell', 'Run a program', ['!'], BOTH],
    ['print', 'Print', [], BOTH],
  ]),
];
