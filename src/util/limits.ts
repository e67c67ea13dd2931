// Every limit of the program in one place, each with its reason. Sizes in bytes, times in milliseconds.

/** Messages in one shard file: 4 ms to read, 1 ms to write its flags (docs/decisions/0003). */
export const SHARD_SIZE = 1000;
/** Envelope shards kept in memory in one folder; the rest are read again when scrolled to. */
export const SHARDS_IN_MEMORY = 24;
/** How long changes that the server also holds may wait to be written together. */
export const GROUP_COMMIT_MS = 250;
/** Message files that are made durable together: one directory fsync serves them all. */
export const RAW_BATCH = 50;
/** Messages up to this size (bytes) wait in memory for their batch and are written with it, by a thread. */
export const RAW_SMALL_BYTES = 256 * 1024;
/** So many of them make a batch. */
export const RAW_SMALL_BATCH = 200;
/** A batch of message files is written after this time even when it is not full. */
export const RAW_BATCH_MS = 1000;

/** Envelopes fetched in one command: leaving a fetch early still drains it, so chunks stay small. */
export const FETCH_CHUNK = 500;
/** The first chunk of a first pull: a screenful at 160x45, so that rows appear at once. */
export const FIRST_CHUNK = 60;
/** A message larger than this is opened by its text parts; attachments stay on the server until asked for. */
export const WHOLE_MESSAGE_BYTES = 256 * 1024;
/** Up to this size a message is kept whole also where attachments are not: two commands for its text would cost more. */
export const SMALL_WITH_ATTACHMENTS = 32 * 1024;

/** A tmail that only reads looks this often whether the one that has the mail open still runs: one connect(2). */
export const OWNER_LOOK_MS = 3000;

/** Connections one account may hold; Gmail and many hosts allow 10–15 over all of a person's devices. */
export const MAX_CONNECTIONS = 3;
/** IDLE is renewed: servers may drop it after 29 minutes (RFC 2177), NAT boxes after 10 or less. */
export const IDLE_RENEW_MS = 9 * 60_000;
/** Folders that are not open are asked for their STATUS this often. */
export const STATUS_EVERY_MS = 2 * 60_000;
/** No byte for this long while a command is under way: the line is dead. */
export const COMMAND_TIMEOUT_MS = 30_000;
export const CONNECT_TIMEOUT_MS = 15_000;
/** From the first byte to signing in: servers hold back their greeting on purpose, up to half a minute. */
export const SMTP_SET_UP_MS = 60_000;
/** RFC 5321 section 4.5.3.2: five minutes for a command, ten for the end of the message. */
export const SMTP_COMMAND_MS = 5 * 60_000;
export const SMTP_END_MS = 10 * 60_000;
/** One message as a whole, over any line. */
export const SMTP_MESSAGE_MS = 60 * 60_000;
/** How long a sent message waits for second thoughts, unless the configuration says otherwise. */
export const UNDO_SEND_MS = 10_000;
/** What a server can't take now is offered again after a minute, later every hour, for three days. */
export const SEND_AGAIN_FIRST_MS = 60_000;
export const SEND_AGAIN_MAX_MS = 60 * 60_000;
export const SEND_TRIES = 78;
/** Reconnect: 1 s, doubled each time, at most a minute, ± 30 % so that clients don't return in step. */
export const RECONNECT_FIRST_MS = 1000;
export const RECONNECT_MAX_MS = 60_000;
/** A password command that prints nothing for this long is given up. */
export const PASSWORD_COMMAND_TIMEOUT_MS = 30_000;

/** MIME parts nested deeper than this are shown raw: real mail stays below 20, attacks use thousands. */
export const MIME_DEPTH = 50;
/** Parts in one message. */
export const MIME_PARTS = 1000;
/** Header block of one message; Exchange's own limit is 256 KiB. */
export const HEADER_BYTES = 1024 * 1024;
/** HTML that is turned into text; more is cut with a note. */
export const HTML_BYTES = 2 * 1024 * 1024;
/** Nested HTML elements; html-to-text overflows the stack at 20,000. */
export const HTML_DEPTH = 500;
/** Text of one message that is laid out for the screen; more is cut with a note. */
export const TEXT_BYTES = 4 * 1024 * 1024;
/** One message as a whole; servers commonly stop at 25–50 MB. */
export const MESSAGE_BYTES = 256 * 1024 * 1024;
/** Addresses kept of one header: a row shows a handful. */
export const ADDRESSES = 500;
/** Characters of a header kept in an envelope. */
export const ENVELOPE_TEXT = 1000;
/** References kept in an envelope: the first and the newest; enough to thread by. */
export const REFERENCES = 50;
/** Characters of a server's words that are shown to a person. */
export const SERVER_TEXT = 200;
/** Memory of the worker that parses mail. */
export const WORKER_MEMORY_MB = 256;
/** Parsing one message may take this long before the raw view is offered. */
export const PARSE_TIMEOUT_MS = 5000;
/** Free space below which background fetching pauses. */
export const FREE_SPACE_FLOOR = 500_000_000;
/** Mail that exists only here is to be exported this often: what a month brings can be remembered, a year's can't. */
export const EXPORT_EVERY_MS = 30 * 24 * 60 * 60_000;
/** Folders within folders that an import follows: real mail has a handful. */
export const IMPORT_DEPTH = 32;
/** Names in one directory that an import reads; Maildirs of a million messages exist. */
export const IMPORT_NAMES = 4_000_000;
