// What commands ask before they write: can mail be sent from here, is what the keys act on a draft. Pure.
import { cannotChange } from '../read-only.ts';
import { folderRecord, target } from '../selectors.ts';
import type { View } from './command.ts';

export const cannotWrite = ({ state, data }: View): string | undefined => {
  const why = cannotChange(state, 'write there');
  if (why) return why;
  return data.outgoing ? undefined : 'No account can send; the configuration names no outgoing server.';
};

/** Templates stand beside the configuration; which there are is looked up when they are asked for. */
export const noTemplates = ({ data }: View): string | undefined =>
  data.config.file === null
    ? 'Templates stand in a folder "templates" beside the configuration file, and there is none here.'
    : undefined;

/** A message of a Drafts folder is written on, not read. */
export function isDraft(view: View): boolean {
  const found = target(view);
  return found !== undefined && folderRecord(view.state, found.folder.record.id)?.role === 'drafts';
}
