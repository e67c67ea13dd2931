// The wire of sending against a server that refuses, drops, stays silent and lies at each step.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Security, ServerSettings } from '../../../src/config/types.ts';
import {
  openSmtp,
  SMTP_LIMITS,
  type SmtpClient,
  type SmtpMessage,
  type SmtpOptions,
} from '../../../src/sync/smtp/client.ts';
import { internals } from '../../../src/sync/smtp/connection.ts';
import { TmailError } from '../../../src/util/errors.ts';
import { type Certificate, makeCertificate } from '../../servers/certificates.ts';
import { type SmtpScript, type SmtpStep, startScriptedSmtp } from '../../servers/smtp.ts';

const BYTES = Buffer.from('Subject: hello\r\nMessage-ID: <1@example.org>\r\n\r\n.dot\r\nüber\r\n', 'utf8');

function message(more: Partial<SmtpMessage> = {}): SmtpMessage {
  const none = { eightBit: true, dsn: false, ending: async () => undefined };
  return { from: 'ada@example.org', to: ['grace@example.org'], bytes: BYTES, ...none, ...more };
}

async function certificate(t: TestContext): Promise<Certificate> {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-smtp-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  return makeCertificate(dir);
}

async function serverWith(t: TestContext, script: SmtpScript = {}) {
  const server = await startScriptedSmtp(script);
  t.after(() => server.stop());
  return server;
}

function settings(port: number, security: Security = 'none', ca?: string): ServerSettings {
  return { host: '127.0.0.1', port, security, user: 'ada', tls: ca === undefined ? {} : { ca } };
}

const SHORT = { connectMs: 2000, setUpMs: 2000, commandMs: 300, endMs: 300, messageMs: 5000 };

async function open(
  t: TestContext,
  server: ServerSettings,
  more: Partial<SmtpOptions> = {},
): Promise<SmtpClient> {
  const options = { server, password: async () => 'secret', limits: SHORT, ...more };
  const client = await openSmtp(options, new AbortController().signal);
  t.after(() => client.close());
  return client;
}

const code = (wanted: string) => (error: unknown) => {
  assert.ok(error instanceof TmailError, String(error));
  assert.equal(error.code, wanted, JSON.stringify(error.facts));
  return true;
};

test('the parts of nodemailer that its types hide are there', () => {
  const inside = internals(new SMTPConnection({ logger: false }));
  for (const name of [
    '_sendCommand',
    '_advanceEnvelope',
    '_onError',
    '_startPhase',
    '_clearPhase',
  ] as const) {
    assert.equal(typeof inside[name], 'function', name);
  }
  for (const name of [
    '_responseActions',
    '_responseQueue',
    '_recipientQueue',
    '_supportedExtensions',
  ] as const) {
    assert.ok(Array.isArray(inside[name]), name);
  }
  for (const name of ['_onSocketData', '_onSocketError', '_onSocketClose', '_onSocketEnd'] as const) {
    assert.equal(typeof inside[name], 'function', name);
  }
  assert.equal(inside._remainder, '');
  assert.equal('_upgradeConnection' in inside, true);
});

for (const mode of ['implicit', 'starttls'] as const) {
  test(`a message goes whole over TLS (${mode}), with user and password, and nothing of this computer`, async t => {
    const tls = { ...(await certificate(t)), mode };
    const server = await serverWith(t, { tls, user: 'ada', password: 'secret' });
    const security = mode === 'implicit' ? 'tls' : 'starttls';
    const client = await open(t, settings(server.port, security, tls.cert));
    const outcome = await client.send(message({ to: ['a@x.example', 'b@x.example'] }));
    assert.deepEqual(outcome, { t: 'sent', reply: '250 2.0.0 taken as 1' });
    const [taken] = server.taken;
    assert.deepEqual(taken?.bytes, BYTES);
    assert.deepEqual(
      [taken?.from, taken?.recipients, taken?.user],
      ['ada@example.org', ['a@x.example', 'b@x.example'], 'ada'],
    );
    assert.match(taken?.parameters[0] ?? '', /BODY=8BITMIME SIZE=\d+/);
    assert.deepEqual(
      server.log.filter(line => /^EHLO/.test(line)),
      mode === 'implicit' ? ['EHLO [127.0.0.1]'] : ['EHLO [127.0.0.1]', 'EHLO [127.0.0.1]'],
    );
    // The next one on the same line.
    assert.equal((await client.send(message())).t, 'sent');
    assert.equal(server.taken.length, 2);
    assert.equal(server.connections(), 1);
  });
}

