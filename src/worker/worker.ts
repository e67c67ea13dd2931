// The parsing worker.
export {};
