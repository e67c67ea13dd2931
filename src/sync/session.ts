// What every protocol's session is made from.
import type { AccountConfig, Offline } from '../config/types.ts';
import type { FolderId, LocalUid } from '../mail/types.ts';
import type { AccountStore } from '../store/types.ts';
import type { TmailError } from '../util/errors.ts';
import type { Pace } from '../util/pace.ts';
import type { Clock } from './clock.ts';
import type { Caution } from './imap/caution.ts';
import type { ServerAlert } from './imap/flow.ts';
import type { Seen } from './imap/prefetch.ts';
import type { Twins } from './imap/twins.ts';
import type { Session } from './types.ts';

/** What outlives a session within one run of the program. */
export interface SessionMemory {
  readonly prefetched: Map<FolderId, Seen>;
  readonly caution: Map<FolderId, Caution>;
  /** Gmail: which files others of its folders have too; made when it is needed. */
  twins?: Twins;
}

export interface SessionDeps {
  readonly account: AccountConfig;
  readonly store: AccountStore;
  readonly password: () => Promise<string>;
  readonly clock: Clock;
  /** tmail's version: the only thing besides its name that a server is told. */
  readonly version: string;
  /** Something the person should know although the session goes on. */
  readonly report: (error: TmailError) => void;
  /** What the server says that a person must be told, or that there is no room left. */
  readonly alert?: (alert: ServerAlert) => void;
  /** New messages that were put into the store. */
  readonly received: (count: number) => void;
  /** Mail that is new on the server since the last pull: not a first fill, nor what was moved here from here. */
  readonly arrived?: (folder: FolderId, uids: readonly LocalUid[]) => void;
  /** IMAP: what of the folder at this path is fetched to stay here, as it is now; absent: as the account says. */
  readonly offline?: (path: string) => Offline;
  /** @throws TmailError `disk.floor` when background fetching must pause. */
  readonly room: () => Promise<void>;
  readonly memory: SessionMemory;
  readonly pace?: Pace;
}

export type CreateSession = (deps: SessionDeps) => Session;
