// What things look like: names for meanings on one side, SGR codes on the other. No meaning by colour alone: every
// state has a letter as well, and without colours bold, dim and inverse remain.
import type { UiConfig } from '../config/types.ts';

/** What a piece of text means; never what it looks like. */
export type Meaning =
  | 'text'
  | 'title'
  | 'unread'
  | 'read'
  | 'selected'
  | 'selected-unread'
  | 'star'
  | 'dim'
  | 'rule'
  | 'label'
  | 'key'
  | 'quote-1'
  | 'quote-2'
  | 'quote-3'
  | 'signature'
  | 'link'
  | 'found'
  | 'ok'
  | 'warning'
  | 'error';

export interface Borders {
  readonly horizontal: string;
  readonly vertical: string;
  readonly topLeft: string;
  readonly topRight: string;
  readonly bottomLeft: string;
  readonly bottomRight: string;
  /** Where a vertical rule meets a horizontal one from below, from above, and where they cross. */
  readonly down: string;
  readonly up: string;
  readonly cross: string;
}

export interface Theme {
  /** The text in its style; the text itself where that is the default. */
  paint(meaning: Meaning, text: string): string;
  readonly borders: Borders;
  /** What stands at the end of a text that was cut. */
  readonly ellipsis: string;
}

export type Colors = 'none' | '16' | '256';

/** What the terminal can, from its environment. */
export interface Traits {
  readonly colors: Colors | 'truecolor';
  readonly unicode: boolean;
}

type Codes = Readonly<Record<Meaning, string>>;

const NONE: Codes = {
  text: '',
  title: '1',
  unread: '1',
  read: '',
  selected: '7',
  'selected-unread': '1;7',
  star: '1',
  dim: '2',
  rule: '2',
  label: '2',
  key: '1',
  'quote-1': '2',
  'quote-2': '2',
  'quote-3': '2',
  signature: '2',
  link: '4',
  found: '7',
  ok: '',
  warning: '1',
  error: '1',
};

const SIXTEEN: Codes = {
  ...NONE,
  star: '1;33',
  label: '36',
  key: '1;36',
  'quote-1': '32',
  'quote-2': '36',
  'quote-3': '35',
  link: '4;34',
  ok: '32',
  warning: '33',
  error: '1;31',
};

// Contrast of each with black and with white is at least 4.5:1 on one of them; none needs a background of its own.
const MANY: Codes = {
  ...SIXTEEN,
  star: '1;38;5;214',
  label: '38;5;109',
  key: '1;38;5;109',
  'quote-1': '38;5;108',
  'quote-2': '38;5;110',
  'quote-3': '38;5;139',
  link: '4;38;5;75',
  ok: '38;5;108',
  warning: '38;5;214',
  error: '1;38;5;203',
};

const ASCII: Borders = {
  horizontal: '-',
  vertical: '|',
  topLeft: '+',
  topRight: '+',
  bottomLeft: '+',
  bottomRight: '+',
  down: '+',
  up: '+',
  cross: '+',
};

const UNICODE: Borders = {
  horizontal: '─',
  vertical: '│',
  topLeft: '┌',
  topRight: '┐',
  bottomLeft: '└',
  bottomRight: '┘',
  down: '┬',
  up: '┴',
  cross: '┼',
};

/** The theme that configuration and terminal agree on. */
export function themeFor(ui: Pick<UiConfig, 'colors' | 'borders'>, traits: Traits): Theme {
  const colors = ui.colors === 'auto' ? traits.colors : ui.colors;
  const codes = colors === 'none' ? NONE : colors === '16' ? SIXTEEN : MANY;
  const unicode = ui.borders === 'auto' ? traits.unicode : ui.borders === 'unicode';
  return {
    paint(meaning, text) {
      const code = codes[meaning];
      return code === '' || text === '' ? text : `\x1b[${code}m${text}\x1b[0m`;
    },
    borders: unicode ? UNICODE : ASCII,
    ellipsis: traits.unicode ? '…' : '..',
  };
}
