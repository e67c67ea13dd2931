// The storage screen's part of the program: what its keys set in motion.

import type { Offline } from '../../config/types.ts';
import { messageId, splitFolderId } from '../../mail/ids.ts';
import type { AccountId, MessageId } from '../../mail/types.ts';
import type { Core } from '../core.ts';
import type { Folders } from '../folders.ts';
import { folderByRole, type Organising } from '../organising.ts';
import { folderRecord } from '../selectors.ts';
import { type KeepPlace, push } from '../state.ts';
import { createCleaning } from './cleaning.ts';
import { createMeasuring } from './measuring.ts';
import { followNames } from './names.ts';
import { createPolicy } from './policy.ts';
import type { LargeMessage } from './types.ts';
import { storageLayer } from './view.ts';

export interface StorageEffects {
  /** Looks what takes room: of everybody, or of one sender alone. */
  measure(sender: string | null): void;
  /** Opens a message; back leads to the storage screen. */
  open(message: LargeMessage): void;
  /** To Trash; from there for good, after a question. */
  remove(message: LargeMessage): void;
  /** Asks what of an account, or of a folder, is kept here. */
  askKeep(place: KeepPlace): void;
  keep(place: KeepPlace, offline: Offline | 'days' | 'newest' | 'account'): void;
  /** Takes the number that stands in the prompt. */
  keepCount(): void;
  askClean(accounts: readonly AccountId[]): void;
  clean(accounts: readonly AccountId[]): void;
}

export interface StorageDeps {
  readonly folders: Pick<Folders, 'open'>;
  readonly organising: Pick<Organising, 'move'>;
  readonly openMessage: (id: MessageId) => void;
  /** What is here of the accounts changed. */
  readonly recount: () => void;
}

export interface Storage {
  readonly effects: StorageEffects;
  close(): void;
}

export function createStorage(core: Core, deps: StorageDeps): Storage {
  const state = () => core.state.get();
  const measuring = createMeasuring(core);
  const changed = (): void => {
    deps.recount();
    if (storageLayer(state())) measuring.again();
  };
  const cleaning = createCleaning(core, changed);
  const policy = createPolicy(core, { notKept: cleaning.left, changed });
  // What the one that works here writes is not for another one to write again.
  if (!core.deps.readOnly) followNames(core, policy.renamed);

  async function open({ folder, uid }: LargeMessage): Promise<void> {
    const layer = storageLayer(state());
    if (state().folder !== folder) {
      await deps.folders.open(folder);
      if (layer && state().folder === folder) core.change(before => push(before, layer));
    }
    deps.openMessage(messageId(folder, uid));
  }

  async function remove({ folder: id, uid, subject }: LargeMessage): Promise<void> {
    const account = core.mail.get(splitFolderId(id).account);
    const folder = await account?.folder(id);
    if (!account || !folder) return;
    await folder.loadAll();
    const position = folder.positionOf(uid);
    if (position < 0) {
      core.say('info', 'This message is gone from its folder.');
      measuring.again();
      return;
    }
    // What is moved is named by its subject.
    await folder.ensure(position, position);
    core.opened.set(id, folder);
    const messages = [{ folder: id, uids: [uid] }];
    const trash = folderByRole(state(), account.id, 'trash');
    if (folderRecord(state(), id)?.role === 'trash') {
      const lines = [`"${subject || '(no subject)'}" is deleted for good.`];
      core.change(before =>
        push(before, { t: 'confirm', title: 'Delete for ever', lines, act: { t: 'destroy', messages } }),
      );
    } else if (trash === undefined) core.say('info', 'This account has no Trash yet; $ makes its folders.');
    else deps.organising.move(messages, trash);
  }

  return {
    effects: {
      measure: sender => measuring.begin(sender),
      open: message => void core.track(open(message)),
      remove: message => void core.track(remove(message)),
      askKeep: policy.ask,
      keep: policy.chosen,
      keepCount: policy.counted,
      askClean: cleaning.ask,
      clean: cleaning.clean,
    },
    close: () => measuring.close(),
  };
}
