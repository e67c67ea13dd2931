// What is being written: drafts on this computer, what goes along with them, and messages of Drafts folders that become
// drafts and the other way round. Sends nothing.
import { identitiesOf } from '../config/identities.ts';
import type { Config } from '../config/types.ts';
import { checkDraft, estimateSize } from '../mail/compose/check.ts';
import type { Draft, DraftId } from '../mail/compose/types.ts';
import { messageId } from '../mail/ids.ts';
import type { AccountId, MessageId } from '../mail/types.ts';
import type { AccountStore, DraftStore, Store } from '../store/types.ts';
import type { Clock } from '../sync/clock.ts';
import type { Engine } from '../sync/types.ts';
import { TmailError } from '../util/errors.ts';
import { randomId } from '../util/ids.ts';
import type { Parser } from '../worker/types.ts';
import { collect } from './building.ts';
import { attachFile, attachMessage, attachPart, wholeMessage } from './files.ts';
import { deleteMessage, targetOf } from './filing.ts';
import { roleFolder } from './role-folder.ts';
import type { DraftRecord, Outgoing } from './types.ts';

export interface DraftingDeps {
  readonly config: Config;
  readonly store: Store;
  readonly engines: readonly Engine[];
  readonly parser: () => Parser | Promise<Parser>;
  readonly clock: Clock;
  /** The account's part of the store; uploads what is put into its folders? @throws TmailError account.unknown */
  readonly account: (id: AccountId) => Promise<{ readonly kept: AccountStore; readonly upload: boolean }>;
  /** Those that are in the outbox, or on their way into it: they are no drafts now. */
  readonly leaving: () => Promise<ReadonlySet<DraftId>>;
  readonly changed: () => void;
}

type Methods = Pick<
  Outgoing,
  | 'newDraftId'
  | 'drafts'
  | 'saveDraft'
  | 'attachFile'
  | 'attachPart'
  | 'discardDraft'
  | 'postpone'
  | 'recall'
  | 'preview'
  | 'check'
>;

export class Drafting implements Methods {
  readonly #deps: DraftingDeps;

  constructor(deps: DraftingDeps) {
    this.#deps = deps;
  }

  /** @throws TmailError `store.reader` */
  get store(): DraftStore {
    const { drafts } = this.#deps.store;
    if (!drafts) throw new TmailError('storage', 'store.reader');
    return drafts;
  }

  newDraftId(): DraftId {
    return randomId();
  }

  async drafts(): Promise<readonly DraftRecord[]> {
    const leaving = await this.#deps.leaving();
    return (await this.store.list()).filter(({ draft }) => !leaving.has(draft.id));
  }

  async saveDraft(draft: Draft): Promise<void> {
    await this.store.save(draft);
    this.#deps.changed();
  }

  attachFile(draft: DraftId, path: string, name?: string) {
    return attachFile(this.store, draft, path, name);
  }

  async attachPart(draft: DraftId, message: MessageId, n: number | null) {
    const whole = await wholeMessage(this.#deps.store, this.#deps.engines, message);
    if (n === null) return attachMessage(this.store, draft, whole);
    const parser = await this.#deps.parser();
    return attachPart(this.store, draft, parser, whole, await parser.parse(whole.path), n);
  }

  async discardDraft(draft: DraftId): Promise<void> {
    await this.store.remove(draft);
    this.#deps.changed();
  }

  async postpone(draft: Draft): Promise<MessageId> {
    const { store, clock } = this.#deps;
    const { kept, upload } = await this.#deps.account(draft.account);
    if (!kept.append) throw new TmailError('storage', 'store.reader');
    await this.store.save(draft);
    const { bytes, envelope, ...built } = await collect(this.store, draft, 'draft', clock.now());
    const folder = await roleFolder(kept, 'drafts');
    const replaced = draft.replaces && (await targetOf(store, draft.replaces));
    const mine = replaced?.folder.startsWith(`${kept.id}:`) === true;
    const flags = ['\\Draft', '\\Seen'];
    const message = { folder, bytes, envelope, flags, date: clock.now(), upload };
    const { targets } = await kept.append({ ...message, ...(replaced && mine && { replaces: [replaced] }) });
    if (draft.replaces && replaced && !mine) await deleteMessage(store, draft.replaces);
    // Should it still be here after a crash, it is a version of that message, and not another one.
    const id = messageId(folder, targets[0]?.uid ?? 0);
    await this.store.save({ ...draft, replaces: { id, messageId: built.messageId } });
    await this.store.remove(draft.id);
    this.#deps.changed();
    return id;
  }

  async recall(message: MessageId, replace: boolean): Promise<Draft> {
    const open = (await this.drafts()).find(({ draft }) => draft.replaces?.id === message);
    if (open && replace) return open.draft;
    const { store, engines, config, clock } = this.#deps;
    const whole = await wholeMessage(store, engines, message);
    const parser = await this.#deps.parser();
    const parsed = await parser.parse(whole.path);
    const { recall } = await import('../mail/compose/recall.ts');
    const { draft, parts, losesHtml } = recall(parsed, whole.account.id, identitiesOf(config));
    const id = randomId();
    const attachments: Draft['attachments'][number][] = [];
    for (const n of parts) attachments.push(await attachPart(this.store, id, parser, whole, parsed, n));
    const now = clock.now();
    const replaces = replace ? { id: message, messageId: whole.messageId } : null;
    const recalled: Draft = {
      ...draft,
      id,
      attachments,
      replaces,
      ...(replaces && losesHtml && { losesHtml }),
      created: now,
      changed: now,
    };
    await this.saveDraft(recalled);
    return recalled;
  }

  async preview(draft: Draft) {
    const bytes = estimateSize(draft);
    if (draft.format !== 'markdown') return { html: null, bytes };
    const { markdownToHtml } = await import('../mail/compose/markdown.ts');
    return { html: markdownToHtml(draft.text), bytes };
  }

  check(draft: Draft) {
    return checkDraft(draft);
  }
}
