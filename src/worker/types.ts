// What the parsing worker is asked and answers. Plain data: it crosses a thread.
import type { Address } from '../mail/types.ts';

export interface ParsedPart {
  /** 1-based, in document order of everything that can be saved; what `--part N` and the reader's list name. */
  readonly n: number;
  /** IMAP section number such as `2.1`. */
  readonly section: string;
  readonly filename: string | null;
  readonly contentType: string;
  /** Bytes after decoding; the encoded size where the part is `omitted`. */
  readonly size: number;
  readonly disposition: 'attachment' | 'inline' | null;
  readonly contentId: string | null;
  /** Only on the server: fetch the whole message first. */
  readonly omitted: boolean;
}

export interface Link {
  readonly text: string;
  /** As the mail has it; http, https and mailto only, anything else is not a link. */
  readonly url: string;
}

/** A message ready to be shown. Text is decoded and NOT yet sanitised: that happens where it meets the screen. */
export interface ParsedMessage {
  readonly subject: string;
  readonly from: readonly Address[];
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly bcc: readonly Address[];
  readonly replyTo: readonly Address[];
  /** Milliseconds since 1970, or null when absent or absurd. */
  readonly date: number | null;
  readonly messageId: string;
  readonly inReplyTo: string;
  readonly references: readonly string[];
  /** Every header line in order, name as written, value unfolded and decoded. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** Readable text: the plain part, or the HTML turned into text; links as [n] where they came from HTML. */
  readonly text: string;
  /** The text came from HTML. */
  readonly fromHtml: boolean;
  /** format=flowed (RFC 3676): lines ending in a space continue. */
  readonly flowed: boolean;
  /** DelSp=yes of format=flowed: the space at a soft break is no part of the text. */
  readonly delSp?: boolean;
  readonly html: string | null;
  readonly links: readonly Link[];
  readonly parts: readonly ParsedPart[];
  /** Remote pictures that were not fetched. */
  readonly remoteImages: number;
  /** Codes of what was cut or could not be read: `html-cut`, `text-cut`, `charset-unknown`, `depth`, … */
  readonly notes: readonly string[];
}

/** @throws TmailError `parse.timeout`, `parse.memory`, `parse.failed`, `raw.missing`: the raw view still works. */
export interface Parser {
  /** Parses a message file; a later call supersedes nothing: every promise settles. */
  parse(path: string): Promise<ParsedMessage>;
  /** Writes part `n`, decoded, to a new 0600 file at `to` (never overwrites). Returns bytes written. */
  savePart(path: string, n: number, to: string): Promise<number>;
  close(): Promise<void>;
}
