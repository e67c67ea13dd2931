// One client's connection: its state, its view of the selected folder, and what it must be told.
// Reads commands one after the other and leaves what they do to commands.ts.
import type { Socket } from 'node:net';
import { TmailError } from '../../util/errors.ts';
import type { FaultAction, FaultPlan } from './faults.ts';
import {
  findByUid,
  type MailFolder,
  type MailStore,
  type StoredMessage,
  type Watcher,
} from './mail-store.ts';
import { Output } from './output.ts';
import { LineReader, type RawCommand } from './reader.ts';
import { formatSet } from './sequence-set.ts';
import { type Answer, refuse, type Token, textOf, tokenize } from './syntax.ts';

/** What all sessions of a server share. */
export interface ServerContext {
  readonly store: MailStore;
  readonly users: ReadonlyMap<string, string>;
  readonly plan: FaultPlan;
  /** Kilobytes, or null for no quota. */
  readonly quota: number | null;
  readonly capabilities: readonly string[];
  /** Switches a connection to TLS; null when it can't. */
  readonly startTls: ((socket: Socket) => Socket) | null;
  readonly implicitTls: boolean;
  /** Each command as it arrives, without its arguments' secrets; for tests. */
  readonly seen: (name: string, line: string) => void;
}

export interface CommandDefinition {
  readonly state: 'any' | 'anonymous' | 'authenticated' | 'selected';
  /** The capability that it belongs to; unknown without it. */
  readonly needs?: string;
  /** Expunges may not be told while its numbers are in the air (RFC 9051 section 7.5.1). */
  readonly holdsExpunges?: boolean;
  /** Null when the tagged answer is written already. */
  run(session: Session, args: readonly Token[], call: Call): Promise<Answer | null> | Answer | null;
}

export interface Call {
  readonly tag: string;
  /** Numbers are uids. */
  readonly uid: boolean;
  /** Faults that FETCH obeys between its responses. */
  readonly faults: readonly FaultAction[];
}

export interface Selected {
  readonly folder: MailFolder;
  readonly readOnly: boolean;
  /** What the client knows, by sequence number. */
  view: StoredMessage[];
  readonly dirty: Set<StoredMessage>;
}

export class Session implements Watcher {
  readonly context: ServerContext;
  readonly commands: ReadonlyMap<string, CommandDefinition>;
  socket: Socket;
  out: Output;
  reader: LineReader;
  user: string | null = null;
  selected: Selected | null = null;
  readonly enabled = new Set<string>();
  idling = false;
  secure: boolean;
  #ending = false;
  #membersChanged = false;
  #renumbered = false;
  #told = false;

  constructor(socket: Socket, context: ServerContext, commands: ReadonlyMap<string, CommandDefinition>) {
    this.context = context;
    this.commands = commands;
    this.socket = socket;
    this.secure = context.implicitTls;
    this.out = new Output(socket, context.plan);
    this.reader = new LineReader(socket);
  }

