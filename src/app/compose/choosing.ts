// What a chooser offers: identities, attachments, templates, or the orders of a list. Pure.
import { formatMailbox } from '../../mail/compose/addresses.ts';
import { BY_ARRIVAL, SORTS } from '../../mail/sort.ts';
import type { View } from '../commands/command.ts';
import { bytesText } from '../notes.ts';
import { sortText } from '../selectors.ts';
import { topLayer } from '../state.ts';
import { isMarkdown, templateName } from './templates.ts';
import { writingIn } from './writing.ts';

export interface Offer {
  /** Hostile text. */
  readonly text: string;
  readonly note: string;
}

export function chooserOffers(view: View): readonly Offer[] {
  const layer = topLayer(view.state);
  if (layer.t !== 'chooser') return [];
  if (layer.about === 'identity') {
    return view.data.identities.map(identity => ({ text: formatMailbox(identity), note: identity.account }));
  }
  if (layer.about === 'template') {
    return (layer.files ?? []).map(file => ({
      text: templateName(file),
      note: isMarkdown(file) ? 'Markdown' : '',
    }));
  }
  if (layer.about === 'sort') return sortOffers(view);
  if (layer.about === 'muted') {
    return (layer.muted ?? []).map(({ subject, messageId, account }) => ({
      text: subject || messageId,
      note: account,
    }));
  }
  const files = writingIn(view.state)?.draft.attachments ?? [];
  return files.map(({ name, size }) => ({ text: name, note: bytesText(size) }));
}

/** The orders of a list; the one that it is in can be turned round. */
function sortOffers({ state }: View): readonly Offer[] {
  const now = (state.list && state.sorts[state.list]) || BY_ARRIVAL;
  return SORTS.map(by => ({
    text: sortText({ by, reverse: false }),
    note: by === now.by ? `now${now.reverse ? ', turned round' : ''}; again turns it round` : '',
  }));
}

export function chooserCount(view: View): number {
  return chooserOffers(view).length;
}
