// The configuration's shape, once: the types, the checks and the JSON Schema all come from here.
// No defaults (resolve.ts) and no files (load.ts).
import { nearest } from '../util/nearest.ts';
import { noticesShape } from './notices.ts';
import {
  about,
  anyObject,
  boolean,
  list,
  map,
  nothing,
  number,
  object,
  oneOf,
  optional,
  type Read,
  type Report,
  text,
  words,
  yes,
} from './shape.ts';
import { DATE_FORMS, LIST_COLUMNS } from './types.ts';

/** Account ids are folder names on disk and parts of message ids. */
const ACCOUNT_ID = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/;

const notEmpty = (expects = 'a string that is not empty') =>
  text({
    expects,
    schema: { minLength: 1 },
    parse: value => (value !== '' && !/[\0\r\n]/.test(value) ? value : undefined),
  });

const host = text({
  expects: 'a host name or an address, without "imap://" and without a port',
  schema: { pattern: '^[^\\s/@]+$' },
  parse(value) {
    const bare = /^\[([0-9A-Fa-f:.%]+)\]$/.exec(value)?.[1] ?? value;
    if (/^[0-9A-Fa-f:.%]+$/.test(bare) && bare.split(':').length > 2) return bare;
    return /^[^\s/@:[\]\p{C}]{1,253}$/u.test(bare) ? bare : undefined;
  },
});

const fingerprint = text({
  expects: 'a SHA-256 fingerprint: 64 hexadecimal digits, with or without colons',
  schema: { pattern: '^([0-9A-Fa-f]{2}:?){32}$' },
  parse: value =>
    /^([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}$|^[0-9A-Fa-f]{64}$/.test(value)
      ? (value
          .toUpperCase()
          .match(/[0-9A-F]{2}/g)
          ?.join(':') ?? undefined)
      : undefined,
});

const tls = object({
  ca: optional(about(notEmpty('the path of a PEM file'), 'PEM file that replaces the system authorities')),
  servername: optional(about(notEmpty(), 'Name that the certificate must carry, if it is not the host')),
  fingerprint256: optional(about(fingerprint, 'SHA-256 of the certificate; pins it in place of the chain')),
});

const AUTH_FORMS = [
  'passwordCommand',
  'passwordEnv',
  'passwordFile',
  'keyring',
  'oauth2',
  'password',
] as const;

const auth = object(
  {
    passwordCommand: optional(
      about(
        oneOf(notEmpty(), list(notEmpty(), { min: 1 })),
        'Prints the password on its first line. A list is run as it is, a string by the shell.',
        'command',
        'passwordcmd',
      ),
    ),
    passwordEnv: optional(about(notEmpty(), 'Environment variable that holds the password', 'env')),
    passwordFile: optional(about(notEmpty(), 'File (0600) that holds nothing but the password', 'file')),
    keyring: optional(about(yes(), "The system's keyring (not available yet)")),
    password: optional(about(notEmpty(), 'The password itself; the file must be 0600', 'pass', 'secret')),
    oauth2: optional(about(anyObject(), 'OAuth 2 (not available yet)', 'oauth')),
  },
  {
    expects: `an object with one of ${AUTH_FORMS.join(', ')}`,
    rule(values, report) {
      const given = AUTH_FORMS.filter(form => values[form] !== undefined);
      if (given.length === 0) report('config.auth-none', null, { expected: AUTH_FORMS.join(', ') });
      if (given.length > 1) report('config.auth-many', null, { got: given.join(', ') });
    },
  },
);

const serverFields = {
  host: about(host, 'Name or address of the server', 'server', 'hostname', 'address'),
  port: optional(about(number(1, 65535), 'Default: the usual one for protocol and security')),
  security: optional(
    about(
      words('tls', 'starttls', 'none'),
      'Default: tls. none is refused unless the host is this computer or allowInsecure is true.',
      'ssl',
      'encryption',
    ),
  ),
  user: optional(about(notEmpty(), 'Default: the e-mail address', 'username', 'login')),
  tls: optional(tls),
  allowInsecure: optional(
    about(boolean(), 'Allows security none: password and mail cross the network in clear'),
  ),
};

const incoming = object(serverFields, { rule: secureOrAllowed });
const outgoing = object(
  { ...serverFields, auth: optional(about(auth, "Default: the account's auth")) },
  { rule: secureOrAllowed },
);

/** This computer's own addresses: nothing leaves it. */
export function isLoopback(name: string): boolean {
  const lower = name.toLowerCase().replace(/\.$/, '');
  if (lower === 'localhost' || lower.endsWith('.localhost')) return true;
  return lower === '::1' || /^127(\.\d{1,3}){3}$/.test(lower);
}

function secureOrAllowed(
  values: {
    readonly host: string;
    readonly security: string | undefined;
    readonly allowInsecure: boolean | undefined;
  },
  report: Report,
): void {
  if (values.security !== 'none' || values.allowInsecure || isLoopback(values.host)) return;
  report('config.insecure', 'security', { host: values.host });
}

const days = number(1, 36500);

const address = () =>
  text({
    expects: 'an e-mail address',
    schema: { pattern: '^[^\\s@]+@[^\\s@]+$' },
    parse: value => (/^[^\s@\p{C}<>,]+@[^\s@\p{C}<>,]+$/u.test(value) ? value : undefined),
  });

const signature = text<string>();

/** A member of a group: `ada@example.org` or `Ada <ada@example.org>`. */
const mailbox = text({
  expects: 'an e-mail address, as "ada@example.org" or "Ada <ada@example.org>"',
  schema: { pattern: '^([^<>]*<[^\\s@<>]+@[^\\s@<>]+>|[^\\s@<>]+@[^\\s@<>]+)$' },
  parse(value) {
    const [, quoted, plain, inside, alone] =
      /^\s*(?:(?:"([^"<>]*)"|([^"<>]*?))\s*<([^<>]*)>|([^<>]*?))\s*$/u.exec(value) ?? [];
    const address = inside ?? alone ?? '';
    const name = quoted ?? plain ?? '';
    if (!/^[^\s@\p{C}<>,;]+@[^\s@\p{C}<>,;]+$/u.test(address) || /[\p{Cc}]/u.test(name)) return undefined;
    return { name: name.trim(), address };
  },
});

