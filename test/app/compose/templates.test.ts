import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { listTemplates, readTemplate } from '../../../src/app/compose/templates.ts';
import { draftOf, writingIn } from '../../../src/app/compose/writing.ts';
import { textOf } from '../../../src/app/editor/editor.ts';
import { topLayer } from '../../../src/app/state.ts';
import { TmailError } from '../../../src/util/errors.ts';
import { testConfig, type World, world } from '../fakes.ts';

const top = (w: World) => topLayer(w.app.state.get());
const toast = (w: World) => w.app.state.get().toast?.text ?? '';
const writing = (w: World) => {
  const found = writingIn(w.app.state.get());
  assert.ok(found, 'no draft is on the screen');
  return found;
};
const type = (w: World, words: string) => w.press(...[...words].map(key => (key === ' ' ? 'space' : key)));

async function inFolder(
  files: Readonly<Record<string, string>>,
  run: (w: World, folder: string) => Promise<void>,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-templates-'));
  try {
    const folder = join(dir, 'templates');
    if (Object.keys(files).length > 0) await mkdir(folder);
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const [account] = testConfig().accounts;
    assert.ok(account);
    const config = {
      ...testConfig(),
      accounts: [{ ...account, signature: 'Me' }],
      file: join(dir, 'config.json'),
    };
    await run(await world({ deps: { config } }), folder);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const press = async (w: World, ...keys: string[]) => {
  w.press(...keys);
  await w.app.settled();
};

test('gT lists the templates and opens the composer with one, the caret at its mark', () =>
  inFolder(
    {
      'thanks.txt':
        'To: Ada <ada@analytical.example>\nSubject: Thanks\n\nDear {{to.first}},\n\n{{cursor}}\n\n{{from.name}}\n',
      'plan.md': '# Plan of {{date}}\n',
    },
    async w => {
      await press(w, 'g', 'T');
      const layer = top(w);
      assert.ok(layer.t === 'chooser' && layer.about === 'template');
      assert.deepEqual(layer.files, ['plan.md', 'thanks.txt']);
      await press(w, 'j', 'enter');
      const draft = draftOf(writing(w));
      assert.equal(draft.to, 'Ada <ada@analytical.example>');
      assert.equal(draft.subject, 'Thanks');
      assert.equal(draft.text, 'Dear Ada,\n\n\n\nMe\n\n-- \nMe\n');
      assert.equal(draft.format, 'plain');
      type(w, 'x');
      assert.equal(textOf(writing(w).editor), 'Dear Ada,\n\nx\n\nMe\n\n-- \nMe\n');
      await press(w, 'esc', '[', 'g', 'T', 'enter');
      await press(w, 'enter');
      assert.equal(writing(w).draft.format, 'markdown');
      assert.match(textOf(writing(w).editor), /^# Plan of \d{4}-\d\d-\d\d\n/);
    },
  ));

test('T puts the text of one where the caret is, in one step; what has no value is told and left', () =>
  inFolder({ 'a.txt': 'Subject: not taken\n\n[{{to.first}} {{nope}} {{cursor}}!]\n' }, async w => {
    await press(w, 'm');
    w.press('tab', 'tab', 'tab');
    type(w, 'one two');
    w.press('left', 'left', 'left');
    await press(w, 'esc', 'T');
    await press(w, 'enter');
    assert.equal(textOf(writing(w).editor), 'one [{{to.first}} {{nope}} !]two\n\n-- \nMe\n');
    assert.match(
      toast(w),
      /Nothing is known yet for \{\{to\.first\}\}\. Templates have no \{\{nope\}\}\. Left as written/,
    );
    assert.equal(draftOf(writing(w)).subject, '');
    type(w, 'X');
    assert.match(textOf(writing(w).editor), /\{\{nope\}\} X!\]two/);
    w.press('C-_', 'C-_');
    assert.match(textOf(writing(w).editor), /^one two\n/);
  }));

test('where there are none the keys say where to put them, and nothing stays on the screen', () =>
  inFolder({}, async (w, folder) => {
    await press(w, 'g', 'T');
    assert.equal(top(w).t, 'list');
    assert.ok(toast(w).includes(`There are no templates; put them into ${folder} as NAME.txt`), toast(w));
    const none = await world();
    none.press('g', 'T');
    assert.match(toast(none), /beside the configuration file, and there is none here/);
  }));

test('a template with a mistake opens nothing and says which line', () =>
  inFolder({ 'bad.txt': 'Subject: a\nX-Evil: b\n\nText' }, async w => {
    await press(w, 'g', 'T');
    await press(w, 'enter');
    assert.equal(top(w).t, 'list');
    assert.match(toast(w), /templates\/bad\.txt, line 2: a template has no field "X-Evil"/);
    assert.equal(w.app.state.get().drafts.length, 0);
  }));

test('only text files of the folder itself are templates', () =>
  inFolder(
    { 'a.txt': 'A', '.hidden.txt': 'H', 'b.md': 'B', 'c.html': 'C', 'd.txt~': 'D' },
    async (_, folder) => {
      await mkdir(join(folder, 'sub.txt'));
      await writeFile(join(folder, 'binary.txt'), 'a\0b');
      await writeFile(join(folder, 'latin.txt'), Buffer.from([0x61, 0xe4]));
      await writeFile(join(folder, 'large.txt'), 'x'.repeat(256 * 1024 + 1));
      await symlink(join(folder, 'a.txt'), join(folder, 'link.txt'));
      await writeFile(join(folder, '..', 'secret.txt'), 'S');
      assert.deepEqual(await listTemplates(folder), [
        'a.txt',
        'b.md',
        'binary.txt',
        'large.txt',
        'latin.txt',
        'link.txt',
      ]);
      assert.equal((await readTemplate(folder, 'link.txt')).text, 'A');
      for (const [name, code] of [
        ['../secret.txt', 'template.gone'],
        ['sub.txt', 'template.gone'],
        ['sub.txt/../a.txt', 'template.gone'],
        ['.hidden.txt', 'template.gone'],
        ['none.txt', 'template.gone'],
        ['binary.txt', 'template.no-text'],
        ['latin.txt', 'template.no-text'],
        ['large.txt', 'template.too-large'],
      ] as const) {
        await assert.rejects(
          readTemplate(folder, name),
          error => error instanceof TmailError && error.code === code,
          name,
        );
      }
    },
  ));
