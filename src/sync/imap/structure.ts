// BODYSTRUCTURE as imapflow gives it: what a person would call attachments, and which parts hold the text. Pure.
import type { MessageStructureObject } from 'imapflow';
import { MIME_DEPTH, MIME_PARTS } from '../../util/limits.ts';

/** Parts a person would call attachments. */
export function countAttachments(root: MessageStructureObject): number {
  let count = 0;
  walk(root, node => {
    if (isAttachment(node)) count++;
  });
  return count;
}

function walk(root: MessageStructureObject, visit: (node: MessageStructureObject) => void): void {
  let parts = 0;
  const step = (node: MessageStructureObject, depth: number): void => {
    if (depth > MIME_DEPTH || ++parts > MIME_PARTS) return;
    visit(node);
    if (node.type === 'message/rfc822') return;
    for (const child of node.childNodes ?? []) step(child, depth + 1);
  };
  step(root, 0);
}

function isAttachment(node: MessageStructureObject): boolean {
  if (node.type.startsWith('multipart/')) return false;
  if (node.disposition === 'attachment' || node.type === 'message/rfc822') return true;
  const named = node.dispositionParameters?.filename ?? node.parameters?.name;
  if (node.disposition === 'inline' && node.id) return false;
  return named !== undefined || !/^(text|multipart|image)\//.test(node.type);
}
