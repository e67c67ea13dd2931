import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { postUnsubscribe } from '../../src/outgoing/one-click.ts';
import type { TmailError } from '../../src/util/errors.ts';
import { makeCertificate } from '../servers/certificates.ts';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** A list's server that answers with this status. */
async function withServer(
  status: number,
  run: (url: string, ca: string, seen: Seen[]) => Promise<void>,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-one-click-'));
  const paths = await makeCertificate(dir);
  const [key, cert] = await Promise.all([readFile(paths.key, 'utf8'), readFile(paths.cert, 'utf8')]);
  await rm(dir, { recursive: true });
  const seen: Seen[] = [];
  const server = createServer({ key, cert }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(status, { Location: 'https://elsewhere.example/' });
      response.end('x'.repeat(100_000));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    await run(`https://localhost:${port}/leave?u=1`, cert, seen);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const code = (wanted: string) => (error: TmailError) => {
  assert.equal(error.code, wanted);
  return true;
};

test('one POST with the one body, and nothing that tells who asks', () =>
  withServer(200, async (url, ca, seen) => {
    await postUnsubscribe(url, { anyHost: true, ca });
    assert.equal(seen.length, 1);
    const [{ method, url: path, headers, body } = { headers: {} } as Seen] = seen;
    assert.deepEqual([method, path, body], ['POST', '/leave?u=1', 'List-Unsubscribe=One-Click']);
    assert.deepEqual(Object.keys(headers).sort(), ['connection', 'content-length', 'content-type', 'host']);
  }));

test('a redirect is not followed, and a refusal is one', async () => {
  for (const status of [302, 404, 500]) {
    await withServer(status, async (url, ca, seen) => {
      await assert.rejects(postUnsubscribe(url, { anyHost: true, ca }), code('unsubscribe.failed'));
      assert.equal(seen.length, 1);
    });
  }
});

test('a certificate that nobody vouches for is not accepted', () =>
  withServer(200, async (url, _ca, seen) => {
    await assert.rejects(
      postUnsubscribe(url, { anyHost: true }),
      (error: TmailError) => error.kind === 'tls',
    );
    assert.equal(seen.length, 0);
  }));

test('a mail can not have this computer or its network told anything', () =>
  withServer(200, async (url, ca, seen) => {
    const { port } = new URL(url);
    for (const target of [
      url,
      `https://127.0.0.1:${port}/`,
      `https://[::1]:${port}/`,
      `https://[::ffff:127.0.0.1]:${port}/`,
      `https://2130706433:${port}/`,
      `https://10.0.0.1/`,
      `https://user:pass@localhost:${port}/`,
      `http://localhost:${port}/`,
    ]) {
      await assert.rejects(postUnsubscribe(target, { ca }), code('unsubscribe.refused-host'), target);
    }
    assert.equal(seen.length, 0);
  }));
