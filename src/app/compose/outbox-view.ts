// The outbox as a person reads it: a row a message, and what is known of the one under the cursor. Pure.
import type { OutboxItem } from '../../outgoing/types.ts';
import { pageTop } from '../layout.ts';
import { sentence } from '../messages.ts';
import { layoutOf, plural } from '../selectors.ts';
import type { AppState } from '../state.ts';
import { secondsLeft } from './outbox-news.ts';

/** Rows of the list: the rest tells about one of them. */
export function outboxHeight(state: AppState): number {
  const { rows } = layoutOf(state).content;
  return Math.max(1, Math.min(Math.max(3, Math.floor(rows / 2)), rows - 2));
}

export function outboxTop(state: AppState, cursor: number): number {
  return pageTop(cursor, state.outbox.length, outboxHeight(state));
}

/** A few words on how it stands. */
export function stateWords(item: OutboxItem, now: number): string {
  switch (item.state) {
    case 'undo':
      return `sends in ${secondsLeft(item, now)} s`;
    case 'queued': {
      const wait = secondsLeft(item, now);
      return item.tries > 0 && wait > 0
        ? `again in ${wait < 90 ? `${wait} s` : `${Math.ceil(wait / 60)} min`}`
        : 'queued';
    }
    case 'sending':
      return 'sending';
    case 'sent':
      return 'sent';
    case 'failed':
      return 'not sent';
    case 'unknown':
      return 'sent or not?';
  }
}

const OUTCOMES = { pending: 'not yet', accepted: 'taken', deferred: 'later', refused: 'refused' } as const;

/** What is known, line by line. Hostile text. */
export function outboxDetails(item: OutboxItem): readonly string[] {
  const lines: string[] = [];
  if (item.state === 'unknown') {
    lines.push(
      'The line broke between the message and the answer of the server: it may have arrived.',
      'a: it arrived   y: send it again   e: edit it   d: throw it away',
      '',
    );
  }
  if (item.error) lines.push(sentence(item.error, { account: item.account }), '');
  lines.push(`From ${item.from}, account ${item.account}, ${plural(item.tries, 'try', 'tries')}`);
  for (const { address, outcome, reply } of item.recipients) {
    const word = item.state === 'sent' && outcome === 'pending' ? OUTCOMES.accepted : OUTCOMES[outcome];
    lines.push(`${word.padEnd(8)} ${address}${reply === '' ? '' : `  ${reply}`}`);
  }
  return lines;
}
