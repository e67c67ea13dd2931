import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allCommands } from '../../../src/app/commands/index.ts';
import { createHarvest } from '../../../src/app/compose/harvest.ts';
import { createCore } from '../../../src/app/core.ts';
import { buildKeymap } from '../../../src/app/keymap.ts';
import type { Envelope } from '../../../src/mail/types.ts';
import { FakeOutgoing } from '../fake-outgoing.ts';
import { type FakeFolder, FakeParser, FakeStore, NOW, testConfig } from '../fakes.ts';

const from = (name: string, address: string): Partial<Envelope> => ({ from: [{ name, address }] });
const ME = { name: 'Me', address: 'me@work.example' };

async function harvest(fill: (store: FakeStore) => void) {
  const store = new FakeStore();
  fill(store);
  const core = createCore(
    {
      config: testConfig(),
      store,
      engines: [],
      parser: new FakeParser(),
      terminal: { suspend: () => undefined, redraw: () => undefined, bell: () => undefined },
      now: () => NOW,
      start: { account: null, folder: null },
      readOnly: null,
      outgoing: new FakeOutgoing(() => NOW),
      firstRun: null,
    },
    buildKeymap(allCommands).keymap,
  );
  core.mail.set('work', await store.account('work'));
  let writing = false;
  const harvester = createHarvest(core, { writing: () => writing });
  const until = async (holds: () => boolean) => {
    for (let turns = 0; !holds(); turns += 1) {
      assert.ok(turns < 5000, 'it never came');
      await new Promise(resolve => setImmediate(resolve));
    }
  };
  return {
    core,
    store,
    until,
    begin() {
      writing = true;
      core.change(state => ({ ...state, now: state.now + 1 }));
    },
    close: () => harvester.close(),
    best: (query: string) => core.contacts.complete(query, 3).map(({ address }) => address),
  };
}

test('nothing is looked at before somebody writes; then all folders but junk, trash and drafts', async () => {
  const h = await harvest(store => {
    store.addFolder('work', 'INBOX', 'inbox').add(from('Ada', 'ada@a.example'));
    store.addFolder('work', 'Lists').add(from('Bob', 'bob@a.example'));
    store.addFolder('work', 'Junk', 'junk').add(from('Spam', 'spam@a.example'));
    store.addFolder('work', 'Trash', 'trash').add(from('Old', 'old@a.example'));
    store
      .addFolder('work', 'Drafts', 'drafts')
      .add({ ...from('Me', ME.address), to: [{ name: '', address: 'half@a.example' }] });
  });
  await new Promise(resolve => setImmediate(resolve));
  assert.equal(h.core.contacts.size, 0);
  h.begin();
  await h.until(() => h.core.contacts.size >= 2);
  await new Promise(resolve => setTimeout(resolve, 20));
  assert.deepEqual(h.best('a.example').sort(), ['ada@a.example', 'bob@a.example']);
  h.close();
});

test('those one writes to go before those who write, whichever folder that is in', async () => {
  const h = await harvest(store => {
    const inbox = store.addFolder('work', 'INBOX', 'inbox');
    for (let i = 0; i < 20; i += 1) inbox.add(from('Bot', 'bot@x.example'));
    store
      .addFolder('work', 'Archive', 'archive')
      .add({ from: [ME], to: [{ name: 'Friend', address: 'friend@x.example' }] });
  });
  h.begin();
  await h.until(() => h.core.contacts.size >= 2);
  assert.deepEqual(h.best('x.example'), ['friend@x.example', 'bot@x.example']);
  h.close();
});

test('new mail in a folder that was looked through is taken in, once', async () => {
  let inbox: FakeFolder | undefined;
  const h = await harvest(store => {
    inbox = store.addFolder('work', 'INBOX', 'inbox');
    inbox.add(from('Ada', 'ada@a.example'));
  });
  assert.ok(inbox);
  h.core.opened.set(inbox.id, inbox);
  h.begin();
  await h.until(() => h.core.contacts.size === 1);
  await new Promise(resolve => setTimeout(resolve, 20));
  inbox.add(from('New', 'new@a.example'));
  await h.until(() => h.core.contacts.size === 2);
  inbox.changed();
  await new Promise(resolve => setTimeout(resolve, 20));
  assert.equal(h.core.contacts.find('new@a.example')?.received, 1);
  assert.equal(h.core.contacts.find('ada@a.example')?.received, 1);
  h.close();
});

test('names and addresses that are traps are only text', async () => {
  const h = await harvest(store => {
    const inbox = store.addFolder('work', 'INBOX', 'inbox');
    inbox.add(from('__proto__', 'constructor@__proto__.example'));
    inbox.add(from('\u001b[31mRed', 'red@x.example'));
  });
  h.begin();
  await h.until(() => h.core.contacts.size >= 1);
  await new Promise(resolve => setTimeout(resolve, 20));
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  assert.ok(h.best('red').length === 1);
  h.close();
});

test('ten thousand messages are looked through without holding up the loop', async () => {
  const h = await harvest(store => {
    const inbox = store.addFolder('work', 'INBOX', 'inbox');
    for (let i = 0; i < 10_000; i += 1) inbox.add(from(`Person ${i}`, `person${i}@x.example`));
  });
  h.begin();
  let longest = 0;
  let last = process.cpuUsage();
  await h.until(() => {
    const { user, system } = process.cpuUsage(last);
    longest = Math.max(longest, (user + system) / 1000);
    last = process.cpuUsage();
    return h.core.contacts.size >= 10_000;
  });
  // The first turn compiles; a frame has 16 ms.
  assert.ok(longest < 60, `${longest} ms of work in one turn`);
  h.close();
});
