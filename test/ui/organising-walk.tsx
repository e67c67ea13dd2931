// The same walk for every operation: choose, do, look at the screen and at the server, take back, look again.
import assert from 'node:assert/strict';
import type { Stage } from './organising-stage.tsx';

export interface Operation {
  readonly name: string;
  /** Does it with what is chosen. One write to the terminal: what follows in the same write is pressed at once. */
  readonly bytes: string;
  /** Keys that end it, where that takes some. */
  readonly ends?: readonly string[];
  /** What the server has afterwards; lines as of `Stage.truth`. */
  after(before: readonly string[], subjects: readonly string[]): readonly string[];
  /** What the status row says, of one (`what` is its subject) and of many (`3 messages`). */
  says(what: string, many: boolean): string | null;
  /** The messages go from the list. */
  readonly leaves: boolean;
}

export interface Selection {
  readonly name: string;
  /** Chooses; says which, and how many the screen is to say are marked. */
  choose(stage: Stage): Promise<readonly string[]>;
}

/** What is chosen in the mailbox of the stage, threads folded. */
export const SELECTIONS: readonly Selection[] = [
  {
    name: 'one',
    async choose(it) {
      await it.cursorTo('Cards');
      return ['Cards'];
    },
  },
  {
    name: 'marked one by one',
    async choose(it) {
      await it.cursorTo('Engine');
      await it.robot.press('space');
      await it.cursorTo('Budget');
      await it.robot.press('space');
      await it.robot.expectRow(/2 marked/);
      return ['Engine', 'Budget'];
    },
  },
  {
    name: 'a range with a fold in it',
    async choose(it) {
      await it.cursorTo('Engine');
      await it.robot.press('V', 'j', 'j', 'V');
      await it.robot.expectRow(/5 marked/);
      return ['Engine', 'Aw: Plan', 'Re: Plan', 'Plan', 'Dinner'];
    },
  },
  {
    name: 'all',
    async choose(it) {
      await it.robot.press('%');
      await it.robot.expectRow(/8 marked/);
      return ['Attic', 'Budget', 'Plan', 'Cards', 'Re: Plan', 'Dinner', 'Aw: Plan', 'Engine'];
    },
  },
  {
    name: 'by a pattern',
    async choose(it) {
      await it.robot.press('~');
      await it.robot.type('is:unread -plan');
      await it.robot.press('enter');
      await it.robot.expectRow(/3 marked/);
      return ['Engine', 'Dinner', 'Cards'];
    },
  },
  {
    name: 'a folded conversation',
    async choose(it) {
      await it.cursorTo('Aw: Plan');
      return ['Aw: Plan', 'Re: Plan', 'Plan'];
    },
  },
];

/** How it is taken back. */
export type Way = 'at once' | 'after the server has it' | 'after a folder change' | 'after another step';
export const WAYS: readonly Way[] = [
  'at once',
  'after the server has it',
  'after a folder change',
  'after another step',
];

/** All selections, each taken back in another way; `first` so that every operation meets other pairs. */
export async function walkAll(it: Stage, operation: Operation, first: number): Promise<void> {
  for (const [n, selection] of SELECTIONS.entries()) {
    const way = WAYS[(first + n) % WAYS.length];
    if (way) await walk(it, operation, selection, way);
  }
}

/** `Moved 3 messages to Trash. u to undo.`, `Moved to Trash: Cards. u to undo.` */
export const says =
  (deed: string) =>
  (what: string, many: boolean): string => {
    const [verb, ...rest] = deed.split(' ');
    return many ? `${[verb, what, ...rest].join(' ')}. u to undo.` : `${deed}: ${what}. u to undo.`;
  };

export async function walk(it: Stage, operation: Operation, selection: Selection, way: Way): Promise<void> {
  const { robot } = it;
  const name = `${operation.name}, ${selection.name}, ${way}`;
  const before = await it.truth();
  const rows = it.list();
  const chosen = await selection.choose(it);
  if (way === 'at once') {
    await robot.send(`${operation.bytes}${operation.ends ? '' : 'u'}`);
    if (operation.ends) await robot.press(...operation.ends, 'u');
  } else {
    const many = chosen.length !== 1;
    const said = operation.says(many ? `${chosen.length} messages` : (chosen[0] ?? ''), many);
    if (said === null) await robot.send(operation.bytes);
    else await it.typeUntil(operation.bytes, said);
    if (operation.ends) await robot.press(...operation.ends);
    assert.deepEqual(await it.truth(), operation.after(before, chosen), `${name}: on the server`);
    if (operation.leaves) {
      const left = it.subjects().filter(subject => chosen.includes(subject));
      assert.deepEqual(left, [], `${name}: on the screen`);
    }
    if (way === 'after a folder change') await it.openFolder('Trash');
    if (way === 'after another step') await another(it);
    await robot.press('u');
  }
  assert.deepEqual(await it.truth(), before, `${name}: taken back, on the server`);
  if (way === 'after a folder change' || way === 'after another step') await it.openFolder(it.home.words);
  assert.deepEqual(it.list(), rows, `${name}: taken back, on the screen`);
  assert.ok(!robot.rows().some(row => /\d marked/.test(row)), `${name}: nothing is marked any more`);
}

/** Stars something, and takes that back first. */
async function another(it: Stage): Promise<void> {
  await it.openFolder('projects');
  await it.robot.press('*');
  await it.robot.press('u');
}

/** Lines of `truth` by subject, which is unique in the folder of the mailbox. */
export const subjectOf = (line: string) => line.split(' | ')[1] ?? '';
export const folderOf = (line: string) => line.split(' | ')[0] ?? '';
export const ofSubjects = (subjects: readonly string[]) => {
  const wanted = new Set(subjects);
  return (line: string) => wanted.has(subjectOf(line)) && !/^(Projects|Trash)$/.test(folderOf(line));
};

/** In another folder of the same server, as they are; which one may depend on the message. */
export const moved =
  (to: string | ((line: string) => string)) =>
  (before: readonly string[], subjects: readonly string[]): readonly string[] => {
    const goes = ofSubjects(subjects);
    const where = (line: string) => (typeof to === 'string' ? to : to(line));
    return before.map(each => (goes(each) ? each.replace(/^[^|]+/, `${where(each)} `) : each)).sort();
  };

export const copied =
  (to: string) =>
  (before: readonly string[], subjects: readonly string[]): readonly string[] => {
    const copies = before.filter(ofSubjects(subjects)).map(each => each.replace(/^[^|]+/, `${to} `));
    return [...before, ...copies].sort();
  };

/** With a flag, or without it where all of them have it. */
export const toggled =
  (flag: string) =>
  (before: readonly string[], subjects: readonly string[]): readonly string[] => {
    const goes = ofSubjects(subjects);
    const flagsOf = (line: string) => (line.split(' | ')[2] ?? '').split(' ').filter(Boolean);
    const all = before.filter(goes).every(each => flagsOf(each).includes(flag));
    return before
      .map(each => {
        if (!goes(each)) return each;
        const parts = each.split(' | ');
        const others = flagsOf(each).filter(name => name !== flag);
        parts[2] = (all ? others : [...others, flag]).sort().join(' ');
        return parts.join(' | ');
      })
      .sort();
  };

export const gone = (before: readonly string[], subjects: readonly string[]): readonly string[] => {
  const goes = ofSubjects(subjects);
  return before.filter(each => !goes(each));
};
