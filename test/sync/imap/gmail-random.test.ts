// Random days with Gmail: what is done here, offline or not, and what others do there, ends with both sides agreeing,
// folder by folder, nothing doubled. The seed is in the message of a failure.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INBOX_LABEL, labelKeyword } from '../../../src/mail/labels.ts';
import { flagNames } from '../../../src/store/flags.ts';
import type { FolderStore } from '../../../src/store/types.ts';
import { type GmailServer, startGmail } from '../../servers/gmail.ts';
import { openWorld, type World } from '../world.ts';

const FOLDERS = ['INBOX', 'Work', 'Lists', '[Gmail]/All Mail', '[Gmail]/Trash', '[Gmail]/Spam'];
const mail = (subject: string) =>
  `From: Grace <grace@example.org>\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@x>\r\n\r\ntext of ${subject}\r\n`;

/** Small, fast and good enough (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** `subject flags` of each message, sorted. */
async function here(folder: FolderStore): Promise<string[]> {
  const found: string[] = [];
  for await (const { flags, envelope } of folder.scan()) {
    found.push(`${envelope.subject} ${shown(flagNames(flags, [...folder.keywords]))}`);
  }
  return found.sort();
}

function there(server: GmailServer, path: string): string[] {
  return server
    .folder(path)
    .messages.map(({ raw, flags }) => {
      const subject = /^Subject: (.*)\r$/m.exec(raw.toString())?.[1] ?? '';
      const labels = server.labels(subject).flatMap(name => {
        if (name === path || name.startsWith('[')) return [];
        return name === 'INBOX' ? [INBOX_LABEL] : [labelKeyword(name)];
      });
      return `${subject} ${shown([...flags, ...labels])}`;
    })
    .sort();
}

const shown = (flags: readonly string[]) => [...flags].sort().join(',');

async function doHere(world: World, random: (below: number) => number): Promise<void> {
  const pick = async () => await world.folder(FOLDERS[random(FOLDERS.length)] ?? 'INBOX');
  const folder = await pick();
  if (folder.length === 0) return;
  await folder.loadAll();
  const at = random(folder.length);
  await folder.ensure(at, at);
  const uid = folder.uidAt(at) ?? 0;
  const on = {
    folder: folder.record.id,
    targets: [{ uid, remote: folder.remote(uid) ?? null, messageId: folder.envelope(uid)?.messageId ?? '' }],
  };
  const apart = folder.record.role === 'trash' || folder.record.role === 'junk';
  const what = random(5);
  if (what === 0) await world.account.commit({ t: 'flags', ...on, add: ['\\Seen'], remove: [] });
  else if (what === 1)
    await world.account.commit({ t: 'flags', ...on, add: [], remove: ['\\Seen', '\\Flagged'] });
  else if (what === 2 && !apart) {
    const label = labelKeyword(random(2) === 0 ? 'Work' : 'Lists');
    const change = random(2) === 0 ? { add: [label], remove: [] } : { add: [], remove: [label] };
    await world.account.commit({ t: 'flags', ...on, ...change });
  } else {
    const to = await pick();
    if (to.record.id !== folder.record.id) await world.account.commit({ t: 'move', ...on, to: to.record.id });
  }
}

function doThere(server: GmailServer, random: (below: number) => number, n: number): void {
  const name = FOLDERS[random(3)] ?? 'INBOX';
  const folder = server.folder(name);
  const message = folder.messages[random(Math.max(1, folder.messages.length))];
  const what = random(4);
  if (what === 0 || !message) server.deliver(name, mail(`new ${n}`));
  else if (what === 1) folder.setFlags(message, [...message.flags, '\\Seen']);
  else if (what === 2) folder.expunge(one => one === message);
  else {
    const to = server.folder(FOLDERS[random(3)] ?? 'INBOX');
    if (to !== folder && !to.messages.some(({ raw }) => raw === message.raw))
      to.append(message.raw, message.flags, message.date);
  }
}

for (const seed of [1, 2, 3]) {
  test(`a random day with Gmail, seed ${seed}`, async () => {
    const random = randomOf(seed);
    const server = await startGmail({ labels: ['Work', 'Lists'] });
    try {
      for (let n = 0; n < 6; n++) server.deliver(FOLDERS[n % 3] ?? 'INBOX', mail(`old ${n}`));
      await using world = await openWorld({
        port: server.port,
        user: 'ada@gmail.com',
        password: 'secret',
        offline: 'all',
        groupMs: 5,
      });
      await world.engine.syncOnce(null);
      for (let round = 0; round < 5; round++) {
        for (let n = 0; n < 6; n++) {
          if (random(3) > 0) await doHere(world, random);
          else doThere(server, random, round * 10 + n);
        }
        await world.engine.syncOnce(null);
      }
      // The list of folders is asked for before the queue is sent: what that changed comes with the next one.
      for (let n = 0; n < 2; n++) assert.deepEqual((await world.engine.syncOnce(null)).errors, []);
      assert.deepEqual(world.account.queue(), []);
      for (const path of [...FOLDERS, '[Gmail]/Starred']) {
        assert.deepEqual(await here(await world.folder(path)), there(server, path), `seed ${seed}, ${path}`);
      }
      assert.ok(
        (await here(await world.folder('[Gmail]/All Mail'))).length >= 4,
        'something is left to compare',
      );
      for (const path of FOLDERS) {
        const folder = await world.folder(path);
        for await (const { uid, envelope } of folder.scan()) {
          const raw = folder.raw(uid);
          assert.ok(raw, `seed ${seed}: ${envelope.subject} in ${path} can be read offline`);
          assert.equal(String(await world.account.raw.read(raw)), mail(envelope.subject));
        }
      }
      assert.deepEqual(server.defects(), []);
    } finally {
      await server.stop();
    }
  });
}
