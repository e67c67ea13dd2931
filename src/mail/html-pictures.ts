// Pictures in the HTML of a mail: which are there to track, and which have something to say without being seen.
import type { Attributes } from './html-tags.ts';

// Alt texts that say nothing: placeholders and file names.
const MEANINGLESS =
  /^(?:\W*|spacer|pixel|blank|image\d*|img\d*|picture|photo|bild|logo|icon|banner|divider|inline image|[\w%.-]+\.(?:png|jpe?g|gif|webp|svg|bmp))$/i;

/** The alt text where it says something to a person, else ''. Entities are not decoded. */
export function meaningOf(attributes: Attributes): string {
  const alt = (attributes.get('alt') ?? '').trim();
  return MEANINGLESS.test(alt) ? '' : alt;
}

/** Showing it would fetch it from the network. */
export function isRemote(attributes: Attributes): boolean {
  return /^\s*(?:https?:|\/\/)/i.test(attributes.get('src') ?? '');
}

/** Too small to be looked at. */
export function isPixel(attributes: Attributes): boolean {
  const style = attributes.get('style') ?? '';
  for (const side of ['width', 'height']) {
    const written =
      attributes.get(side) ?? new RegExp(`(?:^|[;\\s])${side}\\s*:\\s*([\\d.]+)px`, 'i').exec(style)?.[1];
    if (written !== undefined && /^\s*[\d.]+(?:px)?\s*$/i.test(written) && Number.parseFloat(written) <= 2)
      return true;
  }
  return false;
}
