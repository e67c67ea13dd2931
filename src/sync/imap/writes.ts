// Changes on their way to the disk: they are grouped there, so a pull goes on meanwhile and waits once, at its end.
// The first failure stops the pull at its next step.

export class Writes {
  #pending = new Set<Promise<unknown>>();
  #failed: { readonly error: unknown } | null = null;

  add(write: Promise<unknown>): void {
    const tracked: Promise<void> = write.then(
      () => {
        this.#pending.delete(tracked);
      },
      (error: unknown) => {
        this.#failed ??= { error };
        this.#pending.delete(tracked);
      },
    );
    this.#pending.add(tracked);
  }

  get size(): number {
    return this.#pending.size;
  }

  /** @throws the first failure so far */
  check(): void {
    if (this.#failed) throw this.#failed.error;
  }

  /** Until at most `left` are under way. @throws the first failure */
  async drain(left = 0): Promise<void> {
    while (this.#pending.size > left && !this.#failed) await Promise.race(this.#pending);
    this.check();
  }
}
