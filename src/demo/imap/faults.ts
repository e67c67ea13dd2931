// Misbehaviour that tests switch on, as data. The demo never uses it.

export type FaultAction =
  /** The line is cut after `bytes` (0) bytes of the command's answer; with `reset`, by a TCP reset. */
  | { readonly t: 'drop'; readonly bytes?: number; readonly reset?: boolean }
  /** Silence after `bytes` (0) bytes of the command's answer; the line stays open. */
  | { readonly t: 'hang'; readonly bytes?: number }
  /** BYE and the end, in place of the command or after `responses` FETCH responses. */
  | { readonly t: 'bye'; readonly text?: string; readonly responses?: number }
  /** The command is not run; `text` may open with a response code in brackets. */
  | { readonly t: 'answer'; readonly status: 'OK' | 'NO' | 'BAD'; readonly text: string }
  /** The command is run, but the line is cut instead of its answer. */
  | { readonly t: 'lost' }
  /** Written as it is before the command is run. */
  | { readonly t: 'raw'; readonly bytes: string | Uint8Array }
  /** A line that never ends is written until the client goes. */
  | { readonly t: 'endless' }
  /** Another client expunges these uids after `responses` FETCH responses; those not yet sent are left out. */
  | { readonly t: 'vanish'; readonly uids: readonly number[]; readonly responses: number }
  | { readonly t: 'delay'; readonly milliseconds: number }
  /** The test does something at this very moment. */
  | { readonly t: 'run'; readonly run: () => void | Promise<void> };

export interface CommandFault {
  /** `FETCH` also means UID FETCH; `*` any command. */
  readonly command: string;
  /** Let that many such commands pass first (0). */
  readonly skip?: number;
  /** How often it strikes (once; Infinity: always). */
  readonly times?: number;
  readonly action: FaultAction;
}

export interface Faults {
  readonly commands?: readonly CommandFault[];
  /** Milliseconds before every command is run: a long line. */
  readonly delay?: number;
  /** Output is written in pieces of at most this many bytes; a function is asked for each piece. */
  readonly chunk?: number | (() => number);
  /** Each new connection is cut after the server has sent this many bytes. */
  readonly dropAfter?: number;
  /** In place of the usual greeting; `silent`: none at all. `preauth` signs the first user in. */
  readonly greeting?: 'preauth' | 'bye' | 'silent' | { readonly raw: string | Uint8Array };
  /** Capabilities that are neither announced nor obeyed, such as `MOVE`. */
  readonly hide?: readonly string[];
  /** Untagged lines before every tagged answer, as they are, without CRLF. */
  readonly junk?: readonly string[];
  /** Sent in clear together with the OK to STARTTLS: what an attacker would slip in. */
  readonly beforeHandshake?: string;
}

/** Bytes for `raw` actions that aim at a client's memory or stack. */
export const HOSTILE = {
  hugeLiteral: '* LIST (\\HasNoChildren) "/" {4294967296}\r\n',
  parentheses: `* LIST ${'('.repeat(200_000)}\r\n`,
} as const;

/** Names as no sane server has them, on the wire as they stand. */
export const HOSTILE_NAMES: readonly string[] = [
  '../../evil',
  'with "quotes" and \\ backslash',
  '\x1b]0;owned\x07\x1b[31mred',
  '&AG-broken&',
  '&&&',
  'constructor',
  '__proto__',
  'caf\xe9',
  'line\r\nbreak',
  '.',
  '..',
  'CON',
  'a'.repeat(300),
];

/** Keeps count of which fault strikes when. */
export class FaultPlan {
  #faults: Faults;
  #counts = new Map<CommandFault, number>();

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  get current(): Faults {
    return this.#faults;
  }

  /** Adds to what is set; a key given replaces that key. */
  set(patch: Faults): void {
    this.#faults = { ...this.#faults, ...patch };
  }

  clear(): void {
    this.#faults = {};
    this.#counts.clear();
  }

  /** The actions that strike this command, in order; counts it. `name` is such as `UID FETCH`. */
  strike(name: string): FaultAction[] {
    const actions: FaultAction[] = [];
    for (const fault of this.#faults.commands ?? []) {
      const { command, skip = 0, times = 1, action } = fault;
      if (command !== '*' && command !== name && `UID ${command}` !== name) continue;
      const count = this.#counts.get(fault) ?? 0;
      this.#counts.set(fault, count + 1);
      if (count >= skip && count < skip + times) actions.push(action);
    }
    return actions;
  }
}
