import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { TmailError } from '../../src/util/errors.ts';
import { createParser, type ParserOptions } from '../../src/worker/client.ts';

const PLAIN = 'test/mail/fixtures/plain.eml';
let dir = '';
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tmail-worker-'));
});
after(() => rm(dir, { recursive: true }));

const refused = (code: string) => (error: unknown) => error instanceof TmailError && error.code === code;

/** A worker that does what its requests' paths say. */
async function oddWorker(): Promise<URL> {
  const path = join(dir, 'odd.mjs');
  await writeFile(
    path,
    `import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ id, path }) => {
      if (path === 'hang') for (;;);
      if (path === 'exit') process.exit(3);
      if (path === 'throw') throw new Error('odd');
      if (path === 'memory') { const all = []; for (;;) all.push(Array.from({ length: 1e5 }, Math.random)); }
      parentPort.postMessage({ id, ok: true, value: { text: path } });
    });`,
  );
  return pathToFileURL(path);
}

async function using(
  options: ParserOptions,
  run: (parser: ReturnType<typeof createParser>) => Promise<void>,
) {
  const parser = createParser(options);
  try {
    await run(parser);
  } finally {
    await parser.close();
  }
}

test('the built worker is found and parses', async () => {
  await using({}, async parser => {
    const [one, two] = await Promise.all([
      parser.parse(PLAIN),
      parser.parse('test/mail/fixtures/newsletter.eml'),
    ]);
    assert.equal(one?.subject, 'Plain');
    assert.match(two?.text ?? '', /Valves & cogs/);
    const to = join(dir, 'saved');
    assert.equal(await parser.savePart('test/mail/fixtures/attachments.eml', 3, to), 3);
  });
});

test('errors of the worker arrive as they are', async () => {
  await using({}, async parser => {
    await assert.rejects(parser.parse(join(dir, 'none.eml')), refused('raw.missing'));
    await assert.rejects(parser.savePart(PLAIN, 1, join(dir, 'x')), refused('save.no-part'));
  });
});

test('without a thread the work is done in place', async () => {
  await using({ workerUrl: null }, async parser => {
    assert.equal((await parser.parse(PLAIN)).subject, 'Plain');
    await assert.rejects(parser.parse(join(dir, 'none.eml')), refused('raw.missing'));
  });
  await using({ workerUrl: pathToFileURL(join(dir, 'no-such-worker.mjs')) }, async parser => {
    assert.equal((await parser.parse(PLAIN)).subject, 'Plain');
  });
});

test('a message that takes too long is given up, and the next one is parsed', async () => {
  await using({ workerUrl: await oddWorker(), parseTimeoutMs: 400 }, async parser => {
    const [hung, next] = await Promise.allSettled([parser.parse('hang'), parser.parse('fine')]);
    assert.ok(hung.status === 'rejected' && refused('parse.timeout')(hung.reason));
    assert.ok(next.status === 'fulfilled' && next.value.text === 'fine');
  });
});

test('a worker that crashes costs one message', async () => {
  await using({ workerUrl: await oddWorker(), memoryMb: 24, parseTimeoutMs: 30_000 }, async parser => {
    assert.equal((await parser.parse('warm')).text, 'warm');
    const results = await Promise.allSettled(
      ['exit', 'a', 'throw', 'b', 'memory', 'c'].map(path => parser.parse(path)),
    );
    const codes = results.map(result =>
      result.status === 'fulfilled' ? result.value.text : result.reason.code,
    );
    assert.deepEqual(codes, ['parse.failed', 'a', 'parse.failed', 'b', 'parse.memory', 'c']);
  });
});

test('closing settles every promise', async () => {
  const parser = createParser({ workerUrl: await oddWorker() });
  const results = Promise.allSettled([parser.parse('hang'), parser.parse('later')]);
  await parser.close();
  for (const result of await results)
    assert.ok(result.status === 'rejected' && refused('cancelled')(result.reason));
  await assert.rejects(parser.parse('x'), refused('cancelled'));
  await parser.close();
});

test('an idle worker is ended and started again when it is needed', async () => {
  await using({ workerUrl: await oddWorker(), idleMs: 1 }, async parser => {
    for (let i = 0; i < 3; i++) {
      assert.equal((await parser.parse('again')).text, 'again');
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  });
});

test('a process with an idle worker ends by itself', async () => {
  const started = performance.now();
  const child = spawn(process.execPath, ['.build/test/worker/idle.child.js', PLAIN], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', chunk => {
    out += chunk;
  });
  const code = await new Promise(resolve => child.on('exit', resolve));
  assert.equal(code, 0);
  // Long before the idle worker is ended.
  assert.ok(performance.now() - started < 25_000);
  assert.equal(out.trim(), 'Plain');
});
