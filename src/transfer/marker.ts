// `tmail-export.json` at the root of an export: whose mail it is, in which format, and which folder each name is. With
// it an export can be repeated into the same place, and imported with the folders' true names. Hostile when read.
import { join } from 'node:path';
import type { Role } from '../mail/types.ts';
import type { Disk } from '../store/disk.ts';

export const MARKER = 'tmail-export.json';
const MARKER_BYTES = 16 * 1024 * 1024;
const ROLES: readonly Role[] = [
  'inbox',
  'drafts',
  'sent',
  'archive',
  'junk',
  'trash',
  'all',
  'flagged',
  'important',
];

export type Format = 'mbox' | 'maildir' | 'eml';
export const FORMATS: readonly Format[] = ['mbox', 'maildir', 'eml'];

export interface MarkedFolder {
  /** Levels of the folder's path. */
  readonly levels: readonly string[];
  readonly role: Role | null;
  /** Relative to the export's root; '' is the root itself. */
  readonly file: string;
}

export interface Marker {
  readonly account: string;
  readonly format: Format;
  readonly folders: readonly MarkedFolder[];
}

/** Null: there is none, or it is not one. */
export async function readMarker(disk: Disk, root: string): Promise<Marker | null> {
  return read(disk, root, markerOf);
}

export function markerText({ account, format, folders }: Marker): string {
  return `${JSON.stringify({ tmail: 1, account, format, folders }, null, 1)}\n`;
}

/** At the root of an export of all accounts: each is an export of its own, in a folder of its own. */
export interface RootMarker {
  readonly format: Format;
  readonly accounts: readonly MarkedAccount[];
}

export interface MarkedAccount {
  readonly account: string;
  /** A name below the root. */
  readonly file: string;
}

/** Null: there is none, or it is not one. */
export async function readRootMarker(disk: Disk, root: string): Promise<RootMarker | null> {
  return read(disk, root, rootMarkerOf);
}

export function rootMarkerText({ format, accounts }: RootMarker): string {
  return `${JSON.stringify({ tmail: 1, format, accounts }, null, 1)}\n`;
}

async function read<T>(disk: Disk, root: string, check: (value: unknown) => T | null): Promise<T | null> {
  const bytes = await disk.read(join(root, MARKER), MARKER_BYTES);
  if (!Buffer.isBuffer(bytes)) return null;
  try {
    return check(JSON.parse(bytes.toString('utf8')));
  } catch {
    return null;
  }
}

const object = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function markerOf(value: unknown): Marker | null {
  if (!object(value) || value.tmail !== 1 || typeof value.account !== 'string') return null;
  const format = FORMATS.find(known => known === value.format);
  if (!format || !Array.isArray(value.folders)) return null;
  const folders = value.folders.map(folderOf).filter(folder => folder !== null);
  return { account: value.account, format, folders };
}

function rootMarkerOf(value: unknown): RootMarker | null {
  if (!object(value) || value.tmail !== 1 || !Array.isArray(value.accounts)) return null;
  const format = FORMATS.find(known => known === value.format);
  const accounts = value.accounts.map(accountOf).filter(account => account !== null);
  return format ? { format, accounts } : null;
}

/** Null for what would lead out of the export. */
function accountOf(value: unknown): MarkedAccount | null {
  if (!object(value) || typeof value.account !== 'string' || typeof value.file !== 'string') return null;
  const { account, file } = value;
  return /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/.test(file) ? { account, file } : null;
}

/** Null for what would lead out of the export. */
function folderOf(value: unknown): MarkedFolder | null {
  if (!object(value) || typeof value.file !== 'string' || !Array.isArray(value.levels)) return null;
  const { file } = value;
  const levels = value.levels.filter(level => typeof level === 'string');
  const inside = file === '' || file.split('/').every(name => name !== '' && name !== '.' && name !== '..');
  if (!inside || file.includes('\0') || levels.length === 0) return null;
  return { file, levels, role: ROLES.find(role => role === value.role) ?? null };
}
