// What the embedded server accepts from a client, so that a broken one can't fill memory.

/** One line of a command, without literals (Dovecot's imap_max_line_length). */
export const LINE_BYTES = 64 * 1024;
/** All literals of one command: the largest message that APPEND takes. */
export const LITERAL_BYTES = 64 * 1024 * 1024;
/** Bytes read ahead of the command under way. */
export const READ_AHEAD_BYTES = 1024 * 1024;
/** Parentheses nested in a command. */
export const LIST_DEPTH = 20;
/** MIME parts nested in a message; deeper ones count as one leaf. */
export const PART_DEPTH = 50;
