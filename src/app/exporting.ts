// An export of all mail from the screen: asked for, under way in the background, and what came of it. What it does is
// the command line's work, given as a dependency; nothing here waits while keys are pressed.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ExportNote } from '../store/types.ts';
import { FORMATS, type Format } from '../transfer/marker.ts';
import { asTmailError } from '../util/errors.ts';
import type { Core } from './core.ts';
import { fieldOf } from './field.ts';
import { sentence } from './messages.ts';
import { notes } from './notes.ts';
import { said } from './said.ts';
import { type Layer, pop, push, replaceTop, topLayer } from './state.ts';
import type { ExportOutcome } from './types.ts';

/** Often enough to look alive. */
const SHOWN_MS = 200;
/** Where the first export goes unless the person says otherwise. */
const FIRST_PLACE = 'tmail-backup';

type Prompt = Extract<Layer, { t: 'prompt' }>;

export interface Exports {
  /** Asks where to and how, with what was said the last time. */
  ask(): void;
  /** Begins with what stands in the prompt, which stays while it is not sure that the place will do. */
  begin(): void;
  /** False: none was under way. */
  cancel(): boolean;
}

/** @param done is called after an export, whatever came of it */
export function createExports(core: Core, done: () => void): Exports {
  const { deps, change, track } = core;
  let stop: AbortController | null = null;

  async function ask(): Promise<void> {
    const last: ExportNote[] = [];
    for (const account of core.mail.values()) {
      const note = await account.exports?.last();
      if (note?.all) last.push(note);
    }
    const newest = last.sort((a, b) => b.at - a.at)[0];
    const format = FORMATS.find(known => known === newest?.format) ?? 'maildir';
    const place = newest?.to ?? join(homedir(), FIRST_PLACE);
    change(before =>
      push(before, {
        t: 'prompt',
        title: 'Export all mail to',
        about: notes.exportAbout(format),
        field: fieldOf(homely(place)),
        problem: null,
        busy: false,
        act: { t: 'export', format },
      }),
    );
  }

  async function run(asked: Prompt, format: Format, stopping: AbortController): Promise<void> {
    const to = placeOf(asked.field.text);
    let shown = Number.NEGATIVE_INFINITY;
    const answered = () =>
      change(before => {
        const layer = topLayer(before);
        return layer.t === 'prompt' && layer.act.t === 'export' ? pop(before) : before;
      });
    try {
      const outcomes = await deps.exportAll?.({
        format,
        to,
        signal: stopping.signal,
        onProgress: (account, folder, count, total) => {
          const now = deps.now();
          if (now - shown < SHOWN_MS && now >= shown) return;
          shown = now;
          answered();
          change(before => ({ ...before, exporting: { account, label: folder, done: count, total } }));
        },
      });
      answered();
      report(outcomes ?? [], to);
    } catch (thrown) {
      const error = asTmailError(thrown);
      const layer = topLayer(core.state.get());
      if (error.kind === 'cancelled') answered();
      else if (layer.t === 'prompt' && layer.act.t === 'export')
        change(before => replaceTop(before, { ...layer, busy: false, problem: said(error) }));
      else throw error;
    } finally {
      stop = null;
      change(before => ({ ...before, exporting: null }));
      done();
    }
  }

  function report(outcomes: readonly ExportOutcome[], to: string): void {
    for (const { account, damaged, notHere, partial, error } of outcomes) {
      for (const { id, error } of damaged)
        core.say('warning', notes.notExportedFile(account, id, sentence(error)));
      for (const text of notes.notExported(account, notHere, partial)) core.say('info', text);
      if (error) core.fail(error, account);
    }
    const failed = outcomes.some(({ error, damaged }) => error !== null || damaged.length > 0);
    core.say(failed ? 'warning' : 'info', notes.exportedAll(outcomes, homely(to)));
  }

  return {
    ask: () => void track(ask()),
    begin() {
      const layer = topLayer(core.state.get());
      if (layer.t !== 'prompt' || layer.act.t !== 'export' || stop) return;
      const { format } = layer.act;
      if (layer.field.text.trim() === '') {
        change(before =>
          replaceTop(before, { ...layer, problem: 'It needs a place: the path of a folder.' }),
        );
        return;
      }
      const stopping = new AbortController();
      stop = stopping;
      change(before => ({
        ...replaceTop(before, { ...layer, busy: true, problem: null }),
        exporting: { account: '', label: '', done: 0, total: 0 },
      }));
      track(run(layer, format, stopping));
    },
    cancel() {
      stop?.abort();
      return stop !== null;
    },
  };
}

/** The format after this one. */
export function nextFormat(format: Format): Format {
  return FORMATS[(FORMATS.indexOf(format) + 1) % FORMATS.length] ?? format;
}

/** As a shell has it: `~/backup`. */
export function homely(path: string, home = homedir()): string {
  return home !== '/' && (path === home || path.startsWith(`${home}/`))
    ? `~${path.slice(home.length)}`
    : path;
}

/** Absolute. */
function placeOf(text: string, home = homedir()): string {
  const path = text.trim();
  return path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : resolve(path);
}
