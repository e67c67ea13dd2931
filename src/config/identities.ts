// Who may write with this configuration: each account's own address first, then the others that it names. Pure.
import type { Identity } from '../mail/compose/types.ts';
import type { AccountConfig, Config } from './types.ts';

/** In the order of the configuration; disabled accounts have none. */
export function identitiesOf(config: Pick<Config, 'accounts'>): Identity[] {
  return config.accounts.filter(({ disabled }) => !disabled).flatMap(ofAccount);
}

function ofAccount(account: AccountConfig): Identity[] {
  const { email, name, replyTo = '', signature = '', signatureAbove = false, identities = [] } = account;
  const own: Identity = { account: account.id, name, address: email, replyTo, signature, signatureAbove };
  const others = identities.map(other => ({
    ...own,
    address: other.email,
    name: other.name ?? own.name,
    replyTo: other.replyTo ?? own.replyTo,
    signature: other.signature ?? own.signature,
  }));
  // Whoever names the own address among the others wants it so.
  const named = others.some(({ address }) => address.toLowerCase() === email.toLowerCase());
  return named ? others : [own, ...others];
}

/** Some account names a server for outgoing mail. */
export function canSend({ accounts }: Pick<Config, 'accounts'>): boolean {
  return accounts.some(({ outgoing, disabled }) => outgoing !== null && !disabled);
}