  /** Until the client has gone. Never rejects. */
  async serve(): Promise<void> {
    try {
      if (!(await this.#greet())) return;
      while (!this.#ending && !this.out.closed) {
        const command = await this.reader.command(() => this.out.write('+ Ready\r\n'));
        if (command === null) break;
        await this.#handle(command);
        await this.out.flush();
      }
    } catch (error) {
      const tooLong = error instanceof TmailError && error.code === 'demo.too-long';
      this.out.write(`* BYE ${tooLong ? 'Line or literal too long' : 'Internal error'}\r\n`);
      await this.out.end();
    } finally {
      this.unselect();
      if (this.#ending || !this.out.closed) this.socket.destroySoon();
    }
  }

  /** Capabilities in force for this connection now. */
  capabilities(): string[] {
    const { capabilities, plan, startTls } = this.context;
    const all = [...capabilities];
    if (startTls && !this.secure) all.push('STARTTLS');
    return all.filter(name => !this.#hidden(name, plan.current.hide ?? []));
  }

  has(capability: string): boolean {
    return this.capabilities().includes(capability);
  }

  #hidden(name: string, hide: readonly string[]): boolean {
    return hide.some(one => one.toUpperCase() === name);
  }

  /** Ends the connection after what is being written. */
  bye(text: string): void {
    this.#ending = true;
    this.out.write(`* BYE ${text}\r\n`);
    void this.out.end();
  }

  ending(): void {
    this.#ending = true;
  }

  select(selected: Selected | null): void {
    this.unselect();
    this.selected = selected;
    this.#membersChanged = false;
    selected?.folder.watchers.add(this);
  }

  unselect(): void {
    this.selected?.folder.watchers.delete(this);
    this.selected = null;
  }

  /** The selected folder; commands that need one are only run with one. */
  open(): Selected {
    if (!this.selected) throw refuse('BAD', 'No mailbox selected');
    return this.selected;
  }

  changed(message: StoredMessage | null, by: Watcher | null): void {
    if (message === null) this.#membersChanged = true;
    else if (by !== this) this.selected?.dirty.add(message);
    if (this.idling) this.#tellSoon();
  }

  renumbered(): void {
    const { selected } = this;
    if (!selected) return;
    this.out.write(`* OK [UIDVALIDITY ${selected.folder.uidValidity}] UIDs have changed\r\n`);
    this.#membersChanged = true;
    this.#renumbered = true;
    if (this.idling) this.#tellSoon();
  }

  deleted(by: Watcher | null): void {
    this.unselect();
    if (by !== this) this.bye('The selected mailbox was deleted');
  }

  /** Tells the client what happened in its folder since it was told last. */
  tell(expunges: boolean): void {
    const { selected } = this;
    if (!selected) return;
    if (this.#membersChanged && (expunges || !this.#renumbered)) {
      this.#renumbered = false;
      const gone = selected.view.filter(message => message.gone);
      if (gone.length > 0 && expunges) this.#tellGone(selected, gone);
      const last = selected.view.at(-1)?.uid ?? 0;
      const { messages } = selected.folder;
      const known = selected.view.length;
      let from = messages.length;
      while (from > 0 && (messages[from - 1]?.uid ?? 0) > last) from--;
      for (const message of messages.slice(from)) selected.view.push(message);
      if (selected.view.length > known) this.out.write(`* ${selected.view.length} EXISTS\r\n* 0 RECENT\r\n`);
      this.#membersChanged = gone.length > 0 && !expunges;
    }
    for (const message of selected.dirty) this.tellFlags(message);
    selected.dirty.clear();
  }

  tellFlags(message: StoredMessage): void {
    const sequence = this.sequenceOf(message);
    if (sequence === 0) return;
    const condstore = this.enabled.has('CONDSTORE');
    const extra = condstore ? ` UID ${message.uid} MODSEQ (${message.modseq})` : '';
    this.out.write(`* ${sequence} FETCH (FLAGS (${[...message.flags].join(' ')})${extra})\r\n`);
  }

  /** 0 when the client does not know it. */
  sequenceOf(message: StoredMessage): number {
    const { view } = this.open();
    let low = 0;
    let high = view.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((view[middle]?.uid ?? 0) < message.uid) low = middle + 1;
      else high = middle;
    }
    return view[low] === message ? low + 1 : 0;
  }

  byUid(uid: number): StoredMessage | undefined {
    return findByUid(this.open().view, uid);
  }

  #tellGone(selected: Selected, gone: readonly StoredMessage[]): void {
    if (this.enabled.has('QRESYNC')) this.out.write(`* VANISHED ${formatSet(gone.map(one => one.uid))}\r\n`);
    else
      for (const message of [...gone].reverse()) this.out.write(`* ${this.sequenceOf(message)} EXPUNGE\r\n`);
    selected.view = selected.view.filter(message => !message.gone);
  }

  #tellSoon(): void {
    if (this.#told) return;
    this.#told = true;
    setImmediate(() => {
      this.#told = false;
      if (this.idling) this.tell(true);
    });
  }

  async #greet(): Promise<boolean> {
    const { greeting } = this.context.plan.current;
    if (greeting === 'silent') return (await this.reader.line()) === null;
    if (greeting === 'bye') {
      this.bye('Too many connections');
      return false;
    }
    if (typeof greeting === 'object') this.out.write(Buffer.from(greeting.raw));
    else {
      if (greeting === 'preauth') this.user = [...this.context.users.keys()][0] ?? 'nobody';
      const status = greeting === 'preauth' ? 'PREAUTH' : 'OK';
      this.out.write(`* ${status} [CAPABILITY ${this.capabilities().join(' ')}] tmail demo ready\r\n`);
    }
    return true;
  }

