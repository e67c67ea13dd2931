// Fills in what the file left out: ports, users, paths. Pure; reports what is odd but allowed.

import { UNDO_SEND_MS } from '../util/limits.ts';
import { shownUser } from './gmail.ts';
import { resolveNotices } from './notices.ts';
import { normalOffline } from './offline.ts';
import type { RawAccount, RawAuth, RawConfig, RawServer } from './schema.ts';
import type {
  AccountConfig,
  AuthSettings,
  Config,
  IdentitySettings,
  Offline,
  Pop3Settings,
  Security,
  ServerSettings,
  TlsSettings,
  UiConfig,
} from './types.ts';

const POP3_ONLY = [
  'serverCopy',
  'firstRun',
  'checkEveryMinutes',
  'sizeLimitMB',
  'sessionLimits',
  'deliverTo',
] as const;

const IMAP_ONLY = ['offline', 'offlineFolders'] as const;

type Protocol = 'imap' | 'pop3' | 'smtp';
/** Tells of something odd at a path, such as `accounts.work.incoming.port`. */
export type Warn = (code: string, path: string, facts: Record<string, string | number | undefined>) => void;

const PORTS: Record<Protocol, Record<Security, number>> = {
  imap: { tls: 993, starttls: 143, none: 143 },
  pop3: { tls: 995, starttls: 110, none: 110 },
  smtp: { tls: 465, starttls: 587, none: 25 },
};
/** Ports where people name the other kind of security by mistake; port 25 takes STARTTLS too. */
const USUAL: Readonly<Record<number, Security>> = {
  993: 'tls',
  995: 'tls',
  465: 'tls',
  143: 'starttls',
  110: 'starttls',
  587: 'starttls',
};

export function resolveConfig(
  raw: RawConfig,
  file: string,
  expand: (path: string) => string,
  warn: Warn,
): Config {
  const accounts = raw.accounts.map(([id, account]) => resolveAccount(id, account, expand, warn));
  return {
    file,
    accounts,
    defaultAccount: raw.defaultAccount ?? accounts.find(account => !account.disabled)?.id ?? null,
    undoSend: (raw.undoSendSeconds ?? UNDO_SEND_MS / 1000) * 1000,
    ...(raw.groups && { groups: raw.groups.map(([name, members]) => ({ name, members })) }),
    notices: resolveNotices(raw.notices),
    ui: resolveUi(raw.ui),
  };
}

/** The screen's settings when none are given. */
export function resolveUi(raw: RawConfig['ui']): UiConfig {
  return {
    colors: raw?.colors ?? 'auto',
    borders: raw?.borders ?? 'auto',
    markReadAfter: raw?.markReadAfter === undefined ? 0 : raw.markReadAfter,
    ...(raw?.columns && { columns: raw.columns }),
    ...(raw?.dates && { dates: raw.dates }),
    keys: Object.fromEntries(raw?.keys ?? []),
  };
}

