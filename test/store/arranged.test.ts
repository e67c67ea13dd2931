import assert from 'node:assert/strict';
import { test } from 'node:test';
import { syntheticMessage } from '../fixtures/synthetic.ts';
import { inbox, ownedStore, temporaryDirectory } from './harness.ts';

test('an event says which messages came and went, and nothing where only flags changed', async t => {
  const { store, events } = await ownedStore(t, await temporaryDirectory(t));
  const { folder, account } = await inbox(store);
  const first = folder.reserve(3);
  const told = () => events.flatMap(event => (event.t === 'folder' ? [event.messages] : []));
  const put = [first, first + 1].map(uid => syntheticMessage(uid));
  await folder.apply({ put }, 'now');
  assert.deepEqual(told(), [{ put: [first, first + 1], gone: [] }]);

  events.length = 0;
  await folder.apply({ put: [syntheticMessage(first + 2)], remove: [first, first + 99] }, 'now');
  assert.deepEqual(told(), [{ put: [first + 2], gone: [first] }]);

  events.length = 0;
  const target = { uid: first + 1, remote: null, messageId: '' };
  await account.commit({
    t: 'flags',
    folder: folder.record.id,
    targets: [target],
    add: ['\\Flagged'],
    remove: [],
  });
  assert.deepEqual(told(), [undefined]);
  const flags = () => events.flatMap(event => (event.t === 'folder' ? [event.flags] : []));
  assert.deepEqual(flags(), [[first + 1]]);

  events.length = 0;
  const read = [first + 1, first + 2].map(uid => ({ uid, flags: ['\\Answered', '\\Draft'] }));
  await folder.apply({ flags: read }, 'now');
  assert.deepEqual(told(), [undefined]);
  assert.deepEqual(flags(), [[first + 1, first + 2]]);

  events.length = 0;
  await folder.apply({ reset: true }, 'now');
  assert.deepEqual(told(), ['all']);
});
