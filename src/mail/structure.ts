// The MIME structure of a message as data, whether a server described it (IMAP BODYSTRUCTURE) or it was found in the
// bytes, and what it means: section numbers, which parts are text to read, which a person calls attachments.
import { MIME_DEPTH, MIME_PARTS, TEXT_BYTES } from '../util/limits.ts';

/** The shape of imapflow's MessageStructureObject; names of parameters in lower case. */
export interface Structure {
  /** `text/plain`, lower case. */
  readonly type: string;
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  readonly id?: string | undefined;
  readonly encoding?: string | undefined;
  /** Encoded bytes. */
  readonly size?: number | undefined;
  readonly disposition?: string | undefined;
  readonly dispositionParameters?: Readonly<Record<string, string>> | undefined;
  readonly childNodes?: readonly Structure[] | undefined;
}

export interface Located<S extends Structure = Structure> {
  readonly node: S;
  /** IMAP section (RFC 9051 section 6.4.5.1): `1`, `2.1`; '' for a multipart that is the message itself. */
  readonly section: string;
  readonly parent: S | null;
  /** Inside of a message/rfc822 part. */
  readonly embedded: boolean;
}

export const isMultipart = (node: Structure) => node.type.startsWith('multipart/');
export const isMessage = (node: Structure) =>
  node.type === 'message/rfc822' || node.type === 'message/global';

/** A parameter; hostile names such as `__proto__` are names like any other. */
export function parameter(params: Readonly<Record<string, string>> | undefined, name: string): string {
  return params && Object.hasOwn(params, name) ? String(params[name]) : '';
}

/** Decoded, not sanitised; '' when the part has none. */
export function fileNameOf(node: Structure): string {
  return parameter(node.dispositionParameters, 'filename') || parameter(node.parameters, 'name');
}

/** Every node with its section, in document order, at most MIME_PARTS, not deeper than MIME_DEPTH. */
export function locate<S extends Structure>(root: S): Located<S>[] {
  const out: Located<S>[] = [];
  const visit = (node: S, section: string, parent: S | null, embedded: boolean, depth: number) => {
    if (out.length >= MIME_PARTS || depth > MIME_DEPTH) return;
    out.push({ node, section, parent, embedded });
    // childNodes of an S are S: both producers build homogeneous trees.
    const children = (node.childNodes ?? []) as readonly S[];
    if (isMessage(node)) {
      for (const inner of children) {
        visit(inner, isMultipart(inner) ? section : join(section, 1), node, true, depth + 1);
      }
    } else {
      let n = 0;
      for (const child of children) visit(child, join(section, ++n), node, embedded, depth + 1);
    }
  };
  visit(root, isMultipart(root) ? '' : '1', null, false, 0);
  return out;
}

const join = (section: string, n: number) => (section === '' ? String(n) : `${section}.${n}`);

/** Text that belongs to the message itself and is shown, not saved. */
export function isBodyText({ node }: Located): boolean {
  if (node.disposition === 'attachment' || fileNameOf(node) !== '') return false;
  return /^text\/(?!calendar$|directory$|(?:x-)?vcard$)/.test(node.type) || isReport(node);
}

/** The machine's half of a delivery report or a receipt (RFC 3464, RFC 8098). */
function isReport(node: Structure): boolean {
  return node.type === 'message/delivery-status' || node.type === 'message/disposition-notification';
}

/** Signatures and the envelope of encrypted mail: parts that no person sees. */
function isMachinery(node: Structure): boolean {
  return /^application\/(?:pgp-signature|pgp-encrypted|pkcs7-signature|x-pkcs7-signature)$/.test(node.type);
}

/** A short text file that the sender wanted to be read in its place: shown, and saved like any file. */
export function isShownFile(node: Structure): boolean {
  if (node.disposition !== 'inline' || node.type === 'text/html' || node.type === 'text/calendar')
    return false;
  return node.type.startsWith('text/') && (node.size ?? 0) <= MAX_SHOWN_FILE && fileNameOf(node) !== '';
}

/** A picture that the HTML part shows in its place (RFC 2387, RFC 2392). */
export function isInlinePicture({ node, parent }: Located): boolean {
  return parent?.type === 'multipart/related' && node.type.startsWith('image/') && (node.id ?? '') !== '';
}

/** Everything but multiparts and the body's own text can be saved. */
export function isSavable(at: Located): boolean {
  return !isMultipart(at.node) && !isBodyText(at);
}

/** What a person would call attachments: no signatures, no pictures of the layout, no invitations, no reports. */
export function countAttachments(root: Structure): number {
  return locate(root).filter(at => {
    const { node, parent, embedded } = at;
    if (embedded || !isSavable(at) || isMachinery(node) || isInlinePicture(at)) return false;
    if (parent?.type === 'multipart/report' || parent?.type === 'multipart/alternative') return false;
    return !(node.type === 'text/calendar' && node.disposition !== 'attachment');
  }).length;
}

const MAX_SHOWN_FILE = 100_000;

export interface TextSection {
  readonly section: string;
  /** Encoded bytes; 0 when the server did not say. */
  readonly size: number;
}

/** A text part larger than this (base64 of TEXT_BYTES) is left to the whole message. */
const MAX_TEXT_SECTION = Math.ceil(TEXT_BYTES * 1.4);
const MAX_TEXT_SECTIONS = 20;

/**
 * The sections worth fetching when a large message is opened: the text in all its forms and the invitation, no
 * attachments. The order of the message.
 */
export function textSections(root: Structure): TextSection[] {
  const out: TextSection[] = [];
  let total = 0;
  for (const at of locate(root)) {
    const { node, section, embedded } = at;
    const size = node.size ?? 0;
    const invitation = node.type === 'text/calendar' && node.disposition !== 'attachment';
    const wanted = isBodyText(at) || isShownFile(node) || invitation;
    if (!wanted || embedded || total + size > MAX_TEXT_SECTION || out.length >= MAX_TEXT_SECTIONS) continue;
    total += size;
    out.push({ section, size });
  }
  return out;
}
