// What becomes of messages on their way out: kept in the state, and said when it changes.
import type { OutboxItem } from '../../outgoing/types.ts';
import type { Core } from '../core.ts';
import { sentence } from '../messages.ts';
import type { AppState } from '../state.ts';

export function subjectText(item: Pick<OutboxItem, 'subject'>): string {
  return item.subject.trim() || '(no subject)';
}

/** Takes the outbox into the state and says what is new. */
export function takeOutbox(core: Core): void {
  const { outgoing } = core.deps;
  if (!outgoing) return;
  const before = new Map(core.state.get().outbox.map(item => [item.id, item]));
  const outbox = outgoing.outbox();
  core.change(state => ({ ...state, outbox, undo: stillUndoable(state, outbox) }));
  for (const item of outbox) announce(core, before.get(item.id), item);
}

/** A step back is possible only while the message waits for that. */
function stillUndoable({ undo }: AppState, outbox: readonly OutboxItem[]): AppState['undo'] {
  const waits = (id: string) => outbox.some(item => item.id === id && item.state === 'undo');
  const kept = undo.filter(step => step.sending === undefined || waits(step.sending));
  return kept.length === undo.length ? undo : kept;
}

function announce(core: Core, before: OutboxItem | undefined, item: OutboxItem): void {
  if (before?.state === item.state && before.error?.code === item.error?.code) return;
  const what = `"${subjectText(item)}"`;
  switch (item.state) {
    case 'sent':
      if (before) core.say('info', `Sent: ${subjectText(item)}`);
      break;
    case 'failed': {
      const refused = item.recipients.filter(({ outcome }) => outcome === 'refused');
      const who = refused.length > 0 ? ` (${refused.map(({ address }) => address).join(', ')})` : '';
      const why = item.error ? ` ${sentence(item.error, { account: item.account })}` : '';
      core.say('error', `${what} was not sent${who}.${why} It is kept: gO to see it.`);
      break;
    }
    case 'unknown':
      core.say('error', `${what}: the line broke while it was sent; it may have arrived or not. gO asks.`);
      break;
    case 'queued':
      if (item.error)
        core.say('warning', `${what} waits: ${sentence(item.error, { account: item.account })}`);
      break;
    default:
      break;
  }
}

/** `outbox 2`, `outbox 1 not sent`, `sends in 7 s`: for the status row; '' while nothing is on its way. */
export function outboxWord({ outbox, now }: AppState): { readonly text: string; readonly bad: boolean } {
  const open = outbox.filter(item => item.state !== 'sent');
  const stuck = open.filter(item => item.state === 'failed' || item.state === 'unknown');
  if (stuck.length > 0) return { text: `outbox ${stuck.length} not sent: gO`, bad: true };
  const [undoable] = open.filter(item => item.state === 'undo').slice(-1);
  if (undoable) return { text: `sends in ${secondsLeft(undoable, now)} s: u undo`, bad: false };
  if (open.some(item => item.state === 'sending')) return { text: 'sending', bad: false };
  return { text: open.length > 0 ? `outbox ${open.length}` : '', bad: false };
}

export function secondsLeft({ notBefore }: OutboxItem, now: number): number {
  return Math.max(0, Math.ceil((notBefore - now) / 1000));
}
