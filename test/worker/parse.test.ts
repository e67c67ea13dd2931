import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { scanMessage } from '../../src/mail/mime-scan.ts';
import { partialMessage } from '../../src/mail/partial.ts';
import { TmailError } from '../../src/util/errors.ts';
import { parseMessage, savePart } from '../../src/worker/parse.ts';
import { stopwatch } from '../mail/cpu-time.ts';

interface Expected {
  readonly file: string;
  readonly point: string;
  readonly subject?: string;
  readonly text?: string;
  readonly fromHtml?: boolean;
  readonly flowed?: boolean;
  readonly delSp?: boolean;
  readonly date?: null;
  readonly remoteImages?: number;
  readonly notes?: readonly string[];
  readonly links?: readonly string[];
  /** File names, or whole parts. */
  readonly parts?: readonly (string | null | object)[];
  readonly sizes?: readonly number[];
  readonly sections?: readonly string[];
}

const FIXTURES = 'test/mail/fixtures';
const index = JSON.parse(await readFile(join(FIXTURES, 'index.json'), 'utf8')) as Expected[];

let dir = '';
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tmail-parse-'));
});
after(() => rm(dir, { recursive: true }));

/** With TMAIL_MEASURE set, what things took. */
function measured(name: string, ms: number): void {
  if (process.env.TMAIL_MEASURE) process.stderr.write(`${Math.round(ms)} ms "${name}"\n`);
}

let files = 0;
async function fileOf(bytes: Buffer | string): Promise<string> {
  const path = join(dir, `${++files}.eml`);
  await writeFile(path, bytes);
  return path;
}

test('every fixture is in the index', async () => {
  const found = (await readdir(FIXTURES)).filter(name => name.endsWith('.eml')).sort();
  assert.deepEqual(index.map(({ file }) => file).sort(), found);
});

for (const expected of index) {
  test(`${expected.file}: ${expected.point}`, async () => {
    const mail = await parseMessage(join(FIXTURES, expected.file));
    const { subject, text, fromHtml, flowed, delSp, date, remoteImages, notes } = expected;
    if (subject !== undefined) assert.equal(mail.subject, subject);
    if (text !== undefined) assert.equal(mail.text, text);
    if (fromHtml !== undefined) assert.equal(mail.fromHtml, fromHtml);
    if (flowed !== undefined) assert.equal(mail.flowed, flowed);
    if (delSp !== undefined) assert.equal(mail.delSp, delSp);
    if (date === null) assert.equal(mail.date, null);
    if (remoteImages !== undefined) assert.equal(mail.remoteImages, remoteImages);
    if (notes !== undefined) assert.deepEqual(mail.notes, notes);
    if (expected.links)
      assert.deepEqual(
        mail.links.map(({ url }) => url),
        expected.links,
      );
    if (expected.parts) {
      const whole = expected.parts.some(part => typeof part === 'object' && part !== null);
      assert.deepEqual(whole ? mail.parts : mail.parts.map(({ filename }) => filename), expected.parts);
    }
    if (expected.sizes)
      assert.deepEqual(
        mail.parts.map(({ size }) => size),
        expected.sizes,
      );
    if (expected.sections)
      assert.deepEqual(
        mail.parts.map(({ section }) => section),
        expected.sections,
      );
    assert.deepEqual(
      mail.parts.map(({ n }) => n),
      mail.parts.map((_, i) => i + 1),
    );
    // Whatever crosses the thread is plain data.
    assert.deepEqual(structuredClone(mail), mail);
  });
}

test('a part is saved decoded, with the size that was said, readable by its owner only', async () => {
  const path = join(FIXTURES, 'attachments.eml');
  const { parts } = await parseMessage(path);
  const contents = ['%PDF-1.4\n', 'grüße', 'one', 'second', 'Notes to read.'];
  for (const part of parts) {
    const to = join(dir, `saved-${part.n}`);
    assert.equal(await savePart(path, part.n, to), part.size);
    assert.equal(await readFile(to, 'utf8'), contents[part.n - 1]);
    assert.equal((await stat(to)).mode & 0o777, 0o600);
  }
});

test('files inside of text, whole messages and their attachments are saved too', async () => {
  const fox = join(dir, 'fox');
  await savePart(join(FIXTURES, 'uuencode.eml'), 1, fox);
  assert.equal(await readFile(fox, 'utf8'), 'The quick brown fox jumps over the lazy dog. '.repeat(3));
  const message = join(dir, 'moth.eml');
  await savePart(join(FIXTURES, 'forwarded.eml'), 1, message);
  assert.equal((await parseMessage(message)).subject, 'The moth');
  const moth = join(dir, 'moth.png');
  await savePart(join(FIXTURES, 'forwarded.eml'), 3, moth);
  assert.deepEqual(await readFile(moth), Buffer.alloc(3));
});

