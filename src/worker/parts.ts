// What of a message can be saved, and under which number. The numbers must stay when a message that was here in part
// is fetched whole: first the message's own parts, then files inside of its text, then parts of messages in it.
import type { MimePart } from '../mail/mime-scan.ts';
import { fileNameOf, isSavable, type Located, locate } from '../mail/structure.ts';
import type { Uuencoded } from './decode.ts';
import type { ParsedPart } from './types.ts';

/** A file inside of a text part. */
export interface Inside {
  readonly section: string;
  readonly file: Uuencoded;
}

export interface Savable {
  readonly part: ParsedPart;
  /** Where its bytes are: a MIME part, or decoded already. */
  readonly source: MimePart | Buffer;
}

export function savable(root: MimePart, inside: readonly Inside[]): Savable[] {
  const all = locate(root).filter(isSavable);
  const own = all.filter(at => !at.embedded);
  const embedded = all.filter(at => at.embedded);
  let n = 0;
  const ofPart = ({ node, section }: Located<MimePart>): Savable => ({
    source: node,
    part: {
      n: ++n,
      section,
      filename: fileNameOf(node) || null,
      contentType: node.type,
      size: node.decoded,
      disposition:
        node.disposition === 'attachment' || node.disposition === 'inline' ? node.disposition : null,
      contentId: node.id || null,
      omitted: node.omitted !== null,
    },
  });
  return [
    ...own.map(ofPart),
    ...inside.map(({ section, file }) => ({
      source: file.content,
      part: {
        n: ++n,
        section,
        filename: file.filename || null,
        contentType: 'application/octet-stream',
        size: file.content.length,
        disposition: 'attachment' as const,
        contentId: null,
        omitted: false,
      },
    })),
    ...embedded.map(ofPart),
  ];
}