test('where TLS is asked for and not to be had, nothing is said in clear', async t => {
  const tls = await certificate(t);
  const other = await certificate(t);
  const plain = await serverWith(t, { user: 'ada', password: 'secret' });
  await assert.rejects(open(t, settings(plain.port, 'starttls')), code('tls.starttls-missing'));
  const refusing = await serverWith(t, {
    tls: { ...tls, mode: 'starttls' },
    faults: [{ at: 'starttls', action: '454 not now' }],
  });
  await assert.rejects(open(t, settings(refusing.port, 'starttls', tls.cert)), code('tls.starttls-missing'));
  const server = await serverWith(t, { tls: { ...tls, mode: 'starttls' }, user: 'ada', password: 'secret' });
  await assert.rejects(open(t, settings(server.port, 'starttls', other.cert)), code('tls.self-signed'));
  const implicit = await serverWith(t, { tls: { ...tls, mode: 'implicit' } });
  await assert.rejects(open(t, settings(implicit.port, 'tls', other.cert)), code('tls.self-signed'));
  for (const each of [plain, refusing, server, implicit]) {
    assert.ok(!each.log.some(line => /^(AUTH|MAIL)/.test(line)), each.log.join());
  }
});

test('what a server says in clear behind its answer to STARTTLS is an error', async t => {
  const tls = { ...(await certificate(t)), mode: 'starttls' as const };
  const server = await serverWith(t, {
    tls,
    faults: [{ at: 'starttls', action: '220 go\r\n250-evil\r\n250 AUTH PLAIN' }],
  });
  await assert.rejects(open(t, settings(server.port, 'starttls', tls.cert)), code('tls.injection'));
});

test('a wrong password, and a server that offers no way to sign in', async t => {
  const server = await serverWith(t, { user: 'ada', password: 'other' });
  await assert.rejects(open(t, settings(server.port)), code('auth.refused'));
  const odd = await serverWith(t, { extensions: ['AUTH XOAUTH2'] });
  await assert.rejects(open(t, settings(odd.port)), code('auth.no-method'));
  const busy = await serverWith(t, {
    user: 'ada',
    password: 'secret',
    faults: [{ at: 'auth', action: '454 4.7.0 try later' }],
  });
  await assert.rejects(open(t, settings(busy.port)), code('smtp.busy'));
});

test('a greeting that is held back is waited for; one that never comes is not', async t => {
  const slow = await serverWith(t, { faults: [{ at: 'greeting', action: { wait: 200 } }] });
  assert.equal((await (await open(t, settings(slow.port))).send(message())).t, 'sent');
  const silent = await serverWith(t, { faults: [{ at: 'greeting', action: 'silence' }] });
  const limits = { ...SHORT, setUpMs: 150, commandMs: 5000 };
  await assert.rejects(open(t, settings(silent.port), { limits }), code('net.timeout'));
  const closed = await serverWith(t, { faults: [{ at: 'greeting', action: '554 5.7.1 no mail from you' }] });
  await assert.rejects(open(t, settings(closed.port)), code('smtp.turned-away'));
  const full = await serverWith(t, { faults: [{ at: 'greeting', action: '421 too busy' }] });
  await assert.rejects(open(t, settings(full.port)), code('smtp.busy'));
  const web = await serverWith(t, { faults: [{ at: 'greeting', action: 'HTTP/1.1 400 Bad Request' }] });
  await assert.rejects(open(t, settings(web.port)), code('smtp.unexpected'));
});

