import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { asStored, createFraming, createListLines } from '../../../src/sync/pop3/framing.ts';
import { TmailError } from '../../../src/util/errors.ts';
import { hardBodies, stuffed } from '../../servers/pop3-messages.ts';

interface Seen {
  readonly lines: string[];
  readonly bodies: Buffer[];
  readonly beyond: number;
  readonly idle: boolean;
}

/** Feeds the wire in the pieces given; a status line `+OK body` is followed by a body, `+OK stop` by nothing. */
function read(chunks: readonly Buffer[], bodyLimit = 1e9): Seen {
  const lines: string[] = [];
  const bodies: Buffer[] = [];
  let pieces: Buffer[] = [];
  const framing = createFraming(
    {
      status(line) {
        lines.push(line.toString('latin1'));
        if (line.toString() === '+OK stop') return 'stop';
        return line.toString() === '+OK body' ? { bodyLimit } : 'status';
      },
      // Copied, since a caller may reuse its chunk.
      body: bytes => pieces.push(Buffer.from(bytes)),
      bodyEnd() {
        bodies.push(Buffer.concat(pieces));
        pieces = [];
      },
    },
    { statusLine: 100 },
  );
  for (const chunk of chunks) framing.feed(Buffer.from(chunk));
  return { lines, bodies, beyond: framing.beyond, idle: framing.idle };
}

const code = (expected: string) => (error: unknown) => error instanceof TmailError && error.code === expected;

function wire(bodies: readonly Buffer[]): Buffer {
  return Buffer.concat(
    bodies.flatMap(body => [Buffer.from('+OK body\r\n'), stuffed(body), Buffer.from('+OK\r\n')]),
  );
}

/** What arrives of a body: a final CRLF is added where there is none, since the dot must start a line. */
function withEnd(body: Buffer): Buffer {
  const ends = body.length === 0 || body.subarray(-2).equals(Buffer.from('\r\n'));
  return ends ? body : Buffer.concat([body, Buffer.from('\r\n')]);
}

for (const [name, body] of Object.entries(hardBodies)) {
  if (body.length > 5000) continue;
  test(`a body with ${name} arrives equal when split at every byte`, () => {
    const all = wire([body, body]);
    const whole = read([all]);
    assert.deepEqual(whole.bodies, [withEnd(body), withEnd(body)]);
    assert.deepEqual(whole.lines, ['+OK body', '+OK', '+OK body', '+OK']);
    for (let at = 1; at < all.length; at++) {
      const split = read([all.subarray(0, at), all.subarray(at)]);
      assert.deepEqual(split, whole, `split at ${at}`);
    }
    assert.deepEqual(read([...all].map(byte => Buffer.from([byte]))), whole, 'byte by byte');
  });
}

test('any bytes in any pieces arrive equal', () => {
  // Mostly the bytes that framing is about, so that every combination of them turns up.
  const byte = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(13, 10, 46, 0) }, fc.nat(255));
  const body = fc
    .uint8Array({ maxLength: 60 })
    .chain(() => fc.array(byte, { maxLength: 60 }).map(b => Buffer.from(b)));
  fc.assert(
    fc.property(
      fc.array(body, { maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 9 })),
      (bodies, sizes) => {
        const all = wire(bodies);
        const chunks: Buffer[] = [];
        for (let at = 0, n = 0; at < all.length; n++) {
          const size = sizes.length > 0 ? (sizes[n % sizes.length] ?? 1) : all.length;
          chunks.push(all.subarray(at, at + size));
          at += size;
        }
        assert.deepEqual(read(chunks).bodies, bodies.map(withEnd));
      },
    ),
    { numRuns: 500 },
  );
});

test('a chunk that is exactly dot CRLF inside a message does not end it', () => {
  // The message has a line of "x." whose last bytes happen to fill a packet.
  const seen = read([
    Buffer.from('+OK body\r\nx'),
    Buffer.from('.\r\n'),
    Buffer.from('more\r\n'),
    Buffer.from('.\r\n'),
  ]);
  assert.deepEqual(seen.bodies, [Buffer.from('x.\r\nmore\r\n')]);
});

test('a dot after a bare LF neither ends a message nor is taken off', () => {
  const body = Buffer.from('a\n.\nb\n.\r\nc\r\n');
  assert.deepEqual(read([wire([body])]).bodies, [body]);
});

test('a status line may end with LF alone and keeps its other bytes', () => {
  assert.deepEqual(read([Buffer.from('+OK a\rb\0\xff\n', 'latin1')]).lines, ['+OK a\rb\0\xff']);
});

