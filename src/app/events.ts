// Gathers what the store and the engines announce: the first at once, a burst of them a few times a second, so that
// a sync of thousands of messages costs a handful of frames.

/** Between two frames that a burst causes: five a second read well and leave the rest to keys. */
const BURST_MS = 150;

export interface Gather<T> {
  add(item: T): void;
  /** Hands over what is waiting, now. */
  flush(): void;
  readonly waiting: boolean;
  close(): void;
}

/** `inBulk`: what announces something has still much to do; it is told in a turn of its own, between two keys. */
export function gather<T>(
  handle: (items: ReadonlySet<T>) => void,
  now: () => number,
  inBulk: () => boolean = () => false,
): Gather<T> {
  let items = new Set<T>();
  let timer: NodeJS.Timeout | undefined;
  let last = Number.NEGATIVE_INFINITY;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (items.size === 0) return;
    const all = items;
    items = new Set();
    last = now();
    handle(all);
  };
  return {
    add(item) {
      items.add(item);
      if (timer) return;
      const since = now() - last;
      const isDue = since < 0 || since >= BURST_MS;
      if (isDue && !inBulk()) flush();
      else timer = setTimeout(flush, isDue ? 0 : BURST_MS - since);
    },
    flush,
    get waiting() {
      return items.size > 0;
    },
    close() {
      clearTimeout(timer);
      items = new Set();
    },
  };
}
