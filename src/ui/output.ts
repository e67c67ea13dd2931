// The screen: takes what Ink wants to draw, at most 60 frames a second and never more than the terminal takes, and
// sends the difference to what is shown. Knows cells and bytes; modes, signals and input are terminal.ts's business.
import type { Writable } from 'node:stream';
import type { Size } from '../app/types.ts';
import { PLAIN, Styles } from './cells.ts';
import { encodeFrame, encodeMove, type Pen } from './diff.ts';
import { drawFrame, type Frame, type Position, type Target } from './frame.ts';
import type { TerminalTraits } from './traits.ts';

/** 60 frames a second. */
const FRAME_MS = 16;
/** The answer to a key comes at once; this bounds the work of a key held down or a flood of input. */
const KEY_FRAME_MS = 4;
/** Larger changes are shown in one piece by terminals that can (DEC mode 2026); for small ones it costs more. */
const SYNCHRONIZED_BYTES = 1500;

const UNKNOWN_PEN: Pen = { x: null, y: null, style: PLAIN };

interface Wanted {
  /** Draws the newest state, whenever it is called. */
  readonly draw: (target: Target) => void;
  readonly cursor: Position | undefined;
}

/** What a patched Ink draws on (scripts/ink-patches.mjs). */
export interface Canvas {
  paint(draw: (target: Target) => void, cursor: Position | undefined): void;
}

export interface ScreenOptions {
  /** The terminal; its `writableNeedDrain` and 'drain' are respected, its errors are not handled here. */
  readonly sink: Writable;
  readonly size: Size;
  readonly traits: TerminalTraits;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

export class Screen implements Canvas {
  readonly #sink: Writable;
  readonly #styles: Styles;
  readonly #traits: TerminalTraits;
  readonly #now: () => number;
  #size: Size;
  /** What the terminal shows; null when that is anybody's guess. */
  #shown: Frame | null = null;
  #pen = UNKNOWN_PEN;
  #cursor: 'shown' | 'hidden' | 'unknown' = 'unknown';
  #wanted: Wanted | null = null;
  #last: Wanted | null = null;
  #timer: NodeJS.Timeout | null = null;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #urgent = false;
  #paused = true;
  #idle: (() => void)[] = [];
  /** Frames sent since the start. */
  frames = 0;

  constructor({ sink, size, traits, now = () => performance.now() }: ScreenOptions) {
    this.#sink = sink;
    this.#size = size;
    this.#traits = traits;
    this.#styles = new Styles(traits.colors, !traits.unicode);
    this.#now = now;
    sink.on('drain', () => this.#plan());
  }

  /** Replaces what is to be shown; drawn at once when the last frame is old enough, else with the next one. */
  paint(draw: (target: Target) => void, cursor: Position | undefined): void {
    this.#wanted = { draw, cursor };
    this.#last = this.#wanted;
    this.#plan();
  }

  /** The next frame answers a key: it does not wait for its turn. */
  expedite(): void {
    this.#urgent = true;
  }

  /** Everything is drawn afresh at this size with the next frame. */
  resize(size: Size): void {
    this.#size = size;
    this.#forget();
  }

  /** Draws everything afresh now: nothing is assumed about what the terminal shows. */
  redraw(): void {
    this.#forget();
    this.#wanted = this.#last;
    this.expedite();
    this.#plan();
  }

  /** The terminal is somebody else's until `resume`. */
  pause(): void {
    this.#paused = true;
    this.#forget();
  }

  resume(): void {
    this.#paused = false;
    this.redraw();
  }

  /** Resolves when nothing waits to be drawn and the terminal has taken everything. */
  idle(): Promise<void> {
    return new Promise(resolve => {
      this.#idle.push(resolve);
      this.#settle();
    });
  }

  #forget() {
    this.#shown = null;
    this.#pen = UNKNOWN_PEN;
    this.#cursor = 'unknown';
  }

  #plan() {
    if (this.#wanted === null || this.#paused || this.#sink.writableNeedDrain) return this.#settle();
    const wait = this.#drawnAt + (this.#urgent ? KEY_FRAME_MS : FRAME_MS) - this.#now();
    if (this.#timer !== null) {
      if (!this.#urgent) return;
      clearTimeout(this.#timer);
      this.#timer = null;
    }
    if (wait <= 0) return this.#draw(this.#wanted);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#plan();
    }, Math.ceil(wait));
  }

  #draw(wanted: Wanted) {
    this.#wanted = null;
    this.#urgent = false;
    const next = drawFrame(this.#size, this.#styles, this.#shown, wanted.draw);
    const bytes = this.#encode(next, wanted.cursor);
    this.#shown = next;
    this.#drawnAt = this.#now();
    if (bytes !== '') {
      this.frames++;
      this.#sink.write(bytes, () => this.#settle());
    }
    this.#settle();
  }

  #encode(next: Frame, cursor: Position | undefined): string {
    let bytes = this.#shown === null ? '\x1b[m' : '';
    const drawn = encodeFrame(this.#shown, next, this.#pen, this.#styles, this.#traits.scrollRegions);
    bytes += drawn.bytes;
    this.#pen = drawn.pen;
    if (cursor === undefined) {
      if (this.#cursor !== 'hidden') bytes += '\x1b[?25l';
      this.#cursor = 'hidden';
    } else {
      const x = Math.max(0, Math.min(cursor.x, next.columns - 1));
      const y = Math.max(0, Math.min(cursor.y, next.rows.length - 1));
      const moved = encodeMove(this.#pen, { x, y });
      bytes += moved.bytes;
      this.#pen = moved.pen;
      if (this.#cursor !== 'shown') bytes += '\x1b[?25h';
      this.#cursor = 'shown';
    }
    if (!this.#traits.synchronized || bytes.length < SYNCHRONIZED_BYTES) return bytes;
    return `\x1b[?2026h${bytes}\x1b[?2026l`;
  }

  #settle() {
    const busy = (this.#wanted !== null && !this.#paused) || this.#sink.writableLength > 0;
    if (busy || this.#idle.length === 0) return;
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }
}
