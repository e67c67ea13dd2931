// What a POP3 server may make us hold or wait for, each with its reason. Sizes in bytes, times in milliseconds.
// The limits that every protocol shares stand in util/limits.ts.

/** A status line; RFC 2449 section 4 allows 512, some servers chat more. */
export const STATUS_LINE_BYTES = 8 * 1024;
/** A line of LIST, UIDL or CAPA; a longer one is cut and that message has no usable UIDL. RFC 1939: 70 characters. */
export const LIST_LINE_BYTES = 1024;
/** Messages in one maildrop: the list of half a million takes about 100 MB of memory. */
export const LISTED_MESSAGES = 500_000;
/** All bytes of one list, cut lines included: 500,000 lines of the longest legal UIDL. */
export const LIST_BYTES = 64 * 1024 * 1024;
/** Message bytes that wait for whoever reads them; beyond it the line is not read. */
export const BODY_BUFFER = 1024 * 1024;
/** Commands under way together, and the bytes expected of them: 4 MB in 50 ms is 640 Mbit/s. */
export const PIPELINE_COMMANDS = 1000;
export const PIPELINE_BYTES = 4 * 1024 * 1024;
/** Signing in, listing and QUIT: servers open a cold maildrop, or rewrite it, in minutes. */
export const SLOW_ANSWER_MS = 120_000;
/** A message that brings less than this in COMMAND_TIMEOUT_MS is a line that is being kept open, not a slow one. */
export const SLOWEST_PROGRESS = 1024;
/** Base64 of an initial response must fit into a command line of 255 (RFC 5034 section 4). */
export const COMMAND_LINE_BYTES = 255;
/** Time between two checks unless the configuration or the server (LOGIN-DELAY) asks for more. */
/** Another client's check is over in seconds: tried again after these before anybody is told. */
export const IN_USE_WAITS_MS: readonly number[] = [2000, 4000, 8000];
export const CHECK_EVERY_MS = 10 * 60_000;
