// The way out before its code is loaded: the first frame does not wait for what nobody has asked for yet. Does nothing
// of its own.
import type { LocalOutgoing } from '../outgoing/outgoing.ts';
import type { Outgoing } from '../outgoing/types.ts';
import { randomId } from '../util/ids.ts';

export interface LateOutgoing extends Outgoing {
  /** Loads it now; whoever asked for something meanwhile is answered then. Repeatable. */
  load(): Promise<LocalOutgoing>;
}

export function lateOutgoing(make: () => Promise<LocalOutgoing>): LateOutgoing {
  const waiting: (() => void)[] = [];
  const listeners = new Set<() => void>();
  let loading: Promise<LocalOutgoing> | null = null;
  let loaded: LocalOutgoing | null = null;
  const load = (): Promise<LocalOutgoing> => {
    loading ??= make().then(outgoing => {
      loaded = outgoing;
      outgoing.subscribe(() => {
        for (const listener of [...listeners]) listener();
      });
      return outgoing;
    });
    for (const go of waiting.splice(0)) go();
    return loading;
  };
  /** What only looks waits until it is loaded anyway; what a person does loads it. */
  const whenLoaded = async (): Promise<LocalOutgoing> => {
    if (!loading) await new Promise<void>(resolve => waiting.push(resolve));
    return load();
  };
  return {
    load,
    newDraftId: randomId,
    drafts: async () => (await whenLoaded()).drafts(),
    saveDraft: async draft => (await load()).saveDraft(draft),
    attachFile: async (...args) => (await load()).attachFile(...args),
    attachPart: async (...args) => (await load()).attachPart(...args),
    discardDraft: async id => (await load()).discardDraft(id),
    postpone: async draft => (await load()).postpone(draft),
    recall: async (...args) => (await load()).recall(...args),
    preview: async draft => (await load()).preview(draft),
    // Nobody writes before it is loaded; to be asked is to be loaded soon.
    check(draft) {
      if (!loaded) void load().catch(() => undefined);
      return loaded?.check(draft) ?? [];
    },
    send: async (...args) => (await load()).send(...args),
    outbox: () => loaded?.outbox() ?? [],
    takeBack: async id => (await load()).takeBack(id),
    sendNow: async id => (await load()).sendNow(id),
    retry: async (...args) => (await load()).retry(...args),
    assumeSent: async id => (await load()).assumeSent(id),
    drop: async id => (await load()).drop(id),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      // Those who wait for the first frame of a program that ends before it.
      if (!loading && waiting.length === 0) return;
      await (await load()).close();
    },
  };
}
