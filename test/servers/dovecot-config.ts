// The configuration of the throw-away Dovecot: everything below one directory, nothing that needs root.

export interface DovecotOptions {
  /** Serve POP3 too (default true). */
  readonly pop3?: boolean;
  /** Storage limit such as `10M`; switches the quota plugin on. */
  readonly quota?: string;
  /** No TLS anywhere: neither STARTTLS nor the TLS ports. */
  readonly plain?: boolean;
  readonly format?: 'maildir' | 'sdbox';
  /** Hierarchy separator (default `/`). */
  readonly separator?: '/' | '.';
  /** Appended as it is; later settings win. */
  readonly extraConfig?: string;
}

export interface Ports {
  readonly imap: number;
  readonly imaps: number;
  readonly pop3: number;
  readonly pop3s: number;
}

export function dovecotConfig(about: {
  root: string;
  user: string;
  group: string;
  cert: string;
  key: string;
  ports: Ports;
  options: DovecotOptions;
}): string {
  const { root, user, group, cert, key, ports, options } = about;
  const { pop3 = true, plain = false, format = 'maildir', separator = '/', quota } = options;
  const listener = (name: string, port: number, ssl: boolean) =>
    `  inet_listener ${name} {\n    port = ${ssl && plain ? 0 : port}\n    ssl = ${ssl ? 'yes' : 'no'}\n  }\n`;
  return `
protocols = imap${pop3 ? ' pop3' : ''}
listen = 127.0.0.1
base_dir = ${root}/run
state_dir = ${root}/state
log_path = ${root}/log
instance_name = ${root.split('/').at(-1)}
default_internal_user = ${user}
default_internal_group = ${group}
default_login_user = ${user}
first_valid_uid = 1
first_valid_gid = 1
default_client_limit = 800
default_process_limit = 200
mail_max_userip_connections = 200
mail_fsync = never
# The index notices new folders by a time stamp of whole seconds: too coarse for tests.
mailbox_list_index = no
shutdown_clients = yes
auth_failure_delay = 0 secs
auth_mechanisms = plain login
disable_plaintext_auth = no
ssl = ${plain ? 'no' : 'yes'}
${plain ? '' : `ssl_cert = <${cert}\nssl_key = <${key}\nssl_min_protocol = TLSv1.2`}
mail_location = ${format}:~/mail
passdb {
  driver = passwd-file
  args = ${root}/users
}
userdb {
  driver = passwd-file
  args = ${root}/users
}
namespace inbox {
  inbox = yes
  separator = ${separator}
${['Drafts', 'Sent', 'Archive', 'Junk', 'Trash']
  .map(name => `  mailbox ${name} {\n    special_use = \\${name}\n    auto = subscribe\n  }\n`)
  .join('')}}
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  chroot =
  service_count = 0
  client_limit = 500
${listener('imap', ports.imap, false)}${listener('imaps', ports.imaps, true)}}
${pop3 ? `service pop3-login {\n  chroot =\n  service_count = 0\n  client_limit = 500\n${listener('pop3', ports.pop3, false)}${listener('pop3s', ports.pop3s, true)}}` : ''}
service stats {
  chroot =
}
${
  quota
    ? `mail_plugins = $mail_plugins quota
protocol imap {
  mail_plugins = $mail_plugins quota imap_quota
}
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=${quota}
}`
    : ''
}
${options.extraConfig ?? ''}
`;
}
