import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { caretOf } from '../../src/app/caret.ts';
import type { View } from '../../src/app/commands/command.ts';
import { draftOf, type Focus, writingIn } from '../../src/app/compose/writing.ts';
import { drawerRect } from '../../src/app/layout.ts';
import { layoutOf } from '../../src/app/selectors.ts';
import type { AppState, Layer } from '../../src/app/state.ts';
import { width } from '../../src/mail/width.ts';
import { composeRows } from '../../src/ui/parts/compose-rows.ts';
import { firstRunRows } from '../../src/ui/parts/first-run-rows.ts';
import { folderPaneRows } from '../../src/ui/parts/folder-rows.ts';
import { ruleRow, statusRow, titleRow } from '../../src/ui/parts/frame-rows.ts';
import { hintRow } from '../../src/ui/parts/hint-row.ts';
import { listRows } from '../../src/ui/parts/list-rows.ts';
import { overlayRows } from '../../src/ui/parts/overlay-rows.ts';
import { readerRows } from '../../src/ui/parts/reader-rows.ts';
import { screenRows } from '../../src/ui/parts/screen-rows.ts';
import { themeFor } from '../../src/ui/theme.ts';
import { TmailError } from '../../src/util/errors.ts';
import { FakeParser, idOf, parsed, world } from '../app/fakes.ts';

const real = themeFor({ colors: 'none', borders: 'ascii' }, { colors: 'none', unicode: true });
/** Without SGR, so that every escape that is left came from outside. */
const plain = { ...real, paint: (_: string, text: string) => text };

// What could steer a terminal, reorder a row or hide text in it.
const FORBIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff]/u;

const LAYERS: readonly Layer[] = [
  { t: 'list' },
  { t: 'reader' },
  { t: 'drawer', cursor: null },
  { t: 'picker', field: { text: '', caret: 0 }, cursor: 1 },
  { t: 'palette', field: { text: '', caret: 0 }, cursor: 0 },
  { t: 'help', field: { text: '', caret: 0 }, typing: false, cursor: 3 },
  { t: 'accounts', cursor: 0 },
  { t: 'log', back: 0 },
  { t: 'parts', cursor: 0 },
  { t: 'links', cursor: 0 },
  { t: 'link', index: 0 },
  { t: 'find', field: { text: 'a', caret: 1 } },
  { t: 'first-run', problem: 'a problem' },
];

function assertClean(rows: readonly string[] | null, cells: number, what: string): void {
  for (const row of rows ?? []) {
    assert.doesNotMatch(row, FORBIDDEN, `${what}: ${JSON.stringify(row)}`);
    assert.equal(width(row), cells, `${what}: ${JSON.stringify(row)}`);
  }
}

/** The composer's layers, over a draft that answers the evil message. */
function composerLayers({ state }: View, evil: string): readonly (readonly Layer[])[] {
  const draft = state.drafts[0]?.draft.id ?? null;
  const compose: Layer = { t: 'compose', draft, waiting: [] };
  const field = { text: evil, caret: evil.length };
  return [
    [compose],
    [{ t: 'compose', draft: null, waiting: [] }],
    [compose, { t: 'review' }],
    [compose, { t: 'line', about: 'attach', field, choices: [evil, `/a/${evil}`], cursor: 1 }],
    [compose, { t: 'chooser', about: 'identity', cursor: 0 }],
    [compose, { t: 'chooser', about: 'attachment', cursor: 0 }],
    [compose, { t: 'chooser', about: 'template', into: null, files: [`${evil}.md`], cursor: 0 }],
    [compose, { t: 'preview', lines: [evil, `> ${evil}`], top: 0 }],
    [
      compose,
      { t: 'ask', title: 'A file', lines: [evil], choices: [{ key: 'y', label: 'yes', answer: null }] },
    ],
    [{ t: 'outbox', cursor: 0 }],
  ];
}

