// Commands for an export of all mail: asked for on the accounts screen, and by its name from elsewhere.
import { nextFormat } from '../exporting.ts';
import { notes } from '../notes.ts';
import { replaceTop, topLayer } from '../state.ts';
import type { Command } from './command.ts';

export const exportCommands: readonly Command[] = [
  {
    id: 'export.open',
    group: 'Program',
    title: 'Export all mail',
    help: 'Asks where to, and exports the mail of all accounts in the background; again, it adds what is new.',
    keys: ['e'],
    keysIn: ['accounts'],
    in: ['accounts', 'list', 'reader', 'drawer'],
    synonyms: ['backup', 'save-all', 'export-mailbox'],
    hint: { label: 'export', rank: 55 },
    disabled: ({ state, data }) => {
      if (!data.exports) return 'There is no mail to export yet.';
      return state.exporting ? 'An export is under way; ^C stops it.' : undefined;
    },
    run: context => context.effects.askExport(),
  },
  {
    id: 'export.format',
    group: 'Program',
    title: 'Another format',
    help: 'Goes round the formats of an export: Maildir, .eml files, mbox.',
    keys: ['tab'],
    in: ['prompt'],
    hidden: true,
    hint: { label: 'format', rank: 90 },
    disabled: ({ state }) => {
      const layer = topLayer(state);
      return layer.t === 'prompt' && layer.act.t === 'export'
        ? undefined
        : 'There is nothing to choose here.';
    },
    run: context => {
      const layer = topLayer(context.state());
      if (layer.t !== 'prompt' || layer.act.t !== 'export' || layer.busy) return;
      const format = nextFormat(layer.act.format);
      const about = notes.exportAbout(format);
      context.change(state => replaceTop(state, { ...layer, about, act: { t: 'export', format } }));
    },
  },
];
