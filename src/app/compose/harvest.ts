// Fills the address book from the mail that is here: newest first, in small spells between keys, once somebody writes
// or nothing else is going on; then from what arrives. Changes nothing but the book.
import { isOwn } from '../../mail/compose/identity.ts';
import type { Envelope, FolderId, LocalUid, Role } from '../../mail/types.ts';
import type { AccountStore, FolderStore } from '../../store/types.ts';
import { createPace } from '../../util/pace.ts';
import type { Core } from '../core.ts';

/** Envelopes between two looks at the keys: well under a millisecond. */
const SPELL = 100;
/** Messages of one folder that are looked through: who was written to before that is hardly written to again. */
const MOST = 50_000;
/** Nobody writes yet: the first frame, the folder on the screen and the first keys go before. */
const IDLE_MS = 15_000;
const PASSED_OVER: readonly (Role | null)[] = ['junk', 'trash', 'drafts'];

export interface Harvest {
  /** A key was pressed. */
  touched(): void;
  close(): void;
}

export function createHarvest(core: Core, on: { readonly writing: () => boolean }): Harvest {
  const pace = createPace();
  const { contacts } = core;
  const { identities } = core.data;
  /** The newest message of each folder that was looked at. */
  const newest = new Map<FolderId, LocalUid>();
  let started = false;
  let closed = false;
  let running = Promise.resolve();

  const take = (envelope: Envelope, role: Role | null) => {
    const mine = role === 'sent' || envelope.from.some(address => isOwn(address, identities));
    const addresses = mine ? [...envelope.to, ...envelope.cc] : envelope.from;
    contacts.observe({ direction: mine ? 'sent' : 'received', addresses, date: envelope.date });
  };

  const scan = async (folder: FolderStore) => {
    const { id, role } = folder.record;
    const from = newest.get(id) ?? 0;
    let first = from;
    let count = 0;
    for await (const { uid, envelope } of folder.scan()) {
      if (uid <= from || closed || count >= MOST) break;
      first = Math.max(first, uid);
      take(envelope, role);
      count += 1;
      if (count % SPELL === 0) await pace.turn();
    }
    newest.set(id, first);
  };

  const scanAccount = async (account: AccountStore) => {
    const wanted = account
      .folders()
      .filter(({ selectable, role }) => selectable && !PASSED_OVER.includes(role));
    // Whom one writes to says most.
    const sorted = [...wanted].sort((a, b) => rank(a.role) - rank(b.role));
    for (const { id } of sorted) {
      if (closed) return;
      await scan(await account.folder(id));
      await pace.turn();
    }
  };

  const run = (work: () => Promise<void>) => {
    // What is lost here costs a completion, and comes again with the next start.
    running = running.then(work).catch(() => undefined);
  };
  const start = () => {
    if (started || closed) return;
    started = true;
    clearTimeout(idle);
    run(async () => {
      for (const account of core.mail.values()) await scanAccount(account);
    });
  };
  const idle = setTimeout(start, IDLE_MS).unref();
  core.afterChange(() => {
    if (!started && on.writing()) start();
  });
  const stop = core.deps.store.subscribe(event => {
    // Folders that were looked through: what is new stands at their top.
    if (event.t !== 'folder' || !newest.has(event.folder) || closed) return;
    const folder = core.opened.get(event.folder);
    const top = folder?.uidAt(0);
    if (folder && top !== undefined && top > (newest.get(event.folder) ?? 0)) run(() => takeNew(folder));
  });
  /** Usually a handful, whose envelopes are in memory. */
  const takeNew = async (folder: FolderStore) => {
    const { id, role } = folder.record;
    const from = newest.get(id) ?? 0;
    let first = from;
    for (let position = 0; position < MOST; position += 1) {
      const uid = folder.uidAt(position);
      if (uid === undefined || uid <= from) break;
      const envelope = folder.envelope(uid);
      first = Math.max(first, uid);
      if (envelope) take(envelope, role);
      if (position % SPELL === SPELL - 1) await pace.turn();
    }
    newest.set(id, first);
  };

  return {
    touched: () => pace.touched(),
    close() {
      closed = true;
      clearTimeout(idle);
      stop();
    },
  };
}

function rank(role: Role | null): number {
  return role === 'sent' ? 0 : role === 'inbox' ? 1 : role === 'all' ? 3 : 2;
}
