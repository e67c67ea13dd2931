import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { editOutside, editorCommand } from '../../../src/app/compose/outside-editor.ts';
import { writingIn } from '../../../src/app/compose/writing.ts';
import { textOf } from '../../../src/app/editor/editor.ts';
import { topLayer } from '../../../src/app/state.ts';
import type { TmailError } from '../../../src/util/errors.ts';
import { type World, world } from '../fakes.ts';

/** A program that stands for an editor; `$file` is what it is given. */
async function withEditor(
  script: string,
  run: (env: NodeJS.ProcessEnv, dir: string) => Promise<void>,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-editor-'));
  try {
    const path = join(dir, 'my editor');
    await writeFile(path, `#!/bin/sh\nfor file in "$@"; do :; done\n${script}\n`);
    await chmod(path, 0o700);
    await run({ PATH: process.env.PATH, TMPDIR: dir, EDITOR: `'${path}' --flag "two words"` }, dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

test('the editor is named by VISUAL, then EDITOR, taken apart without a shell', () => {
  assert.deepEqual(editorCommand({ VISUAL: 'code --wait', EDITOR: 'vi' }), ['code', '--wait']);
  assert.deepEqual(editorCommand({ VISUAL: ' ', EDITOR: 'emacs -nw "a b" c\\ d $(rm)' }), [
    'emacs',
    '-nw',
    'a b',
    'c d',
    '$(rm)',
  ]);
  assert.deepEqual(editorCommand({}), ['vi']);
});

test('the text comes back changed; the file was private and is gone', () =>
  withEditor(
    'stat -c %a "$file" > "$TMPDIR/mode"; stat -c %a "$(dirname "$file")" >> "$TMPDIR/mode"; echo "$2" >> "$TMPDIR/mode"; echo more >> "$file"',
    async (env, dir) => {
      const outcome = await editOutside('one\ntwo', 'message.txt', env);
      assert.deepEqual(outcome, { text: 'one\ntwo\nmore', changed: true, ok: true });
      const { readFile } = await import('node:fs/promises');
      assert.equal(await readFile(join(dir, 'mode'), 'utf8'), '600\n700\ntwo words\n');
      assert.deepEqual((await readdir(dir)).sort(), ['mode', 'my editor']);
    },
  ));

test('an editor that changes nothing changes nothing, with and without a last line end', () =>
  withEditor('true', async env => {
    for (const text of ['one', 'one\n', '', '\n', 'a\n\n']) {
      assert.deepEqual(
        await editOutside(text, 'm.txt', env),
        { text, changed: false, ok: true },
        JSON.stringify(text),
      );
    }
  }));

test('an editor that is not there is an error that names it', async () => {
  await assert.rejects(editOutside('x', 'm.txt', { EDITOR: '/nowhere/ed' }), (error: TmailError) => {
    assert.equal(error.code, 'editor.missing');
    assert.equal(error.facts.program, '/nowhere/ed');
    return true;
  });
});

async function composing(env: NodeJS.ProcessEnv): Promise<{ w: World; lent: string[] }> {
  const lent: string[] = [];
  const w = await world({
    deps: {
      env,
      terminal: {
        suspend: () => undefined,
        redraw: () => undefined,
        bell: () => undefined,
        async lend(run) {
          lent.push('lent');
          try {
            return await run();
          } finally {
            lent.push('back');
          }
        },
      },
    },
  });
  w.press('m');
  await w.app.settled();
  w.press('tab', 'tab', 'tab', 'M', 'i', 'n', 'e');
  return { w, lent };
}

const text = (w: World) => {
  const found = writingIn(w.app.state.get());
  return found ? textOf(found.editor) : null;
};

test('e in the composer: the terminal is lent, the draft was saved before, the change is one step', () =>
  withEditor('echo outside > "$file"', async env => {
    const { w, lent } = await composing(env);
    w.press('esc', 'e');
    await w.app.settled();
    assert.deepEqual(lent, ['lent', 'back']);
    assert.equal(text(w), 'outside');
    assert.equal([...w.outgoing.saved.values()][0]?.draft.text, 'Mine');
    assert.equal(topLayer(w.app.state.get()).t, 'compose');
    w.press('C-_');
    assert.equal(text(w), 'Mine');
  }));

test('an editor that fails, or leaves an empty file, asks; what was there stays unless the person says otherwise', async () => {
  await withEditor(': > "$file"', async env => {
    const { w } = await composing(env);
    w.press('esc', 'e');
    await w.app.settled();
    assert.equal(topLayer(w.app.state.get()).t, 'ask');
    w.press('k');
    assert.equal(text(w), 'Mine');
    w.press('esc', 'e');
    await w.app.settled();
    w.press('t');
    assert.equal(text(w), '');
  });
  await withEditor('echo half > "$file"; exit 1', async env => {
    const { w } = await composing(env);
    w.press('esc', 'e');
    await w.app.settled();
    w.press('esc');
    assert.equal(text(w), 'Mine');
  });
  await withEditor('rm "$file"; kill -9 $$', async env => {
    const { w } = await composing(env);
    w.press('esc', 'e');
    await w.app.settled();
    w.press('enter');
    assert.equal(text(w), 'Mine');
  });
  const { w } = await composing({ EDITOR: '/nowhere/ed' });
  w.press('esc', 'e');
  await w.app.settled();
  assert.match(w.app.state.get().toast?.text ?? '', /"\/nowhere\/ed" is not here/);
  assert.equal(text(w), 'Mine');
});
