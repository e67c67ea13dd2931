// How full a quota is. Pure; asking a server for it is imap/quota.ts.
import type { QuotaRoot, QuotaUse } from './types.ts';

/** How much of it is used, 0 to 1 and above: by size or by number of messages, whichever is nearer to the end. */
export function quotaShare(use: QuotaUse): number {
  const bytes = use.limitBytes > 0 ? use.usedBytes / use.limitBytes : 0;
  const { usedMessages = 0, limitMessages = 0 } = use;
  return Math.max(bytes, limitMessages > 0 ? usedMessages / limitMessages : 0);
}

/** The root that is nearest to its end, without its name; null where there is none. */
export function fullest(roots: readonly QuotaRoot[] | null): QuotaUse | null {
  const [first, ...rest] = roots ?? [];
  if (!first) return null;
  const {
    name: _,
    folders: __,
    ...use
  } = rest.reduce((most, root) => (quotaShare(root) > quotaShare(most) ? root : most), first);
  return use;
}
