// An export from the screen: asked, begun, watched, stopped, and what came of it said; keys work all the while.
import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { homely } from '../../src/app/exporting.ts';
import { topLayer } from '../../src/app/state.ts';
import type { ExportOutcome, ExportWish } from '../../src/app/types.ts';
import { statusRow } from '../../src/ui/parts/frame-rows.ts';
import { themeFor } from '../../src/ui/theme.ts';
import { type ErrorKind, TmailError } from '../../src/util/errors.ts';
import { world } from './fakes.ts';

const outcome = (change: Partial<ExportOutcome> = {}): ExportOutcome => ({
  account: 'work',
  format: 'maildir',
  verified: 3,
  written: 2,
  damaged: [],
  notHere: 0,
  partial: 0,
  complete: true,
  error: null,
  ...change,
});

async function start() {
  const wishes: ExportWish[] = [];
  let end: (outcomes: readonly ExportOutcome[]) => void = () => undefined;
  let fail: (error: TmailError) => void = () => undefined;
  const there = await world({
    accounts: ['work'],
    deps: {
      exportAll: wish => {
        wishes.push(wish);
        return new Promise((resolve, reject) => {
          end = resolve;
          fail = reject;
        });
      },
    },
  });
  const { app } = there;
  const state = () => app.state.get();
  const keys = (...all: string[]) => {
    for (const key of all) app.press(key);
  };
  const prompt = () => {
    const layer = topLayer(state());
    return layer.t === 'prompt' ? layer : assert.fail(layer.t);
  };
  await app.settled();
  keys('@', 'e');
  await app.settled();
  return {
    ...there,
    state,
    keys,
    prompt,
    wish: () => wishes.at(-1) ?? assert.fail('nothing was begun'),
    wishes,
    end: (...outcomes: ExportOutcome[]) => end(outcomes),
    fail: (kind: ErrorKind, code: string, path = '/x') =>
      fail(new TmailError(kind, code, { facts: { path } })),
    said: () => state().log.map(({ level, text }) => `${level} ${text}`),
  };
}

test('e asks where to, Tab goes round the formats, Enter begins, and keys work meanwhile', async () => {
  const { keys, prompt, wish, state, end, said, app } = await start();
  assert.equal(prompt().field.text, '~/tmail-backup');
  assert.match(prompt().about, /^As Maildir;/);
  keys('tab');
  assert.match(prompt().about, /^As \.eml files/);
  keys('tab', 'tab', 'tab', '2', 'enter');
  assert.deepEqual([wish().format, wish().to], ['eml', join(homedir(), 'tmail-backup2')]);
  assert.equal(prompt().busy, true);
  wish().onProgress('work', 'Inbox', 1, 3);
  // The place will do: the question goes, what was under it is there again.
  assert.equal(topLayer(state()).t, 'accounts');
  assert.match(
    statusRow(
      { state: state(), data: app.data },
      themeFor({ colors: 'none', borders: 'ascii' }, { colors: 'none', unicode: false }),
    ),
    /export: Inbox 1 of 3/,
  );
  keys('q', 'j', 'k');
  assert.equal(topLayer(state()).t, 'list');
  keys('@', 'e');
  assert.equal(said().at(-1), 'info An export is under way; ^C stops it.');
  end(outcome({ format: 'eml' }));
  await app.settled();
  assert.equal(
    said().at(-1),
    'info Exported: 3 messages in ~/tmail-backup2 (eml), each read back and compared; 2 written now.',
  );
  assert.equal(state().exporting, null);
});

test('^C stops it, and what is complete is said', async () => {
  const { keys, wish, end, said, app, state } = await start();
  keys('enter');
  wish().onProgress('work', 'Inbox', 1, 3);
  keys('C-c');
  assert.equal(wish().signal.aborted, true);
  end(outcome({ verified: 1, complete: false, error: new TmailError('cancelled', 'cancelled') }));
  await app.settled();
  assert.equal(
    said().at(-1),
    'warning The export is not finished: 1 message in ~/tmail-backup complete. e goes on from there.',
  );
  assert.equal(state().exporting, null);
});

test('a place that will not do is said in the question, which stays; a full disk is said after it', async () => {
  const { keys, prompt, fail, wish, end, said, app, wishes } = await start();
  keys('C-u', 'enter');
  assert.match(prompt().problem ?? '', /needs a place/);
  assert.equal(wishes.length, 0);
  keys('/', 'x', 'enter');
  fail('config', 'export.exists');
  await app.settled();
  assert.match(prompt().problem ?? '', /^\/x holds something else; nothing was written/);
  keys('y', 'enter');
  assert.equal(wish().to, '/xy');
  end(
    outcome({
      complete: false,
      error: new TmailError('storage', 'export.full', { facts: { path: '/xy/work' } }),
      damaged: [{ id: 'work:1:2', error: new TmailError('storage', 'raw.damaged') }],
    }),
  );
  await app.settled();
  assert.match(said().at(-3) ?? '', /^warning work: work:1:2 is not in the export: .* damaged/);
  assert.match(said().at(-2) ?? '', /^error work: the disk of \/xy\/work is full/);
  assert.match(said().at(-1) ?? '', /^warning The export is not finished: 3 messages in \/xy/);
});

test('the last place and format are proposed again', async () => {
  const note = { at: 5, messages: 3, format: 'mbox', to: join(homedir(), 'b'), all: true };
  const { app } = await world({
    accounts: ['work'],
    deps: { exportAll: async () => [outcome()] },
    prepare: store => {
      store.exports = {
        last: async () => note,
        note: async () => undefined,
        importBegins: async first => first,
        importEnded: async () => undefined,
      };
    },
  });
  await app.settled();
  app.press('@');
  app.press('e');
  await app.settled();
  const layer = topLayer(app.state.get());
  assert.ok(layer.t === 'prompt' && layer.act.t === 'export');
  assert.deepEqual([layer.field.text, layer.act.format], ['~/b', 'mbox']);
});

test('leaving tmail stops an export and waits for it', async () => {
  const { keys, wish, end, app } = await start();
  keys('enter');
  let ended = false;
  void app.ended.then(() => {
    ended = true;
  });
  app.quit();
  assert.equal(wish().signal.aborted, true);
  await new Promise(resolve => setImmediate(resolve));
  assert.equal(ended, false);
  end(outcome({ complete: false, error: new TmailError('cancelled', 'cancelled') }));
  assert.equal(await app.ended, 0);
});

test('a path is shown as a shell has it', () => {
  assert.deepEqual(
    [homely('/home/a/x', '/home/a'), homely('/home/a', '/home/a'), homely('/home/ab', '/home/a')],
    ['~/x', '~', '/home/ab'],
  );
});