for (const pipelining of [true, false]) {
  const extensions = pipelining ? undefined : ['8BITMIME', 'SIZE'];
  const how = pipelining ? 'with PIPELINING' : 'without';
  test(`one of three recipients is refused: it is named, and nobody gets anything (${how})`, async t => {
    const server = await serverWith(t, {
      ...(extensions && { extensions }),
      faults: [{ at: 'rcpt', recipient: 'b@x.example', action: '550 5.1.1 no such user' }],
    });
    const client = await open(t, settings(server.port));
    const to = ['a@x.example', 'b@x.example', 'c@x.example'];
    const outcome = await client.send(message({ to }));
    assert.equal(outcome.t, 'refused');
    if (outcome.t !== 'refused') return;
    code('smtp.recipients-refused')(outcome.error);
    assert.deepEqual(
      outcome.recipients.map(each => [each.address, each.outcome, each.reply]),
      [
        ['a@x.example', 'pending', ''],
        ['b@x.example', 'refused', '550 5.1.1 no such user'],
        ['c@x.example', 'pending', ''],
      ],
    );
    assert.deepEqual([server.taken.length, server.log.includes('DATA')], [0, false]);
    // On the same line, to those who were accepted.
    assert.equal((await client.send(message({ to: ['a@x.example', 'c@x.example'] }))).t, 'sent');
    assert.deepEqual(server.taken[0]?.recipients, ['a@x.example', 'c@x.example']);
    assert.ok(server.log.includes('RSET'));
  });

  test(`all recipients put off, and 421 in the middle (${how})`, async t => {
    const deferred = await serverWith(t, {
      ...(extensions && { extensions }),
      faults: [{ at: 'rcpt', action: '450 4.2.0 greylisted' }],
    });
    const client = await open(t, settings(deferred.port));
    const outcome = await client.send(message({ to: ['a@x.example', 'b@x.example'] }));
    assert.ok(outcome.t === 'refused' && outcome.error.retry === 'auto');
    assert.deepEqual(outcome.t === 'refused' && outcome.recipients.map(each => each.outcome), [
      'deferred',
      'deferred',
    ]);
    const closing = await serverWith(t, {
      ...(extensions && { extensions }),
      faults: [{ at: 'rcpt', action: '421 4.3.2 shutting down' }],
    });
    const second = await open(t, settings(closing.port));
    const ended = await second.send(message()).catch((error: unknown) => error);
    assert.ok(
      ended instanceof TmailError ? ended.retry === 'auto' : (ended as { t: string }).t === 'refused',
    );
    assert.equal(closing.taken.length, 0);
  });
}

const refusals: [step: SmtpStep, reply: string, expected: string, retry: string][] = [
  ['mail', '550 5.7.1 not yours', 'smtp.sender-refused', 'user'],
  ['mail', '452 4.3.1 no room', 'smtp.deferred', 'auto'],
  ['data', '554 5.6.0 no', 'smtp.message-refused', 'user'],
  ['data', '451 4.3.0 later', 'smtp.deferred', 'auto'],
  ['dot', '552 5.3.4 too big', 'smtp.message-refused', 'user'],
  ['dot', '451 4.7.1 scanner is down', 'smtp.deferred', 'auto'],
  ['dot', '421 4.3.2 shutting down', 'smtp.deferred', 'auto'],
];
for (const [step, reply, expected, retry] of refusals) {
  test(`"${reply}" at ${step} is an answer: nobody got it`, async t => {
    const server = await serverWith(t, { faults: [{ at: step, action: reply }] });
    const client = await open(t, settings(server.port));
    const outcome = await client.send(message());
    assert.ok(outcome.t === 'refused', JSON.stringify(outcome));
    assert.deepEqual([outcome.error.code, outcome.error.retry], [expected, retry]);
    assert.equal(outcome.error.facts.text, reply);
    assert.equal(server.taken.length, 0);
  });
}

for (const action of ['drop', 'reset', 'silence'] as const) {
  for (const step of ['mail', 'rcpt', 'data'] as const) {
    test(`${action} at ${step}: not sent, to be tried again`, async t => {
      const server = await serverWith(t, { faults: [{ at: step, action }] });
      const client = await open(t, settings(server.port));
      let ending = false;
      const note = async (): Promise<void> => {
        ending = true;
      };
      await assert.rejects(
        client.send(message({ ending: note })),
        (error: unknown) => error instanceof TmailError && error.kind === 'network',
      );
      assert.deepEqual([ending, client.usable], [false, false]);
    });
  }
  for (const step of ['dot', 'kept'] as const) {
    test(`${action} after the final dot (${step}): nobody knows`, async t => {
      const server = await serverWith(t, { faults: [{ at: step, action }] });
      const client = await open(t, settings(server.port));
      const outcome = await client.send(message());
      assert.equal(outcome.t, 'unknown', JSON.stringify(outcome));
      assert.equal(server.taken.length, step === 'kept' ? 1 : 0);
      assert.equal(client.usable, false);
    });
  }
}

