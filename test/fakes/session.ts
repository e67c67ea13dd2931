// A session that does what the test says: each call can fail, hang, or be watched. Keeps no mail.
import type { FolderId, MessageId } from '../../src/mail/types.ts';
import type { Operation } from '../../src/store/types.ts';
import type { CreateSession, SessionDeps } from '../../src/sync/session.ts';
import type { BodyWanted, Caps, Progress, Session } from '../../src/sync/types.ts';
import { cancelled, type TmailError } from '../../src/util/errors.ts';

/** What the next calls do; a function that returns an error fails, `hang` never ends until the session is closed. */
export interface Script {
  connect?: () => TmailError | 'hang' | null;
  folders?: () => TmailError | null;
  /** Called for each step of a pull; null ends it. */
  pull?: (folder: FolderId, step: number) => TmailError | Progress | null | 'hang';
  prefetch?: (folder: FolderId) => TmailError | null;
  body?: (id: MessageId) => TmailError | null;
  push?: (op: Operation) => TmailError | null;
}

export class FakeServer {
  /** When each connection was tried, by the engine's clock. */
  readonly connects: number[] = [];
  readonly calls: string[] = [];
  script: Script = {};
  #sessions: FakeSession[] = [];

  readonly create: CreateSession = deps => {
    const session = new FakeSession(this, deps);
    this.#sessions.push(session);
    return session;
  };

  get current(): FakeSession | undefined {
    return this.#sessions.at(-1);
  }

  get open(): number {
    return this.#sessions.filter(session => session.state === 'open').length;
  }
}

export const FAKE_CAPS: Caps = {
  folders: true,
  flags: true,
  move: true,
  push: true,
  serverSearch: false,
  quota: false,
};

export class FakeSession implements Session {
  readonly caps = FAKE_CAPS;
  readonly deps: SessionDeps;
  readonly closed: Promise<TmailError | null>;
  state: 'new' | 'open' | 'closed' = 'new';
  dirty: ((folder: FolderId) => void) | null = null;
  watching: FolderId | null = null;
  readonly #server: FakeServer;
  #resolve: (reason: TmailError | null) => void = () => undefined;
  #ends: (() => void)[] = [];

  constructor(server: FakeServer, deps: SessionDeps) {
    this.#server = server;
    this.deps = deps;
    this.closed = new Promise(resolve => {
      this.#resolve = resolve;
    });
  }

  async connect(signal: AbortSignal): Promise<void> {
    this.#server.connects.push(this.deps.clock.now());
    const abort = (): void => this.#finish(null);
    signal.addEventListener('abort', abort);
    try {
      const result = this.#server.script.connect?.() ?? null;
      if (result === 'hang') await this.#hang();
      else if (result) throw result;
      this.state = 'open';
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async folders(): Promise<void> {
    this.#call('folders');
    const error = this.#server.script.folders?.() ?? null;
    if (error) throw error;
  }

  async *pull(folder: FolderId): AsyncGenerator<Progress> {
    this.#call(`pull ${folder}`);
    for (let step = 1; ; step++) {
      // As from a network: never in the same breath.
      await new Promise(resolve => setImmediate(resolve));
      const result = this.#server.script.pull?.(folder, step) ?? null;
      if (result === null) return;
      if (result === 'hang') await this.#hang();
      else if (result instanceof Error) throw result;
      else yield result;
    }
  }

  async *body(id: MessageId, wanted: BodyWanted): AsyncGenerator<Progress> {
    this.#call(`body ${id} ${wanted}`);
    const error = this.#server.script.body?.(id) ?? null;
    if (error) throw error;
    yield* [];
  }

  async *prefetch(folder: FolderId): AsyncGenerator<Progress> {
    this.#call(`prefetch ${folder}`);
    const error = this.#server.script.prefetch?.(folder) ?? null;
    if (error) throw error;
    yield* [];
  }

  async push(op: Operation): Promise<null> {
    this.#call(`push ${op.t === 'flags' ? op.add.join(' ') : op.t}`);
    const error = this.#server.script.push?.(op) ?? null;
    if (error) throw error;
    return null;
  }

  async watch(open: FolderId | null, dirty: (folder: FolderId) => void, signal: AbortSignal): Promise<void> {
    this.watching = open;
    this.dirty = dirty;
    await new Promise<void>(resolve => {
      signal.addEventListener('abort', () => resolve());
      void this.closed.then(() => resolve());
    });
  }

  /** The line is cut. */
  lose(error: TmailError): void {
    this.#finish(error);
  }

  async close(): Promise<void> {
    this.#finish(null);
  }

  #call(what: string): void {
    if (this.state !== 'open') throw cancelled();
    this.#server.calls.push(what);
  }

  #hang(): Promise<never> {
    return new Promise((_resolve, reject) => {
      if (this.state === 'closed') reject(cancelled());
      this.#ends.push(() => reject(cancelled()));
    });
  }

  #finish(reason: TmailError | null): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.#resolve(reason);
    for (const end of this.#ends) end();
  }
}
