// Leaves a mailing list by one POST (RFC 8058). The address comes from a hostile mail: only https, only public hosts,
// nothing that tells who asks, no redirect followed, the answer not read.
import type { LookupFunction } from 'node:net';
import { ONE_CLICK_BODY } from '../mail/compose/list-headers.ts';
import { translate } from '../sync/errors.ts';
import { TmailError } from '../util/errors.ts';

/** A server that takes longer than this has not understood. */
const TIMEOUT_MS = 20_000;

export interface OneClickOptions {
  /** For tests: hosts of this computer count as public. */
  readonly anyHost?: boolean;
  /** For tests: PEM of the server's authority. */
  readonly ca?: string;
}

/**
 * Resolves when the server said that it is done (2xx).
 * @throws TmailError unsubscribe.refused-host {host}; unsubscribe.failed {host, status}; `net.*`, `tls.*`
 */
export async function postUnsubscribe(url: string, options: OneClickOptions = {}): Promise<void> {
  const [{ request }, { BlockList, isIP }, { lookup }] = await Promise.all([
    import('node:https'),
    import('node:net'),
    import('node:dns'),
  ]);
  const target = new URL(url);
  const host = target.hostname.replace(/^\[|\]$/g, '');
  const facts = { host, port: Number(target.port) || 443 };
  const refused = () => new TmailError('rejected', 'unsubscribe.refused-host', { facts });
  if (target.protocol !== 'https:' || target.username !== '' || target.password !== '') throw refused();
  const inner = innerAddresses(new BlockList());
  const isInner = (address: string) => inner.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  if (!options.anyHost && isIP(host) !== 0 && isInner(host)) throw refused();
  // The address that was looked at is the one that is connected to: a name can't change in between.
  const publicOnly: LookupFunction = (name, wanted, done) => {
    lookup(name, { ...wanted, all: true }, (error, found) => {
      const addresses = found ?? [];
      const bad = addresses.find(({ address }) => !options.anyHost && isInner(address));
      const [first] = addresses;
      if (error || bad || !first) done(error ?? refused(), '', 4);
      else if (wanted.all === true) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
  const status = await new Promise<number>((resolve, reject) => {
    const outgoing = request(
      target,
      {
        method: 'POST',
        lookup: publicOnly,
        agent: false,
        minVersion: 'TLSv1.2',
        timeout: TIMEOUT_MS,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(options.ca === undefined ? {} : { ca: options.ca }),
        headers: {
          'Content-Type': 'application/x-www-form-urlencoded',
          'Content-Length': ONE_CLICK_BODY.length,
        },
      },
      answer => {
        answer.destroy();
        resolve(answer.statusCode ?? 0);
      },
    );
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', reject);
    outgoing.end(ONE_CLICK_BODY);
  }).catch(thrown => {
    if (thrown instanceof TmailError) throw thrown;
    if (thrown instanceof Error && thrown.name === 'TimeoutError') {
      throw new TmailError('network', 'net.timeout', { facts });
    }
    const code = (thrown as NodeJS.ErrnoException).code ?? '';
    if (/CERT|TLS|SSL|SIGNED|ISSUER|SIGNATURE/.test(code)) {
      throw new TmailError('tls', 'tls.certificate', { facts: { ...facts, reason: code }, cause: thrown });
    }
    throw translate(thrown, facts);
  });
  if (status < 200 || status > 299)
    throw new TmailError('rejected', 'unsubscribe.failed', { facts: { host, status } });
}

/** Addresses of this computer and of networks that are nobody else's (RFC 6890). */
function innerAddresses<T extends { addSubnet(net: string, prefix: number, type: 'ipv4' | 'ipv6'): void }>(
  list: T,
): T {
  const four = [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
    ['224.0.0.0', 3],
  ] as const;
  for (const [net, prefix] of four) list.addSubnet(net, prefix, 'ipv4');
  for (const [net, prefix] of [
    ['::', 127],
    ['fc00::', 7],
    ['fe80::', 10],
    ['ff00::', 8],
  ] as const) {
    list.addSubnet(net, prefix, 'ipv6');
  }
  return list;
}
