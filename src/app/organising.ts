// Files, moves, copies, marks and deletes messages, of several folders and accounts at once, and remembers how that is
// taken back. Every change goes through the stores' queues; nothing here waits for a server, and nothing is deleted
// for good that was not asked about.
import { messageId, splitFolderId } from '../mail/ids.ts';
import { INBOX_LABEL, leavesByLabel } from '../mail/labels.ts';
import type { FolderId, LocalUid, MessageId } from '../mail/types.ts';
import type { Operation } from '../store/types.ts';
import { TmailError } from '../util/errors.ts';
import type { Core } from './core.ts';
import { type Across, type Copied, createAcross, takeBackCopy } from './organising/across.ts';
import { type Carried, createCarry, MOVED_AT_ONCE } from './organising/carry.ts';
import { type Destination, type FilingRole, foldersOf } from './organising/destinations.ts';
import { changeFlags, type FlagChange } from './organising/flags.ts';
import { cursorOn, leaveReader, unmark } from './organising/leaving.ts';
import { makeDestination } from './organising/making.ts';
import { envelopesOf, planOf } from './organising/plan.ts';
import { allBack, createUndo, halvesBack, type Step, type TakeBack, type Undo } from './organising/undo.ts';
import { type Done, doneText, flagDeed, someOf, whatOf } from './organising/words.ts';
import { byFolder, countOf } from './selection.ts';
import { folderLabel, folderRecord, plural } from './selectors.ts';
import type { Messages } from './state.ts';

export { backOf, MOVED_AT_ONCE } from './organising/carry.ts';
export { folderByRole } from './organising/destinations.ts';
export type { TakeBack } from './organising/undo.ts';

export interface Organising extends Undo {
  /** To the folder of each account that is for this, which is made where there is none; archived by year or month. */
  file(messages: readonly Messages[], role: FilingRole): void;
  /** `step`: begun already, because the folder had to be made first. */
  move(messages: readonly Messages[], to: FolderId, step?: Step): void;
  /** A subject, or how many these are. */
  what(messages: readonly Messages[]): string;
  copy(messages: readonly Messages[], to: FolderId): void;
  /** Sets and clears flags and keywords; `u` takes back what that changed. */
  flag(messages: readonly Messages[], change: FlagChange): void;
  /** For good. */
  destroy(messages: readonly Messages[]): void;
  /** Deletes all messages of the folder for good. */
  empty(folder: FolderId): void;
  /** Stops copying to another account; false when nothing runs. */
  cancel(): boolean;
}

export interface OrganisingDeps {
  readonly openMessage: (id: MessageId) => void;
  /** Shows at once what was just done. */
  readonly applied: () => void;
  /** Has the whole message on this disk. */
  readonly fetchWhole: (id: MessageId) => Promise<unknown>;
}

/** Messages of one folder and where they go. */
interface Going extends Messages {
  readonly to: FolderId;
}

