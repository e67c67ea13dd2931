// The way out in memory: drafts, an outbox and a clock that only moves when a test says so. What it is told to refuse
// it refuses as the real one does.

import { readAddresses } from '../../src/mail/compose/addresses.ts';
import { checkDraft, estimateSize } from '../../src/mail/compose/check.ts';
import { markdownToHtml } from '../../src/mail/compose/markdown.ts';
import type { Draft, DraftAttachment, DraftId } from '../../src/mail/compose/types.ts';
import type { MessageId } from '../../src/mail/types.ts';
import type { DraftRecord, OutboxId, OutboxItem, Outgoing, SendOptions } from '../../src/outgoing/types.ts';
import { TmailError } from '../../src/util/errors.ts';

export class FakeOutgoing implements Outgoing {
  /** What is on the disk. */
  readonly saved = new Map<DraftId, DraftRecord>();
  /** What was done, in order. */
  readonly calls: string[] = [];
  readonly postponed: Draft[] = [];
  /** What each outbox item was made of. */
  readonly sources = new Map<OutboxId, Draft>();
  /** Drafts that `recall` gives. */
  readonly recallable = new Map<MessageId, Draft>();
  /** Puts a postponed draft into its folder. */
  file: (draft: Draft) => MessageId = () => 'work:0:1';
  /** Every write fails with this. */
  trouble: TmailError | null = null;
  closed = false;
  #items: OutboxItem[] = [];
  #next = 0;
  readonly #now: () => number;
  readonly #listeners = new Set<() => void>();

  constructor(now: () => number) {
    this.#now = now;
  }

  newDraftId(): DraftId {
    this.#next += 1;
    return `draft${String(this.#next).padStart(11, '0')}`;
  }

  drafts() {
    return Promise.resolve([...this.saved.values()]);
  }

  async #write(what: string) {
    this.calls.push(what);
    await Promise.resolve();
    if (this.trouble) throw this.trouble;
  }

  async saveDraft(draft: Draft) {
    await this.#write(`save ${draft.id}`);
    this.saved.set(draft.id, { draft, savedAt: this.#now() });
  }

  async attachFile(draft: DraftId, path: string, name?: string): Promise<DraftAttachment> {
    await this.#write(`attach ${draft} ${path}`);
    if (path.includes('missing')) throw new TmailError('storage', 'attach.missing', { facts: { path } });
    this.#next += 1;
    const own = name ?? path.slice(path.lastIndexOf('/') + 1);
    return { file: `f${this.#next}`, name: own, contentType: 'text/csv', size: 12_000 };
  }

  async attachPart(draft: DraftId, message: MessageId, n: number | null): Promise<DraftAttachment> {
    await this.#write(`attach ${draft} ${message} ${n}`);
    this.#next += 1;
    const name = n === null ? 'message.eml' : `part-${n}.pdf`;
    const contentType = n === null ? 'message/rfc822' : 'application/pdf';
    return { file: `f${this.#next}`, name, contentType, size: 3000 };
  }

  async discardDraft(draft: DraftId) {
    await this.#write(`discard ${draft}`);
    this.saved.delete(draft);
  }

  async postpone(draft: Draft) {
    await this.#write(`postpone ${draft.id}`);
    this.postponed.push(draft);
    this.saved.delete(draft.id);
    return this.file(draft);
  }

  recall(message: MessageId): Promise<Draft> {
    const draft = this.recallable.get(message);
    if (!draft) return Promise.reject(new TmailError('storage', 'message.gone'));
    return Promise.resolve({ ...draft, replaces: { id: message, messageId: 'old@work.example' } });
  }

  preview(draft: Draft) {
    const html = draft.format === 'markdown' ? markdownToHtml(draft.text) : null;
    return Promise.resolve({ html, bytes: estimateSize(draft) });
  }

  check(draft: Draft) {
    return checkDraft(draft, { knownDomains: new Set(['analytical.example']) });
  }

  async send(draft: Draft, { undo }: SendOptions): Promise<OutboxItem> {
    await this.#write(`send ${draft.id}`);
    this.#next += 1;
    const all = [draft.to, draft.cc, draft.bcc].flatMap(text => readAddresses(text).addresses);
    const item: OutboxItem = {
      id: `item${this.#next}`,
      account: draft.account,
      state: undo > 0 ? 'undo' : 'queued',
      subject: draft.subject,
      from: draft.from,
      recipients: all.map(({ address }) => ({ address, outcome: 'pending', reply: '' })),
      messageId: `${this.#next}@work.example`,
      size: estimateSize(draft),
      at: this.#now(),
      notBefore: this.#now() + undo,
      tries: 0,
      error: null,
      editable: true,
    };
    this.sources.set(item.id, draft);
    this.saved.delete(draft.id);
    this.#items = [...this.#items, item];
    this.#tell();
    return item;
  }

  outbox() {
    return this.#items;
  }

  async takeBack(id: OutboxId): Promise<Draft> {
    await this.#write(`take back ${id}`);
    const item = this.#items.find(each => each.id === id);
    const draft = this.sources.get(id);
    if (!item || !draft) throw new TmailError('storage', 'outbox.gone');
    if (item.state === 'sending' || item.state === 'sent')
      throw new TmailError('rejected', 'outbox.too-late');
    this.#items = this.#items.filter(each => each !== item);
    this.saved.set(draft.id, { draft, savedAt: this.#now() });
    this.#tell();
    return draft;
  }

  async sendNow(id: OutboxId) {
    await this.#write(`send now ${id}`);
    this.become(id, { state: 'sending' });
  }

  async retry(id: OutboxId, to?: 'rest') {
    await this.#write(to ? `retry ${id} ${to}` : `retry ${id}`);
    this.become(id, { state: 'queued', error: null });
  }

  async assumeSent(id: OutboxId) {
    await this.#write(`assume sent ${id}`);
    this.become(id, { state: 'sent' });
  }

  async drop(id: OutboxId) {
    await this.#write(`drop ${id}`);
    this.#items = this.#items.filter(each => each.id !== id);
    this.#tell();
  }

  subscribe(listener: () => void) {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  close() {
    this.closed = true;
    return Promise.resolve();
  }

  /** Something happens to a message on its way. */
  become(id: OutboxId, change: Partial<OutboxItem>) {
    this.#items = this.#items.map(item => (item.id === id ? { ...item, ...change } : item));
    this.#tell();
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}
