// The readable text of a message: which of its parts are text for a person, in which of their forms, decoded.
import { decodeBytes } from '../mail/charsets.ts';
import { decodeWords } from '../mail/encoded-word.ts';
import { fieldValue } from '../mail/headers.ts';
import { htmlToText } from '../mail/html.ts';
import type { MimePart } from '../mail/mime-scan.ts';
import {
  isBodyText,
  isMessage,
  isMultipart,
  isShownFile,
  type Located,
  locate,
  parameter,
} from '../mail/structure.ts';
import { HTML_BYTES, TEXT_BYTES } from '../util/limits.ts';
import { decodeBody, findUuencoded } from './decode.ts';
import { unflow } from './flowed.ts';
import type { MessageFile } from './message-file.ts';
import type { Inside } from './parts.ts';
import type { Link } from './types.ts';

export interface Body {
  readonly text: string;
  readonly fromHtml: boolean;
  readonly flowed: boolean;
  readonly delSp: boolean;
  readonly html: string | null;
  readonly links: readonly Link[];
  readonly remoteImages: number;
  readonly inside: readonly Inside[];
  readonly notes: readonly string[];
}

interface Piece {
  readonly text: string;
  readonly html: boolean;
  readonly flowed: boolean;
  readonly delSp: boolean;
}

/** What is collected while the parts are gone through. */
interface Collector {
  readonly file: MessageFile;
  readonly sections: ReadonlyMap<MimePart, Located<MimePart>>;
  readonly notes: Set<string>;
  readonly links: Link[];
  readonly inside: Inside[];
  html: string | null;
  remoteImages: number;
  /** Characters of text that may still be added. */
  room: number;
}

export async function readBody(file: MessageFile): Promise<Body> {
  const { root } = file.scan;
  const to: Collector = {
    file,
    sections: new Map(locate(root).map(at => [at.node, at])),
    notes: new Set(file.scan.notes),
    links: [],
    inside: [],
    html: null,
    remoteImages: 0,
    room: TEXT_BYTES,
  };
  const pieces = (await piecesOf(root, to)).filter(piece => piece.text.trim() !== '');
  const flowed = pieces.length > 0 && pieces.every(piece => piece.flowed);
  const delSp = flowed && pieces.every(piece => piece.delSp);
  const texts = pieces.map(piece =>
    piece.flowed && !(flowed && piece.delSp === delSp) ? unflow(piece.text, piece.delSp) : piece.text,
  );
  let text = texts.map(one => one.replace(/^\n+|\n+$/g, '')).join('\n\n');
  if (text.length > TEXT_BYTES) {
    text = text.slice(0, TEXT_BYTES);
    to.notes.add('text-cut');
  }
  if (to.links.length === 0) to.links.push(...linksIn(text));
  return {
    text,
    fromHtml: pieces.some(piece => piece.html),
    flowed,
    delSp,
    html: to.html,
    links: to.links,
    remoteImages: to.remoteImages,
    inside: to.inside,
    notes: [...to.notes],
  };
}

async function piecesOf(part: MimePart, to: Collector): Promise<Piece[]> {
  const at = to.sections.get(part);
  if (!at || to.room <= 0) return [];
  if (part.type === 'multipart/alternative') return alternative(part, to);
  if (part.type === 'multipart/related') return piecesOf(relatedRoot(part), to);
  if (part.type === 'multipart/encrypted') to.notes.add('encrypted');
  if (isMultipart(part)) return each(part.childNodes, to);
  if (isMessage(part)) return embedded(part, at, to);
  if (part.type === 'application/ms-tnef') to.notes.add('tnef');
  if (!isBodyText(at) && !isShownFile(part)) return [];
  if (part.omitted !== null) {
    to.notes.add('text-omitted');
    return [];
  }
  return part.type === 'text/html' ? htmlPieces(part, to) : plainPieces(part, at, to);
}

async function each(parts: readonly MimePart[], to: Collector): Promise<Piece[]> {
  const out: Piece[] = [];
  for (const part of parts) out.push(...(await piecesOf(part, to)));
  return out;
}

/** RFC 2387: the part that `start` names, else the first. */
function relatedRoot(part: MimePart): MimePart {
  const start = parameter(part.parameters, 'start').replace(/^<|>$/g, '');
  return part.childNodes.find(child => start !== '' && child.id === start) ?? part.childNodes[0] ?? part;
}

/** Plain text that only says that there is HTML. */
const STUB = /html|browser|e-?mail (?:client|program)|view (?:it|this|the) /i;

/** Plain text where the sender wrote one that says something, else the HTML. */
async function alternative(part: MimePart, to: Collector): Promise<Piece[]> {
  const isHtml = (node: MimePart): boolean =>
    node.type === 'text/html' || (isMultipart(node) && node.childNodes.some(isHtml));
  const rich = part.childNodes.filter(isHtml);
  const plain = await each(
    part.childNodes.filter(
      child =>
        !isHtml(child) && (isMultipart(child) || /^text\/(?:plain|enriched|richtext)$/.test(child.type)),
    ),
    to,
  );
  const length = plain.reduce((sum, piece) => sum + piece.text.trim().length, 0);
  const said = plain.map(piece => piece.text).join('\n');
  if (length > 0 && !(length < 250 && STUB.test(said) && rich.length > 0)) {
    if (to.html === null) to.html = await firstHtml(rich, to);
    return plain;
  }
  const shown = await each(rich, to);
  return shown.some(piece => piece.text.trim() !== '') ? shown : plain;
}