function resolveAccount(
  id: string,
  raw: RawAccount,
  expand: (path: string) => string,
  warn: Warn,
): AccountConfig {
  const path = `accounts.${id}`;
  const incoming = resolveServer(raw.protocol, raw.incoming, raw.email, `${path}.incoming`, expand, warn);
  const auth = resolveAuth(raw.auth, `${path}.auth`, expand, warn);
  for (const key of POP3_ONLY) {
    if (raw.protocol === 'imap' && raw[key] !== undefined) {
      warn('config.ignored', `${path}.${key}`, { key, protocol: 'imap' });
    }
  }
  for (const key of IMAP_ONLY) {
    if (raw.protocol === 'pop3' && raw[key] !== undefined) {
      warn('config.ignored', `${path}.${key}`, { key, protocol: 'pop3' });
    }
  }
  return {
    id,
    email: raw.email,
    name: raw.name ?? '',
    protocol: raw.protocol,
    incoming,
    outgoing: raw.outgoing
      ? resolveServer('smtp', raw.outgoing, shownUser(incoming), `${path}.outgoing`, expand, warn)
      : null,
    auth,
    outgoingAuth: raw.outgoing?.auth
      ? resolveAuth(raw.outgoing.auth, `${path}.outgoing.auth`, expand, warn)
      : auth,
    offline: normalOffline(raw.offline ?? 'all'),
    ...(raw.protocol === 'imap' &&
      raw.offlineFolders && { offlineFolders: resolveFolders(raw.offlineFolders) }),
    serverCopy: raw.protocol === 'pop3' ? (raw.serverCopy ?? null) : null,
    ...(raw.protocol === 'pop3' && raw.deliverTo !== undefined && { deliverTo: raw.deliverTo }),
    ...(raw.protocol === 'pop3' && { pop3: resolvePop3(raw) }),
    ...(raw.identities && { identities: raw.identities.map(given) }),
    ...(raw.replyTo !== undefined && { replyTo: raw.replyTo }),
    ...(raw.signature !== undefined && { signature: raw.signature }),
    ...(raw.signatureAbove !== undefined && { signatureAbove: raw.signatureAbove }),
    ...(raw.sentCopy !== undefined && { sentCopy: raw.sentCopy }),
    ...(raw.archive !== undefined && { archive: raw.archive }),
    disabled: raw.disabled ?? false,
  };
}

function resolveFolders(raw: NonNullable<RawAccount['offlineFolders']>): Readonly<Record<string, Offline>> {
  return Object.fromEntries(raw.map(([folder, given]) => [folder, normalOffline(given)]));
}

/** Without the keys that were left out. */
function given({
  email,
  name,
  replyTo,
  signature,
}: NonNullable<RawAccount['identities']>[number]): IdentitySettings {
  return {
    email,
    ...(name !== undefined && { name }),
    ...(replyTo !== undefined && { replyTo }),
    ...(signature !== undefined && { signature }),
  };
}

function resolvePop3(raw: RawAccount): Pop3Settings {
  const bytes = (megabytes: number | undefined) =>
    megabytes === undefined ? null : Math.round(megabytes * 1_000_000);
  return {
    firstRun: raw.firstRun ?? 'all',
    sizeLimit: bytes(raw.sizeLimitMB),
    sessionMessages: raw.sessionLimits?.messages ?? null,
    sessionBytes: bytes(raw.sessionLimits?.megabytes),
    checkEvery: (raw.checkEveryMinutes ?? 10) * 60_000,
  };
}

function resolveServer(
  protocol: Protocol,
  raw: RawServer,
  user: string,
  path: string,
  expand: (path: string) => string,
  warn: Warn,
): ServerSettings {
  const security = raw.security ?? 'tls';
  const usual = raw.port === undefined ? undefined : USUAL[raw.port];
  if (usual !== undefined && usual !== security && security !== 'none') {
    warn('config.unusual-port', `${path}.port`, { port: raw.port, security, suggestion: usual });
  }
  return {
    host: raw.host,
    port: raw.port ?? PORTS[protocol][security],
    security,
    user: raw.user ?? user,
    tls: resolveTls(raw.tls, expand),
  };
}

function resolveTls(raw: RawServer['tls'], expand: (path: string) => string): TlsSettings {
  return {
    ...(raw?.ca === undefined ? {} : { ca: expand(raw.ca) }),
    ...(raw?.servername === undefined ? {} : { servername: raw.servername }),
    ...(raw?.fingerprint256 === undefined ? {} : { fingerprint256: raw.fingerprint256 }),
  };
}

function resolveAuth(raw: RawAuth, path: string, expand: (path: string) => string, warn: Warn): AuthSettings {
  if (raw.passwordCommand !== undefined) return { t: 'command', command: raw.passwordCommand };
  if (raw.passwordEnv !== undefined) return { t: 'env', variable: raw.passwordEnv };
  if (raw.passwordFile !== undefined) return { t: 'file', path: expand(raw.passwordFile) };
  if (raw.password !== undefined) {
    warn('config.plain-password', `${path}.password`, {});
    return { t: 'plain', password: raw.password };
  }
  return { t: 'unsupported', what: raw.keyring ? 'keyring' : 'oauth2' };
}
