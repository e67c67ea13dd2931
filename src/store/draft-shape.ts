// What draft.json holds, and the check that tells damage from data. Pure.
import type { Draft } from '../mail/compose/types.ts';
import { count, flag, list, object, text } from './shape-checks.ts';

/** `drafts/ID/draft.json` */
export interface DraftFile {
  readonly v: number;
  readonly savedAt: number;
  readonly draft: Draft;
}

const FIELDS = [
  'id',
  'account',
  'from',
  'to',
  'cc',
  'bcc',
  'replyTo',
  'subject',
  'text',
  'inReplyTo',
] as const;

export function isDraftFile(value: unknown): value is DraftFile {
  return object(value) && value.v === 1 && Number.isFinite(value.savedAt) && isDraft(value.draft);
}

export function isDraft(value: unknown): value is Draft {
  if (!object(value) || !FIELDS.every(name => text(value[name]))) return false;
  const { format, attachments, references, origin, dsn, replaces, losesHtml, resend, created, changed } =
    value;
  return (
    (format === 'plain' || format === 'flowed' || format === 'markdown') &&
    list(attachments, isAttachment) &&
    list(references, text) &&
    (origin === null ||
      (isMessage(origin) && object(origin) && (origin.mark === 'answered' || origin.mark === 'forwarded'))) &&
    flag(dsn) &&
    (replaces === null || isMessage(replaces)) &&
    (losesHtml === undefined || flag(losesHtml)) &&
    (resend === null || (object(resend) && text(resend.file))) &&
    Number.isFinite(created) &&
    Number.isFinite(changed)
  );
}

const isAttachment = (value: unknown): value is Draft['attachments'][number] =>
  object(value) && text(value.file) && text(value.name) && text(value.contentType) && count(value.size);

const isMessage = (value: unknown): boolean => object(value) && text(value.id) && text(value.messageId);
