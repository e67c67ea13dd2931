// `tmail-export.json` at the root of an export: whose mail it is, in which format, and which folder each name is. With
// it an export can be repeated into the same place, and imported with the folders' true names. Hostile when read.
import { join } from 'node:path';
import type { Role } from '../mail/types.ts';
import type { Disk } from '../store/disk.ts';

export const MARKER = 'tmail-export.json';
const MARKER_BYTES = 16 * 1024 * 1024;
const ROLES: readonly Role[] = ['inbox', 'drafts', 'sent', 'archive', 'junk', 'trash', 'all', 'flagged'];

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
  const bytes = await disk.read(join(root, MARKER), MARKER_BYTES);
  if (!Buffer.isBuffer(bytes)) return null;
  try {
    return markerOf(JSON.parse(bytes.toString('utf8')));
  } catch {
    return null;
  }
}

export function markerText({ account, format, folders }: Marker): string {
  return `${JSON.stringify({ tmail: 1, account, format, folders }, null, 1)}\n`;
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

/** Null for what would lead out of the export. */
function folderOf(value: unknown): MarkedFolder | null {
  if (!object(value) || typeof value.file !== 'string' || !Array.isArray(value.levels)) return null;
  const { file } = value;
  const levels = value.levels.filter(level => typeof level === 'string');
  const inside = file === '' || file.split('/').every(name => name !== '' && name !== '.' && name !== '..');
  if (!inside || file.includes('\0') || levels.length === 0) return null;
  return { file, levels, role: ROLES.find(role => role === value.role) ?? null };
}