export function createOrganising(core: Core, deps: OrganisingDeps): Organising {
  const { change, track, say, opened } = core;
  const state = () => core.state.get();
  /** Where the cursor went in this step: of many that come back it goes to the newest. */
  let newest: { readonly folder: FolderId; readonly uid: LocalUid } | null = null;
  const returned = (folder: FolderId, uids: readonly LocalUid[]): void => {
    const uid = uids.reduce((most, each) => Math.max(most, each), 0);
    if (uid === 0 || (newest?.folder === folder && newest.uid > uid)) return;
    newest = { folder, uid };
    deps.applied();
    change(before => cursorOn(before, core.data, folder, uid));
  };
  const carry = createCarry(core, { applied: deps.applied, returned });
  const across: Across = createAcross(core, carry, { fetchWhole: deps.fetchWhole, returned });
  const undo = createUndo(core, deps);

  const what = (messages: readonly Messages[]): string =>
    whatOf(messages, ({ folder, uids }) => opened.get(folder)?.envelope(uids[0] ?? 0)?.subject);
  const nameOf = (folder: FolderId): string => {
    const record = folderRecord(state(), folder);
    return record ? folderLabel(record) : 'the folder';
  };
  const placeName = (to: FolderId, messages: readonly Messages[]): string => {
    const { account } = splitFolderId(to);
    const own = messages.every(({ folder }) => splitFolderId(folder).account === account);
    return own ? nameOf(to) : `${account} / ${nameOf(to)}`;
  };
  const backWhenDone = async (carrying: Promise<Carried>): Promise<TakeBack | null> =>
    allBack(core, (await carrying).operations.map(carry.back));
  const throwFailed = ({ error }: Carried): void => {
    if (error) throw error;
  };

  /** Within their accounts. */
  const moveHere = (goings: readonly Going[], done: Done, begun?: Step): void => {
    const count = countOf(goings);
    const about = what(goings);
    const step = begun ?? undo.begin(about, done.deed);
    const tell = (text: string): void => {
      if (step.standing()) say('info', text);
    };
    const goOn = leaveReader(core, deps.openMessage, goings);
    const moving = Promise.all(
      goings.map(going => carry.each([going], on => ({ t: 'move', to: going.to, ...on }))),
    ).then(joined);
    goOn();
    change(before => unmark(before, goings));
    const long = goings.some(({ uids }) => uids.length > MOVED_AT_ONCE);
    tell(long ? `${about}: on the way.` : doneText(about, count, done, step.isLast()));
    step.done(backWhenDone(moving));
    track(
      moving.then(carried => {
        if (long && !carried.error) tell(doneText(about, count, done, step.isLast()));
        throwFailed(carried);
      }),
    );
  };

  /** From other accounts, and with it what comes from the folder's own: one step and one sentence. */
  const send = (
    { own, foreign }: { readonly own: readonly Messages[]; readonly foreign: readonly Messages[] },
    to: FolderId,
    takeAway: boolean,
    begun?: Step,
  ): void => {
    const all = [...own, ...foreign];
    const about = what(all);
    const place = placeName(to, all);
    const deed = `${takeAway ? 'moved' : 'copied'} to ${place}`;
    const goOnHere = leaveReader(core, deps.openMessage, own, all);
    const goOnThere = leaveReader(core, deps.openMessage, foreign, all);
    const step = begun ?? undo.begin(about, deed);
    say('info', `${takeAway ? 'Moving' : 'Copying'} to ${place}: ${about}.`);
    const carrying = carry.each(own, on => ({ t: takeAway ? 'move' : 'copy', to, ...on }));
    if (takeAway) goOnHere();
    change(before => unmark(before, own));
    const doing = Promise.all([carrying, across.send(foreign, to, takeAway)]);
    const halves = (operations: readonly Operation[], copies: readonly Copied[]) => [
      { count: countOf(operationsOf(operations)), back: allBack(core, operations.map(carry.back)) },
      // They come back as new messages: the oldest first, as they were.
      {
        count: copies.length,
        back: allBack(
          core,
          copies
            .map(copy => takeBackCopy(core, carry, { fetchWhole: deps.fetchWhole, returned }, copy))
            .toReversed(),
        ),
      },
    ];
    step.done(doing.then(([{ operations }, { copies }]) => halvesBack(core, halves(operations, copies))));
    track(
      doing.then(([carried, { copies, notHere, failed, stopped }]) => {
        deps.applied();
        const sent = byCopies(copies);
        change(before => unmark(before, sent));
        if (takeAway && notHere.length === 0 && failed.length === 0 && !stopped) goOnThere();
        const count = countOf([...operationsOf(carried.operations), ...sent]);
        // What a message was called is not known any more where it was.
        const done = count === countOf(all) ? about : plural(count, 'message');
        if (count > 0 && step.standing()) say('info', doneText(done, count, { deed }, step.isLast()));
        if (count === 0 && stopped) say('info', 'Stopped before anything was copied.');
        if (notHere.length > 0) {
          const one = notHere.length === 1;
          say(
            'warning',
            `Not ${takeAway ? 'moved' : 'copied'}, because ${one ? 'it is' : 'they are'} not on this computer and can't be fetched now: ${someOf(notHere)}.`,
          );
        }
        for (const error of failed) core.fail(error);
        throwFailed(carried);
      }),
    );
  };

  const move = (messages: readonly Messages[], to: FolderId, step?: Step): void => {
    const { account } = splitFolderId(to);
    const away = messages.filter(({ folder }) => folder !== to);
    const [own, foreign] = parted(away, ({ folder }) => splitFolderId(folder).account === account);
    if (foreign.length > 0) {
      send({ own, foreign }, to, true, step);
      return;
    }
    const here = own.map(group => ({ ...group, to }));
    if (here.length > 0) moveHere(here, { deed: `moved to ${nameOf(to)}` }, step);
    else {
      step?.done(Promise.resolve(null));
      say('info', `It is in ${nameOf(to)} already.`);
    }
  };

  const made = async (destination: Destination): Promise<FolderId> => {
    const { account } = destination;
    const store = core.mail.get(account);
    if (!store) throw new TmailError('config', 'account.unknown', { facts: { account } });
    const folder = await makeDestination(store, destination);
    deps.applied();
    return folder;
  };

  /** Gmail's way outside the inbox: the label goes, the message stays where it is. */
  const leaveInbox = (messages: readonly Messages[]): void => {
    const about = what(messages);
    const leaving = carry.each(messages, on => ({ t: 'flags', ...on, add: [], remove: [INBOX_LABEL] }));
    change(before => unmark(before, messages));
    undo.remember(about, backWhenDone(leaving), 'archived');
    say('info', doneText(about, countOf(messages), { deed: 'archived' }));
    track(leaving.then(throwFailed));
  };

  const file = (all: readonly Messages[], role: FilingRole, begun?: Step): void => {
    const byLabel = ({ folder }: Messages): boolean => {
      const { account } = splitFolderId(folder);
      const record = folderRecord(state(), folder);
      return role === 'archive' && leavesByLabel(foldersOf(state(), account), record?.role ?? null);
    };
    const [leaving, messages] = parted(all, byLabel);
    if (leaving.length > 0) leaveInbox(leaving);
    if (messages.length === 0) return;
    const plan = planOf(core, messages, role, begun !== undefined);
    if (plan === null) {
      // The archive's folder depends on dates that are not in memory yet.
      const step = undo.begin(what(messages), 'archived');
      const reading = async (): Promise<void> => {
        await envelopesOf(core, messages);
        file(messages, role, step);
      };
      track(orNothing(step, reading));
      return;
    }
    const done = (goings: readonly Going[], folders: readonly string[], step?: Step): void => {
      const away = goings.filter(({ folder, to }) => folder !== to);
      if (away.length === 0) {
        step?.done(Promise.resolve(null));
        return;
      }
      moveHere(
        away,
        {
          deed: filed(
            role,
            away.map(({ to }) => nameOf(to)),
          ),
          made: folders,
        },
        step,
      );
    };
    const ready = plan.flatMap(({ id, group, destination }) =>
      id === undefined || destination.becomes || destination.top ? [] : [{ ...group, to: id }],
    );
    if (ready.length === plan.length) {
      done(ready, [], begun);
      return;
    }
    const deed = filed(
      role,
      plan.map(({ destination }) => destination.path),
    );
    const step = begun ?? undo.begin(what(messages), deed);
    const making = async (): Promise<void> => {
      const goings: Going[] = [];
      const folders = new Set<string>();
      for (const { destination, group } of plan) {
        if (destination.id === undefined) folders.add(destination.path);
        goings.push({ ...group, to: await made(destination) });
      }
      done(goings, [...folders], step);
    };
    track(orNothing(step, making));
  };

  return {
    ...undo,
    undo() {
      newest = null;
      undo.undo();
    },
    file: (messages, role) => file(messages, role),
    move,
    what,
    cancel: across.cancel,
    copy(messages, to) {
      const { account } = splitFolderId(to);
      const [own, foreign] = parted(messages, ({ folder }) => splitFolderId(folder).account === account);
      if (foreign.length > 0) {
        send({ own, foreign }, to, false);
        return;
      }
      const about = what(own);
      const deed = `copied to ${nameOf(to)}`;
      const copying = carry.each(own, on => ({ t: 'copy', to, ...on }));
      change(before => unmark(before, own));
      undo.remember(about, backWhenDone(copying), deed);
      say('info', doneText(about, countOf(own), { deed }));
      track(copying.then(throwFailed));
    },
    flag(messages, wish) {
      const count = countOf(messages);
      const about = what(messages);
      const deed = flagDeed(wish);
      const changing = changeFlags(core, carry, messages, wish);
      change(before => unmark(before, messages));
      undo.remember(about, backWhenDone(changing), deed);
      // Of one message the screen shows it.
      if (count > 1) say('info', doneText(about, count, { deed }));
      track(changing.then(throwFailed));
    },
    destroy(messages) {
      const about = what(messages);
      const goOn = leaveReader(core, deps.openMessage, messages);
      const deleting = carry.each(messages, on => ({ t: 'delete', ...on }));
      goOn();
      change(before => unmark(before, messages));
      say('info', `Deleted for good: ${about}.`);
      track(deleting.then(throwFailed));
    },
    empty(id) {
      const empty = async (): Promise<void> => {
        const folder = await carry.accountOf(id)?.folder(id);
        if (!folder) return;
        await folder.loadAll();
        const uids = Array.from({ length: folder.length }, (_, position) => folder.uidAt(position) ?? 0);
        const all = [{ folder: id, uids }];
        const goOn = leaveReader(core, deps.openMessage, all);
        const carried = await carry.each(all, on => ({ t: 'delete', ...on }));
        goOn();
        change(before => unmark(before, all));
        throwFailed(carried);
        say('info', `Deleted for good: ${plural(uids.length, 'message')}.`);
      };
      track(empty());
    },
  };
}

/** As a participle. */
function filed(role: FilingRole, folders: readonly string[]): string {
  if (role === 'archive') return 'archived';
  const [name, ...others] = new Set(folders);
  return name === undefined || others.length > 0 ? 'moved to their folders' : `moved to ${name}`;
}

/** A step whose work fails before it is done is none. */
async function orNothing(step: Step, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    step.done(Promise.resolve(null));
    throw thrown;
  }
}

function parted<T>(all: readonly T[], test: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter(test), all.filter(one => !test(one))];
}

function joined(all: readonly Carried[]): Carried {
  return {
    operations: all.flatMap(({ operations }) => operations),
    error: all.find(({ error }) => error !== null)?.error ?? null,
  };
}

function operationsOf(operations: readonly Operation[]): readonly Messages[] {
  return operations.map(({ folder, targets }) => ({ folder, uids: targets.map(({ uid }) => uid) }));
}

function byCopies(copies: readonly Copied[]): readonly Messages[] {
  return byFolder(copies.map(({ folder, uid }) => messageId(folder, uid)));
}
