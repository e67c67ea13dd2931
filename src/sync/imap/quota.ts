// How full an account is on its server (RFC 9208): asks by GETQUOTAROOT, and believes only numbers that can be true.
// Decides nothing; a server that has no quota, refuses to tell or talks nonsense "does not report one".
import { TmailError } from '../../util/errors.ts';
import { quotaShare } from '../quota.ts';
import type { QuotaUse } from '../types.ts';
import type { ImapClient, Untagged } from './client.ts';
import { nameOnWire } from './flow.ts';

/** STORAGE is counted in units of 1024 octets (RFC 9208 section 5.1). */
const STORAGE_UNIT = 1024;
/** Roots that are asked for by name when the server left their numbers out. */
const ROOTS = 8;

/** The fullest quota root of the inbox; null: the server does not report any. @throws TmailError when the line is gone */
export async function readQuota(client: ImapClient): Promise<QuotaUse | null> {
  if (!client.features.quota) return null;
  try {
    const answers = await client.ask('GETQUOTAROOT', [nameOnWire('INBOX')], ['QUOTAROOT', 'QUOTA']);
    const named = rootsOf(answers);
    const told = answers.filter(({ name }) => name === 'QUOTA');
    const missing = named.filter(root => !told.some(answer => textOf(answer.attributes[0]) === root));
    for (const root of missing.slice(0, ROOTS)) {
      told.push(...(await client.ask('GETQUOTA', [nameOnWire(root)], ['QUOTA'])));
    }
    return fullest(told.flatMap(answer => useOf(answer) ?? []));
  } catch (error) {
    // NO or BAD: it does not want to tell. Anything else is about the line.
    if (error instanceof TmailError && (error.kind === 'rejected' || error.code === 'imap.bad')) return null;
    throw error;
  }
}

function fullest(uses: readonly QuotaUse[]): QuotaUse | null {
  return uses.reduce<QuotaUse | null>(
    (most, use) => (most === null || quotaShare(use) > quotaShare(most) ? use : most),
    null,
  );
}

/** Each once, in the server's order: `* QUOTAROOT mailbox root root …`. */
function rootsOf(answers: readonly Untagged[]): string[] {
  const roots = answers
    .filter(({ name }) => name === 'QUOTAROOT')
    .flatMap(({ attributes }) => attributes.slice(1).flatMap(root => textOf(root) ?? []));
  return [...new Set(roots)];
}

/** `* QUOTA root (STORAGE used limit MESSAGE used limit)`; null where nothing of it limits anything. */
function useOf({ attributes }: Untagged): QuotaUse | null {
  const list = attributes[1];
  if (!Array.isArray(list)) return null;
  let use: QuotaUse = { usedBytes: 0, limitBytes: 0 };
  let limited = false;
  for (let i = 0; i + 2 < list.length; i += 3) {
    const resource = textOf(list[i])?.toUpperCase();
    const unit = resource === 'STORAGE' ? STORAGE_UNIT : 1;
    const used = countOf(list[i + 1], unit);
    const limit = countOf(list[i + 2], unit);
    // Some servers say "no limit" as 0.
    if (used === null || limit === null || limit === 0) continue;
    if (resource === 'STORAGE') use = { ...use, usedBytes: used, limitBytes: limit };
    else if (resource === 'MESSAGE') use = { ...use, usedMessages: used, limitMessages: limit };
    else continue;
    limited = true;
  }
  return limited ? use : null;
}

/** A whole number that can be calculated with, times `unit`; null: none. */
function countOf(attribute: unknown, unit: number): number | null {
  const text = textOf(attribute);
  if (text === undefined || !/^\d{1,16}$/.test(text)) return null;
  const count = Number(text) * unit;
  return Number.isSafeInteger(count) ? count : null;
}

function textOf(attribute: unknown): string | undefined {
  if (typeof attribute !== 'object' || attribute === null || !('value' in attribute)) return undefined;
  const { value } = attribute;
  if (Buffer.isBuffer(value)) return value.toString('utf8');
  return typeof value === 'string' ? value : undefined;
}
