// What the doctor remarks about accounts whose mail is downloaded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remarks } from '../../src/cli/doctor.ts';
import { openStore } from '../../src/store/store.ts';
import { testConfig } from '../app/fakes.ts';
import { temporaryDirectory } from '../store/harness.ts';

test('the doctor says of Gmail that its own setting decides, with the link, and what recent: is', async t => {
  const dir = await temporaryDirectory(t);
  const mail = { reader: () => openStore({ dir, mode: 'reader' }) };
  const [work] = testConfig().accounts;
  assert.ok(work);
  const at = (host: string, user: string, protocol: 'imap' | 'pop3' = 'pop3') =>
    remarks(
      mail,
      { ...work, protocol, serverCopy: 'keep', incoming: { ...work.incoming, host, user } },
      null,
    );
  const [gmail, ...others] = await at('pop.gmail.com', 'recent:ada@gmail.com');
  assert.deepEqual(others, []);
  assert.equal(gmail?.step, 'gmail');
  assert.match(
    gmail?.text ?? '',
    /setting decides .* https:\/\/mail\.google\.com\/mail\/u\/0\/#settings\/fwdandpop\. "recent:"/,
  );
  assert.match(gmail?.text ?? '', /the last 30 days, .* other programs get them too/);
  assert.match(
    (await at('pop.gmail.com', 'ada@gmail.com'))[0]?.text ?? '',
    /"recent:" before the user shows/,
  );
  assert.deepEqual(await at('pop.isp.example', 'recent:ada'), []);
  assert.deepEqual(await at('imap.gmail.com', 'ada@gmail.com', 'imap'), []);
});
