// Stands in for the global `performance` in the bundle (scripts/esbuild-options.mjs): reading that loads Node's
// performance hooks, 2 to 3 ms before the first frame. Only what is used of it.

/** Milliseconds since some moment before the program began; never goes back. */
export const monotonic = { now: () => Number(process.hrtime.bigint()) / 1e6 };
