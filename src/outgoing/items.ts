// What is kept of a message on its way out, and how it is shown. Pure.

import type { AccountId } from '../mail/types.ts';
import type { OutboxRecipient, OutboxRecord, StoredFailure } from '../store/types.ts';
import { TmailError } from '../util/errors.ts';
import type { OutboxItem } from './types.ts';

/** What only this run knows of it. */
export interface Moment {
  /** It is being handed over now. */
  readonly sending: boolean;
  /** Why nothing of this account goes at the moment. */
  readonly trouble: TmailError | null;
}

export function itemOf(account: AccountId, record: OutboxRecord, { sending, trouble }: Moment): OutboxItem {
  const { id, subject, from, messageId, size, at, notBefore, tries, draft } = record;
  const waits = record.state === 'queued' || record.state === 'undo';
  const error = record.error ? revived(record.error) : null;
  return {
    id,
    account,
    state: sending && waits ? 'sending' : record.state,
    subject,
    from,
    recipients: record.recipients.map(({ address, outcome, reply }) => ({ address, outcome, reply })),
    messageId,
    size,
    at,
    notBefore,
    tries,
    error: waits && trouble ? trouble : error,
    editable: draft !== '',
  };
}

export function stored({ kind, code, retry, facts }: TmailError): StoredFailure {
  return { kind, code, retry, facts };
}

export function revived({ kind, code, retry, facts }: StoredFailure): TmailError {
  return new TmailError(kind, code, { retry, facts });
}

/** Those that it goes to at the next try. */
export function remaining(recipients: readonly OutboxRecipient[]): readonly OutboxRecipient[] {
  return recipients.filter(({ outcome, skipped }) => !skipped && outcome !== 'accepted');
}

/** With what was said of some of them. */
export function answered(
  recipients: readonly OutboxRecipient[],
  said: readonly Pick<OutboxRecipient, 'address' | 'outcome' | 'reply'>[],
): OutboxRecipient[] {
  const by = new Map(said.map(each => [each.address, each]));
  return recipients.map(recipient => {
    const word = recipient.skipped ? undefined : by.get(recipient.address);
    return word ? { ...recipient, outcome: word.outcome, reply: word.reply } : recipient;
  });
}
