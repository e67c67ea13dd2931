// Which conversations are unfolded, and how that changes; what is known of muted ones. Pure.
import type { AccountId } from '../../mail/types.ts';

/** Which conversations of a list are unfolded. */
export interface Folds {
  /** All but those named here; else only those. */
  readonly open: boolean;
  /** As `Listing.foldName` calls them. */
  readonly except: ReadonlySet<string>;
}

export const FOLDED: Folds = { open: false, except: new Set() };

/** A list over one folder for many months: names beyond this many are forgotten, the oldest first. */
const MOST = 1000;

export function withFold(folds: Folds, name: string, folded: boolean): Folds {
  const except = new Set(folds.except);
  except.delete(name);
  if (folded === folds.open) except.add(name);
  for (const old of except) {
    if (except.size <= MOST) break;
    except.delete(old);
  }
  return { open: folds.open, except };
}

export interface MutedThread {
  readonly account: AccountId;
  /** As the settings name it. */
  readonly messageId: string;
  /** Hostile text; '' where none of its messages is here. */
  readonly subject: string;
}