test('a line that breaks before the end of a large message leaves no doubt', async t => {
  const server = await serverWith(t, { faults: [{ at: 'body', action: 'reset' }] });
  const client = await open(t, settings(server.port));
  let ending = false;
  const note = async (): Promise<void> => {
    ending = true;
  };
  const bytes = Buffer.alloc(8_000_000, 'x\r\n');
  const send = client.send(message({ bytes, ending: note }));
  await assert.rejects(send, (error: unknown) => error instanceof TmailError && error.kind === 'network');
  assert.equal(ending, false);
});

test('the last piece goes out only when that was noted; what can not be noted is not sent', async t => {
  const server = await serverWith(t);
  const client = await open(t, settings(server.port));
  const full = new TmailError('storage', 'disk.full');
  const ending = async () => {
    assert.equal(server.taken.length, 0);
    throw full;
  };
  await assert.rejects(client.send(message({ ending })), error => error === full);
  await new Promise(resolve => setTimeout(resolve, 30));
  assert.deepEqual([server.taken.length, client.usable], [0, false]);
});

test('too large, 8-bit and SMTPUTF8 where they are not offered: said before anything is sent', async t => {
  const server = await serverWith(t, { extensions: ['SIZE 100'] });
  const client = await open(t, settings(server.port));
  await assert.rejects(client.send(message({ bytes: Buffer.alloc(101) })), code('smtp.too-large'));
  await assert.rejects(client.send(message()), code('smtp.no-8bit'));
  const ascii = { bytes: Buffer.from('a: b\r\n\r\n'), eightBit: false };
  await assert.rejects(client.send(message({ ...ascii, to: ['jürgen@example.org'] })), code('smtp.no-utf8'));
  assert.ok(!server.log.some(line => /^MAIL/.test(line)));
  // A domain of another script has a form that every server takes.
  assert.equal((await client.send(message({ ...ascii, to: ['ada@bücher.example'] }))).t, 'sent');
  assert.deepEqual(server.taken[0]?.recipients, ['ada@xn--bcher-kva.example']);
});

test('SMTPUTF8 and delivery notices are asked for when they are needed and offered', async t => {
  const server = await serverWith(t);
  const client = await open(t, settings(server.port));
  assert.equal((await client.send(message({ to: ['jürgen@example.org'], dsn: true }))).t, 'sent');
  const [mail = '', rcpt = ''] = server.taken[0]?.parameters ?? [];
  assert.match(mail, /SMTPUTF8/);
  assert.match(mail, /RET=HDRS/);
  assert.match(rcpt, /NOTIFY=SUCCESS,FAILURE,DELAY/);
  assert.equal((await client.send(message())).t, 'sent');
  assert.doesNotMatch(server.taken[1]?.parameters.join() ?? '', /SMTPUTF8|NOTIFY/);
});

test('2,000 recipients of one message', async t => {
  const server = await serverWith(t);
  const client = await open(t, settings(server.port), { limits: SMTP_LIMITS });
  const to = Array.from({ length: 2000 }, (_, i) => `r${i}@example.org`);
  assert.equal((await client.send(message({ to }))).t, 'sent');
  assert.deepEqual(server.taken[0]?.recipients, to);
});

test('lone dots, bare line ends and lines without end come as they should', async t => {
  const server = await serverWith(t);
  const client = await open(t, settings(server.port));
  const bytes = Buffer.from('a: b\r\n\r\n.\r\n..\r\nx\n.\ny\r.\rz');
  assert.equal((await client.send(message({ bytes }))).t, 'sent');
  assert.equal(server.taken[0]?.bytes.toString(), 'a: b\r\n\r\n.\r\n..\r\nx\r\n.\r\ny\r\n.\r\nz\r\n');
});

test('an abort while connecting ends it', async t => {
  const server = await serverWith(t, { faults: [{ at: 'ehlo', action: 'silence' }] });
  const abort = new AbortController();
  const opening = openSmtp({ server: settings(server.port), password: async () => '' }, abort.signal);
  setTimeout(() => abort.abort(), 30);
  await assert.rejects(opening, code('cancelled'));
});
