// The key tables of the README, made from the commands. Pure; run by scripts/docs.mjs.
import { type Command, type Context, GROUPS } from './commands/command.ts';
import { allCommands } from './commands/index.ts';
import { parseKeys, showBindings, showKeys } from './keys.ts';

const PLACES: Readonly<Partial<Record<Context, string>>> = {
  list: 'list',
  reader: 'message',
  drawer: 'folders',
  parts: 'attachments',
  links: 'links',
  link: 'one link',
  accounts: 'accounts',
  help: 'help',
  log: 'log',
  review: 'composer',
  compose: 'text',
  outbox: 'outbox',
  storage: 'storage',
  queue: 'queue',
  'first-run': 'first start',
};

/** Markdown: one table a group; without what belongs to a later version or only moves inside an overlay. */
export function keyTables(): string {
  const shown = allCommands.filter(command => !command.later && !command.hidden && command.keys.length > 0);
  const tables = GROUPS.map(group =>
    table(
      group,
      shown.filter(command => command.group === group),
    ),
  );
  return `${tables.filter(text => text !== '').join('\n\n')}\n`;
}

function table(group: string, commands: readonly Command[]): string {
  if (commands.length === 0) return '';
  const rows = [
    ['Keys', 'What it does', 'Where'],
    ...commands.map(command => [keysOf(command), command.help, places(command)]),
  ];
  return [`**${group}**`, '', ...aligned(rows)].join('\n');
}

/** As the formatter writes tables. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const cells = [0, 1, 2].map(column => Math.max(...rows.map(cols => cols[column]?.length ?? 0)));
  const line = (cols: readonly string[]) =>
    `| ${cells.map((n, i) => (cols[i] ?? '').padEnd(n)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(cells.map(n => '-'.repeat(n))), ...body.map(line)];
}

function keysOf(command: Command): string {
  const all = command.keys.map(written => parseKeys(written) ?? [written]);
  const together = showBindings(all);
  return together.includes(' ') ? all.map(keys => code(showKeys(keys))).join(' ') : code(together);
}

/** A backtick needs longer marks around it. */
function code(text: string): string {
  const marks = text.includes('`') ? '``' : '`';
  const gap = marks === '``' ? ' ' : '';
  return `${marks}${gap}${text.replaceAll('|', '\\|')}${gap}${marks}`;
}

function places(command: Command): string {
  const names = Object.entries(PLACES).filter(([context]) =>
    (command.keysIn ?? command.in).some(name => name === context),
  );
  if (names.length >= 8) return 'everywhere';
  return names.map(([, name]) => name).join(', ');
}
