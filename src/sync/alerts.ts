// What a server wants the person to know, in one run of the program: each text once, however often it is said. Shows
// nothing; who says it to the person is app/server-alerts.ts.
import type { ServerAlert } from './imap/flow.ts';
import type { AccountStatus } from './types.ts';

/** Different texts that are kept in one run; a server that says more is not listened to. */
const MOST = 50;

export class Alerts {
  #texts: readonly string[] = [];
  #overQuota: AccountStatus['overQuota'];

  /** Whether the status is another now. */
  add({ t, text }: ServerAlert): boolean {
    if (t === 'over-quota') {
      this.#overQuota = { text, times: (this.#overQuota?.times ?? 0) + 1 };
      return true;
    }
    if (text.trim() === '' || this.#texts.length >= MOST || this.#texts.includes(text)) return false;
    this.#texts = [...this.#texts, text];
    return true;
  }

  status(): Pick<AccountStatus, 'alerts' | 'overQuota'> {
    return {
      ...(this.#texts.length > 0 && { alerts: this.#texts }),
      ...(this.#overQuota && { overQuota: this.#overQuota }),
    };
  }
}
