// Commands that change something on the server, sent as they stand. imapflow's own calls for them turn refusals into
// `false`, encode names again, and expunge what other clients have marked: none of them is used.
import { TmailError } from '../../util/errors.ts';
import type { Peer } from '../errors.ts';
import { appendUid, copyUid, internalDate, refusalOf } from './answers.ts';
import type { Changes, Copied, Features, MailboxName, NewOnServer, Place } from './client-types.ts';
import { type Answer, type Coded, nameOnWire, type UntaggedHandlers } from './flow.ts';
import { splitLabels } from './gmail.ts';

/** Messages that one answer may name; no command here is about more. */
const MOST_NAMED = 100_000;

export abstract class ChangingClient implements Changes {
  abstract readonly peer: Peer;
  abstract readonly features: Features;
  /** Bytes that APPEND takes (RFC 7889); null: not said. */
  protected abstract readonly appendLimit: number | null;
  protected abstract readonly usable: boolean;
  /** Ends an IDLE first. @throws what imapflow throws */
  protected abstract send(command: string, attributes: unknown, untagged?: UntaggedHandlers): Promise<Answer>;
  /** With a deadline, and errors translated. */
  protected abstract run<T>(work: () => Promise<T>): Promise<T>;

  async storeFlags(range: string, change: 'add' | 'remove', flags: readonly string[]): Promise<void> {
    const sign = change === 'add' ? '+' : '-';
    const store = (item: string, values: readonly unknown[]) =>
      this.#command('UID STORE', [set(range), { type: 'ATOM', value: sign + item }, values]);
    const { utf8, labels: known } = this.features;
    const split = known ? splitLabels(flags, utf8) : { flags, labels: [] };
    if (split.labels.length > 0) await store('X-GM-LABELS', split.labels);
    const atoms = split.flags.map(flag => ({ type: 'ATOM', value: flag }));
    if (atoms.length > 0) await store('FLAGS.SILENT', atoms);
  }

  append(name: MailboxName, { bytes, flags, date }: NewOnServer): Promise<Place | null> {
    return this.run(async () => {
      const limit = this.appendLimit;
      if (limit !== null && bytes.length > limit) {
        const facts = { ...this.peer, size: bytes.length, limit };
        throw new TmailError('rejected', 'imap.append-limit', { facts });
      }
      const answer = await this.send('APPEND', [
        nameOnWire(name.wire),
        flags.map(flag => ({ type: 'ATOM', value: flag })),
        { type: 'STRING', value: internalDate(date) },
        { type: 'LITERAL', value: bytes },
      ]);
      answer.next();
      return appendUid(answer.response ?? {});
    });
  }

  copy(range: string, to: MailboxName): Promise<Copied | null> {
    return this.#transfer('UID COPY', range, to);
  }

  move(range: string, to: MailboxName): Promise<Copied | null> {
    return this.#transfer('UID MOVE', range, to);
  }

  /** COPYUID stands in the tagged answer to COPY, and for MOVE in an untagged one before it (RFC 6851 section 4.3). */
  #transfer(command: string, range: string, to: MailboxName): Promise<Copied | null> {
    return this.run(async () => {
      let copied: Copied | null = null;
      const read = (answer: Coded): void => {
        const found = copyUid(answer, MOST_NAMED);
        if (!found) return;
        const before: Copied | null = copied;
        const places = new Map([...(before?.places ?? []), ...found.places]);
        copied = before && before.uidValidity !== found.uidValidity ? before : { ...found, places };
      };
      const answer = await this.send(command, [set(range), nameOnWire(to.wire)], {
        OK: async untagged => read(untagged),
      });
      answer.next();
      read(answer.response ?? {});
      return copied;
    });
  }

  expunge(range: string): Promise<void> {
    return this.features.uidplus ? this.#command('UID EXPUNGE', [set(range)]) : this.#command('EXPUNGE', []);
  }

  create(name: MailboxName): Promise<void> {
    return this.run(async () => {
      try {
        await this.#plain('CREATE', [nameOnWire(name.wire)]);
      } catch (error) {
        // That it is there already is no refusal (RFC 5530).
        if (!/\[?ALREADYEXISTS|exists/i.test(refusalOf(error))) throw error;
      }
      try {
        await this.#plain('SUBSCRIBE', [nameOnWire(name.wire)]);
      } catch (error) {
        // Whether it is subscribed is no reason to fail.
        if (!this.usable) throw error;
      }
    });
  }

  rename(from: MailboxName, to: MailboxName): Promise<void> {
    return this.#command('RENAME', [nameOnWire(from.wire), nameOnWire(to.wire)]);
  }

  remove(name: MailboxName): Promise<void> {
    return this.#command('DELETE', [nameOnWire(name.wire)]);
  }

  subscribeTo(name: MailboxName, subscribed: boolean): Promise<void> {
    return this.#command(subscribed ? 'SUBSCRIBE' : 'UNSUBSCRIBE', [nameOnWire(name.wire)]);
  }

  #command(command: string, attributes: unknown): Promise<void> {
    return this.run(() => this.#plain(command, attributes));
  }

  async #plain(command: string, attributes: unknown): Promise<void> {
    (await this.send(command, attributes)).next();
  }
}

const set = (range: string) => ({ type: 'SEQUENCE', value: range });