/** Nothing that separates or encloses addresses, and no address. */
const GROUP_NAME = /^[^\s"(),.:;<>@[\\\]\p{C}][^"(),:;<>@[\\\]\p{C}]{0,63}$/u;

/** Defaults of each are the account's. */
const identity = object({
  email: about(address(), 'Another address of yours, that this account may send from', 'address', 'mail'),
  name: optional(about(text<string>(), "Default: the account's", 'fullname', 'realname')),
  replyTo: optional(about(address(), 'Where answers go, if not to the address itself', 'reply')),
  signature: optional(about(signature, 'Default: the account\'s; "" for none')),
});

const offline = oneOf(
  words('all', 'headers', 'none'),
  object(
    {
      days: optional(about(days, 'Mail of the last days, and starred mail')),
      newest: optional(
        about(
          number(1, 1_000_000),
          "So many of each folder's newest messages, and starred mail",
          'count',
          'last',
        ),
      ),
      attachments: optional(
        about(boolean(), 'false: of messages with attachments only the text. Default: true'),
      ),
    },
    {
      expects: 'an object with "days" or "newest", "attachments", or both',
      rule({ days, newest, attachments }, report) {
        if (days !== undefined && newest !== undefined)
          report('config.value', 'newest', { expected: 'either "days" or "newest", not both' });
        if (days === undefined && newest === undefined && attachments === undefined)
          report('config.value', null, { expected: '"days", "newest" or "attachments"' });
      },
    },
  ),
);