/** With whatever has the keys in the composer. */
function composed(state: AppState, focus: Focus, evil: string): AppState {
  const [first] = state.drafts;
  if (!first) return state;
  const completion = { start: 0, end: 0, items: [evil, `${evil} <a@b.example>`], cursor: 0 };
  const field = { text: `${evil}, ${evil}`, caret: evil.length };
  const fields = { ...first.fields, to: field, cc: field, subject: field };
  return { ...state, drafts: [{ ...first, fields, focus, completion: focus === 'to' ? completion : null }] };
}

function assertComposer(view: View, evil: string): void {
  for (const over of composerLayers(view, evil)) {
    // What floats over it does not depend on what has the keys.
    for (const focus of over.length === 1
      ? (['text', 'to', 'subject', 'files'] as const)
      : (['text'] as const)) {
      const state = {
        ...composed(view.state, focus, evil),
        stack: [{ t: 'list' }, ...over] as AppState['stack'],
      };
      const caret = caretOf({ ...view, state });
      const seen: View = { ...view, state: { ...state, caret } };
      const what = `${over.map(({ t }) => t).join(' ')} ${focus}`;
      const { columns } = state.size;
      const pane = layoutOf(state).reader;
      assertClean(
        [titleRow(seen, plain), statusRow(seen, plain), hintRow(seen, plain)],
        columns,
        `${what} frame`,
      );
      assertClean(composeRows(seen, plain), pane.columns, what);
      assert.equal(composeRows(seen, plain).length, pane.rows, what);
      assertClean(screenRows(seen, plain), columns, `${what} screen`);
      const overlay = overlayRows(seen, plain);
      if (overlay) {
        assertClean(overlay.rows, overlay.rect.columns, `${what} overlay`);
        assert.ok(overlay.rect.column + overlay.rect.columns <= columns, `${what}: the overlay is too wide`);
        assert.ok(
          overlay.rect.row >= 0 && overlay.rect.row + overlay.rows.length <= state.size.rows,
          `${what}: too high`,
        );
      }
      if (caret) assert.ok(caret.column < columns && caret.row < state.size.rows, `${what} caret`);
    }
  }
}

function assertScreens(view: View): void {
  const { columns } = view.state.size;
  for (const layer of LAYERS) {
    const stack: AppState['stack'] =
      layer.t === 'list' || layer.t === 'first-run' ? [layer] : [{ t: 'list' }, layer];
    const seen: View = { ...view, state: { ...view.state, stack } };
    const layout = layoutOf(seen.state);
    assertClean([titleRow(seen, plain), ruleRow(seen, plain)], columns, `${layer.t} title`);
    assertClean([statusRow(seen, plain), hintRow(seen, plain)], columns, `${layer.t} foot`);
    assertClean(listRows(seen, plain), layout.list.columns, `${layer.t} list`);
    assertClean(readerRows(seen, plain), layout.reader.columns, `${layer.t} reader`);
    assertClean(folderPaneRows(seen, plain), drawerRect(layout).columns, `${layer.t} folders`);
    assertClean(screenRows(seen, plain), columns, `${layer.t} screen`);
    assertClean(firstRunRows(seen, plain), columns, `${layer.t} first run`);
    const overlay = overlayRows(seen, plain);
    if (overlay) assertClean(overlay.rows, overlay.rect.columns, `${layer.t} overlay`);
  }
}