/** A message inside of this one: its header in short, then its text. One that is attached is only listed. */
async function embedded(part: MimePart, at: Located<MimePart>, to: Collector): Promise<Piece[]> {
  const [inner] = part.childNodes;
  if (!inner || part.disposition === 'attachment' || at.parent?.type === 'multipart/report') return [];
  const header = ['From', 'To', 'Cc', 'Subject', 'Date']
    .map(name => [name, decodeWords(fieldValue(inner.fields, name.toLowerCase()))] as const)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}`);
  return [
    { text: header.join('\n'), html: false, flowed: false, delSp: false },
    ...(await piecesOf(inner, to)),
  ];
}

/** base64 of the limit, and line breaks. */
const ENCODED = 1.4;

async function decoded(part: MimePart, limit: number, to: Collector, note: string): Promise<Buffer> {
  const bytes = await to.file.read(part, Math.ceil(limit * ENCODED));
  const body = decodeBody(bytes, part.encoding ?? '');
  if (part.end - part.bodyAt > bytes.length || body.length > limit) to.notes.add(note);
  return body.subarray(0, limit);
}

function textOf(body: Buffer, charset: string, to: Collector): string {
  const { text, guessed } = decodeBytes(body, charset);
  if (guessed) to.notes.add('charset-unknown');
  return text.replace(/\r\n?/g, '\n');
}

async function plainPieces(part: MimePart, at: Located<MimePart>, to: Collector): Promise<Piece[]> {
  const body = await decoded(part, TEXT_BYTES, to, 'text-cut');
  let text = textOf(body, parameter(part.parameters, 'charset'), to);
  if (part.type === 'text/enriched' || part.type === 'text/richtext') {
    text = text
      .replace(/<param>.*?<\/param>/gis, '')
      .replace(/<<|<[^<>\n]{1,100}>/g, tag => (tag === '<<' ? '<' : ''));
  }
  if (text.includes('begin ')) {
    const files = findUuencoded(text);
    for (const file of [...files].reverse()) text = text.slice(0, file.start) + text.slice(file.end);
    to.inside.push(...files.map(file => ({ section: at.section, file })));
  }
  to.room -= text.length;
  const flowed =
    parameter(part.parameters, 'format').toLowerCase() === 'flowed' && part.type === 'text/plain';
  return [{ text, html: false, flowed, delSp: flowed && /^yes$/i.test(parameter(part.parameters, 'delsp')) }];
}

async function htmlSource(part: MimePart, to: Collector): Promise<string> {
  const body = await decoded(part, HTML_BYTES, to, 'html-cut');
  const written = parameter(part.parameters, 'charset');
  const head = written === '' ? body.toString('latin1', 0, 2048) : '';
  const inside = /<meta[^>]{0,200}charset\s*=\s*["']?([\w.:-]{1,40})/i.exec(head)?.[1] ?? '';
  return textOf(body, written || inside, to);
}

async function htmlPieces(part: MimePart, to: Collector): Promise<Piece[]> {
  const source = await htmlSource(part, to);
  to.html ??= source;
  const { text, links, remoteImages, notes } = await htmlToText(source);
  for (const note of notes) to.notes.add(note);
  to.remoteImages += remoteImages;
  to.room -= text.length;
  // Two HTML parts in one message would both number their links from 1.
  const first = to.links.length;
  const renumbered =
    first === 0
      ? text
      : text.replace(/ \[(\d{1,4})\](?=\W|$)/g, (all, n) =>
          Number(n) <= links.length ? ` [${Number(n) + first}]` : all,
        );
  to.links.push(...links);
  return [{ text: renumbered, html: true, flowed: false, delSp: false }];
}

async function firstHtml(parts: readonly MimePart[], to: Collector): Promise<string | null> {
  for (const part of parts) {
    if (part.type === 'text/html' && part.omitted === null) return htmlSource(part, to);
    const inner = isMultipart(part) ? await firstHtml(part.childNodes, to) : null;
    if (inner !== null) return inner;
  }
  return null;
}

const URL_IN_TEXT = /\b(?:https?:\/\/|mailto:)[^\s<>"'`\u0000-\u0020]{3,2000}/gi;
const MAX_LINKS = 1000;

/** Addresses that stand in plain text, without the punctuation of the sentence around them. */
function linksIn(text: string): Link[] {
  const urls = new Set<string>();
  for (const [found] of text.matchAll(URL_IN_TEXT)) {
    let url = found;
    for (;;) {
      const last = url.slice(-1);
      const opens = last === ')' ? '(' : last === ']' ? '[' : '';
      const unbalanced = opens !== '' && url.split(last).length > url.split(opens).length;
      if (!/[.,;:!?>'*_]/.test(last) && !unbalanced) break;
      url = url.slice(0, -1);
    }
    urls.add(url);
    if (urls.size >= MAX_LINKS) break;
  }
  return [...urls].map(url => ({ text: url, url }));
}
