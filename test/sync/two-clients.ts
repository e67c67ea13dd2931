// What the test of two clients does to a mailbox: both of them, and a third that knows no tmail, by steps that chance
// chooses. Remembers of every message whether it may be gone, and how often it may be there.
import assert from 'node:assert/strict';
import { ImapFlow } from 'imapflow';
import { envelopeOf } from '../../src/mail/headers.ts';
import type { FolderId } from '../../src/mail/types.ts';
import { flagNames } from '../../src/store/flags.ts';
import type { FolderRecord, FolderStore, OperationTarget } from '../../src/store/types.ts';
import { TmailError } from '../../src/util/errors.ts';
import type { Dovecot } from '../servers/dovecot.ts';
import { type CuttableLine, startProxy } from './proxy.ts';
import { message, openWorld, type World } from './world.ts';

export const FLAGS = ['\\Seen', '\\Flagged', '\\Answered', '$Work'] as const;
export const PATHS = ['Alpha', 'Beta', 'Alpha/Under', 'größer & mehr'] as const;

/** Which of what is there, by numbers that chance gives: the step means the same whenever it is done again. */
export type Step =
  | { t: 'flags'; who: Who; folder: number; seed: number; share: number; flag: number; add: boolean }
  | { t: 'move' | 'copy'; who: Who; folder: number; to: number; seed: number; share: number }
  | { t: 'delete'; who: Who; folder: number; seed: number; share: number }
  | { t: 'append'; who: Who; folder: number }
  | { t: 'create'; who: Who; path: number }
  | { t: 'rename'; who: Who; folder: number; path: number }
  | { t: 'remove'; who: Who; folder: number }
  | { t: 'sync'; who: Who; cut: number | null; lose: number | null }
  | { t: 'live'; who: Who }
  | { t: 'offline'; who: Who }
  | { t: 'undo'; who: Who };
export type Who = 'ada' | 'bob' | 'raw';

interface Client {
  readonly world: World;
  readonly proxy: CuttableLine;
  live: boolean;
  undo: (() => Promise<void>) | null;
}

/** Expected where others have been faster. */
const CLASHES =
  /^(folder\.|operation\.|imap\.(no|no-folder|not-moved|message-lost|folder-not-empty|folder-exists))/;

export class Case implements AsyncDisposable {
  readonly server: Dovecot;
  readonly clients: Record<'ada' | 'bob', Client>;
  readonly raw: ImapFlow;
  put = 0;
  /** Somebody deleted it, or the folder it was in, for good. */
  readonly mayBeGone = new Set<number>();
  /** How often a copy of it was asked for. */
  readonly copies = new Map<number, number>();

  private constructor(server: Dovecot, clients: Case['clients'], raw: ImapFlow) {
    this.server = server;
    this.clients = clients;
    this.raw = raw;
  }

  static async begin(server: Dovecot): Promise<Case> {
    const client = async (): Promise<Client> => {
      const proxy = await startProxy(server.imapPort);
      const { user, password } = server;
      const world = await openWorld({ port: proxy.port, user, password, groupMs: 2 });
      return { world, proxy, live: false, undo: null };
    };
    const raw = new ImapFlow({
      host: '127.0.0.1',
      port: server.imapPort,
      secure: false,
      doSTARTTLS: false,
      auth: { user: server.user, pass: server.password },
      logger: false,
      disableAutoIdle: true,
    });
    raw.on('error', () => undefined);
    await raw.connect();
    const begun = new Case(server, { ada: await client(), bob: await client() }, raw);
    await begun.#reset();
    for (let i = 0; i < 6; i++) await begun.#appendRaw(i < 4 ? 'INBOX' : 'Archive');
    for (const who of ['ada', 'bob'] as const) await begun.#sync(begun.clients[who]);
    return begun;
  }

