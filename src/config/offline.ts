// What of an IMAP account's mail is kept on this computer: the forms of the setting, and what each of them means for one
// message. Pure; fetching is sync's, removing files is app's.
import { SMALL_WITH_ATTACHMENTS } from '../util/limits.ts';
import type { AccountConfig, Offline, OfflinePart } from './types.ts';

const DAY = 24 * 3600_000;

/** In one form, so that equal ones are equal as JSON: the order of keys, and nothing that says what is so anyway. */
export function normalOffline(given: string | OfflineGiven): Offline {
  if (typeof given === 'string') return given === 'headers' || given === 'none' ? given : 'all';
  const { days, newest, attachments } = given;
  const part = {
    ...(days !== undefined && { days }),
    ...(newest !== undefined && { newest }),
    ...(attachments === false && { attachments }),
  };
  return Object.keys(part).length === 0 ? 'all' : part;
}

interface OfflineGiven {
  readonly days?: number | undefined;
  readonly newest?: number | undefined;
  readonly attachments?: boolean | undefined;
}

export function sameOffline(a: Offline, b: Offline): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What is kept of a folder. `path`: as the folder pane has it. */
export function offlineOf({ offline, offlineFolders }: Keeping, path: string): Offline {
  return ownOffline(offlineFolders, path) ?? offline;
}

/** What is kept of a folder otherwise than of its account; undefined: nothing is said of it. */
export function ownOffline(folders: Keeping['offlineFolders'], path: string): Offline | undefined {
  return folders && Object.hasOwn(folders, path) ? folders[path] : undefined;
}

/** An account's setting, and those of its folders. */
export type Keeping = Pick<AccountConfig, 'offline' | 'offlineFolders'>;

/** Whether any message file is kept without being opened. */
export function keepsFiles(offline: Offline): boolean {
  return offline !== 'headers' && offline !== 'none';
}

/** How far back it goes. */
export interface Reach {
  /** Arrivals before this moment are not kept. Milliseconds since 1970. */
  readonly since: number;
  /** So many of a folder's newest are. */
  readonly newest: number;
  /** Starred messages are kept however old they are. */
  readonly starred: boolean;
}

export function reachOf(offline: Offline, now: number): Reach {
  if (!keepsFiles(offline)) return { since: Number.POSITIVE_INFINITY, newest: 0, starred: false };
  const { days, newest } = partOf(offline);
  return {
    since: days === undefined ? Number.NEGATIVE_INFINITY : now - days * DAY,
    newest: newest ?? Number.POSITIVE_INFINITY,
    starred: days !== undefined || newest !== undefined,
  };
}

/** Of a message only its text is kept. `attachments`: null where their number is not known. */
export function textAlone(
  offline: Offline,
  message: { readonly size: number; readonly attachments: number | null },
) {
  // Small ones come whole with others in one command: without their attachments each would cost two of its own.
  return (
    partOf(offline).attachments === false &&
    message.attachments !== 0 &&
    message.size > SMALL_WITH_ATTACHMENTS
  );
}

function partOf(offline: Offline): OfflinePart {
  return typeof offline === 'object' ? offline : {};
}
