// Measures work by the processor time of this process, which other programs on the machine do not inflate.

/** Milliseconds of processor time since the call. */
export function stopwatch(): () => number {
  const from = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(from);
    return (user + system) / 1000;
  };
}
