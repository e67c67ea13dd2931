// Leaves a mailing list (RFC 8058, RFC 2369): shows the way that the message offers, asks once, goes it. Nothing of the
// message is fetched, and nothing is sent before the person agreed.
import type { Unsubscribe } from '../../mail/compose/list-headers.ts';
import { splitMessageId } from '../../mail/ids.ts';
import type { Core } from '../core.ts';
import { push } from '../state.ts';
import type { Beginning } from './beginning.ts';
import { takeOutbox } from './outbox-news.ts';

/** Asks about the best way that can be gone from here. */
export async function offerToLeave(core: Core): Promise<void> {
  const { unsubscribeChoices } = await import('../../mail/compose/list-headers.ts');
  const { reader } = core.state.get();
  if (!reader?.message) return;
  const ways = unsubscribeChoices(reader.message.headers);
  const way = ways.find(({ t }) => t !== 'one-click' || core.deps.postUnsubscribe);
  if (!way) {
    core.say('info', 'This message names no way to leave a list; look for a link in its text.');
    return;
  }
  if (way.t === 'link') {
    const lines = ['The list can only be left on this page; it is not opened from here:', way.url];
    core.change(state => push(state, { t: 'ask', title: 'Unsubscribe', lines, choices: [] }));
    return;
  }
  core.change(state =>
    push(state, {
      t: 'ask',
      title: 'Unsubscribe',
      lines: wayText(way),
      choices: [
        { key: 'y', label: 'leave the list', answer: { t: 'unsubscribe', way } },
        { key: 'n', label: 'no', answer: null },
      ],
    }),
  );
}

/** Of a longer text its beginning is shown: the answers need their room. */
const BODY_LINES = 6;
const BODY_LENGTH = 300;

/** All that goes out: who reads it, its subject, its text. */
function wayText(way: Unsubscribe): readonly string[] {
  if (way.t === 'mailto') {
    const { to, cc, bcc, subject, body } = way.mail;
    const copies = [cc, bcc].filter(list => list !== '').join(', ');
    const also = copies === '' ? '' : `, with copies to ${copies}`;
    return [
      `A mail is sent to ${to}${also}${subject === '' ? '' : `, subject "${subject}"`}.`,
      ...bodyLines(body.trim()),
    ];
  }
  return [`${new URL(way.url).host} is told so, once, with nothing else about you (one-click, RFC 8058).`];
}

function bodyLines(body: string): readonly string[] {
  if (body === '') return [];
  const shown = body.slice(0, BODY_LENGTH).split('\n').slice(0, BODY_LINES);
  const rest = body.length - shown.join('\n').length;
  return ['It says:', ...shown, ...(rest > 0 ? [`… and ${rest} characters more.`] : [])];
}

/** The person has agreed. */
export function leaveListNow(core: Core, on: Beginning | null, way: Unsubscribe): void {
  const { postUnsubscribe } = core.deps;
  if (way.t === 'one-click' && postUnsubscribe) {
    core.say('info', 'Leaving the list.');
    core.track(
      postUnsubscribe(way.url).then(() => core.say('info', 'The list was told; it says that it is done.')),
    );
  } else if (way.t === 'mailto' && on) {
    core.track(sendLeave(core, on, way));
  }
}

async function sendLeave(
  core: Core,
  on: Beginning,
  way: Extract<Unsubscribe, { t: 'mailto' }>,
): Promise<void> {
  const [{ compose }, { originalOf }, { authorOf }] = await Promise.all([
    import('../../mail/compose/answer.ts'),
    import('../../mail/compose/recall.ts'),
    import('../../mail/compose/identity.ts'),
  ]);
  const { reader } = core.state.get();
  if (!reader?.message) return;
  const { account } = splitMessageId(reader.id);
  const author = authorOf(originalOf(reader.id, account, reader.message), on.identities);
  const identity = author?.identity ?? on.identities[0];
  if (!identity) return;
  const at = on.now();
  const made = compose({ ...identity, signature: '' }, way.mail);
  const draft = { ...made, id: on.outgoing.newDraftId(), attachments: [], created: at, changed: at };
  await on.outgoing.send({ ...draft, text: draft.text.trim() === '' ? '' : draft.text }, { undo: 0 });
  takeOutbox(core);
  core.say('info', `Asking to leave the list: a mail to ${way.mail.to}.`);
}
