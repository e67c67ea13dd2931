// A terminal to look at: @xterm/headless behind a few questions. What stands in a cell is what a person would see.
import xterm from '@xterm/headless';

export interface SeenCell {
  readonly text: string;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
  readonly inverse: boolean;
  readonly strike: boolean;
  /** `default`, a palette number, or `#rrggbb`. */
  readonly fg: string;
  readonly bg: string;
}

export interface Emulator {
  readonly columns: number;
  readonly rows: number;
  /** Resolves when the bytes have taken effect. */
  write(bytes: string | Uint8Array): Promise<void>;
  resize(columns: number, rows: number): void;
  /** What the terminal itself sends: answers to queries. */
  onReply(listener: (text: string) => void): void;
  /** One row without trailing spaces. */
  row(y: number): string;
  lines(): string[];
  cell(x: number, y: number): SeenCell;
  cursor(): { readonly x: number; readonly y: number; readonly shown: boolean };
  /** The alternate screen is on. */
  readonly alternate: boolean;
  readonly bracketedPaste: boolean;
  dispose(): void;
}

export function createEmulator(columns: number, rows: number): Emulator {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 0 });
  let cursorShown = true;
  // xterm keeps this to itself.
  for (const [final, shown] of [
    ['h', true],
    ['l', false],
  ] as const) {
    terminal.parser.registerCsiHandler({ prefix: '?', final }, parameters => {
      if (parameters.includes(25)) cursorShown = shown;
      return false;
    });
  }
  const line = (y: number) => terminal.buffer.active.getLine(terminal.buffer.active.viewportY + y);
  // A narrower terminal keeps what stood beyond its edge, unseen.
  const seen = (y: number) => line(y)?.translateToString(true, 0, terminal.cols).trimEnd() ?? '';
  return {
    get columns() {
      return terminal.cols;
    },
    get rows() {
      return terminal.rows;
    },
    write: bytes => new Promise(resolve => terminal.write(bytes, resolve)),
    resize: (nextColumns, nextRows) => terminal.resize(nextColumns, nextRows),
    onReply: listener => void terminal.onData(listener),
    row: seen,
    lines: () => Array.from({ length: terminal.rows }, (_, y) => seen(y)),
    cell(x, y) {
      const cell = line(y)?.getCell(x);
      const color = (isDefault: boolean, isRgb: boolean, value: number) =>
        isDefault ? 'default' : isRgb ? `#${value.toString(16).padStart(6, '0')}` : String(value);
      return {
        text: cell?.getChars() ?? '',
        bold: cell?.isBold() !== 0,
        dim: cell?.isDim() !== 0,
        italic: cell?.isItalic() !== 0,
        underline: cell?.isUnderline() !== 0,
        inverse: cell?.isInverse() !== 0,
        strike: cell?.isStrikethrough() !== 0,
        fg: color(cell?.isFgDefault() === true, cell?.isFgRGB() === true, cell?.getFgColor() ?? 0),
        bg: color(cell?.isBgDefault() === true, cell?.isBgRGB() === true, cell?.getBgColor() ?? 0),
      };
    },
    cursor: () => ({
      x: terminal.buffer.active.cursorX,
      y: terminal.buffer.active.cursorY,
      shown: cursorShown,
    }),
    get alternate() {
      return terminal.buffer.active.type === 'alternate';
    },
    get bracketedPaste() {
      return terminal.modes.bracketedPasteMode;
    },
    dispose: () => terminal.dispose(),
  };
}