/** A program in which every text from outside is this one. */
async function worldOf(evil: string): Promise<Awaited<ReturnType<typeof world>>> {
  const parser = new FakeParser();
  const address = { name: evil, address: `${evil}@evil.example` };
  const part = { n: 1, section: '1', contentId: null, disposition: 'attachment', omitted: true } as const;
  parser.messages.set(
    '/raw/1',
    parsed({
      subject: evil,
      from: [address],
      to: [address, address],
      cc: [address],
      text: `${evil}\n> ${evil}\n-- \n${evil}`,
      headers: [{ name: evil, value: evil }],
      links: [{ text: evil, url: `https://${evil}` }],
      parts: [{ ...part, filename: evil, contentType: evil, size: 5 }],
      notes: [evil],
    }),
  );
  const w = await world({
    accounts: ['work'],
    messages: 0,
    deps: { parser },
    prepare: store => {
      store.folders.clear();
      const inbox = store.addFolder('work', evil || 'x', 'inbox');
      inbox.add({ subject: evil, from: [address], to: [address] }, 0, false);
      store.addFolder('work', `a/${evil}`);
    },
  });
  const inbox = w.store.folderOf('work:1');
  const engine = w.engines[0];
  if (engine) {
    engine.onBody = () => {
      const entry = inbox.entries.get(1);
      if (entry) entry.raw = true;
      return Promise.resolve();
    };
  }
  w.app.open(idOf(inbox, 1));
  await w.app.settled();
  engine?.become({
    phase: 'offline',
    error: new TmailError('rejected', 'anything', { facts: { text: evil, host: evil } }),
    progress: [{ label: evil, done: 1, total: 2 }],
  });
  await w.app.settled();
  w.press('R');
  await w.app.settled();
  w.app.paste(`${evil}\n`);
  await w.app.settled();
  const sent = await w.outgoing.send(
    {
      ...draftOf(writingIn(w.app.state.get()) ?? assert.fail()),
      subject: evil,
      to: 'a@b.example',
      id: 'other',
    },
    { undo: 1000 },
  );
  w.outgoing.become(sent.id, {
    state: 'failed',
    from: evil,
    recipients: [{ address: evil, outcome: 'refused', reply: evil }],
    error: new TmailError('rejected', 'smtp.message-refused', { facts: { host: evil, text: evil } }),
  });
  w.app.state.set({
    ...w.app.state.get(),
    drafts: w.app.state.get().drafts.map(writing => ({
      ...writing,
      draft: {
        ...writing.draft,
        from: evil,
        attachments: [{ file: 'f', name: evil, contentType: evil, size: 5 }],
      },
    })),
  });
  return w;
}

const EVIL: readonly string[] = [
  '\u001b]52;c;AAAA\u0007 \u001b[2J\u001b[31m',
  'a\r\nb\nc\td',
  '\u202egpj.exe \u2066 \u200b\ufeff',
  '\u0000\u0008\u009b31m\u007f',
  '山田太郎 会議の議事録を送ります 山田太郎 会議の議事録を送ります',
  '👩‍🚀👨‍👩‍👧‍👦🏳️‍🌈🇩🇪 e\u0301\u0301\u0301\u0301\u0301\u0301 각',
  'x'.repeat(5000),
  '',
  '__proto__',
];

for (const evil of EVIL) {
  test(`no screen lets this through or loses its columns: ${JSON.stringify(evil.slice(0, 30))}`, async () => {
    const w = await worldOf(evil);
    for (const [columns, rows] of [
      [80, 24],
      [160, 45],
      [50, 20],
      [40, 8],
      [120, 40],
      [61, 36],
    ] as const) {
      w.app.resize({ columns, rows });
      for (const headers of ['short', 'full', 'raw'] as const) {
        const state = w.app.state.get();
        const reader = state.reader && { ...state.reader, headers, raw: evil };
        assertScreens({ state: { ...state, reader }, data: w.app.data });
      }
      assertComposer({ state: w.app.state.get(), data: w.app.data }, evil);
    }
    w.app.quit();
  });
}

test('a tab where only text was looked for is taken out everywhere', async () => {
  const w = await worldOf('\t');
  w.app.resize({ columns: 40, rows: 15 });
  assertScreens({ state: w.app.state.get(), data: w.app.data });
  assertComposer({ state: w.app.state.get(), data: w.app.data }, '\t');
  w.app.quit();
});

test('whatever text comes from outside, every row is clean and exactly as wide as its pane', async () => {
  const evil = fc.string({ unit: 'binary', maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(
      evil,
      fc.integer({ min: 40, max: 170 }),
      fc.integer({ min: 8, max: 50 }),
      async (text, columns, rows) => {
        const w = await worldOf(text);
        w.app.resize({ columns, rows });
        assertScreens({ state: w.app.state.get(), data: w.app.data });
        assertComposer({ state: w.app.state.get(), data: w.app.data }, text);
        w.app.quit();
      },
    ),
    { numRuns: 40 },
  );
});
