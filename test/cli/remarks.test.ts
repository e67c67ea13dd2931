// What the doctor remarks about accounts whose mail is downloaded.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { remarks } from '../../src/cli/doctor.ts';
import type { AccountConfig } from '../../src/config/types.ts';
import { openStore } from '../../src/store/store.ts';
import { testConfig } from '../app/fakes.ts';
import { startPop3Server } from '../servers/pop3.ts';
import { temporaryDirectory } from '../store/harness.ts';
import { openShared } from '../sync/pop3/shared.ts';

test('the doctor says of Gmail that its own setting decides, with the link, and what recent: is', async t => {
  const dir = await temporaryDirectory(t);
  const mail = { reader: () => openStore({ dir, mode: 'reader' }), config: testConfig() };
  const [work] = testConfig().accounts;
  assert.ok(work);
  const at = (host: string, user: string, protocol: 'imap' | 'pop3' = 'pop3') =>
    remarks(mail, { ...work, protocol, serverCopy: 'keep', incoming: { ...work.incoming, host, user } });
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

test('the doctor reminds of mail that no server has, and of none that a server has, also another account’s', async t => {
  const dir = await temporaryDirectory(t);
  const mail = (subject: string) =>
    Buffer.from(`Message-ID: <${subject}@x>\r\nSubject: ${subject}\r\n\r\n.\r\n`);
  await using home = await startPop3Server({ messages: [mail('a'), mail('b')] });
  await using work = await startPop3Server({ messages: [mail('c'), mail('d'), mail('e')] });
  const ports = { home: home.port, work: work.port };
  const remarked = async ({ accounts }: { readonly accounts: readonly AccountConfig[] }) => {
    const config = { ...testConfig(), accounts };
    const found = await remarks(
      { config, reader: () => openStore({ dir, mode: 'reader' }) },
      accounts[0] ?? assert.fail(),
    );
    return found.map(({ step, text }) => `${step}: ${text}`);
  };
  {
    await using both = await openShared({ dir, ports });
    // Nothing is here.
    assert.deepEqual(await remarked(both), []);
    await both.sync();
    await both.store.flush();
    const ledger = join(dir, 'accounts', 'work', 'pop3.jsonl');
    const before = await readFile(ledger, 'utf8');
    assert.deepEqual(await remarked(both), []);
    assert.equal(await readFile(ledger, 'utf8'), before);
  }
  await using both = await openShared({ dir, ports, policies: { work: 'delete' } });
  await both.sync();
  await both.sync();
  await both.store.flush();
  assert.equal(work.messages.length, 0);
  assert.match(
    (await remarked(both))[0] ?? '',
    /^backup: never exported: if this disk breaks, 3 messages are gone/,
  );
});
