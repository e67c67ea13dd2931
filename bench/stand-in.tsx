// Three panes of rows to measure the screen's machinery with, apart from the program's own screens.
import { Box, Text, useCursor } from 'ink';
import type { ReactNode } from 'react';
import { useSyncExternalStore } from 'react';

export interface StandInState {
  readonly columns: number;
  readonly rows: number;
  readonly top: number;
  readonly cursor: number;
  readonly status: string;
}

export interface StandInStore {
  get(): StandInState;
  subscribe(listener: () => void): () => void;
}

const names = ['Ada Lovelace', 'Charles Babbage', 'Grace Hopper', 'Dennis Ritchie', 'Barbara Liskov'];
const subjects = [
  'Re: Engine timetable for the spring meeting',
  'Compiler notes and the scans',
  'FP and a beer',
];

/** One list row, exactly `width` columns. */
export function row(n: number, width: number): string {
  const from = (names[n % names.length] ?? '').padEnd(16);
  const time = `${String(n % 24).padStart(2, '0')}:${String((n * 7) % 60).padStart(2, '0')}`;
  const subject = `${subjects[n % subjects.length] ?? ''} #${n}`;
  return ` ${n % 3 === 0 ? 'N' : ' '}   ${time}  ${from} ${subject}`.slice(0, width).padEnd(width);
}

function Pane({ width, lines }: { width: number; lines: readonly ReactNode[] }) {
  return (
    <Box flexDirection="column" width={width}>
      {lines}
    </Box>
  );
}

export function StandIn({ store }: { store: StandInStore }) {
  const { columns, rows, top, cursor, status } = useSyncExternalStore(store.subscribe, store.get);
  const { setCursorPosition } = useCursor();
  const wide = columns >= 140;
  const side = wide ? 24 : 0;
  const list = wide ? 58 : columns;
  const body = rows - 2;
  setCursorPosition({ x: side, y: 1 + cursor - top });
  const slots = Array.from({ length: body }, (_, i) => i);
  const numbers = slots.map(i => top + i);
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      <Text inverse wrap="truncate">
        {` tmail  work / Inbox  ${cursor + 1} of 10000`.padEnd(columns)}
      </Text>
      <Box height={body}>
        {wide && (
          <Pane
            width={side}
            lines={slots.map(i => (
              <Text key={i} wrap="truncate" dimColor={i % 7 === 0}>
                {`  ${names[i % names.length]}`.slice(0, side - 1).padEnd(side - 1)}│
              </Text>
            ))}
          />
        )}
        <Pane
          width={list}
          lines={numbers.map(n => (
            <Text key={n - top} wrap="truncate" bold={n % 3 === 0} inverse={n === cursor}>
              {row(n, list)}
            </Text>
          ))}
        />
        {wide && (
          <Pane
            width={columns - side - list}
            lines={slots.map(i => (
              <Text key={i} wrap="truncate">
                {`│ ${'The new plan is on the wiki and the printable one is attached. '.repeat(2)}`.slice(
                  0,
                  40 + ((i * 17) % 35),
                )}
              </Text>
            ))}
          />
        )}
      </Box>
      <Text wrap="truncate">{` ${status}`.padEnd(columns)}</Text>
    </Box>
  );
}
