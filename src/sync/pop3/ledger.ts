// The memory of a POP3 account on disk: which messages of the server were seen, and what became of them. A journal
// that only grows while it is open, so that a crash costs at most what had not been promised. Holds no mail.
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AccountId } from '../../mail/types.ts';
import { TmailError } from '../../util/errors.ts';
import type { Known } from './known.ts';

export interface LedgerMemory {
  /** Milliseconds since 1970 of the last check that went through; null before the first. */
  readonly lastCheck: number | null;
  /** The choice for the first check was made good. */
  readonly begun: boolean;
  /** The server was caught giving a name to two messages. */
  readonly reusesNames: boolean;
  /** Deletions of the last checks that deleted; the newest last. */
  readonly usual: readonly number[];
  readonly told: { readonly policy: string; readonly many: number } | null;
  /** The server's LOGIN-DELAY (RFC 2449 section 6.5) ends then; milliseconds since 1970, 0: none. */
  readonly notBefore: number;
  /** How often the line was cut while a message came, by what the server calls it; forgotten when all have come. */
  readonly cuts: Readonly<Record<string, number>>;
  /** Accounts in whose folders its mail was put (`deliverTo`), ever: it is looked for there. */
  readonly deliveredTo: readonly AccountId[];
}

export interface Ledger {
  readonly known: ReadonlyMap<string, Known>;
  readonly memory: LedgerMemory;
  /** Lines of the journal that could not be read when it was opened; a torn last line is not counted. */
  readonly damaged: number;
  /**
   * Adds or replaces by id; durable when it resolves. What the person deleted stays so, whatever a check that runs
   * meanwhile knew of it. @throws TmailError storage `pop3.ledger-write`
   */
  record(entries: readonly Known[], memory?: Partial<LedgerMemory>): Promise<void>;
  close(): Promise<void>;
}

const VERSION = 1;
const NOTHING: LedgerMemory = {
  lastCheck: null,
  begun: false,
  reusesNames: false,
  usual: [],
  told: null,
  notBefore: 0,
  cuts: {},
  deliveredTo: [],
};
/** A journal is written anew when so many of its lines are out of date, and at least half of them. */
const STALE_LINES = 2000;

/** Opens or makes the journal (0600). @throws TmailError storage `pop3.ledger-open`, `pop3.ledger-version` */
export async function openLedger(path: string): Promise<Ledger> {
  const known = new Map<string, Known>();
  let memory = NOTHING;
  let opened: FileHandle | undefined;
  let file: FileHandle;
  let lines = 0;
  let damaged = 0;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    opened = file = await openFile(path);
    const read = parseJournal((await file.readFile()).toString('utf8'));
    damaged = read.damaged;
    lines = read.lines;
    for (const one of read.known) known.set(one.id, one);
    memory = { ...memory, ...read.memory };
    const current = known.size + 1;
    if (read.torn || lines - current > Math.max(STALE_LINES, lines / 2) || lines === 0) {
      await file.close();
      opened = undefined;
      await rewrite(path, known, memory);
      opened = file = await openFile(path);
      lines = current;
    }
  } catch (error) {
    await opened?.close();
    throw storageError(error, 'pop3.ledger-open', path);
  }

  let writing = Promise.resolve();
  /** Bytes of whole lines. */
  let length = (await file.stat()).size;
  async function append(text: string): Promise<void> {
    try {
      // Half a line that a full disk left would spoil the next one.
      if ((await file.stat()).size !== length) await file.truncate(length);
      await file.appendFile(text);
      await file.datasync();
      length += Buffer.byteLength(text);
    } catch (error) {
      throw storageError(error, 'pop3.ledger-write', path);
    }
  }

  return {
    known,
    get memory() {
      return memory;
    },
    damaged,
    async record(entries, change) {
      if (entries.length === 0 && !change) return;
      // One after the other; a failed write must not fail those behind it. Only then it is known what came before.
      const turn = writing.then(async () => {
        const kept = entries.map(one => (known.get(one.id)?.state === 'deleted' ? asDeleted(one) : one));
        const next = { ...memory, ...change };
        const lines = [...kept, ...(change ? [{ memory: next }] : [])];
        await append(lines.map(line => `${JSON.stringify(line)}\n`).join(''));
        for (const one of kept) known.set(one.id, one);
        memory = next;
      });
      writing = turn.catch(() => undefined);
      await turn;
    },
    async close() {
      await writing;
      await file.close();
    },
  };
}

