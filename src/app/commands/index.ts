// All commands, in the order of help.
import type { Command } from './command.ts';
import { composingCommands } from './composing.ts';
import { destroyingCommands } from './destroying.ts';
import { editingCommands } from './editing.ts';
import { exportCommands } from './exporting.ts';
import { findingCommands } from './finding.ts';
import { folderCommands } from './folders.ts';
import { labelCommands } from './labels.ts';
import { laterCommands } from './later.ts';
import { listCommands } from './lists.ts';
import { markingCommands } from './marking.ts';
import { messageCommands } from './messages.ts';
import { movingCommands } from './moving.ts';
import { organisingCommands } from './organising.ts';
import { askingCommands, outboxCommands } from './outbox.ts';
import { ownFolderCommands } from './own-folders.ts';
import { partsCommands } from './parts.ts';
import { programCommands } from './program.ts';
import { queueCommands } from './queue.ts';
import { readingCommands } from './reading.ts';
import { screenCommands } from './screens.ts';
import { storageCommands } from './storage.ts';
import { threadCommands } from './threads.ts';
import { writingCommands } from './writing.ts';

export const allCommands: readonly Command[] = [
  ...movingCommands,
  ...messageCommands,
  ...readingCommands,
  ...findingCommands,
  ...partsCommands,
  ...writingCommands,
  ...composingCommands,
  ...editingCommands,
  ...outboxCommands,
  ...markingCommands,
  ...organisingCommands,
  ...threadCommands,
  ...labelCommands,
  ...destroyingCommands,
  ...folderCommands,
  ...listCommands,
  ...ownFolderCommands,
  ...programCommands,
  ...screenCommands,
  ...queueCommands,
  ...storageCommands,
  ...askingCommands,
  ...exportCommands,
  ...laterCommands,
];
