// The command line: what may be said (as data), reading it, and the usage texts made from it. Does nothing.
import { parseArgs } from 'node:util';
import { TmailError } from '../util/errors.ts';
import { nearest } from '../util/nearest.ts';

interface Option {
  readonly help: string;
  /** The word for its value in the usage; absent: a switch. */
  readonly value?: string;
  readonly multiple?: true;
  /** Shown without brackets; the command itself says when it is missing. */
  readonly needed?: true;
  readonly short?: string;
  /** Stands for its value where nothing, or another option, comes after it. */
  readonly bare?: string;
}
type Options = Readonly<Record<string, Option>>;

interface Command {
  readonly summary: string;
  /** The positional words, as in the usage. */
  readonly words: string;
  readonly minWords: number;
  readonly maxWords: number;
  /** Options of which only one can be given. */
  readonly choice?: readonly string[];
  readonly options: Options;
}

const account: Option = { value: 'A', help: 'this account; the default account unless told' };
const folder: Option = { value: 'F', help: "a folder's path, or inbox, sent, drafts, trash, archive, junk" };
const json: Option = { help: 'one JSON object a line' };
const changed: Option = { help: 'what each message is called now, one JSON object a line' };
const demo: Option = { help: 'the built-in demo in place of your accounts; leaves nothing behind' };
const offline: Option = { help: 'connect to nothing' };

/** Options that every command takes. */
const COMMON: Options = {
  config: { value: 'FILE', help: 'the configuration; else TMAIL_CONFIG, else ~/.config/tmail/config.json' },
  data: { value: 'DIR', help: 'where mail is kept; else TMAIL_DATA, else ~/.local/share/tmail' },
  help: { help: 'this text', short: 'h' },
  version: { help: 'the version', short: 'V' },
};

/** The screen: no command word. */
const TUI: Command = {
  summary: 'opens the mail client',
  words: '',
  minWords: 0,
  maxWords: 0,
  options: { account, folder, demo, offline },
};

