// A life of writing and sending that says what was promised to it, and a check of what a reopened store owes it:
// each message is somewhere, and nobody got one twice.
import assert from 'node:assert/strict';
import type { AccountConfig } from '../../src/config/types.ts';
import type { Draft } from '../../src/mail/compose/types.ts';
import { createOutgoing, type LocalOutgoing } from '../../src/outgoing/outgoing.ts';
import type { LocalStore } from '../../src/store/store.ts';
import { ensureFolders } from '../../src/sync/pop3/folders.ts';
import type { SmtpClient } from '../../src/sync/smtp/client.ts';
import { TmailError } from '../../src/util/errors.ts';
import { createParser } from '../../src/worker/client.ts';
import { info } from '../store/harness.ts';
import { random } from '../store/workload.ts';
import { accountFor, configOf } from './world.ts';

/** Message `k` is promised to be kept from now on. */
export interface SentNote {
  readonly k: number;
  readonly t: 'kept';
}

export type OpenSmtp = (account: AccountConfig, signal: AbortSignal) => Promise<SmtpClient>;

const subjectOf = (k: number): string => `k${k}k`;
const numberIn = (subject: string): number => Number(/^k(\d+)k$/.exec(subject)?.[1] ?? -1);
/** In a whole message. */
export const numberOf = (bytes: Buffer): number =>
  numberIn(/^Subject: (\S+)/m.exec(bytes.toString('latin1'))?.[1] ?? '');

export const ACCOUNTS = ['work', 'home'] as const;

async function prepare(store: LocalStore): Promise<void> {
  const work = await store.account('work');
  if (work.folders().length === 0) {
    await work.setFolders([
      info('INBOX', { role: 'inbox' }),
      info('Sent', { role: 'sent' }),
      info('Drafts', { role: 'drafts' }),
    ]);
  }
  await ensureFolders(await store.account('home'));
}

export function openOutgoing(store: LocalStore, openSmtp: OpenSmtp | null, port = 1): LocalOutgoing {
  const parser = createParser({ workerUrl: null });
  const refused = new TmailError('network', 'net.refused');
  return createOutgoing({
    config: configOf(accountFor('work', 'imap', port), accountFor('home', 'pop3', port)),
    store,
    engines: [],
    parser: () => parser,
    password: async () => '',
    openSmtp: openSmtp ?? (() => Promise.reject(refused)),
  });
}

/** Writes, sends, takes back and puts off until `over`, or until the disk is dead. */
export async function liveBySending(
  store: LocalStore,
  setting: { readonly seed: number; readonly k: number; readonly steps: number; readonly openSmtp: OpenSmtp },
  note: (note: SentNote) => void,
): Promise<void> {
  await prepare(store);
  const outgoing = openOutgoing(store, setting.openSmtp);
  try {
    await outgoing.ready;
    outgoing.start();
    await write(outgoing, setting, note);
  } finally {
    await outgoing.close();
  }
}

async function write(
  outgoing: LocalOutgoing,
  { seed, k: first, steps }: { readonly seed: number; readonly k: number; readonly steps: number },
  note: (note: SentNote) => void,
): Promise<void> {
  const chance = random(seed);
  for (let step = 0; step < steps; step++) {
    const k = first + step;
    const account = ACCOUNTS[Math.floor(chance() * 2)] ?? 'work';
    const draft: Draft = {
      id: outgoing.newDraftId(),
      account,
      from: `ada@${account}.example`,
      to: 'grace@example.org',
      cc: '',
      bcc: '',
      replyTo: '',
      subject: subjectOf(k),
      text: 'x'.repeat(Math.floor(chance() * 500)),
      format: 'plain',
      attachments: [],
      inReplyTo: '',
      references: [],
      origin: null,
      dsn: false,
      replaces: null,
      resend: null,
      created: k,
      changed: k,
    };
    try {
      await outgoing.saveDraft(draft);
      note({ k, t: 'kept' });
      const dice = chance();
      if (dice < 0.15) await outgoing.postpone(draft);
      else if (dice < 0.2) continue;
      else {
        const { id } = await outgoing.send(draft, { undo: dice < 0.5 ? 3 : 0 });
        if (dice < 0.35) {
          const back = await outgoing.takeBack(id);
          if (chance() < 0.5) await outgoing.send(back, { undo: 0 });
        } else if (chance() < 0.5) await outgoing.settled(id);
      }
    } catch (error) {
      if (!(error instanceof TmailError)) throw error;
      if (/^outbox\.(too-late|gone)$/.test(error.code)) continue;
      if (error.kind !== 'storage') throw error;
      return;
    }
  }
}

interface Places {
  drafts: number;
  /** Messages of Drafts folders. */
  putOff: number;
  sent: number;
  outbox: string[];
}

/** `taken`: how often the server has each message. */
export async function checkSending(
  store: LocalStore,
  notes: readonly SentNote[],
  taken: ReadonlyMap<number, number>,
): Promise<{ unknown: number; sent: number }> {
  await prepare(store);
  const before = new Map<number, string>();
  for (const id of ACCOUNTS) {
    for (const { subject, state } of (await store.account(id)).outbox.records())
      before.set(numberIn(subject), state);
  }
  // Opening it files what was sent; nothing is sent.
  const outgoing = openOutgoing(store, null);
  const found = new Map<number, Places>();
  const at = (k: number): Places => {
    const places = found.get(k) ?? { drafts: 0, putOff: 0, sent: 0, outbox: [] };
    found.set(k, places);
    return places;
  };
  for (const { draft } of await outgoing.drafts()) at(numberIn(draft.subject)).drafts++;
  await outgoing.close();
  for (const id of ACCOUNTS) {
    const account = await store.account(id);
    await account.recovered();
    for (const { subject, state } of account.outbox.records()) at(numberIn(subject)).outbox.push(state);
    for (const record of account.folders()) {
      const folder = await account.folder(record.id);
      for await (const { uid, envelope } of folder.scan()) {
        const raw = folder.raw(uid);
        assert.ok(raw, `${record.path} of ${id}: message without its file`);
        assert.equal(numberOf(await account.raw.read(raw)), numberIn(envelope.subject));
        if (record.role === 'sent') at(numberIn(envelope.subject)).sent++;
        else at(numberIn(envelope.subject)).putOff++;
      }
    }
  }
  let unknown = 0;
  let sent = 0;
  for (const [k, times] of taken) assert.ok(times <= 1, `message ${k} was sent ${times} times`);
  for (const { k } of notes) {
    const { drafts, putOff, sent: filed, outbox } = at(k);
    const about = `message ${k}: ${JSON.stringify({ ...at(k), taken: taken.get(k) ?? 0, before: before.get(k) })}`;
    assert.ok(outbox.length <= 1 && filed <= 1 && putOff <= 1 && drafts <= 1, `doubled: ${about}`);
    if (taken.get(k)) {
      sent++;
      const known = filed === 1 || outbox[0] === 'unknown';
      assert.ok(known && drafts === 0, `sent, and it does not say so: ${about}`);
      assert.ok(!['queued', 'undo', 'failed'].includes(outbox[0] ?? ''), `would be sent again: ${about}`);
    } else {
      assert.ok(drafts + putOff + outbox.length >= 1, `lost: ${about}`);
      assert.equal(filed, 0, `not sent, and filed as sent: ${about}`);
    }
    if (outbox[0] === 'unknown') unknown++;
  }
  return { unknown, sent };
}
