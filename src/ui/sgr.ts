// Colours and attributes of a cell: reading SGR sequences, writing the shortest change, and fitting colours to what
// a terminal has. Pure.

export type ColorDepth = 'none' | '16' | '256' | 'truecolor';

export const BOLD = 1;
export const DIM = 2;
export const ITALIC = 4;
export const UNDERLINE = 8;
export const INVERSE = 16;
export const HIDDEN = 32;
export const STRIKE = 64;

/** -1: the terminal's default; 0–255: palette; RGB | 24 bits of red, green, blue. */
export type Color = number;
const DEFAULT: Color = -1;
const RGB = 0x1000000;

export interface Style {
  readonly fg: Color;
  readonly bg: Color;
  /** Bits above. */
  readonly attributes: number;
}

export const PLAIN_STYLE: Style = { fg: DEFAULT, bg: DEFAULT, attributes: 0 };

const ON: readonly (readonly [code: number, bits: number])[] = [
  [1, BOLD],
  [2, DIM],
  [3, ITALIC],
  [4, UNDERLINE],
  [7, INVERSE],
  [8, HIDDEN],
  [9, STRIKE],
];
// 22 ends bold and dim together.
const OFF: readonly (readonly [code: number, bits: number])[] = [
  [22, BOLD | DIM],
  [23, ITALIC],
  [24, UNDERLINE],
  [27, INVERSE],
  [28, HIDDEN],
  [29, STRIKE],
];
const ON_BITS = new Map(ON);
const OFF_BITS = new Map(OFF);

/** A style after one SGR sequence's parameters (ECMA-48 8.3.117; ISO 8613-6 colours, with `;` or `:`). */
export function sgrApply(style: Style, parameters: string): Style {
  let { fg, bg, attributes } = style;
  const codes = parameters.split(/[;:]/).map(Number);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0;
    if (code === 0) {
      fg = DEFAULT;
      bg = DEFAULT;
      attributes = 0;
    } else if (code === 38 || code === 48) {
      const palette = codes[i + 1] === 5;
      const color = palette
        ? byte(codes[i + 2])
        : RGB | (byte(codes[i + 2]) << 16) | (byte(codes[i + 3]) << 8) | byte(codes[i + 4]);
      if (code === 38) fg = color;
      else bg = color;
      i += palette ? 2 : 4;
    } else if (code === 39) fg = DEFAULT;
    else if (code === 49) bg = DEFAULT;
    else if (code >= 30 && code <= 37) fg = code - 30;
    else if (code >= 40 && code <= 47) bg = code - 40;
    else if (code >= 90 && code <= 97) fg = code - 82;
    else if (code >= 100 && code <= 107) bg = code - 92;
    else attributes = (attributes | (ON_BITS.get(code) ?? 0)) & ~(OFF_BITS.get(code) ?? 0);
  }
  return { fg, bg, attributes };
}

function byte(value: number | undefined): number {
  return (value ?? 0) & 255;
}

/** The shortest sequence that turns one style into a different one. */
export function sgrChange(from: Style, to: Style): string {
  const afresh = [
    0,
    ...attributesOn(to.attributes),
    ...(to.fg === DEFAULT ? [] : [colorCode(to.fg, 30)]),
    ...(to.bg === DEFAULT ? [] : [colorCode(to.bg, 40)]),
  ];
  if (afresh.length === 1) return '\x1b[m';
  const gone = from.attributes & ~to.attributes;
  let missing = to.attributes & ~from.attributes;
  const delta: (number | string)[] = [];
  for (const [code, bits] of OFF) {
    if ((gone & bits) === 0) continue;
    delta.push(code);
    missing |= to.attributes & bits;
  }
  delta.push(...attributesOn(missing));
  if (from.fg !== to.fg) delta.push(colorCode(to.fg, 30));
  if (from.bg !== to.bg) delta.push(colorCode(to.bg, 40));
  const [short, long] = [delta.join(';'), afresh.join(';')];
  return `\x1b[${short.length <= long.length ? short : long}m`;
}

function attributesOn(attributes: number): number[] {
  return ON.flatMap(([code, bit]) => ((attributes & bit) === 0 ? [] : [code]));
}

function colorCode(color: Color, base: 30 | 40): string {
  if (color === DEFAULT) return String(base + 9);
  if (color < 8) return String(base + color);
  if (color < 16) return String(base + 52 + color);
  if (color < RGB) return `${base + 8};5;${color}`;
  return `${base + 8};2;${rgbOf(color).join(';')}`;
}

/** The nearest style that a terminal with these colours can show. */
export function withColors(style: Style, depth: ColorDepth): Style {
  return { fg: fit(style.fg, depth), bg: fit(style.bg, depth), attributes: style.attributes };
}

function fit(color: Color, depth: ColorDepth): Color {
  if (color === DEFAULT || depth === 'none') return DEFAULT;
  if (depth === 'truecolor' || color < 16) return color;
  if (depth === '256') return color < RGB ? color : nearestOf256(color);
  return nearestOf16(rgbOf(color));
}

type Rgb = readonly [red: number, green: number, blue: number];

/** Hue by the channels above half of the brightest; brightness by that one. */
function nearestOf16([r, g, b]: Rgb): Color {
  const top = Math.max(r, g, b);
  if (top < 48) return 0;
  const half = top / 2;
  const hue = (r > half ? 1 : 0) | (g > half ? 2 : 0) | (b > half ? 4 : 0);
  if (hue === 7) return top < 140 ? 8 : top < 220 ? 7 : 15;
  return top > 170 ? hue + 8 : hue;
}

/** The nearest of the 6x6x6 cube and the 24 greys. */
function nearestOf256(color: Color): Color {
  const rgb = rgbOf(color);
  const [r, g, b] = rgb.map(v => (v < 48 ? 0 : v < 115 ? 1 : Math.floor((v - 35) / 40)));
  const cube = 16 + 36 * (r ?? 0) + 6 * (g ?? 0) + (b ?? 0);
  const mean = (rgb[0] + rgb[1] + rgb[2]) / 3;
  const grey = 232 + Math.min(23, Math.max(0, Math.round((mean - 8) / 10)));
  const distance = (candidate: Color) =>
    rgbOf(candidate).reduce((sum, v, i) => sum + (v - (rgb[i] ?? 0)) ** 2, 0);
  return distance(grey) < distance(cube) ? grey : cube;
}

const CUBE = [0, 95, 135, 175, 215, 255];

/** Of a 24-bit colour or a palette entry from 16 on, whose values are fixed. */
function rgbOf(color: Color): Rgb {
  if (color >= RGB) return [(color >> 16) & 255, (color >> 8) & 255, color & 255];
  if (color >= 232) {
    const grey = 8 + (color - 232) * 10;
    return [grey, grey, grey];
  }
  const n = color - 16;
  return [CUBE[Math.floor(n / 36)] ?? 0, CUBE[Math.floor(n / 6) % 6] ?? 0, CUBE[n % 6] ?? 0];
}