const commands = {
  sync: {
    summary: 'pushes what is queued, fetches what is new, and ends',
    words: '',
    minWords: 0,
    maxWords: 0,
    options: {
      account: { ...account, help: 'this account; all unless told', multiple: true },
      folder,
      json,
      agree: { help: 'POP3: makes deletions on the server that wait for your word' },
    },
  },
  list: {
    summary: 'lists a folder, newest first; the inbox unless told',
    words: '',
    minWords: 0,
    maxWords: 0,
    options: { account, folder, limit: { value: 'N', help: 'at most N messages' }, json, demo, offline },
  },
  show: {
    summary: 'prints a message; fetches it first if it is not here',
    words: 'ID',
    minWords: 1,
    maxWords: 1,
    choice: ['raw', 'text', 'html', 'headers', 'json'],
    options: {
      raw: { help: 'every byte as it was received' },
      text: { help: 'the readable text only' },
      html: { help: 'the HTML part as it is in the message' },
      headers: { help: 'all headers' },
      json: { help: 'all of it as one JSON object' },
      demo,
      offline,
    },
  },
  unread: {
    summary: 'prints how many messages are unread in the inboxes, from what is here',
    words: '',
    minWords: 0,
    maxWords: 0,
    options: {
      account: { ...account, help: 'this account; all unless told', multiple: true },
      folder: { ...folder, help: 'this folder of each account; the inbox unless told' },
      json: { help: 'every folder, one JSON object an account' },
    },
  },
  flag: {
    summary: 'marks messages: seen, answered, flagged, forwarded, draft, or a keyword of your own',
    words: 'ID…',
    minWords: 1,
    maxWords: 10_000,
    options: {
      set: { value: 'FLAG', help: 'sets it', multiple: true },
      clear: { value: 'FLAG', help: 'takes it away', multiple: true },
      json: changed,
    },
  },
  move: {
    summary: 'moves messages to another folder of their account',
    words: 'ID…',
    minWords: 1,
    maxWords: 10_000,
    options: { to: { ...folder, value: 'FOLDER', needed: true }, json: changed },
  },
  archive: {
    summary: 'moves messages to the archive of their account',
    words: 'ID…',
    minWords: 1,
    maxWords: 10_000,
    options: { json: changed },
  },
  delete: {
    summary: 'moves messages to Trash',
    words: 'ID…',
    minWords: 1,
    maxWords: 10_000,
    options: { 'for-ever': { help: 'deletes them for good, here and on the server' }, json: changed },
  },
  save: {
    summary: 'saves attachments; all of them unless told',
    words: 'ID',
    minWords: 1,
    maxWords: 1,
    options: {
      part: { value: 'N', help: 'the part with this number (tmail show --json names them)', multiple: true },
      to: { value: 'DIR', help: 'the folder to save in; this one unless told' },
      demo,
      offline,
    },
  },
  export: {
    summary: 'writes the mail that is here as other programs read it, and reads it back',
    words: '',
    minWords: 0,
    maxWords: 0,
    options: {
      account: { ...account, help: 'this account; all unless told, each in a folder of its name' },
      folder: { ...folder, help: 'only this folder, of the default account unless told' },
      format: { value: 'mbox|maildir|eml', help: 'how it is written', needed: true },
      to: {
        value: 'PATH',
        help: 'a new folder, or an earlier export to go on with; mbox of one folder: a file',
        needed: true,
      },
      json: { help: 'what came out as one JSON object an account' },
    },
  },
  import: {
    summary: 'takes mbox files, Maildirs and .eml files into the folders of an account, its server included',
    words: 'PATH',
    minWords: 1,
    maxWords: 1,
    options: {
      account: {
        ...account,
        help: 'this account; not needed where there is only one, or for the POP3 mail of an export of all',
      },
      folder: { ...folder, help: 'into this folder, made where it is missing; else where the source says' },
      json: { help: 'what came out as one JSON object an account' },
    },
  },
  send: {
    summary: 'sends the text on standard input, or a whole message; what can not go now waits',
    words: '[TO]…',
    minWords: 0,
    maxWords: 1000,
    options: {
      account: { ...account, help: 'sends from this account; the default account unless told' },
      subject: { value: 'SUBJECT', help: 'its subject', short: 's' },
      cc: { value: 'ADDR', help: 'gets a copy', short: 'c', multiple: true },
      bcc: { value: 'ADDR', help: 'gets a copy that the others do not hear of', short: 'b', multiple: true },
      attach: { value: 'FILE', help: 'goes along', short: 'a', multiple: true },
      message: {
        value: 'FILE',
        help: 'a whole message, its recipients in To, Cc and Bcc; - or nothing: standard input',
        bare: '-',
      },
      json: { help: 'what became of it as one JSON object' },
    },
  },
  outbox: {
    summary: 'lists what waits to be sent; tries it again, drops it, sends all of it now',
    words: '[list | retry ID | drop ID | send]',
    minWords: 0,
    maxWords: 2,
    options: {
      rest: { help: 'retry: without the recipients that were refused' },
      json,
    },
  },
  doctor: {
    summary: 'tries DNS, TLS, sign-in, folders and the store, and says what fails',
    words: '',
    minWords: 0,
    maxWords: 0,
    options: {
      account: { ...account, help: 'this account; all unless told' },
      json,
      rebuild: { help: 'rebuilds the index of the store from the message files' },
    },
  },
  config: {
    summary: 'checks the configuration, tells where it is, prints its JSON Schema',
    words: '[check | path | schema]',
    minWords: 0,
    maxWords: 1,
    options: {},
  },
} satisfies Record<string, Command>;

export type CommandName = keyof typeof commands;
const table: Readonly<Record<CommandName, Command>> = commands;
const NAMES = Object.keys(commands).filter(isCommand);
/** In the plan, not in this version. */
const PLANNED = ['search'];

function isCommand(word: string): word is CommandName {
  return Object.hasOwn(commands, word);
}

export interface Arguments {
  /** Null: the screen. */
  readonly command: CommandName | null;
  readonly words: readonly string[];
  has(option: string): boolean;
  /** The last value given. */
  value(option: string): string | undefined;
  values(option: string): readonly string[];
}

export type Wish =
  | { readonly t: 'run'; readonly args: Arguments }
  | { readonly t: 'print'; readonly text: string };

/**
 * @throws TmailError of kind `config`: `cli.unknown-command`, `cli.not-available`, `cli.unknown-option`,
 * `cli.option-value`, `cli.option-no-value`, `cli.option-once`, `cli.words`.
 */
export function parseArguments(argv: readonly string[], version: string): Wish {
  const every: Options = Object.assign({}, COMMON, TUI.options, ...NAMES.map(name => table[name].options));
  const { tokens } = parseArgs({
    args: withBareValues(argv, every),
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(every).map(([name, option]) => [
        name,
        {
          type: option.value ? ('string' as const) : ('boolean' as const),
          ...(option.short && { short: option.short }),
        },
      ]),
    ),
  });
  const words = tokens.filter(token => token.kind === 'positional').map(token => token.value);
  let first = words.shift();
  // `tmail help export` is `tmail export --help`.
  const asked = first === 'help';
  if (asked) first = words.shift();
  if (first !== undefined && !isCommand(first)) throw unknownCommand(first);
  const name = first ?? null;
  const command = name === null ? TUI : table[name];
  const given = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(COMMON, token.name) ? COMMON[token.name] : ownOption(command, token.name);
    if (!option) throw unknownOption(token.rawName, name, command);
    const value = checkedValue(option, token.rawName, token.value, token.inlineValue === true, name);
    const values = given.get(token.name) ?? [];
    if (option.value && !option.multiple && values.length > 0) {
      throw usage('cli.option-once', name, { option: token.rawName });
    }
    given.set(token.name, [...values, value]);
  }
  if (asked || given.has('help')) return { t: 'print', text: usageText(name) };
  if (given.has('version')) return { t: 'print', text: `tmail ${version}\n` };
  if (words.length < command.minWords || words.length > command.maxWords) {
    throw usage('cli.words', name, { expected: command.words, got: words.length });
  }
  const args: Arguments = {
    command: name,
    words,
    has: option => given.has(option),
    value: option => given.get(option)?.at(-1),
    values: option => given.get(option) ?? [],
  };
  return { t: 'run', args };
}

