// What outbox.json holds, and the check that tells damage from data. Pure.
import { count, finite, flag, list, object, text } from './shape-checks.ts';
import type { OutboxRecipient, OutboxRecord, StoredFailure } from './types.ts';

/** `outbox.json` and its twin `outbox.copy.json` */
export interface OutboxFile {
  v: number;
  items: OutboxRecord[];
}

const STATES: ReadonlySet<unknown> = new Set(['undo', 'queued', 'sending', 'sent', 'failed', 'unknown']);
const OUTCOMES: ReadonlySet<unknown> = new Set(['pending', 'accepted', 'deferred', 'refused']);
const KINDS: ReadonlySet<unknown> = new Set([
  ...['network', 'tls', 'auth', 'rejected', 'protocol', 'storage', 'config', 'cancelled', 'bug'],
]);

export function isOutboxFile(value: unknown): value is OutboxFile {
  return object(value) && value.v === 1 && list(value.items, isRecord);
}

function isRecord(value: unknown): value is OutboxRecord {
  if (!object(value)) return false;
  return (
    text(value.id) &&
    /^[a-z0-9]{16}$/.test(value.id) &&
    STATES.has(value.state) &&
    [value.subject, value.from, value.messageId, value.draft].every(text) &&
    list(value.recipients, isRecipient) &&
    [value.size, value.tries].every(count) &&
    [value.at, value.notBefore].every(finite) &&
    (value.error === null || isFailure(value.error)) &&
    (value.origin === null || (isMessage(value.origin) && text(value.origin.mark))) &&
    (value.replaces === null || isMessage(value.replaces)) &&
    flag(value.dsn) &&
    flag(value.eightBit)
  );
}

const isRecipient = (value: unknown): value is OutboxRecipient =>
  object(value) &&
  text(value.address) &&
  OUTCOMES.has(value.outcome) &&
  text(value.reply) &&
  flag(value.skipped);

const isMessage = (value: unknown): value is Record<string, unknown> =>
  object(value) && text(value.id) && text(value.messageId);

const isFailure = (value: unknown): value is StoredFailure =>
  object(value) &&
  KINDS.has(value.kind) &&
  text(value.code) &&
  ['auto', 'user', 'never'].includes(String(value.retry)) &&
  object(value.facts);
