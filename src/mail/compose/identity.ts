// Who answers: which of a person's identities a message came to.
import type { AccountId, Address } from '../types.ts';
import { addressKey, formatMailbox } from './addresses.ts';
import type { Identity, Original } from './types.ts';

/** `ada+news@example.org` arrives where `ada@example.org` does (RFC 5233). */
function withoutTag(key: string): string {
  return key.replace(/^([^"+@]+)\+[^@]*@/, '$1@');
}

/** The identity whose mailbox this is, plus-addresses included; an exact match goes first. */
export function identityOf(address: string, identities: readonly Identity[]): Identity | undefined {
  const key = addressKey(address);
  const base = withoutTag(key);
  return (
    identities.find(identity => addressKey(identity.address) === key) ??
    identities.find(identity => addressKey(identity.address) === base)
  );
}

/** The account's first identity, else the first of all. */
export function defaultIdentity(identities: readonly Identity[], account: AccountId): Identity | undefined {
  return identities.find(identity => identity.account === account) ?? identities[0];
}

/** Written by the servers that delivered the message, the last one first. */
const DELIVERED = new Set([
  'delivered-to',
  'x-original-to',
  'x-delivered-to',
  'envelope-to',
  'x-envelope-to',
  'x-rcpt-to',
]);

export interface Author {
  readonly identity: Identity;
  /** The identity's address, or the plus-address of it that the message came to. */
  readonly address: string;
}

/**
 * Who answers a message: the identity that wrote it (one's own mail), else one that it was addressed to, else one that
 * it was delivered to, else the account's default. Identities of the message's account go before others.
 */
export function authorOf(
  original: Pick<Original, 'account' | 'from' | 'to' | 'cc' | 'headers'>,
  identities: readonly Identity[],
): Author | undefined {
  const own = identities.filter(({ account }) => account === original.account);
  const delivered = original.headers
    .filter(({ name }) => DELIVERED.has(name.toLowerCase()))
    .map(({ value }) => value.trim().replace(/^<|>$/g, ''));
  const lists = [
    original.from.map(({ address }) => address),
    [...original.to, ...original.cc].map(({ address }) => address),
    delivered,
  ];
  for (const addresses of lists) {
    for (const among of [own, identities]) {
      for (const address of addresses) {
        const identity = identityOf(address, among);
        if (identity) return { identity, address: tagged(address, identity) };
      }
    }
  }
  const identity = defaultIdentity(identities, original.account);
  return identity && { identity, address: identity.address };
}

/** A plus-address stays, since it is what the others know; the spelling of a plain one is the identity's. */
function tagged(address: string, identity: Identity): string {
  return addressKey(address) === addressKey(identity.address) ? identity.address : address;
}

/** A From field. */
export function formatAuthor({ identity, address }: Author): string {
  return formatMailbox({ name: identity.name, address });
}

export function isOwn(address: Address, identities: readonly Identity[]): boolean {
  return identityOf(address.address, identities) !== undefined;
}