const refused = (code: string) => (error: unknown) => error instanceof TmailError && error.code === code;

test('nothing is overwritten, and a part that is not here is refused by name', async () => {
  const path = join(FIXTURES, 'attachments.eml');
  const to = await fileOf('mine');
  await assert.rejects(savePart(path, 1, to), refused('save.exists'));
  assert.equal(await readFile(to, 'utf8'), 'mine');
  await assert.rejects(savePart(path, 9, join(dir, 'none')), refused('save.no-part'));
  await assert.rejects(savePart(path, 1, join(dir, 'no-such-folder', 'x')), refused('disk.io'));
  await assert.rejects(parseMessage(join(dir, 'none.eml')), refused('raw.missing'));
  const link = join(dir, 'link.eml');
  await symlink(to, link);
  await assert.rejects(parseMessage(link), refused('raw.missing'));
  await assert.rejects(parseMessage(dir), refused('raw.missing'));
});

test('a partial message shows its text and names what stayed on the server', async () => {
  const bytes = await readFile(join(FIXTURES, 'attachments.eml'));
  const { root } = scanMessage(bytes);
  const [text] = root.childNodes;
  assert.ok(text);
  const parts = new Map([
    ['1', { mime: bytes.subarray(text.headerAt, text.bodyAt), body: bytes.subarray(text.bodyAt, text.end) }],
  ]);
  const path = await fileOf(partialMessage(bytes.subarray(0, root.bodyAt), root, parts));
  const mail = await parseMessage(path);
  const whole = await parseMessage(join(FIXTURES, 'attachments.eml'));
  assert.equal(mail.text, 'See the files.');
  assert.deepEqual(
    mail.parts.map(({ n, section, filename, contentType }) => ({ n, section, filename, contentType })),
    whole.parts.map(({ n, section, filename, contentType }) => ({ n, section, filename, contentType })),
  );
  assert.ok(mail.parts.every(part => part.omitted));
  await assert.rejects(savePart(path, 1, join(dir, 'omitted')), refused('save.omitted'));
});

test('hostile messages give a note within their time', async () => {
  const nested = Array.from(
    { length: 20_000 },
    (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`,
  );
  const cases: readonly (readonly [string, string, string])[] = [
    ['20,000 nested parts', nested.join(''), 'depth'],
    [
      '20,000 parts',
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\nx\r\n'.repeat(20_000)}`,
      'parts',
    ],
    ['10 MB of header', `Subject: big\r\n${'X: yyyyyyyy\r\n'.repeat(800_000)}\r\nbody`, 'header-cut'],
    ['one line of 10 MB in the header', `Subject: big\r\nX: ${'y'.repeat(10e6)}\r\n\r\nbody`, 'header-cut'],
    ['100,000 recipients', `To: ${'a@example.org, '.repeat(100_000)}\r\n\r\nbody`, 'header-cut'],
    ['200,000 parentheses', `To: ${'('.repeat(200_000)}\r\nSubject: ${'('.repeat(200_000)}\r\n\r\nbody`, ''],
    ['50,000 headers', `${'X-A: b\r\n'.repeat(50_000)}\r\nbody`, ''],
    ['8 MB of text', `\r\n${'some words and more of them\n'.repeat(300_000)}`, 'text-cut'],
    ['8 MB of HTML', `Content-Type: text/html\r\n\r\n${'<p>some words</p>\n'.repeat(450_000)}`, 'html-cut'],
    ['HTML nested 100,000 deep', `Content-Type: text/html\r\n\r\n${'<div>'.repeat(100_000)}x`, 'html-depth'],
  ];
  for (const [name, mail, note] of cases) {
    const path = await fileOf(mail);
    const started = stopwatch();
    const parsed = await parseMessage(path);
    const took = started();
    measured(name, took);
    // 2 s on an idle machine.
    assert.ok(took < 10_000, `${name}: ${took} ms`);
    if (note !== '') assert.ok(parsed.notes.includes(note), `${name}: ${parsed.notes}`);
    else assert.deepEqual(parsed.notes, [], name);
  }
});

test('a message of 34 MB is opened by its text, and its attachment saved, without holding it', async () => {
  const line = `${'QUJD'.repeat(19)}\r\n`;
  const path = await fileOf(
    Buffer.concat([
      Buffer.from(
        'Subject: big\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n',
      ),
      Buffer.from(line.repeat(34e6 / line.length)),
      Buffer.from('--b--\r\n'),
    ]),
  );
  globalThis.gc?.();
  const started = stopwatch();
  const mail = await parseMessage(path);
  const parsed = started();
  const to = join(dir, 'a.zip');
  const written = await savePart(path, 1, to);
  measured('34 MB, parsed', parsed);
  measured('34 MB, saved', started() - parsed);
  assert.equal(mail.text, 'hello');
  assert.equal(mail.parts[0]?.size, written);
  assert.equal((await stat(to)).size, written);
});
