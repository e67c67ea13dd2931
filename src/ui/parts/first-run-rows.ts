// The first screen where there is no configuration: a demo, or how to set up an account by hand. Pure.
import type { View } from '../../app/commands/command.ts';
import { layoutOf } from '../../app/selectors.ts';
import { topLayer } from '../../app/state.ts';
import { wrapCells } from '../../mail/wrap.ts';
import type { Theme } from '../theme.ts';
import { clean, fill, type Piece, piece, row } from './row.ts';

/** Complete: this is all that an account needs (tested against the schema). */
export const EXAMPLE: readonly string[] = [
  '{ "accounts": { "work": {',
  '    "email": "ada@example.org", "name": "Ada Lovelace", "protocol": "imap",',
  '    "incoming": { "host": "imap.example.org", "port": 993,',
  '                  "security": "tls", "user": "ada" },',
  '    "auth": { "passwordCommand": ["pass", "show", "mail/work"] } } } }',
];

export function firstRunRows(view: View, theme: Theme): readonly string[] | null {
  const layer = topLayer(view.state);
  const { content } = layoutOf(view.state);
  if (layer.t !== 'first-run') return null;
  const cells = content.columns;
  const line = (...pieces: readonly Piece[]) => row([piece('  '), ...pieces], cells, theme);
  const path = clean(view.data.firstRun?.configPath ?? '');
  const problem = layer.problem === null ? [] : wrapCells(clean(layer.problem), cells - 4);
  const rows = [
    line(),
    line(piece('Welcome. There is no account yet.', 'title')),
    line(),
    line(piece('d', 'key'), piece('      Try the demo: a small mailbox; nothing leaves this computer')),
    line(piece('Enter', 'key'), piece('  Read the configuration, once you have written it')),
    line(piece('q', 'key'), piece('      Leave')),
    line(),
    line(piece('Set up an account', 'title'), piece(' (a guided set-up comes with a later version)')),
    line(piece('Write this file; everything else has a default:')),
    ...wrapCells(path, cells - 6).map(part => line(piece('  '), piece(part, 'key'))),
    line(),
    ...EXAMPLE.map(text => line(piece('  '), piece(text))),
    line(),
    line(piece('"tmail config check" names mistakes; "passwordFile" or "passwordEnv" work too.')),
    ...(problem.length > 0 ? [line(), ...problem.map(text => line(piece(text, 'error')))] : []),
  ];
  return fill(rows, content.rows, cells);
}
