// The smallest program with a screen: shows its size and the keys it got. To try the screen's machinery alone.
import { spawn } from 'node:child_process';
import { Box, Text, useCursor } from 'ink';
import { useSyncExternalStore } from 'react';
import type { Key, Observable, Size, Terminal } from '../../src/app/types.ts';

export interface EchoState {
  readonly keys: readonly Key[];
  readonly size: Size;
  readonly crash: boolean;
}

/** The smallest app: remembers what it is told. */
export function createEcho(terminal: Terminal) {
  let value: EchoState = { keys: [], size: { columns: 0, rows: 0 }, crash: false };
  const listeners = new Set<() => void>();
  const state: Observable<EchoState> = {
    get: () => value,
    set(next) {
      value = next;
      for (const listener of listeners) listener();
    },
    batch: change => change(),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  let end: (status: number) => void = () => undefined;
  const ended = new Promise<number>(resolve => {
    end = resolve;
  });
  let slow = false;
  return {
    state,
    ended,
    /** From now on a quit does not end. */
    hang: () => {
      slow = true;
    },
    press(key: Key) {
      if (key === 'C-z') terminal.suspend();
      if (key === 'C-l') terminal.redraw();
      if (key === 'B') terminal.bell();
      if (key === 'L') void terminal.lend?.(() => run(process.env.TMAIL_TEST_LEND ?? 'true'));
      if (key === '!') throw new Error('thrown by a key');
      if (key === 'X') state.set({ ...value, crash: true });
      else state.set({ ...value, keys: [...value.keys, key] });
      if (key === 'q') end(0);
    },
    paste: (text: string) => state.set({ ...value, keys: [...value.keys, `paste(${text})`] }),
    resize: (size: Size) => state.set({ ...value, size }),
    settled: async () => undefined,
    quit: () => (slow ? undefined : end(0)),
  };
}

/** Another program in the same terminal. */
function run(script: string): Promise<void> {
  return new Promise(resolve => {
    spawn('sh', ['-c', script], { stdio: 'inherit' }).on('exit', () => resolve());
  });
}

export function Echo({ state }: { state: Observable<EchoState> }) {
  const { keys, size, crash } = useSyncExternalStore(state.subscribe, state.get);
  const { setCursorPosition } = useCursor();
  setCursorPosition({ x: keys.length, y: 1 });
  if (crash) throw new Error('thrown by a component');
  return (
    <Box flexDirection="column" width={size.columns} height={size.rows}>
      <Text inverse wrap="truncate">
        {`${size.columns}x${size.rows}`.padEnd(size.columns)}
      </Text>
      <Text color="red" wrap="truncate">
        {keys.join(' ')}
      </Text>
      <Box flexGrow={1} />
      <Text wrap="truncate">last row</Text>
    </Box>
  );
}
