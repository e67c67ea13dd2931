// A POP3 account over days, and over a disk that fills up: what each policy leaves there, and what is here.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startDovecot } from '../../servers/dovecot.ts';
import { sha256, startPop3Server } from '../../servers/pop3.ts';
import { faultyDisk, systemError } from '../../store/faulty-disk.ts';
import { openAccount } from './account.ts';

const root = await mkdtemp(join(tmpdir(), 'tmail-pop3-days-'));
after(() => rm(root, { recursive: true, force: true }));
let count = 0;
const freshDir = () => join(root, String(count++));

const DAY = 24 * 60 * 60 * 1000;
const mail = (n: number, extra = '') =>
  Buffer.from(
    `From: Ada <ada@example.org>\r\nMessage-ID: <${n}@x>\r\nSubject: number ${n}\r\n\r\nhello ${n}\r\n${extra}`,
  );

test('Dovecot over simulated days: each policy leaves there what it says, and here is everything', async () => {
  for (const serverCopy of ['keep', { deleteAfterDays: 2 }, 'untilDeletedHere', 'delete'] as const) {
    await using dovecot = await startDovecot();
    let now = Date.UTC(2026, 0, 1);
    const { pop3sPort: port, ca } = dovecot;
    const options = { dir: freshDir(), port, security: 'tls', ca, serverCopy, now: () => now } as const;
    for (let day = 1; day <= 6; day++) {
      await dovecot.deliver('INBOX', [mail(day * 10, 'morning\r\n'), mail(day * 10 + 1, 'evening\r\n')]);
      // Each day tmail is started, checks twice, and is ended.
      await using home = await openAccount(options);
      const { error, received } = await home.check();
      assert.deepEqual([error, received], [null, 2], `day ${day}`);
      // The person deletes the first message that is left, for good.
      const uid = home.inbox.uidAt(home.inbox.length - 1) ?? 0;
      const targets = [{ uid, remote: null, messageId: '' }];
      await home.account.commit({ t: 'delete', folder: home.inbox.record.id, targets });
      const again = await home.check();
      assert.deepEqual([again.error, again.received], [null, 0]);
      const here = day * 2 - day;
      const there = { keep: day * 2, untilDeletedHere: here, delete: 0 } as const;
      const left =
        typeof serverCopy === 'object' ? Math.min(day, serverCopy.deleteAfterDays) * 2 : there[serverCopy];
      assert.equal(again.last?.report?.onServer.messages, left, `${JSON.stringify(serverCopy)} day ${day}`);
      assert.equal((await home.hashes()).length, here);
      assert.deepEqual(home.reports, []);
      now += DAY;
    }
  }
});

test('a full disk stops a check, nothing is deleted there, and with room again nothing is lost or doubled', async () => {
  const all = Array.from({ length: 9 }, (_, n) => mail(n));
  let failed = 0;
  for (let writes = 0; writes < 60; writes += 4) {
    await using server = await startPop3Server({ messages: all });
    const room = { left: Number.POSITIVE_INFINITY };
    const fs = faultyDisk(change => {
      if (change === 'unlink' || change === 'rm' || room.left-- > 0) return undefined;
      throw systemError('ENOSPC');
    });
    await using home = await openAccount({ dir: freshDir(), port: server.port, serverCopy: 'delete', fs });
    room.left = writes;
    const { error } = await home.check();
    room.left = Number.POSITIVE_INFINITY;
    if (error) {
      failed++;
      assert.equal(error.code, 'disk.full');
      assert.equal(server.messages.length, 9, 'nothing is deleted there');
      if (server.commands.some(line => line.startsWith('RETR')))
        assert.deepEqual(server.commands.slice(-2), ['RSET', 'QUIT']);
    }
    const healed = await home.check();
    assert.equal(healed.error, null);
    assert.deepEqual((await home.hashes()).sort(), all.map(sha256).sort());
    assert.equal(server.messages.length, 0);
  }
  assert.ok(failed > 3, `only ${failed} checks met the full disk`);
});
