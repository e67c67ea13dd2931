// How full a quota is. Pure; asking a server for it is imap/quota.ts.
import type { QuotaUse } from './types.ts';

/** How much of it is used, 0 to 1 and above: by size or by number of messages, whichever is nearer to the end. */
export function quotaShare(use: QuotaUse): number {
  const bytes = use.limitBytes > 0 ? use.usedBytes / use.limitBytes : 0;
  const { usedMessages = 0, limitMessages = 0 } = use;
  return Math.max(bytes, limitMessages > 0 ? usedMessages / limitMessages : 0);
}
