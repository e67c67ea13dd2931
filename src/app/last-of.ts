// Keeps what was computed last: for values that change rarely and are asked for with every key.

/** Keeps the last result for the last arguments. */
export function lastOf<A extends readonly unknown[], R>(compute: (...args: A) => R): (...args: A) => R {
  let known: { args: A; result: R } | null = null;
  return (...args) => {
    if (known && args.every((arg, i) => Object.is(arg, known?.args[i]))) return known.result;
    known = { args, result: compute(...args) };
    return known.result;
  };
}
