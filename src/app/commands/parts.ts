// Commands on what a message carries: attachments and links.
import { push, topLayer } from '../state.ts';
import type { Command, Context, View } from './command.ts';
import { cannotWrite } from './draft-here.ts';
import { notReady } from './reading.ts';

const READER: readonly Context[] = ['reader'];

const noParts = (view: View): string | undefined =>
  notReady(view) ??
  (view.state.reader?.message?.parts.length ? undefined : 'This message has no attachments.');

const attachments: readonly Command[] = [
  {
    id: 'parts.open',
    group: 'Reading',
    title: 'Attachments',
    help: 'Lists the attachments and parts of the message.',
    keys: ['v'],
    in: READER,
    synonyms: ['attach', 'view-attachments'],
    hint: { label: 'files', rank: 30 },
    disabled: noParts,
    run: context => context.change(state => push(state, { t: 'parts', cursor: 0 })),
  },
  {
    id: 'parts.save',
    group: 'Reading',
    title: 'Save attachment',
    help: 'Saves the attachment under the cursor under a safe name; nothing is overwritten.',
    keys: ['s'],
    in: ['parts'],
    synonyms: ['save-attachment'],
    hint: { label: 'save', rank: 90 },
    disabled: noParts,
    run: context => {
      const state = context.state();
      const layer = topLayer(state);
      const part = layer.t === 'parts' ? state.reader?.message?.parts[layer.cursor] : undefined;
      if (part) context.effects.save([part.n]);
    },
  },
  {
    id: 'parts.save-all',
    group: 'Reading',
    title: 'Save all attachments',
    help: 'Saves every attachment of the message under safe names; nothing is overwritten.',
    keys: ['S'],
    in: ['parts'],
    hint: { label: 'save all', rank: 80 },
    disabled: noParts,
    run: context => {
      const parts = context.state().reader?.message?.parts ?? [];
      context.effects.save(parts.map(part => part.n));
    },
  },
  {
    id: 'parts.view',
    group: 'Reading',
    title: 'Open attachment',
    help: 'Opens the attachment in its program.',
    keys: ['enter', 'o'],
    in: ['parts'],
    later: true,
    disabled: () => 'Opening attachments comes with a later version of tmail; s saves this one.',
    run: () => undefined,
  },
];

const noLinks = (view: View): string | undefined =>
  notReady(view) ?? (view.state.reader?.message?.links.length ? undefined : 'This message has no links.');

/** The mail link on the screen. */
function mailtoHere({ state }: View): string | undefined {
  const layer = topLayer(state);
  const link = layer.t === 'link' ? state.reader?.message?.links[layer.index] : undefined;
  return link && /^mailto:/i.test(link.url) ? link.url : undefined;
}

const links: readonly Command[] = [
  {
    id: 'links.open',
    group: 'Reading',
    title: 'Links',
    help: 'Lists the links of the message with where they really go.',
    keys: ['gl'],
    in: READER,
    synonyms: ['urls', 'urlview', 'open-link'],
    disabled: noLinks,
    run: context => context.change(state => push(state, { t: 'links', cursor: 0 })),
  },
  {
    id: 'links.show-number',
    group: 'Reading',
    title: 'Show link by its number',
    help: 'Shows where the link with this number really goes, in full and ready to be copied.',
    keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'],
    in: ['reader', 'links'],
    disabled: noLinks,
    run: context => {
      const index = Number(context.key || Number.NaN) - 1;
      const count = context.state().reader?.message?.links.length ?? 0;
      if (Number.isNaN(index)) context.run('links.open');
      else if (index >= count)
        context.say('info', `This message has ${count === 1 ? 'one link' : `${count} links`}.`);
      else context.change(state => push(state, { t: 'link', index }));
    },
  },
  {
    id: 'links.show',
    group: 'Reading',
    title: 'Show link',
    help: 'Shows where the link really goes, in full and ready to be copied.',
    keys: ['enter', 'right'],
    in: ['links'],
    hint: { label: 'show in full', rank: 90 },
    disabled: noLinks,
    run: context => {
      const layer = topLayer(context.state());
      if (layer.t === 'links') context.change(state => push(state, { t: 'link', index: layer.cursor }));
    },
  },
  {
    id: 'link.open',
    group: 'Reading',
    title: 'Write to this address',
    help: 'Writes to the address of a mail link.',
    keys: ['enter', 'o'],
    in: ['link'],
    hint: { label: 'write to it', rank: 90 },
    disabled: view =>
      mailtoHere(view) === undefined
        ? 'Opening links comes with a later version of tmail; select the address with the mouse to copy it.'
        : cannotWrite(view),
    run: context => {
      const url = mailtoHere({ state: context.state(), data: context.data });
      if (url !== undefined) context.effects.writing.mailto(url);
    },
  },
];

export const partsCommands: readonly Command[] = [...attachments, ...links];