/** `--message --json`: what may stand without its value must not take the next option for it. */
function withBareValues(argv: readonly string[], options: Options): string[] {
  const end = argv.indexOf('--');
  return argv.flatMap((word, n) => {
    const name = word.startsWith('--') && (end < 0 || n < end) ? word.slice(2) : '';
    const bare = Object.hasOwn(options, name) ? options[name]?.bare : undefined;
    const next = argv[n + 1];
    return bare !== undefined && next !== undefined && /^-./.test(next) ? [word, bare] : [word];
  });
}

function ownOption(command: Command, name: string): Option | undefined {
  return Object.hasOwn(command.options, name) ? command.options[name] : undefined;
}

function checkedValue(
  option: Option,
  rawName: string,
  value: string | undefined,
  inline: boolean,
  command: CommandName | null,
): string {
  if (!option.value) {
    if (inline) throw usage('cli.option-no-value', command, { option: rawName });
    return '';
  }
  if (value === undefined && option.bare !== undefined) return option.bare;
  // `--account --json` forgot a value; `--account=--json` means it.
  if (value === undefined || value === '' || (!inline && value.length > 1 && value.startsWith('-'))) {
    throw usage('cli.option-value', command, { option: rawName, expected: option.value });
  }
  return value;
}

function unknownCommand(word: string): TmailError {
  if (PLANNED.includes(word)) return usage('cli.not-available', null, { word });
  return usage('cli.unknown-command', null, { word, suggestion: nearest(word, NAMES) });
}

function unknownOption(rawName: string, name: CommandName | null, command: Command): TmailError {
  const known = Object.keys({ ...COMMON, ...command.options });
  const suggestion = nearest(rawName.replace(/^-+/, ''), known);
  return usage('cli.unknown-option', name, {
    option: rawName,
    suggestion: suggestion === undefined ? undefined : `--${suggestion}`,
  });
}

/** Wrong usage: exit status 2. */
export function usage(
  code: string,
  command: CommandName | null,
  facts: Readonly<Record<string, string | number | undefined>>,
): TmailError {
  return new TmailError('config', code, { facts: { ...facts, command: command ?? undefined } });
}

function synopsis(name: CommandName | null, command: Command): string {
  const { choice = [] } = command;
  const options = Object.entries(command.options)
    .filter(([option]) => !choice.includes(option))
    .map(([option, { value, multiple, needed, short }]) => {
      const text = value && short ? `-${short} ${value}` : `--${option}${value ? ` ${value}` : ''}`;
      return needed ? text : `[${text}]${multiple ? '…' : ''}`;
    });
  if (choice.length > 0) options.unshift(`[${choice.map(option => `--${option}`).join(' | ')}]`);
  return ['tmail', name, command.words, ...options].filter(Boolean).join(' ');
}

function optionLines(options: Options): string[] {
  return Object.entries(options).map(([name, { value, short, help }]) => {
    const left = `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`;
    return `  ${left.padEnd(18)} ${help}`;
  });
}

/** The usage of one command, or of all of them. */
export function usageText(name: CommandName | null): string {
  if (name !== null) {
    const command = table[name];
    const lines = [synopsis(name, command), '', `tmail ${name} ${command.summary}.`, ''];
    return `${[...lines, ...optionLines(command.options), ...optionLines(COMMON)].join('\n')}\n`;
  }
  const lines = [
    'tmail: a mail client for the terminal.',
    '',
    `  ${synopsis(null, TUI)}`,
    ...NAMES.map(command => `  ${synopsis(command, table[command])}`),
    '',
    ...NAMES.map(command => `  ${`tmail ${command}`.padEnd(18)} ${table[command].summary}`),
    '',
    ...optionLines({ ...TUI.options, ...COMMON }),
    '',
    'Results go to standard output, everything else to standard error. Exit status: 0 done, 1 failed,',
    '2 wrong usage or configuration, 75 network or server trouble that a later try may cure.',
  ];
  return `${lines.join('\n')}\n`;
}
