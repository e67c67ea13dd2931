// All commands, in the order of help.
import type { Command } from './command.ts';
import { folderCommands } from './folders.ts';
import { laterCommands } from './later.ts';
import { movingCommands } from './moving.ts';
import { programCommands } from './program.ts';
import { readingCommands } from './reading.ts';

export const allCommands: readonly Command[] = [
  ...movingCommands,
  ...readingCommands,
  ...folderCommands,
  ...programCommands,
  ...laterCommands,
];
