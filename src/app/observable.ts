// The whole state library: a value, its readers, and batches that notify once. Knows nothing of mail or React.
import type { Observable } from './types.ts';

export function observable<T>(initial: T): Observable<T> {
  const listeners = new Set<() => void>();
  let value = initial;
  let depth = 0;
  let dirty = false;
  const emit = () => {
    if (depth > 0) {
      dirty = true;
      return;
    }
    for (const listener of [...listeners]) listener();
  };
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      emit();
    },
    batch(change) {
      depth += 1;
      try {
        change();
      } finally {
        depth -= 1;
        if (depth === 0 && dirty) {
          dirty = false;
          emit();
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
