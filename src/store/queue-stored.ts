// Queued operations as they are written in JSON, and back. Pure.
import { folderId, splitFolderId } from '../mail/ids.ts';
import type { Row } from './moves.ts';
import {
  isAppend,
  isDelete,
  isFlags,
  isTransfer,
  type Pending,
  pendingAppend,
  pendingDelete,
  pendingFlags,
  pendingFolder,
  pendingTransfer,
} from './queue.ts';
import { loadRemote, storeRemote } from './remote.ts';
import type { QueuedOnMessages, QueuedOperation, QueuedRow } from './shapes.ts';
import type { OnMessages } from './types.ts';

/** Shares nothing with it that changes: it is written in spells. */
export function toStored(pending: Pending): QueuedOperation {
  const { op, local } = pending;
  const common = { id: op.id, at: op.at, tries: op.tries, ...toOnMessages(op) };
  if (isFlags(pending)) {
    const { add, remove } = pending.op;
    const names = { add: [...add], remove: [...remove] };
    return { t: 'flags', ...common, ...names, was: [...pending.was], ...(local && { local: true as const }) };
  }
  if (isAppend(pending)) {
    const { path, date, replaces, verify } = pending.op;
    const stored = { path, date, replaces: replaces.map(toOnMessages), local };
    return { t: 'append', ...common, ...stored, ...(verify && { verify: true }), row: toRow(pending.row) };
  }
  if (isTransfer(pending)) {
    const { t, to, landing, places } = pending.op;
    const place = { to: splitFolderId(to).folder, landing: [...landing] };
    const known = places && { places: places.map(storeRemote) };
    return { t, ...common, ...place, local, rows: pending.rows.map(toRow), ...known };
  }
  if (isDelete(pending)) {
    const { after, moved } = pending.op;
    const other = { ...(after && { after: { ...after } }), ...(moved && { moved }) };
    const rows = pending.rows && { rows: pending.rows.map(row => row && toRow(row)) };
    return { t: 'delete', ...common, local, ...other, ...rows };
  }
  return { ...pending.op, ...common };
}

export function fromStored(stored: QueuedOperation, account: string): Pending {
  const { id, at, tries } = stored;
  const common = { id, at, tries, ...fromOnMessages(stored, account) };
  switch (stored.t) {
    case 'flags': {
      const { add, remove, was, local = false } = stored;
      return pendingFlags({ t: 'flags', ...common, add, remove }, was, local);
    }
    case 'append': {
      const { path, date, local, verify } = stored;
      const replaces = stored.replaces.map(each => fromOnMessages(each, account));
      const row = fromRow(stored.row);
      const body = { path, date, flags: row.flags, replaces, ...(verify && { verify }) };
      return pendingAppend({ t: 'append', ...common, ...body }, row, local);
    }
    case 'delete': {
      const { after, moved, rows, local } = stored;
      const kept = rows ? rows.map(row => row && fromRow(row)) : null;
      return pendingDelete(
        { t: 'delete', ...common, ...(after && { after }), ...(moved && { moved }) },
        local,
        kept,
      );
    }
    case 'move':
    case 'copy': {
      const { t, landing, local, places } = stored;
      const known = places && { places: places.map(loadRemote) };
      const op = { t, ...common, to: folderId(account, stored.to), landing, ...known };
      return pendingTransfer(op, stored.rows.map(fromRow), local);
    }
    case 'folder-create':
    case 'folder-delete':
      return pendingFolder({ t: stored.t, ...common, path: stored.path });
    case 'folder-rename':
      return pendingFolder({ t: stored.t, ...common, from: stored.from, path: stored.path });
    case 'folder-subscribe':
      return pendingFolder({ t: stored.t, ...common, path: stored.path, subscribed: stored.subscribed });
  }
}

function toOnMessages({ folder, targets }: OnMessages): QueuedOnMessages {
  return {
    folder: splitFolderId(folder).folder,
    uid: targets.map(target => target.uid),
    remote: targets.map(target => storeRemote(target.remote)),
    messageId: targets.map(target => target.messageId),
  };
}

function fromOnMessages(stored: QueuedOnMessages, account: string): OnMessages {
  return {
    folder: folderId(account, stored.folder),
    targets: stored.uid.map((uid, i) => ({
      uid,
      remote: loadRemote(stored.remote[i] ?? null),
      messageId: stored.messageId[i] ?? '',
    })),
  };
}

function toRow({ flags, envelope, raw }: Row): QueuedRow {
  return { flags: [...flags], envelope, raw: raw === null ? 0 : raw.partial ? -raw.n : raw.n };
}

function fromRow({ flags, envelope, raw }: QueuedRow): Row {
  return { flags, envelope, raw: raw === 0 ? null : { n: Math.abs(raw), partial: raw < 0 } };
}