test('a status line over the limit is refused before more than the limit is kept', () => {
  assert.throws(() => read(Array.from({ length: 101 }, () => Buffer.from('x'))), code('pop3.line-too-long'));
  assert.throws(() => read([Buffer.alloc(1e6, 'x')]), code('pop3.line-too-long'));
  assert.deepEqual(read([Buffer.from(`${'x'.repeat(100)}\n`)]).lines.length, 1);
});

test('a body over the limit is refused', () => {
  const body = Buffer.alloc(1000, 'x');
  assert.throws(() => read([wire([body])], 1001), code('pop3.body-too-long'));
  assert.equal(read([wire([body])], 1002).bodies[0]?.length, 1002);
});

test('after a line that must be the last, bytes are counted and not read', () => {
  const seen = read([Buffer.from('+OK stop\r\n+OK injected\r\n'), Buffer.from('+OK\r\n')]);
  assert.deepEqual(seen.lines, ['+OK stop']);
  assert.equal(seen.beyond, 19);
});

test('it is idle only between two responses', () => {
  assert.equal(read([Buffer.from('+OK\r\n')]).idle, true);
  assert.equal(read([Buffer.from('+O')]).idle, false);
  assert.equal(read([Buffer.from('+OK body\r\nx\r\n')]).idle, false);
});

test('32 MB pass through without being copied twice or kept', () => {
  const chunk = Buffer.from(`${'0123456789'.repeat(7)}\r\n..dots\r\n`.repeat(800));
  let passed = 0;
  const framing = createFraming(
    { status: () => ({ bodyLimit: 1e9 }), body: bytes => (passed += bytes.length), bodyEnd: () => undefined },
    { statusLine: 100 },
  );
  framing.feed(Buffer.from('+OK\r\n'));
  const rounds = Math.ceil((32 * 1024 * 1024) / chunk.length);
  const before = process.memoryUsage().arrayBuffers;
  const started = process.cpuUsage();
  for (let n = 0; n < rounds; n++) framing.feed(chunk);
  const { user } = process.cpuUsage(started);
  assert.equal(passed, rounds * (chunk.length - 800));
  assert.ok(user < 3_000_000, `${user} µs of CPU`);
  assert.ok(process.memoryUsage().arrayBuffers - before < 100 * 1024 * 1024);
});

function lines(chunks: readonly string[], limits = { line: 10, lines: 100 }): [string, boolean][] {
  const seen: [string, boolean][] = [];
  const reader = createListLines(limits, (line, whole) => seen.push([line.toString('latin1'), whole]));
  for (const chunk of chunks) reader.add(Buffer.from(chunk, 'latin1'));
  reader.end();
  return seen;
}

test('list lines arrive one by one wherever they are split', () => {
  const all = '1 100\r\n2 200\n\r\n3 3';
  const expected = [
    ['1 100', true],
    ['2 200', true],
    ['', true],
    ['3 3', true],
  ];
  for (let at = 0; at <= all.length; at++)
    assert.deepEqual(lines([all.slice(0, at), all.slice(at)]), expected);
});

test('a list line over the limit is cut and said to be, and the next one is whole', () => {
  const seen = lines([`1 ${'x'.repeat(1000)}`, `${'x'.repeat(1000)}\r\n2 ok\r\n`]);
  assert.equal(seen[0]?.[1], false);
  assert.ok((seen[0]?.[0].length ?? 99) <= 11);
  assert.deepEqual(seen[1], ['2 ok', true]);
});

test('a list with more lines than the limit is refused', () => {
  assert.throws(() => lines(['1 1\r\n'.repeat(101)]), code('pop3.list-too-long'));
});

async function stored(body: Buffer, size: number | null, split: number): Promise<string> {
  async function* pieces() {
    for (let at = 0; at < body.length; at += split) yield body.subarray(at, at + split);
  }
  const parts: Buffer[] = [];
  for await (const part of asStored(pieces(), size)) parts.push(part);
  return Buffer.concat(parts).toString('latin1');
}

test('the CRLF that the wire adds to a message without final newline is taken off, by the size that was said', async () => {
  for (let split = 1; split < 12; split++) {
    assert.equal(await stored(Buffer.from('a\r\nbcd\r\n'), 6, split), 'a\r\nbcd');
    assert.equal(await stored(Buffer.from('a\r\nbcd\r\n'), 8, split), 'a\r\nbcd\r\n');
    assert.equal(await stored(Buffer.from('\r\n'), 0, split), '');
  }
});

test('a size that is wrong in any other way changes nothing', async () => {
  for (let split = 1; split < 12; split++) {
    for (const size of [null, 0, 1, 5, 7, 9, 10, 1000]) {
      assert.equal(await stored(Buffer.from('a\r\nbcd\r\n'), size, split), 'a\r\nbcd\r\n');
    }
    assert.equal(await stored(Buffer.from('a\r\nbcdef'), 6, split), 'a\r\nbcdef');
  }
});
