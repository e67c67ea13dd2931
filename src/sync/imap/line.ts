// A connection shared by several jobs: one at a time, each for one command or one small batch, never for a whole
// pull. Remembers which folder is selected. Knows the client; knows nothing of the store.
import type { ImapClient, Mailbox, MailboxName } from './client.ts';

export class Line {
  readonly client: ImapClient;
  #tail: Promise<unknown> = Promise.resolve();
  #selected: { readonly name: MailboxName; readonly box: Mailbox } | null = null;
  #waiting = 0;
  #uses = 0;

  constructor(client: ImapClient) {
    this.client = client;
  }

  /** The folder that unsolicited responses are about. */
  get selected(): Mailbox | null {
    return this.#selected?.box ?? null;
  }

  /** What the server calls the folder that is selected, or null. */
  get selectedName(): string | null {
    return this.#selected?.name.wire ?? null;
  }

  /** Nobody uses it or waits for it. */
  get free(): boolean {
    return this.#waiting === 0;
  }

  /** Grows with every use: whoever saw the same number twice saw nothing happen between. */
  get uses(): number {
    return this.#uses;
  }

  /** Runs `work` when those before it are done. Keep it short; never nest it. */
  async exclusive<T>(work: (client: ImapClient) => Promise<T>): Promise<T> {
    this.#waiting++;
    this.#uses++;
    const before = this.#tail;
    let done: () => void = () => undefined;
    this.#tail = new Promise<void>(resolve => {
      done = resolve;
    });
    try {
      await before;
      return await work(this.client);
    } finally {
      this.#waiting--;
      done();
    }
  }

  /** As `exclusive`, with the folder selected; `fresh` selects it again for its counts of now. */
  within<T>(
    name: MailboxName,
    work: (client: ImapClient, box: Mailbox) => Promise<T>,
    fresh?: 'fresh',
  ): Promise<T> {
    return this.exclusive(async client => {
      const box = await this.#select(name, fresh !== undefined);
      return await work(client, box);
    });
  }

  /** Has neither this folder nor one below it selected any more, here or in the session. */
  async release(wire: string): Promise<void> {
    const mine = (): boolean => this.#selected?.name.wire.startsWith(wire) === true;
    if (!mine()) return;
    await this.exclusive(async () => {
      if (mine()) await this.#select({ path: 'INBOX', wire: 'INBOX' }, true);
    });
  }

  async #select(name: MailboxName, fresh: boolean): Promise<Mailbox> {
    if (!fresh && this.#selected?.name.wire === name.wire) return this.#selected.box;
    // A refused SELECT leaves nothing selected (RFC 3501 section 6.3.1).
    this.#selected = null;
    const box = await this.client.select(name);
    this.#selected = { name, box };
    return box;
  }
}
