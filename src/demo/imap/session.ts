// One client's connection: its state, its commands one after the other, their answers, and the faults that strike
// them. What a command does is in commands-*.ts, fetch.ts and search.ts.
import type { Socket } from 'node:net';
import { TmailError } from '../../util/errors.ts';
import type { FaultAction, FaultPlan } from './faults.ts';
import { FolderView, type ViewOwner } from './folder-view.ts';
import type { MailFolder, MailStore, StoredMessage } from './mail-store.ts';
import { Output } from './output.ts';
import { LineReader, type RawCommand } from './reader.ts';
import { type Answer, refuse, syntaxError, type Token, textOf, tokenize } from './syntax.ts';

export type ExtraItem = (message: StoredMessage, folder: MailFolder) => string;

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
  /** FETCH items beyond the standard's, in upper case: what stands for a message of a folder. */
  readonly items?: ReadonlyMap<string, ExtraItem>;
  /** Each command as it arrives, without its arguments' secrets; for tests. */
  readonly seen: (name: string, line: string) => void;
  /** An exception that the server should not have thrown; its client got BYE. */
  readonly defect: (error: unknown) => void;
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

export class Session implements ViewOwner {
  readonly context: ServerContext;
  readonly commands: ReadonlyMap<string, CommandDefinition>;
  socket: Socket;
  out: Output;
  reader: LineReader;
  user: string | null = null;
  selected: FolderView | null = null;
  readonly enabled = new Set<string>();
  idling = false;
  secure: boolean;
  #ending = false;
  /** BYE was said of our own accord: nothing may follow it. */
  #dismissed = false;

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
      if (!tooLong) this.context.defect(error);
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
    this.#dismissed = true;
    this.out.write(`* BYE ${text}\r\n`);
    void this.out.end();
  }

  ending(): void {
    this.#ending = true;
  }

  select(folder: MailFolder, readOnly: boolean): FolderView {
    this.unselect();
    this.selected = new FolderView(folder, readOnly, this);
    return this.selected;
  }

  unselect(): void {
    this.selected?.close();
    this.selected = null;
  }

  /** The selected folder; commands that need one are only run with one. */
  open(): FolderView {
    if (!this.selected) throw refuse('BAD', 'No mailbox selected');
    return this.selected;
  }

  write(text: string): void {
    this.out.write(text);
  }

  folderDeleted(): void {
    this.selected = null;
    this.bye('The selected mailbox was deleted');
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
    const line = raw.lines[0]?.toString('latin1') ?? '';
    const tag = /^[^\s(){%*"\\+]+(?= )/.exec(line)?.[0] ?? '*';
    let answer: Answer | null;
    let holds = false;
    try {
      if (tag === '*') throw syntaxError('Missing tag');
      const tokens = tokenize(raw);
      const uid = tokens[1]?.t === 'atom' && tokens[1].text.toUpperCase() === 'UID';
      const word = textOf(tokens[uid ? 2 : 1], 'command').toUpperCase();
      const name = uid ? `UID ${word}` : word;
      this.context.seen(name, word === 'LOGIN' || word === 'AUTHENTICATE' ? name : line);
      holds = this.commands.get(name)?.holdsExpunges ?? false;
      const faults = this.context.plan.strike(name);
      answer = await this.#obey(name, tokens.slice(uid ? 3 : 2), { tag, uid, faults });
    } catch (error) {
      answer = refusal(error);
    }
    if (answer === null || this.#dismissed) return;
    this.selected?.tell(!holds);
    for (const line of this.context.plan.current.junk ?? []) this.out.write(`${line}\r\n`);
    this.out.write(`${tag} ${answer.status} ${answer.code ? `[${answer.code}] ` : ''}${answer.text}\r\n`);
    if (this.#ending) await this.out.end();
  }

  /** Runs a command unless a fault forbids it; null when there is nothing more to answer. */
  async #obey(name: string, args: Token[], call: Call): Promise<Answer | null> {
    const struck = await this.#suffer(call.faults);
    if (struck || this.out.closed) return struck;
    if (!call.faults.some(fault => fault.t === 'lost'))
      return await this.#run(this.commands.get(name), args, call);
    this.out.limit(0, 'hang');
    try {
      await this.#run(this.commands.get(name), args, call);
    } finally {
      this.out.close();
    }
    return null;
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

/** The answer to a command that was refused by throwing; anything else is a defect of the server. */
function refusal(error: unknown): Answer {
  if (!(error instanceof TmailError && error.code === 'demo.refused')) throw error;
  const { status, text, code } = error.facts;
  const answer = { status: status === 'NO' ? ('NO' as const) : ('BAD' as const), text: String(text) };
  return typeof code === 'string' ? { ...answer, code } : answer;
}
