// How a reader knows what the owner of the store has written: every file is replaced by a rename, so the time of a
// directory tells. Reads no file.

/** How often a reader looks: soon enough to seem live, and a few calls of `stat` at that. */
export const REREAD_MS = 1000;

/** Has anything in this directory been added, replaced or removed since this was last asked? */
export type ChangedSince = (dir: string) => Promise<boolean>;

/** The first time nobody knows, so it has. `timeOf`: of the directory's last change. */
export function changedSince(timeOf: (dir: string) => Promise<number>): ChangedSince {
  const times = new Map<string, number>();
  return async dir => {
    const time = await timeOf(dir);
    const before = times.get(dir);
    times.set(dir, time);
    return before !== time;
  };
}