const account = object(
  {
    email: about(address(), 'The address that mail is sent from', 'address', 'mail'),
    name: optional(about(text<string>(), 'Your name, as others see it', 'fullname', 'realname')),
    protocol: about(
      words('imap', 'pop3'),
      'imap: mail stays on the server. pop3: mail is downloaded.',
      'type',
    ),
    incoming: about(incoming, 'The IMAP or POP3 server', 'imap', 'pop3', 'pop', 'server'),
    outgoing: optional(about(outgoing, 'The SMTP server', 'smtp')),
    auth: about(auth, 'Where the password comes from: exactly one of these', 'authentication', 'password'),
    offline: optional(
      about(
        offline,
        'IMAP: what is kept on this computer without being opened; none: not even the list of a folder. Default: all',
      ),
    ),
    offlineFolders: optional(
      about(
        map(offline),
        'IMAP: the same for single folders, by their paths; folders inside one are not meant. Default: as the account',
        'offlinefolder',
        'folders',
      ),
    ),
    serverCopy: optional(
      about(
        oneOf(words('delete', 'keep', 'untilDeletedHere'), object({ deleteAfterDays: days })),
        'POP3: what happens to the copy on the server. Required for pop3.',
      ),
    ),
    firstRun: optional(
      about(
        oneOf(words('all', 'today'), object({ days })),
        'POP3: what the first check fetches of the mail that is there already. today: only what comes from now on. Default: all',
        'first',
        'since',
      ),
    ),
    checkEveryMinutes: optional(
      about(
        number(1, 1440),
        'POP3: minutes between two checks; the server may ask for more. Default: 10',
        'interval',
        'poll',
        'check',
      ),
    ),
    sizeLimitMB: optional(
      about(
        number(0.01, 1000, false),
        'POP3: larger messages come only with their headers; opening one fetches it. Default: none',
        'maxsize',
        'sizelimit',
      ),
    ),
    sessionLimits: optional(
      about(
        object({
          messages: optional(about(number(1, 500_000), 'Messages that one check fetches at most')),
          megabytes: optional(about(number(0.01, 1_000_000, false), 'What one check fetches at most')),
        }),
        'POP3: what one check fetches at most; the next one goes on. Default: no limit',
        'limits',
      ),
    ),
    deliverTo: optional(
      about(
        notEmpty('the name of another POP3 account'),
        "POP3: another POP3 account, whose inbox takes this account's mail. Default: its own inbox",
        'inbox',
        'globalinbox',
        'deferto',
      ),
    ),
    identities: optional(
      about(list(identity), 'Other addresses of yours that this account sends from', 'aliases', 'from'),
    ),
    replyTo: optional(about(address(), 'Where answers go, if not to the address itself', 'reply')),
    signature: optional(about(signature, 'Put below what you write, behind a line "-- "', 'sig')),
    signatureAbove: optional(about(boolean(), 'The signature stands above the quoted text. Default: false')),
    sentCopy: optional(
      about(
        words('append', 'server', 'none'),
        'Who files a copy of what is sent: tmail (append), the server by itself, or nobody. Default: append, except for servers known to do it',
        'sent',
      ),
    ),
    archive: optional(
      about(
        words('flat', 'year', 'month'),
        'Where a files mail: in the Archive folder itself, or below it as Archive/2027 or Archive/2027/11. Default: flat',
        'archivescheme',
      ),
    ),
    disabled: optional(about(boolean(), 'Keeps the account and its mail, but never connects')),
  },
  {
    rule(values, report) {
      // No default for something that deletes mail.
      if (values.protocol === 'pop3' && values.serverCopy === undefined) {
        report('config.server-copy-missing', 'serverCopy');
      }
    },
  },
);

const ui = object({
  colors: optional(about(words('auto', 'none', '16', '256'), 'Default: auto', 'colours')),
  borders: optional(about(words('auto', 'ascii', 'unicode'), 'Default: auto')),
  markReadAfter: optional(
    about(
      oneOf(number(0, 3600, false), nothing()),
      'Seconds until an opened message counts as read; 0 at once, null only by key. Default: 0',
    ),
  ),
  columns: optional(
    about(
      list(words(...LIST_COLUMNS), { min: 1 }),
      'What a row of the list shows, from left to right: account (a letter, in lists over several), date, from, count (of the conversation), size, subject (always). Where it is narrow, size, count and date go, in this order. Default: account, date, from, count, subject',
      'listcolumns',
    ),
  ),
  dates: optional(
    about(
      words(...DATE_FORMS),
      'Dates in the list. short: 09:42, Tue, 12 Nov, 2026-11; iso: 09:42, 2027-11-12; full: 2027-11-12 09:42. Default: short',
      'dateformat',
    ),
  ),
  keys: optional(
    about(map(list(notEmpty('the name of a key'))), 'Command id to the list of its keys; [] unbinds'),
  ),
});

