// What speaks against sending a draft. Pure and fast enough for every key; says nothing itself, only codes and facts.
import { editDistance } from '../../util/nearest.ts';
import { addressKey, domainOf, readAddresses, readMailbox } from './addresses.ts';
import { attachmentWord } from './attachment-words.ts';
import { COMMON_DOMAINS, mistypedEnding } from './common-domains.ts';
import { HISTORY } from './quote.ts';
import { stripPrefixes } from './subject.ts';
import { variablesLeft } from './template.ts';
import type { Draft, DraftProblem } from './types.ts';

export interface CheckContext {
  /** Domains that mail was exchanged with, as people read them, lower case: AddressBook.domains(). */
  readonly knownDomains?: ReadonlySet<string>;
  /** The server's SIZE (RFC 1870): a larger message can't be sent. */
  readonly serverLimit?: number | null;
}

/** A larger message is refused by many providers (bytes on the wire). */
export const COMMON_LIMIT = 25 * 1024 * 1024;
/** More recipients than this, each visible to all others, are asked about. */
export const MANY_RECIPIENTS = 20;
/** Unknown domains of one draft that are compared with the known ones. */
const MAX_COMPARED = 20;

/** Bytes on the wire, near enough: attachments in base64 with its line ends, text mostly as it is. */
export function estimateSize(draft: Pick<Draft, 'text' | 'attachments'>): number {
  const files = draft.attachments.reduce((sum, { size }) => sum + Math.ceil(size / 57) * 78 + 500, 0);
  return files + Math.ceil(draft.text.length * 1.1) + 1500;
}

/** All problems, those that stop it first. */
export function checkDraft(draft: Draft, context: CheckContext = {}): DraftProblem[] {
  const found: DraftProblem[] = [];
  const add = (code: DraftProblem['code'], stops: boolean, facts: DraftProblem['facts'] = {}) =>
    found.push({ code, stops, facts });
  if (readMailbox(draft.from) === null) add('from-malformed', true, { text: draft.from });
  const recipients = {
    to: readAddresses(draft.to),
    cc: readAddresses(draft.cc),
    bcc: readAddresses(draft.bcc),
  };
  const fields = { ...recipients, replyTo: readAddresses(draft.replyTo) };
  for (const [field, { malformed }] of Object.entries(fields)) {
    for (const text of malformed) add('malformed', true, { field, text });
  }
  const all = Object.values(recipients).flatMap(({ addresses }) => addresses);
  if (all.length === 0 && Object.values(recipients).every(({ malformed }) => malformed.length === 0)) {
    add('no-recipient', true);
  }
  const bytes = estimateSize(draft);
  const limit = context.serverLimit ?? null;
  if (limit !== null && bytes > limit) add('too-large', true, { bytes, limit });
  else if (bytes > COMMON_LIMIT && limit === null) add('too-large', false, { bytes, limit: COMMON_LIMIT });
  for (const [address, suggestion] of mistyped(
    all.map(one => one.address),
    context.knownDomains,
  )) {
    add('domain-mistyped', false, { address, suggestion });
  }
  const visible = new Set(
    [...recipients.to.addresses, ...recipients.cc.addresses].map(one => addressKey(one.address)),
  );
  if (visible.size > MANY_RECIPIENTS) add('many-recipients', false, { count: visible.size });
  if (draft.resend === null) checkContent(draft, add);
  return found;
}

function checkContent(
  draft: Draft,
  add: (code: DraftProblem['code'], stops: boolean, facts?: DraftProblem['facts']) => void,
): void {
  const own = ownText(draft.text);
  const isForward = draft.origin?.mark === 'forwarded';
  if (draft.subject.trim() === '') add('no-subject', false);
  if (own.trim() === '' && draft.attachments.length === 0 && !isForward) add('nothing-written', false);
  const [variable] = variablesLeft(`${draft.subject}\n${own}`);
  if (variable !== undefined) add('variable-left', false, { variable });
  if (draft.attachments.length > 0) return;
  const { replied, forwarded } = stripPrefixes(draft.subject);
  const word = attachmentWord(replied || forwarded ? own : `${draft.subject}\n${own}`);
  if (word !== null) add('attachment-forgotten', false, { word });
}

/** What the person wrote: no quotes (with their attribution), no signature, no forwarded message. */
export function ownText(text: string): string {
  const out: string[] = [];
  let signature = false;
  for (const line of text.split('\n')) {
    if (HISTORY.test(line)) break;
    if (line.startsWith('>')) {
      // A signature above the quote ends there, as does the line that introduces the quote.
      signature = false;
      let at = out.length - 1;
      while (at >= 0 && out[at]?.trim() === '') at--;
      if (out[at]?.trimEnd().endsWith(':')) out.splice(at, 1);
    } else if (line === '-- ') signature = true;
    else if (!signature) out.push(line);
  }
  return out.join('\n');
}

/** Addresses whose domain is nearly, but not, one that is known; and what was probably meant. */
function mistyped(addresses: readonly string[], known: ReadonlySet<string> = new Set()): [string, string][] {
  const out: [string, string][] = [];
  const seen = new Set<string>();
  for (const address of addresses) {
    const domain = domainOf(address);
    if (domain === '' || known.has(domain) || COMMON_DOMAINS.has(domain) || seen.has(domain)) continue;
    if (seen.size >= MAX_COMPARED) break;
    seen.add(domain);
    const meant =
      nearestDomain(domain, COMMON_DOMAINS) ?? nearestDomain(domain, known) ?? mistypedEnding(domain);
    if (meant) out.push([address, `${address.slice(0, address.lastIndexOf('@'))}@${meant}`]);
  }
  return out;
}

/** One slip of the finger away; two in a long name. Short names are often neighbours by right. */
function nearestDomain(domain: string, known: Iterable<string>): string | undefined {
  if (domain.length > 80) return undefined;
  const slips = domain.length < 7 ? 0 : domain.length < 14 ? 1 : 2;
  let found: string | undefined;
  let least = slips + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - domain.length) >= least) continue;
    const distance = editDistance(domain, candidate);
    if (distance < least) {
      least = distance;
      found = candidate;
    }
  }
  return found;
}
