// Long work in steps, so that a key that was pressed meanwhile is not kept waiting.

/** The next turn of the event loop: input that has come is read first. */
export function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
