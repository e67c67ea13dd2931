// A maildrop, a disk and a person in memory, for trying a whole check at every arrow without a socket or a file.
import type { ServerCopy } from '../../../src/config/types.ts';
import type { Box, NewArrival, Written } from '../../../src/sync/pop3/box.ts';
import { type CheckReport, check, newTally, type Tally } from '../../../src/sync/pop3/check.ts';
import type { ListedMessage, Pop3Client } from '../../../src/sync/pop3/client.ts';
import { type Fingerprint, type Known, startFingerprint } from '../../../src/sync/pop3/known.ts';
import type { Ledger, LedgerMemory } from '../../../src/sync/pop3/ledger.ts';
import type { PlanSettings } from '../../../src/sync/pop3/plan.ts';
import { TmailError } from '../../../src/util/errors.ts';

/** How the server names its messages. */
export type Scheme = 'good' | 'none' | 'equal' | 'empty' | 'position' | 'slot' | 'session' | 'reset' | 'some';

export interface Mail {
  readonly n: number;
  readonly bytes: Buffer;
}

export class Crash extends Error {}

export const DAY = 24 * 60 * 60 * 1000;

export const schemes: readonly Scheme[] = [
  'good',
  'none',
  'equal',
  'empty',
  'position',
  'slot',
  'session',
  'reset',
  'some',
];
export const policies: readonly ServerCopy[] = ['delete', 'keep', 'untilDeletedHere', { deleteAfterDays: 3 }];

/** Messages differ in their bodies; `head` decides which heads are alike. */
export const mail = (n: number, head = n, length = n % 7) =>
  Buffer.from(`Message-ID: <${head}@x>\r\nSubject: ${head}\r\n\r\n${n} ${'x'.repeat(length)}\r\n`);

export interface WorldOptions {
  readonly scheme?: Scheme;
  readonly policy?: ServerCopy;
  readonly hasTop?: boolean;
  /** Deletions happen although the line was lost. */
  readonly commitsOnDrop?: boolean;
  /** The store makes messages of files that a crash left without one. */
  readonly adopts?: boolean;
  readonly settings?: Partial<PlanSettings>;
}

