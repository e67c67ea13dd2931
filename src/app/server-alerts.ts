// Shows what a server wants the person to know (ALERT, RFC 9051 section 7.1): each text once in a run of the program, and
// in the log for as long as that holds.
import type { AccountId } from '../mail/types.ts';
import type { Core } from './core.ts';
import { notes } from './notes.ts';

export function watchAlerts(core: Core): void {
  const told = new Map<AccountId, number>();
  core.afterChange(({ accounts }) => {
    for (const { id, status } of accounts) {
      const { alerts = [] } = status;
      const before = told.get(id) ?? 0;
      if (alerts.length <= before) continue;
      told.set(id, alerts.length);
      for (const text of alerts.slice(before)) core.say('warning', notes.serverAlert(id, text));
    }
  });
}
