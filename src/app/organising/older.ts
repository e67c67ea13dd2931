// Finds what is older than an age in a folder, and asks whether it may be archived.
import type { FolderId, LocalUid } from '../../mail/types.ts';
import { FLAGGED, SEEN } from '../../mail/types.ts';
import type { Core } from '../core.ts';
import { folderLabel, folderRecord, plural } from '../selectors.ts';
import { pop, push, replaceTop, topLayer } from '../state.ts';

const DAY = 86_400_000;
const DAYS: Readonly<Record<string, number>> = { d: 1, w: 7, m: 30.44, y: 365.25 };

/** `90`, `8 w`, `6 months`, `2y` in milliseconds; null: this is no age. */
export function ageOf(text: string): number | null {
  const match = /^\s*(\d{1,5})\s*(d|w|m|y|days?|weeks?|months?|years?)?\s*$/i.exec(text);
  const days = DAYS[match?.[2]?.[0]?.toLowerCase() ?? 'd'];
  const n = Number(match?.[1] ?? 0);
  return match && days !== undefined && n > 0 ? Math.round(n * days * DAY) : null;
}

/** The prompt stays while it is counted; it says what is wrong with the answer, or gives way to the question. */
export async function askArchive(core: Core, id: FolderId, text: string): Promise<void> {
  const age = ageOf(text);
  const answer = (problem: string | null, busy: boolean): void =>
    core.change(state => {
      const layer = topLayer(state);
      return layer.t === 'prompt' ? replaceTop(state, { ...layer, problem, busy }) : state;
    });
  if (age === null) {
    answer('An age is a number of days, or a number with w, m or y.', false);
    return;
  }
  answer(null, true);
  const found = await olderThan(core, id, core.deps.now() - age);
  const layer = topLayer(core.state.get());
  if (layer.t !== 'prompt' || layer.act.t !== 'archive-older') return;
  const count = found.uids.length;
  if (count === 0) {
    answer('No message of this folder is as old as that.', false);
    return;
  }
  const record = folderRecord(core.state.get(), id);
  const name = record ? folderLabel(record) : 'the folder';
  const lines = [
    `${plural(count, 'message')} in ${name}, older than ${text.trim()}, ${count === 1 ? 'is' : 'are'} archived. u takes it back.`,
    ...(found.unread > 0 ? [`${found.unread} of them unread.`] : []),
    ...(found.starred > 0 ? [`${found.starred} of them starred.`] : []),
  ];
  const act = { t: 'archive', messages: [{ folder: id, uids: found.uids }] } as const;
  core.change(state => push(pop(state), { t: 'confirm', title: 'Archive', lines, yes: 'yes, archive', act }));
}

async function olderThan(core: Core, id: FolderId, limit: number) {
  const uids: LocalUid[] = [];
  let unread = 0;
  let starred = 0;
  const folder = core.opened.get(id);
  await folder?.loadAll();
  for await (const { uid, flags, envelope } of folder?.scan() ?? []) {
    if (envelope.date >= limit) continue;
    uids.push(uid);
    if ((flags & SEEN) === 0) unread += 1;
    if ((flags & FLAGGED) !== 0) starred += 1;
  }
  return { uids, unread, starred };
}
