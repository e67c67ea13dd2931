// Getting connected and staying so: tries, waits, tries again; asks for the person where trying would be hammering;
// notices that the computer slept. Knows nothing of what is done while connected.
import { asTmailError, type TmailError } from '../util/errors.ts';
import { Backoff } from './backoff.ts';
import type { Clock, Timer } from './clock.ts';
import type { Phase, Session } from './types.ts';

const HEARTBEAT_MS = 5000;
/** A timer this late means that the computer slept, and that the line is dead even if it does not say so. */
const SLEPT_MS = 5000;
/**
 * While this computer has no way to the server, or just got another one, nobody is hammered by trying: it goes on at
 * once when there is a way, and this is how late that may be noticed.
 */
const NO_WAY_MS = 4000;
/** How long after a change the network may still be coming up. */
const COMING_UP_MS = 60_000;
/** A connection that held this long was a good one. */
const STABLE_MS = 20_000;

export interface ConnectionHost {
  readonly clock: Clock;
  readonly random: () => number;
  /** This computer's addresses now; another set of them is another network. */
  readonly addresses: () => ReadonlySet<string>;
  /** @throws TmailError why there is no connection */
  dial(signal: AbortSignal): Promise<Session>;
  /** Connected. */
  begin(session: Session): void;
  /** No longer, or never: resolves when nothing uses the session any more. */
  end(): Promise<void>;
  state(phase: Phase, error: TmailError | null, retryAt: number | null): void;
}

export class Connection {
  readonly #host: ConnectionHost;
  readonly #backoff: Backoff;
  #living: Promise<void> | null = null;
  #stopping = new AbortController();
  /** Ends a wait that may be ended by others. */
  #wake: (() => void) | null = null;
  /** Ends any wait. */
  #cut: (() => void) | null = null;
  #hangUp: (() => void) | null = null;
  #heart: Timer | null = null;
  #waitsForNetwork = false;
  #addresses: ReadonlySet<string>;
  /** When the network changed, or the computer woke up, the last time. */
  #changedAt = Number.NEGATIVE_INFINITY;

  constructor(host: ConnectionHost) {
    this.#host = host;
    this.#addresses = host.addresses();
    this.#backoff = new Backoff(() => host.clock.now(), host.random);
  }

  get running(): boolean {
    return this.#living !== null;
  }

  start(): void {
    if (this.#living) return;
    this.#stopping = new AbortController();
    this.#living = this.#live().catch((thrown: unknown) => {
      this.#host.state('attention', asTmailError(thrown), null);
    });
    this.#beat();
  }

  /** Resolves when nothing is left. Repeatable. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#heart?.cancel();
    this.#cut?.();
    this.#hangUp?.();
    await this.#host.end();
    await this.#living;
    this.#living = null;
  }

  /** Ends a wait: somebody wants the connection now. Never more often than the back-off's window allows. */
  wake(): void {
    const { clock } = this.#host;
    this.#backoff.succeeded();
    if (!this.#wake) return;
    const soonest = this.#backoff.soonest();
    if (soonest === 0) this.#host.state('connecting', null, null);
    else this.#host.state('offline', null, clock.now() + soonest);
    this.#wake();
  }

  async #live(): Promise<void> {
    const { clock } = this.#host;
    while (!this.#stopping.signal.aborted) {
      this.#host.state('connecting', null, null);
      const since = clock.now();
      const error = await this.#once();
      await this.#host.end();
      if (this.#stopping.signal.aborted) return;
      if (clock.now() - since > STABLE_MS) this.#backoff.succeeded();
      if (error && needsPerson(error)) await this.#waitForPerson(error);
      else await this.#waitToRetry(error);
    }
  }

  /** One connection from beginning to end: why it ended. */
  async #once(): Promise<TmailError | null> {
    try {
      const hungUp = new Promise<null>(resolve => {
        this.#hangUp = () => resolve(null);
      });
      this.#backoff.connecting();
      const session = await this.#host.dial(this.#stopping.signal);
      if (this.#stopping.signal.aborted) return null;
      this.#host.begin(session);
      return await Promise.race([session.closed, hungUp]);
    } catch (thrown) {
      return asTmailError(thrown);
    } finally {
      this.#hangUp = null;
    }
  }

  async #waitToRetry(error: TmailError | null): Promise<void> {
    const ms = this.#backoff.afterFailure(this.#isWayless(error) ? NO_WAY_MS : undefined);
    this.#host.state('offline', error, this.#host.clock.now() + ms);
    this.#waitsForNetwork = true;
    const woken = await this.#sleep(ms);
    this.#waitsForNetwork = false;
    if (woken) await this.#window();
  }

  /** Nothing reached the server, or the way there has only just appeared. */
  #isWayless(error: TmailError | null): boolean {
    if (error?.code === 'net.unreachable' || error?.code === 'net.dns') return true;
    const since = this.#host.clock.now() - this.#changedAt;
    return error?.kind === 'network' && since >= 0 && since < COMING_UP_MS;
  }

  async #waitForPerson(error: TmailError): Promise<void> {
    this.#host.state('attention', error, null);
    await this.#sleep(null);
    await this.#window();
  }

  async #window(): Promise<void> {
    const ms = this.#backoff.soonest();
    if (ms > 0 && !this.#stopping.signal.aborted) await this.#sleep(ms, 'undisturbed');
  }

  /** True when woken before the time was up. */
  #sleep(ms: number | null, how?: 'undisturbed'): Promise<boolean> {
    return new Promise(resolve => {
      const finish = (woken: boolean): void => {
        timer?.cancel();
        this.#wake = null;
        this.#cut = null;
        resolve(woken);
      };
      const timer = ms === null ? null : this.#host.clock.after(ms, () => finish(false));
      this.#cut = () => finish(true);
      if (how === undefined) this.#wake = this.#cut;
      if (this.#stopping.signal.aborted) finish(true);
    });
  }

  /** Timers that fire late tell of sleep: the other side has long forgotten us. So does an address that is gone. */
  #beat(): void {
    const { clock } = this.#host;
    const due = clock.now() + HEARTBEAT_MS;
    this.#heart = clock.after(HEARTBEAT_MS, () => {
      if (this.#stopping.signal.aborted) return;
      const slept = Math.abs(clock.now() - due) > SLEPT_MS;
      const network = this.#network();
      if (slept || network !== 'same') this.#moved(slept || network === 'left');
      this.#beat();
    });
  }

  #moved(lineIsDead: boolean): void {
    this.#changedAt = this.#host.clock.now();
    if (lineIsDead) this.#hangUp?.();
    // A sign-in that was refused is refused after a sleep as well: only a wait for the network is cut short.
    if (this.#waitsForNetwork) this.wake();
    this.#backoff.succeeded();
  }

  /** `left`: an address that a connection may have been made from is gone. */
  #network(): 'same' | 'joined' | 'left' {
    const before = this.#addresses;
    const now = this.#host.addresses();
    this.#addresses = now;
    if ([...before].some(address => !now.has(address))) return 'left';
    return now.size > before.size ? 'joined' : 'same';
  }
}

/** Trying again by itself would hammer a server, or lock an account, without any hope. */
export function needsPerson(error: TmailError): boolean {
  return error.retry !== 'auto' && error.kind !== 'network' && error.kind !== 'cancelled';
}