const asDeleted = (one: Known): Known => ({ ...one, state: 'deleted' });

const openFile = (path: string) =>
  open(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW, 0o600);

/** A fresh journal beside the old one, durable before it takes its place. */
async function rewrite(path: string, known: ReadonlyMap<string, Known>, memory: LedgerMemory): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await unlink(temporary).catch(() => undefined); // one that a crash left behind
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  const file = await open(temporary, flags, 0o600);
  try {
    const lines = [{ version: VERSION }, { memory }, ...known.values()];
    await file.writeFile(lines.map(line => `${JSON.stringify(line)}\n`).join(''));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const directory = await open(dirname(path), constants.O_RDONLY);
  await directory.sync().finally(() => directory.close());
}

function parseJournal(text: string) {
  const known: Known[] = [];
  let memory: Partial<LedgerMemory> = {};
  let damaged = 0;
  const lines = text.split('\n');
  const torn = lines.pop() !== '';
  for (const line of lines) {
    const value = parseLine(line);
    if (isKnown(value)) known.push(value);
    else if (isRecord(value) && isRecord(value.memory)) memory = readMemory(value.memory);
    else if (isRecord(value) && typeof value.version === 'number') {
      if (value.version !== VERSION)
        throw new TmailError('storage', 'pop3.ledger-version', { retry: 'never' });
    } else damaged++;
  }
  return { known, memory, damaged, torn, lines: lines.length };
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const STATES: readonly unknown[] = ['here', 'placeholder', 'skipped', 'deleted'];
const isTextOrNull = (value: unknown) => value === null || typeof value === 'string';

function isKnown(value: unknown): value is Known {
  return (
    isRecord(value) &&
    typeof value.id === 'string' &&
    typeof value.key === 'string' &&
    typeof value.sure === 'boolean' &&
    STATES.includes(value.state) &&
    typeof value.firstSeen === 'number' &&
    (value.size === null || typeof value.size === 'number') &&
    isTextOrNull(value.head) &&
    isTextOrNull(value.body) &&
    typeof value.onServer === 'boolean' &&
    typeof value.removals === 'number' &&
    typeof value.policy === 'string'
  );
}

function readMemory(value: Record<string, unknown>): LedgerMemory {
  const { lastCheck, begun, reusesNames, usual, told, notBefore, cuts, deliveredTo } = value;
  return {
    lastCheck: typeof lastCheck === 'number' ? lastCheck : null,
    begun: begun === true,
    reusesNames: reusesNames === true,
    notBefore: typeof notBefore === 'number' ? notBefore : 0,
    deliveredTo: Array.isArray(deliveredTo) ? deliveredTo.filter(one => typeof one === 'string') : [],
    cuts: isRecord(cuts)
      ? Object.fromEntries(
          Object.entries(cuts).filter((one): one is [string, number] => typeof one[1] === 'number'),
        )
      : {},
    usual: Array.isArray(usual) ? usual.filter(one => typeof one === 'number') : [],
    told:
      isRecord(told) && typeof told.policy === 'string' && typeof told.many === 'number'
        ? { policy: told.policy, many: told.many }
        : null,
  };
}

function storageError(error: unknown, code: string, path: string): TmailError {
  if (error instanceof TmailError) return error;
  const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return new TmailError('storage', code, { facts: { path, reason }, cause: error });
}
