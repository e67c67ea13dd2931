// What Ink uses of chalk, in place of it (scripts/ink-patches.mjs). Ink writes every colour in full; cells.ts reduces
// them to what the terminal has, so nothing is detected here. Off until a screen is started, as chalk is without a
// terminal: tests of components see plain text.

type Paint = (text: string) => string;

const state = { on: false };

/** One switch for the process, as chalk's level is. */
export function styling(on: boolean): void {
  state.on = on;
}

function paint(open: string, close: string): Paint {
  const [before, after] = [`\x1b[${open}m`, `\x1b[${close}m`];
  // A style that ends inside continues with this one behind it.
  return text => (state.on && text !== '' ? before + text.replaceAll(after, after + before) + after : text);
}

const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
const BRIGHT = ['blackBright', ...NAMES.slice(1).map(name => `${name}Bright`)];

export const foregroundColorNames: readonly string[] = [...NAMES, ...BRIGHT, 'gray', 'grey'];

function named(): Record<string, Paint> {
  const paints: Record<string, Paint> = {};
  const add = (name: string, foreground: number) => {
    paints[name] = paint(String(foreground), '39');
    paints[`bg${name.charAt(0).toUpperCase()}${name.slice(1)}`] = paint(String(foreground + 10), '49');
  };
  NAMES.forEach((name, i) => {
    add(name, 30 + i);
  });
  BRIGHT.forEach((name, i) => {
    add(name, 90 + i);
  });
  add('gray', 90);
  add('grey', 90);
  return paints;
}

function channels(hex: string): string {
  const digits = hex.replace('#', '');
  const full = digits.length === 3 ? digits.replace(/./g, '$&$&') : digits.padEnd(6, '0');
  return [0, 2, 4].map(i => Number.parseInt(full.slice(i, i + 2), 16) || 0).join(';');
}

export const chalk = {
  ...named(),
  dim: paint('2', '22'),
  bold: paint('1', '22'),
  italic: paint('3', '23'),
  underline: paint('4', '24'),
  strikethrough: paint('9', '29'),
  inverse: paint('7', '27'),
  hex: (color: string) => paint(`38;2;${channels(color)}`, '39'),
  bgHex: (color: string) => paint(`48;2;${channels(color)}`, '49'),
  rgb: (r: number, g: number, b: number) => paint(`38;2;${r};${g};${b}`, '39'),
  bgRgb: (r: number, g: number, b: number) => paint(`48;2;${r};${g};${b}`, '49'),
  ansi256: (n: number) => paint(`38;5;${n}`, '39'),
  bgAnsi256: (n: number) => paint(`48;5;${n}`, '49'),
};
