// Throw-away self-signed certificates for the servers of the tests, made by the openssl program.
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Certificate {
  /** Path of the PEM; also the authority that a client must trust. */
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** subjectAltName entries; the default suits 127.0.0.1 and localhost. */
  readonly names?: readonly string[];
  /** Days from now to its end; a negative number gives one that has expired. */
  readonly days?: number;
}

/** Writes `name.pem` and `name.key` into `directory`. About 30 ms. */
export async function makeCertificate(
  directory: string,
  name = 'server',
  options: CertificateOptions = {},
): Promise<Certificate> {
  const names = options.names ?? ['DNS:localhost', 'IP:127.0.0.1'];
  const cert = join(directory, `${name}.pem`);
  const key = join(directory, `${name}.key`);
  await mkdir(directory, { recursive: true });
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  args.push('-subj', '/CN=tmail test server', '-addext', `subjectAltName=${names.join(',')}`);
  args.push('-days', String(options.days ?? 2), '-keyout', key, '-out', cert);
  await promisify(execFile)('openssl', args);
  return { cert, key };
}