  async #handle(raw: RawCommand): Promise<void> {
    let tag = '*';
    let answer: Answer | null;
    let holds = false;
    try {
      const tokens = tokenize(raw);
      tag = textOf(tokens[0], 'tag');
      const uid = tokens[1]?.t === 'atom' && tokens[1].text.toUpperCase() === 'UID';
      const word = textOf(tokens[uid ? 2 : 1], 'command').toUpperCase();
      const name = uid ? `UID ${word}` : word;
      const definition = this.commands.get(name);
      const secret = word === 'LOGIN' || word === 'AUTHENTICATE';
      this.context.seen(name, secret ? name : (raw.lines[0]?.toString('latin1') ?? ''));
      holds = definition?.holdsExpunges ?? false;
      const faults = this.context.plan.strike(name);
      const struck = await this.#suffer(faults);
      const lost = faults.some(fault => fault.t === 'lost');
      if (lost) this.out.limit(0, 'hang');
      else if (this.out.closed) return;
      const call = { tag, uid, faults };
      answer = struck ?? (await this.#run(definition, tokens.slice(uid ? 3 : 2), call));
      if (lost) return this.out.close();
    } catch (error) {
      if (!(error instanceof TmailError && error.code === 'demo.refused')) throw error;
      const { status, text, code } = error.facts;
      answer = { status: status === 'NO' ? 'NO' : 'BAD', text: String(text) };
      if (typeof code === 'string') answer = { ...answer, code };
    }
    if (this.#ending && this.out.closed) return;
    if (answer === null) return;
    this.tell(!holds);
    for (const line of this.context.plan.current.junk ?? []) this.out.write(`${line}\r\n`);
    this.out.write(`${tag} ${answer.status} ${answer.code ? `[${answer.code}] ` : ''}${answer.text}\r\n`);
    if (this.#ending) await this.out.end();
  }

  async #run(definition: CommandDefinition | undefined, args: Token[], call: Call): Promise<Answer | null> {
    if (!definition || (definition.needs && !this.has(definition.needs)))
      throw refuse('BAD', 'Unknown command');
    if (definition.state === 'anonymous' && this.user !== null) throw refuse('BAD', 'Already signed in');
    if (definition.state === 'authenticated' || definition.state === 'selected') {
      if (this.user === null) throw refuse('BAD', 'Sign in first');
    }
    if (definition.state === 'selected') this.open();
    return await definition.run(this, args, call);
  }

  /** Does what the faults say before a command is run; an answer means that it is not run. */
  async #suffer(faults: readonly FaultAction[]): Promise<Answer | null> {
    const { delay } = this.context.plan.current;
    if (delay) await new Promise(resolve => setTimeout(resolve, delay));
    for (const fault of faults) {
      if (fault.t === 'delay') await new Promise(resolve => setTimeout(resolve, fault.milliseconds));
      if (fault.t === 'run') await fault.run();
      if (fault.t === 'raw')
        this.out.write(typeof fault.bytes === 'string' ? fault.bytes : Buffer.from(fault.bytes));
      if (fault.t === 'drop') this.out.limit(fault.bytes ?? 0, fault.reset ? 'reset' : 'drop');
      if (fault.t === 'hang') this.out.limit(fault.bytes ?? 0, 'hang');
      if (fault.t === 'bye' && fault.responses === undefined) this.bye(fault.text ?? 'Going down');
      if (fault.t === 'endless') await this.#endless();
      if (fault.t === 'answer') return { status: fault.status, text: fault.text };
    }
    if (this.#ending) await this.out.end();
    // A line that fell silent stays open until the client or the test ends it.
    return null;
  }

  async #endless(): Promise<void> {
    const piece = Buffer.alloc(64 * 1024, 'x');
    this.out.write('* OK ');
    while (!this.socket.destroyed) {
      this.out.write(piece);
      await this.out.flush();
      await new Promise(resolve => setImmediate(resolve));
    }
    this.out.close();
  }
}