  async #reset(): Promise<void> {
    const listed = await this.raw.list();
    for (const { path } of listed.sort((a, b) => b.path.length - a.path.length)) {
      if (path === 'INBOX' || /^(Drafts|Sent|Archive|Junk|Trash)$/.test(path)) {
        await this.raw.mailboxOpen(path);
        await this.raw.messageDelete('1:*').catch(() => undefined);
      } else await this.raw.mailboxDelete(path).catch(() => undefined);
    }
  }

  async run(step: Step): Promise<void> {
    if (step.who === 'raw') return await this.#runRaw(step);
    const client = this.clients[step.who];
    try {
      await this.#runHere(client, step);
    } catch (error) {
      if (!(error instanceof TmailError && CLASHES.test(error.code))) throw error;
    }
  }

  async #runHere(client: Client, step: Step): Promise<void> {
    const { account, engine } = client.world;
    switch (step.t) {
      case 'sync':
        if (step.cut !== null) client.proxy.cutAfter(step.cut);
        if (step.lose !== null) client.proxy.loseAnswer(step.lose);
        return await this.#sync(client);
      case 'live':
        client.live = true;
        engine.start();
        return await engine.settled();
      case 'offline':
        client.live = false;
        return await engine.stop();
      case 'append':
        return await this.#append(client, step.folder);
      case 'create':
        return void (await account.createFolder(PATHS[step.path] ?? 'Alpha', 'server'));
      case 'rename': {
        const record = own(client, step.folder);
        if (record) await account.renameFolder(record.id, `${PATHS[step.path]}${step.folder % 3}`);
        return;
      }
      case 'remove':
        return await this.#remove(client, step.folder);
      case 'undo':
        await client.undo?.();
        client.undo = null;
        return;
      default:
        await this.#operate(client, step);
    }
  }

  async #operate(client: Client, step: Step): Promise<void> {
    if (step.t !== 'flags' && step.t !== 'move' && step.t !== 'copy' && step.t !== 'delete') return;
    const { account } = client.world;
    const record = pick(
      folders(client).filter(({ counts }) => counts.total > 0),
      step.folder,
    );
    if (!record) return;
    const folder = await account.folder(record.id);
    const targets = await this.#some(folder, step.seed, step.share);
    if (targets.length === 0) return;
    const numbers = targets.map(({ messageId }) => numberOf(messageId));
    const here = { folder: record.id, targets };
    if (step.t === 'flags') {
      const names = [FLAGS[step.flag % FLAGS.length] ?? '\\Seen'];
      await account.commit({
        t: 'flags',
        ...here,
        add: step.add ? names : [],
        remove: step.add ? [] : names,
      });
    } else if (step.t === 'delete') {
      for (const n of numbers) this.mayBeGone.add(n);
      await account.commit({ t: 'delete', ...here });
    } else {
      const others = folders(client).filter(({ id }) => id !== record.id);
      const to = pick(others, step.to);
      if (!to) return;
      if (step.t === 'copy') this.#mayBeMore(numbers);
      else this.#mayBeMore(this.#halfDone(numbers));
      const op = await account.commit({ t: step.t, ...here, to: to.id });
      if (op.t === 'move') client.undo = () => this.#back(client, op.to, op.landing, op.folder, op.targets);
    }
  }

  /** As the program takes a move back: under the numbers that the messages had. */
  async #back(
    { world }: Client,
    folder: FolderId,
    landing: readonly number[],
    to: FolderId,
    were: readonly OperationTarget[],
  ): Promise<void> {
    const store = await world.account.folder(folder);
    await store.loadAll();
    const targets = landing.map((uid, i) => ({
      uid,
      remote: store.remote(uid) ?? null,
      messageId: were[i]?.messageId ?? '',
    }));
    await world.account.commit({ t: 'move', folder, targets, to, landing: were.map(({ uid }) => uid) });
  }

  #mayBeMore(numbers: readonly number[]): void {
    for (const n of numbers) this.copies.set(n, (this.copies.get(n) ?? 0) + 1);
  }

  /**
   * Of these, each as often as an upload or a copy of it may have reached the server without its client knowing. Moved on
   * by somebody else before that client looks, it is not where it was put, and nobody can tell it from one that never
   * came: it is put there once more.
   */
  #halfDone(numbers: readonly number[]): number[] {
    const queues = [this.clients.ada, this.clients.bob].flatMap(({ world }) => world.account.queue());
    return queues
      .filter(({ t, tries }) => tries > 0 && (t === 'append' || t === 'copy'))
      .flatMap(({ targets }) => targets.map(({ messageId }) => numberOf(messageId)))
      .filter(n => numbers.includes(n));
  }

  async #append({ world }: Client, folder: number): Promise<void> {
    const record = pick(folders({ world }), folder);
    if (!record) return;
    const bytes = Buffer.from(message(++this.put));
    const date = Date.UTC(2026, 0, 1) + this.put * 1000;
    const envelope = envelopeOf(bytes, { size: bytes.length, arrival: date });
    await world.account.append?.({
      folder: record.id,
      bytes,
      envelope,
      flags: ['\\Seen'],
      date,
      upload: true,
    });
  }

  async #remove(client: Client, at: number): Promise<void> {
    const record = own(client, at);
    if (!record) return;
    const { account } = client.world;
    const inside = account
      .folders()
      .filter(({ path }) => path === record.path || path.startsWith(`${record.path}/`));
    const gone = new Set<number>();
    for (const { id, selectable } of inside) {
      if (!selectable) continue;
      for await (const { envelope } of (await account.folder(id)).scan())
        gone.add(numberOf(envelope.messageId));
    }
    await account.removeFolder(record.id);
    for (const n of gone) this.mayBeGone.add(n);
  }

  async #some(folder: FolderStore, seed: number, share: number): Promise<OperationTarget[]> {
    await folder.loadAll();
    const targets: OperationTarget[] = [];
    for await (const { uid, envelope } of folder.scan()) {
      const { messageId } = envelope;
      if (chance(numberOf(messageId), seed) >= share) continue;
      targets.push({ uid, remote: folder.remote(uid) ?? null, messageId });
    }
    return targets;
  }

  /** Cut or not, it ends; what the line did is not of interest. */
  async #sync({ world, live }: Client): Promise<void> {
    if (live) {
      world.engine.refresh();
      await world.engine.settled();
    } else await world.engine.syncOnce(null);
  }

  async #runRaw(step: Step): Promise<void> {
    const { raw } = this;
    const listed = await raw.list({ statusQuery: { messages: true } });
    const all = listed.filter(({ flags }) => !flags.has('\\Noselect') && !flags.has('\\NonExistent'));
    const filled = 'seed' in step ? all.filter(({ status }) => (status?.messages ?? 0) > 0) : all;
    const path = 'folder' in step ? pick(filled, step.folder)?.path : undefined;
    const renamable = all.filter(({ path }) => !/^(INBOX|Drafts|Sent|Archive|Junk|Trash)$/.test(path));
    if (step.t === 'append') await this.#appendRaw(path ?? 'INBOX');
    else if (step.t === 'create') await raw.mailboxCreate(PATHS[step.path] ?? 'Alpha').catch(() => undefined);
    else if (step.t === 'rename') {
      const from = pick(renamable, step.folder)?.path;
      if (from)
        await raw.mailboxRename(from, `${PATHS[step.path]}${step.folder % 3}r`).catch(() => undefined);
    } else if (path !== undefined && 'seed' in step) {
      await raw.mailboxOpen(path);
      const uids: number[] = [];
      const numbers: number[] = [];
      for await (const { uid, envelope } of raw.fetch('1:*', { uid: true, envelope: true })) {
        const n = numberOf(envelope?.messageId ?? '');
        if (chance(n, step.seed) >= step.share) continue;
        uids.push(uid);
        numbers.push(n);
        if (step.t === 'delete') this.mayBeGone.add(n);
      }
      if (step.t === 'copy') this.#mayBeMore(numbers);
      if (step.t === 'move') this.#mayBeMore(this.#halfDone(numbers));
      const set = uids.join(',');
      if (uids.length === 0) return;
      const to =
        pick(
          all.filter(each => each.path !== path),
          'to' in step ? step.to : 0,
        )?.path ?? 'Archive';
      if (step.t === 'delete') await raw.messageDelete(set, { uid: true });
      else if (step.t === 'move') await raw.messageMove(set, to, { uid: true });
      else if (step.t === 'copy') await raw.messageCopy(set, to, { uid: true });
      else if (step.t === 'flags') {
        const names = [FLAGS[step.flag % FLAGS.length] ?? '\\Seen'];
        await (step.add
          ? raw.messageFlagsAdd(set, names, { uid: true })
          : raw.messageFlagsRemove(set, names, { uid: true }));
      }
    }
    // Nothing stays selected: a folder that others delete would end the line.
    await raw.mailboxOpen('INBOX');
  }

  async #appendRaw(path: string): Promise<void> {
    await this.raw.append(path, message(++this.put)).catch(() => {
      this.mayBeGone.add(this.put);
    });
  }

  /** Both are online until nothing more happens; then all three see the same. */
  async agree(): Promise<void> {
    const clients = [this.clients.ada, this.clients.bob];
    for (const { proxy } of clients) {
      proxy.cutAfter(null);
      proxy.loseAnswer(null);
    }
    for (const client of clients) {
      if (client.live) await client.world.engine.stop();
      client.live = false;
    }
    for (let round = 0; round < 8; round++) {
      for (const { world } of clients) {
        // What was refused for a while is offered again when a person asks for it.
        world.engine.refresh();
        await world.engine.syncOnce(null);
      }
      if (round >= 2 && clients.every(({ world }) => world.account.queue().length === 0)) break;
    }
    const there = await this.#onServer();
    for (const [name, { world }] of Object.entries(this.clients)) {
      assert.deepEqual(world.account.queue(), [], `${name}'s queue`);
      assert.deepEqual(await here(world), there, `${name} and the server`);
    }
    const found = new Map<number, number>();
    for (const rows of Object.values(there)) {
      for (const { n } of rows) found.set(n, (found.get(n) ?? 0) + 1);
    }
    for (let n = 1; n <= this.put; n++) {
      const times = found.get(n) ?? 0;
      if (times === 0) assert.ok(this.mayBeGone.has(n), `message ${n} is nowhere`);
      const most = 1 + (this.copies.get(n) ?? 0);
      assert.ok(times <= most, `message ${n} is there ${times} times, ${most} at most were asked for`);
    }
  }

  async #onServer(): Promise<Agreed> {
    const agreed: Agreed = {};
    for (const { path, flags } of await this.raw.list()) {
      if (flags.has('\\Noselect') || flags.has('\\NonExistent')) continue;
      await this.raw.mailboxOpen(path);
      const rows: Row[] = [];
      const items = { uid: true, flags: true, envelope: true };
      for await (const { uid, flags, envelope } of this.raw.fetch('1:*', items)) {
        const names = [...(flags ?? [])].filter(flag => flag !== '\\Recent').sort();
        rows.push({ uid, n: numberOf(envelope?.messageId ?? ''), flags: names });
      }
      agreed[path] = rows.sort((a, b) => a.uid - b.uid);
    }
    await this.raw.mailboxOpen('INBOX');
    return sorted(agreed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { world, proxy } of Object.values(this.clients)) {
      await world[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    }
    this.raw.close();
  }
}