type Accounts = readonly (readonly [
  string,
  {
    readonly protocol: string;
    readonly deliverTo: string | undefined;
    readonly disabled: boolean | undefined;
  },
])[];

/** Its mail goes to a POP3 account that shows it, and not on from there. */
function checkDelivery(
  id: string,
  { protocol, deliverTo }: Accounts[number][1],
  accounts: Accounts,
  report: Report,
): void {
  // Of an IMAP account it is only odd (resolve.ts).
  if (deliverTo === undefined || protocol !== 'pop3') return;
  const at = ['accounts', id, 'deliverTo'];
  const to = accounts.find(([other]) => other === deliverTo)?.[1];
  const facts = { account: deliverTo };
  const others = accounts.flatMap(([other, { protocol }]) =>
    other !== id && protocol === 'pop3' ? [other] : [],
  );
  if (!to) report('config.unknown-account', at, { ...facts, suggestion: nearest(deliverTo, others) });
  else if (deliverTo === id) report('config.deliver-itself', at, facts);
  else if (to.protocol !== 'pop3') report('config.deliver-imap', at, facts);
  else if (to.deliverTo !== undefined) report('config.deliver-chain', at, { ...facts, to: to.deliverTo });
  else if (to.disabled) report('config.deliver-disabled', at, facts);
}

/** The whole file. */
export const configShape = object(
  {
    $schema: optional(about(text<string>(), 'For editors; ignored')),
    accounts: about(
      map(account, {
        keys: ACCOUNT_ID,
        keyExpects: 'letters, digits, ".", "_" and "-", not starting with "."',
      }),
      'Accounts by a short name of your own',
      'account',
    ),
    defaultAccount: optional(about(notEmpty(), 'Default: the first account that is not disabled')),
    undoSendSeconds: optional(
      about(number(0, 60), 'Seconds in which a sent message can be taken back. Default: 10', 'undo'),
    ),
    groups: optional(
      about(
        map(list(mailbox, { min: 1 }), {
          keys: GROUP_NAME,
          keyExpects: 'words, without any of , ; : @ < > ( ) [ ] " \\',
        }),
        'Names that stand for several addresses in To, Cc and Bcc',
        'group',
        'aliases',
        'lists',
      ),
    ),
    notices: optional(
      about(noticesShape, 'What tells of new mail while tmail is open', 'notifications', 'notify'),
    ),
    ui: optional(about(ui, 'The screen')),
  },
  {
    rule(values, report) {
      const ids = values.accounts.map(([id]) => id);
      if (ids.length === 0) report('config.no-accounts', 'accounts');
      const wanted = values.defaultAccount;
      if (wanted !== undefined && !ids.includes(wanted)) {
        report('config.unknown-account', 'defaultAccount', {
          account: wanted,
          suggestion: nearest(wanted, ids),
        });
      }
      for (const [place] of values.notices?.folders ?? []) {
        const [account = ''] = place.split('/');
        const at = ['notices', 'folders', place];
        if (!ids.includes(account)) {
          report('config.unknown-account', at, { account, suggestion: nearest(account, ids) });
        }
      }
      for (const [id, account] of values.accounts) checkDelivery(id, account, values.accounts, report);
      // Their folders would be the same one on a disk that ignores case.
      const lower = ids.map(id => id.toLowerCase());
      const twice = ids.find((id, n) => lower.indexOf(id.toLowerCase()) !== n);
      if (twice !== undefined) report('config.same-name', 'accounts', { account: twice });
    },
  },
);

export type RawConfig = Read<typeof configShape>;
export type RawAccount = RawConfig['accounts'][number][1];
export type RawServer = Read<typeof incoming>;
export type RawAuth = Read<typeof auth>;

/** JSON Schema (2020-12) of the configuration file, for editors. */
export function jsonSchema(): Record<string, unknown> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'tmail configuration',
    ...configShape.schema,
  };
}
