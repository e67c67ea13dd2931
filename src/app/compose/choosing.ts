// What a chooser offers: identities, attachments, or templates. Pure.
import { formatMailbox } from '../../mail/compose/addresses.ts';
import type { View } from '../commands/command.ts';
import { bytesText } from '../notes.ts';
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
  const files = writingIn(view.state)?.draft.attachments ?? [];
  return files.map(({ name, size }) => ({ text: name, note: bytesText(size) }));
}

export function chooserCount(view: View): number {
  return chooserOffers(view).length;
}
