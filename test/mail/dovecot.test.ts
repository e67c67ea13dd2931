import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ImapFlow } from 'imapflow';
import { envelopeOf } from '../../src/mail/headers.ts';
import { scanMessage } from '../../src/mail/mime-scan.ts';
import { type FetchedPart, partialMessage } from '../../src/mail/partial.ts';
import { countAttachments, locate, type Structure, textSections } from '../../src/mail/structure.ts';
import { parseMessage } from '../../src/worker/parse.ts';
import { type Dovecot, startDovecot } from '../servers/dovecot.ts';

const FIXTURES = 'test/mail/fixtures';
// Messages that are broken, and that two programs may read in two ways.
const BROKEN = new Set(['empty', 'headers-only', 'no-headers', 'no-boundary', 'boundary-missing']);
// The text of messages inside of the message comes with the whole of it.
const INSIDE = new Set(['forwarded', 'digest']);

let server: Dovecot;
let client: ImapFlow;
let dir = '';
const names: string[] = [];
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tmail-partial-'));
  const index = JSON.parse(await readFile(join(FIXTURES, 'index.json'), 'utf8')) as { file: string }[];
  names.push(...index.map(({ file }) => file.replace('.eml', '')).filter(name => !BROKEN.has(name)));
  server = await startDovecot({ pop3: false });
  await server.deliver('INBOX', await Promise.all(names.map(name => readFile(join(FIXTURES, `${name}.eml`)))));
  client = new ImapFlow({
    host: server.host,
    port: server.imapPort,
    secure: false,
    doSTARTTLS: false,
    auth: { user: server.user, pass: server.password },
    logger: false,
  });
  client.on('error', () => undefined);
  await client.connect();
  await client.mailboxOpen('INBOX');
});
after(async () => {
  await client.logout();
  await server.dispose();
  await rm(dir, { recursive: true });
});

const outline = (root: Structure) => locate(root).map(({ section, node }) => `${section} ${node.type}`);

test('a server and the scanner see the same parts under the same numbers', async () => {
  for (const [i, name] of names.entries()) {
    const message = await client.fetchOne(String(i + 1), { bodyStructure: true, source: true });
    assert.ok(message && message.bodyStructure && message.source);
    const { root } = scanMessage(message.source);
    assert.deepEqual(outline(root), outline(message.bodyStructure), name);
    assert.equal(countAttachments(root), countAttachments(message.bodyStructure), name);
    assert.deepEqual(textSections(root), textSections(message.bodyStructure), name);
    for (const { node, section } of locate(root)) {
      if (node.childNodes.length > 0 || section === '') continue;
      const part = await client.fetchOne(String(i + 1), { bodyParts: [section] });
      const bytes = part && part.bodyParts?.get(section);
      assert.ok(bytes, `${name} ${section}`);
      assert.equal(message.source.subarray(node.bodyAt, node.end).toString('latin1'), bytes.toString('latin1'), `${name} ${section}`);
    }
  }
});

test('a partial message made of what a server sends reads like the whole one', async () => {
  for (const [i, name] of names.entries()) {
    const seq = String(i + 1);
    const message = await client.fetchOne(seq, { bodyStructure: true, source: true, headers: true });
    assert.ok(message && message.bodyStructure && message.source && message.headers);
    const sections = textSections(message.bodyStructure).map(({ section }) => section);
    const wanted = sections.flatMap(section => [section, `${section}.MIME`]);
    const fetched = sections.length > 0 ? await client.fetchOne(seq, { bodyParts: wanted }) : null;
    const bytes = (key: string) => (fetched && fetched.bodyParts?.get(key.toLowerCase())) || null;
    const parts = new Map<string, FetchedPart>(
      sections.map(section => [section, { body: bytes(section), mime: bytes(`${section}.MIME`) }]),
    );
    const path = join(dir, `${name}.text.eml`);
    const partial = partialMessage(message.headers, message.bodyStructure, parts);
    await writeFile(path, partial);
    const whole = join(dir, `${name}.eml`);
    await writeFile(whole, message.source);
    const [some, all] = [await parseMessage(path), await parseMessage(whole)];
    const facts = { size: 0, arrival: 0 };
    assert.deepEqual(envelopeOf(partial, facts), envelopeOf(message.source, facts), name);
    if (!INSIDE.has(name)) assert.equal(some.text, all.text, name);
    const own = all.parts.slice(0, some.parts.length);
    assert.deepEqual(
      some.parts.map(({ n, filename, contentType }) => ({ n, filename, contentType })),
      own.map(({ n, filename, contentType }) => ({ n, filename, contentType })),
      name,
    );
  }
});
