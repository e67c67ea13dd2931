// Sees to it that what the tests run beside Node is installed: Dovecot with IMAP and POP3, openssl, setpriv.
// As root on a Debian-like system it installs what is missing; else it says what to install and fails.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What must be there, and the Debian package that brings it. */
const NEEDED = [
  { program: 'dovecot', package: 'dovecot-core' },
  { program: 'doveadm', package: 'dovecot-core' },
  { file: '/usr/lib/dovecot/imap', package: 'dovecot-imapd' },
  { file: '/usr/lib/dovecot/pop3', package: 'dovecot-pop3d' },
  { program: 'openssl', package: 'openssl' },
  { program: 'setpriv', package: 'util-linux' },
];

/** Packages whose programs are missing. Dovecot lives in /usr/sbin, which an ordinary user's PATH may lack. */
export function missingPackages(path = process.env.PATH ?? '') {
  const directories = [...path.split(delimiter), '/usr/sbin', '/sbin'];
  const has = need =>
    need.file
      ? existsSync(need.file)
      : directories.some(directory => existsSync(join(directory, need.program)));
  return [...new Set(NEEDED.filter(need => !has(need)).map(need => need.package))];
}

/** Installs what is missing, or prints what to install and exits with 1. */
export function ensureDovecot() {
  let missing = missingPackages();
  if (missing.length === 0) return;
  const canInstall = process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0;
  if (canInstall) {
    console.error(`Installing what the tests need: ${missing.join(' ')}`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const apt = (...args) => spawnSync('apt-get', ['-q', ...args], { stdio: ['ignore', 2, 2], env });
    apt('update');
    apt('install', '-y', '--no-install-recommends', ...missing);
    missing = missingPackages();
    if (missing.length === 0) return;
  }
  console.error(`The tests run against a real Dovecot (2.3). Missing: ${missing.join(', ')}. Install it first:

    Debian, Ubuntu:  sudo apt-get install ${missing.join(' ')}
    Fedora:          sudo dnf install dovecot openssl util-linux
    Arch:            sudo pacman -S dovecot openssl util-linux
`);
  process.exit(1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) ensureDovecot();
