// The file of a large message whose attachments stay on the server: its exact header, its original boundaries, the
// text parts as they were fetched, and in place of every other part its MIME header and X-Tmail-Omitted. It parses
// like any message; it is never sent and never counts as the message itself.
import { parseParameters } from './encoded-word.ts';
import { fieldValue, readHeaders } from './headers.ts';
import { isMultipart, parameter, type Structure } from './structure.ts';

/** The field that says how many encoded bytes are missing. */
export const OMITTED = 'X-Tmail-Omitted';

/** What was fetched of a section: `BODY[n.MIME]` and `BODY[n]`; null where the server sent nothing. */
export interface FetchedPart {
  readonly mime: Buffer | null;
  readonly body: Buffer | null;
}

const CRLF = '\r\n';

/** A value inside a quoted string of a header: no line breaks, no escape from the quotes. */
function quoted(text: string): string {
  return `"${text.replace(/[\r\n\0]+/g, ' ').replace(/["\\]/g, '\\$&')}"`;
}

/** Parameters of RFC 2231 where the value is not plain ASCII. */
function parameters(params: Readonly<Record<string, string>> | undefined, without = ''): string {
  return Object.entries(params ?? {})
    .filter(([name]) => name !== without && /^[A-Za-z0-9!#$&+.^_`|~-]{1,60}$/.test(name))
    .map(([name, value]) => {
      const text = String(value).slice(0, 1000);
      if (/^[\x20-\x7e]*$/.test(text)) return `;${CRLF} ${name}=${quoted(text)}`;
      // encodeURIComponent throws on lone surrogates.
      const whole = text.replace(/\p{Cs}/gu, '\ufffd');
      return `;${CRLF} ${name}*=utf-8''${encodeURIComponent(whole).replace(/['()*]/g, c => `%${c.charCodeAt(0).toString(16)}`)}`;
    })
    .join('');
}

const token = (text: string) => text.replace(/[^A-Za-z0-9!#$&+.^_`|~/-]/g, '').slice(0, 200);

/** The MIME header of a part as its structure describes it. */
function mimeHeader(node: Structure, boundary: string | null): string {
  let out = `Content-Type: ${token(node.type) || 'application/octet-stream'}`;
  out += parameters(node.parameters, boundary === null ? '' : 'boundary');
  if (boundary !== null) out += `;${CRLF} boundary=${quoted(boundary)}`;
  out += CRLF;
  if (node.encoding) out += `Content-Transfer-Encoding: ${token(node.encoding)}${CRLF}`;
  if (node.disposition) {
    out += `Content-Disposition: ${token(node.disposition)}${parameters(node.dispositionParameters)}${CRLF}`;
  }
  if (node.id) out += `Content-ID: ${node.id.replace(/[^\x21-\x7e]/g, '').slice(0, 500)}${CRLF}`;
  return out;
}

/** A header block without its final empty line, ending in a line break. */
function openBlock(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 10 || bytes[end - 1] === 13)) end--;
  return end === 0 ? Buffer.alloc(0) : Buffer.concat([bytes.subarray(0, end), Buffer.from(CRLF)]);
}

/**
 * The bytes of the `.text.eml`. `header` is `BODY[HEADER]`; `structure` is imapflow's bodyStructure; `parts` holds
 * what was fetched by section number (`1`, `2.1`; `1` for a message that is no multipart, its `mime` unused).
 */
export function partialMessage(
  header: Buffer,
  structure: Structure,
  parts: ReadonlyMap<string, FetchedPart>,
): Buffer {
  const out: Buffer[] = [openBlock(header)];
  const write = (text: string) => out.push(Buffer.from(text));

  const leafBody = (node: Structure, part: FetchedPart | undefined) => {
    if (part?.body) {
      write(CRLF);
      out.push(part.body);
    } else write(`${OMITTED}: ${Math.max(0, Math.trunc(node.size ?? 0))}${CRLF}${CRLF}`);
  };

  const children = (node: Structure, section: string, boundary: string, depth: number) => {
    write(CRLF);
    let n = 0;
    for (const child of node.childNodes ?? []) {
      n += 1;
      const number = section === '' ? String(n) : `${section}.${n}`;
      write(`--${boundary}${CRLF}`);
      if (isMultipart(child) && depth < 60) {
        const inner = boundaryOf(parameter(child.parameters, 'boundary'), number);
        write(mimeHeader(child, inner));
        children(child, number, inner, depth + 1);
      } else {
        const part = parts.get(number);
        if (part?.mime && part.mime.length > 2) out.push(openBlock(part.mime));
        else write(mimeHeader(child, null));
        leafBody(child, part);
      }
      write(CRLF);
    }
    write(`--${boundary}--${CRLF}`);
  };

  if (isMultipart(structure)) {
    // Read from the header itself, as whoever parses this file will.
    const type = parseParameters(fieldValue(readHeaders(header).fields, 'content-type'));
    children(structure, '', boundaryOf(type.params.get('boundary') ?? '', ''), 0);
  } else leafBody(structure, parts.get('1'));
  return Buffer.concat(out);
}

/** As it stood; where the structure does not tell, one of our own. */
function boundaryOf(written: string, section: string): string {
  const safe = written.replace(/[\x00-\x1f\x7f]/g, '').trimEnd();
  return safe === '' ? `=_tmail_${section.replaceAll('.', '_')}` : safe;
}