interface Row {
  readonly uid: number;
  readonly n: number;
  readonly flags: readonly string[];
}
type Agreed = Record<string, Row[]>;

const sorted = (agreed: Agreed): Agreed =>
  Object.fromEntries(Object.entries(agreed).sort(([a], [b]) => (a < b ? -1 : 1)));

async function here(world: World): Promise<Agreed> {
  const agreed: Agreed = {};
  for (const record of world.account.folders()) {
    if (!record.selectable) continue;
    const folder = await world.account.folder(record.id);
    await folder.loadAll();
    const rows: Row[] = [];
    for await (const { uid, flags, envelope } of folder.scan()) {
      const remote = folder.remote(uid);
      assert.equal(remote?.t, 'imap', `${record.path}: ${envelope.subject} has no place on the server`);
      rows.push({
        uid: remote?.t === 'imap' ? remote.uid : 0,
        n: numberOf(envelope.messageId),
        flags: flagNames(flags, folder.keywords).sort(),
      });
    }
    const { total, unread } = record.counts;
    const unseen = rows.filter(row => !row.flags.includes('\\Seen')).length;
    assert.deepEqual([total, unread], [rows.length, unseen], `${record.path} counted`);
    agreed[record.path] = rows.sort((a, b) => a.uid - b.uid);
  }
  return sorted(agreed);
}

function folders({ world }: { readonly world: World }): FolderRecord[] {
  return world.account.folders().filter(({ selectable }) => selectable);
}

/** One that a person may rename or remove. */
function own(client: Client, at: number): FolderRecord | undefined {
  return pick(
    folders(client).filter(({ role }) => role === null),
    at,
  );
}

const pick = <T>(all: readonly T[], at: number): T | undefined => all[at % Math.max(1, all.length)];
const numberOf = (messageId: string): number => Number(/m(\d+)@/.exec(messageId)?.[1] ?? 0);
const chance = (n: number, seed: number): number => ((n * 2654435761 + seed * 40503) >>> 0) / 2 ** 32;
