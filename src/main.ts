// tmail: composition root. Gives the command line its process: arguments, streams, signals, exit status.
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { version } from '../package.json';
import { sink } from './cli/output.ts';
import { run } from './cli/run.ts';

/** A command that was asked to stop and did not is left after this time; whatever it did can be resumed. */
const GRACE_MS = 3000;

// Ink 8 calls it; Node 20 does not have it.
if (!('withResolvers' in Promise)) Object.assign(Promise, { withResolvers });

function withResolvers<T>() {
  let resolve: (value: T | PromiseLike<T>) => void = () => undefined;
  let reject: (reason?: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const stopping = new AbortController();
let stoppedBy: NodeJS.Signals | null = null;
const statusOfSignal = () => 128 + constants.signals[stoppedBy ?? 'SIGINT'];
const onSignal = (signal: NodeJS.Signals) => {
  // A second one means it.
  if (stoppedBy) process.exit(statusOfSignal());
  stoppedBy = signal;
  stopping.abort();
  setTimeout(() => process.exit(statusOfSignal()), GRACE_MS).unref();
};
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
for (const signal of SIGNALS) process.on(signal, onSignal);

const hadTerminal = isatty(0);

/** Node restores a terminal at exit and aborts where it is gone: nothing is left to restore. */
function letGoOfTerminal() {
  for (const fd of [0, 1, 2]) {
    try {
      closeSync(fd);
    } catch {
      // Closed already.
    }
  }
}

run({
  argv: process.argv.slice(2),
  env: process.env,
  output: { out: sink(process.stdout), err: sink(process.stderr) },
  version,
  signal: stopping.signal,
  beforeScreen: () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  },
}).then(status => {
  if (hadTerminal && !isatty(0)) letGoOfTerminal();
  // Not by running dry: a connection that refuses to end must not keep the process.
  process.exit(stoppedBy ? statusOfSignal() : status);
});