export function createWorld(options: WorldOptions = {}) {
  const world = {
    options,
    policy: options.policy ?? ('keep' as ServerCopy),
    now: Date.UTC(2026, 0, 1),
    maildrop: [] as Mail[],
    sessions: 0,
    delivered: new Map<number, Mail>(),
    /** By tmail, as the server sees it. */
    deletedByUs: new Set<number>(),
    /** Names that `reset` gives out begin again with this. */
    era: 0,
    /** Durable: what survives a crash. */
    disk: {
      mail: new Map<string, { bytes: Buffer; partial: boolean }>(),
      /** Files without a message. */
      orphans: new Map<string, Buffer>(),
      known: new Map<string, Known>(),
    },
    memory: {
      lastCheck: null,
      begun: false,
      reusesNames: false,
      usual: [],
      told: null,
      notBefore: 0,
      cuts: {},
      deliveredTo: [],
    } as LedgerMemory,
    retrieved: 0,
    arrows: 0,
    crashAt: Number.POSITIVE_INFINITY,
    quitFails: false,
  };

  function arrow(): void {
    if (++world.arrows === world.crashAt) throw new Crash();
  }

  function deliver(n: number, bytes: Buffer): void {
    const mail = { n, bytes };
    world.maildrop.push(mail);
    world.delivered.set(n, mail);
  }

  function nameOf(mail: Mail, position: number): string | null {
    switch (options.scheme ?? 'good') {
      case 'good':
        return `u${mail.n}`;
      case 'none':
        return null;
      case 'equal':
        return 'same';
      case 'empty':
        return null;
      case 'position':
        return String(position + 1);
      case 'slot':
        return `slot${position + 1}`;
      case 'session':
        return `s${world.sessions}-${mail.n}`;
      case 'reset':
        return `e${world.era}-${mail.n}`;
      case 'some':
        return mail.n % 3 === 0 ? null : `u${mail.n}`;
    }
  }

  function session(): Pop3Client {
    world.sessions++;
    const drop = [...world.maildrop];
    const marked = new Set<number>();
    const commit = () => {
      for (const number of marked) {
        const mail = drop[number - 1];
        if (!mail) continue;
        world.maildrop = world.maildrop.filter(one => one !== mail);
        world.deletedByUs.add(mail.n);
      }
      marked.clear();
    };
    async function* pieces(bytes: Buffer) {
      for (let at = 0; at < bytes.length; at += 16) yield bytes.subarray(at, at + 16);
    }
    const refused = () => new TmailError('rejected', 'pop3.refused');
    return {
      capabilities: {
        known: true,
        pipelining: true,
        uidl: true,
        top: true,
        user: true,
        stls: false,
        utf8: false,
        sasl: [],
        loginDelay: 0,
        expireDays: null,
      },
      closed: new Promise(() => undefined),
      stat: async () => ({ messages: drop.length, bytes: 0 }),
      async list(): Promise<ListedMessage[]> {
        arrow();
        return drop.map((mail, position) => ({
          number: position + 1,
          size: mail.bytes.length,
          uidl: nameOf(mail, position),
        }));
      },
      async *retrieve(wanted) {
        for (const { number } of wanted) {
          arrow();
          const mail = drop[number - 1];
          world.retrieved++;
          if (mail) yield { number, bytes: pieces(mail.bytes), error: null };
          else yield { number, bytes: null, error: refused() };
        }
      },
      async *top(numbers) {
        for (const number of numbers) {
          arrow();
          const mail = drop[number - 1];
          const end = mail?.bytes.indexOf('\r\n\r\n') ?? -1;
          if (mail && options.hasTop !== false) {
            yield {
              number,
              bytes: pieces(mail.bytes.subarray(0, end < 0 ? undefined : end + 4)),
              error: null,
            };
          } else yield { number, bytes: null, error: refused() };
        }
      },
      async dele(numbers) {
        return numbers.map(number => {
          try {
            arrow();
          } catch (error) {
            if (options.commitsOnDrop) commit();
            throw error;
          }
          marked.add(number);
          return null;
        });
      },
      rset: async () => marked.clear(),
      noop: async () => undefined,
      async quit() {
        arrow(); // before the server hears it
        if (world.quitFails) {
          if (options.commitsOnDrop) commit();
          throw new TmailError('rejected', 'pop3.refused');
        }
        commit();
        arrow(); // its answer is lost
      },
      close: () => undefined,
    };
  }

  function adopt(): void {
    for (const [id, bytes] of world.disk.orphans) {
      if (!world.disk.mail.has(id)) world.disk.mail.set(id, { bytes, partial: false });
    }
    world.disk.orphans.clear();
  }

  interface Memo extends Written {
    readonly bytes: Buffer;
  }

  function box(): Box<Memo> {
    const print = (bytes: Buffer): Fingerprint => {
      const hashing = startFingerprint();
      hashing.add(bytes);
      return hashing.end();
    };
    return {
      async ids() {
        if (options.adopts) adopt();
        return new Map([...world.disk.mail].map(([id, one]) => [id, !one.partial]));
      },
      async write(id, stream, partial) {
        const hashing = startFingerprint();
        const all: Buffer[] = [];
        for await (const piece of stream) {
          all.push(piece);
          hashing.add(piece);
        }
        arrow();
        if (!partial) world.disk.orphans.set(id, Buffer.concat(all));
        return { bytes: Buffer.concat(all), fingerprint: hashing.end(), durable: Promise.resolve() };
      },
      flush: async () => arrow(),
      async add(arrivals: readonly NewArrival<Memo>[]) {
        arrow();
        for (const one of arrivals) {
          world.disk.orphans.delete(one.id);
          if (!one.replaces && world.disk.mail.has(one.id)) throw new Error(`${one.id} is there already`);
          world.disk.mail.set(one.id, { bytes: one.written.bytes, partial: one.partial });
        }
        arrow();
      },
      async drop(written) {
        arrow();
        for (const [id, bytes] of world.disk.orphans)
          if (bytes.equals(written.bytes)) world.disk.orphans.delete(id);
      },
      async remove(id) {
        arrow();
        world.disk.mail.delete(id);
      },
      async reread(id) {
        const found = world.disk.mail.get(id);
        return found && !found.partial ? print(found.bytes) : null;
      },
    };
  }

  function ledger(): Ledger {
    return {
      known: world.disk.known,
      get memory() {
        return world.memory;
      },
      damaged: 0,
      async record(entries, change) {
        arrow();
        for (const one of entries) world.disk.known.set(one.id, one);
        world.memory = { ...world.memory, ...change };
        arrow();
      },
      close: async () => undefined,
    };
  }

  function settings(): PlanSettings {
    const firstRun = { t: 'all' } as const;
    const none = { sizeLimit: null, sessionMessages: null, sessionBytes: null };
    return { serverCopy: world.policy, firstRun, ...none, ...options.settings };
  }

  /** A whole check, unless it crashes at the arrow that was set. */
  async function run(
    crashAt = Number.POSITIVE_INFINITY,
    wanted: readonly string[] = [],
  ): Promise<{ tally: Tally; report: CheckReport | null; error: unknown }> {
    world.arrows = 0;
    world.crashAt = crashAt;
    const tally = newTally();
    const job = {
      client: session(),
      box: box() as unknown as Box, // its own kind of Written comes back to it
      ledger: ledger(),
      settings: settings(),
      wanted: new Set(wanted),
      now: () => world.now,
      dateOf: (head: Buffer) => {
        const found = /^Date: (.*)$/m.exec(head.toString('latin1'));
        return found?.[1] ? Date.parse(found[1]) : null;
      },
      label: 'Inbox',
    };
    try {
      const steps = check(job, tally);
      for (;;) {
        const step = await steps.next();
        if (step.done) return { tally, report: step.value, error: null };
      }
    } catch (error) {
      return { tally, report: null, error };
    }
  }

  /** The person deletes a message for good, here. */
  function deleteHere(n: number): void {
    for (const [id, one] of world.disk.mail) {
      if (!one.bytes.equals(world.delivered.get(n)?.bytes ?? Buffer.alloc(0))) continue;
      world.disk.mail.delete(id);
      const known = world.disk.known.get(id);
      if (known) world.disk.known.set(id, { ...known, state: 'deleted' });
    }
  }

  /** Copies of this message here. */
  const copies = (n: number) =>
    [...world.disk.mail.values()].filter(one =>
      one.bytes.equals(world.delivered.get(n)?.bytes ?? Buffer.alloc(0)),
    ).length;

  return { world, deliver, run, deleteHere, copies };
}
