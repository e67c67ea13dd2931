// kill -9 while mail is written and sent to a server that takes it, breaks off, and takes it without saying so.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../src/store/store.ts';
import { type ScriptedSmtp, type SmtpFault, type SmtpStep, startScriptedSmtp } from '../servers/smtp.ts';
import { MEMORY, troubles } from '../store/harness.ts';
import { random } from '../store/workload.ts';
import { checkSending, numberOf, type SentNote } from './life.ts';

const LANES = 2;
const KILLS = 40;
/** On a busy machine fewer kills have to do. */
const LONGEST_MS = 13_000;
const STEPS: readonly SmtpStep[] = ['mail', 'data', 'body', 'dot', 'kept', 'kept'];

function liveAndDie(args: readonly string[], nth: number, after: number): Promise<SentNote[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join('.build/test/outgoing/send.child.js'), ...args]);
    let out = '';
    let errors = '';
    let dying = false;
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk;
      if (dying || out.split('\n').length <= nth) return;
      dying = true;
      setTimeout(() => child.kill('SIGKILL'), after);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk;
    });
    child.on('close', (_, signal) => {
      if (signal !== 'SIGKILL') return reject(new Error(`ended by itself: ${errors}`));
      const lines = out.slice(0, out.lastIndexOf('\n') + 1).split('\n');
      resolve(lines.filter(line => line !== '' && !line.includes('open')).map(line => JSON.parse(line)));
    });
  });
}

function takenBy(server: ScriptedSmtp): Map<number, number> {
  const taken = new Map<number, number>();
  for (const { bytes } of server.taken) taken.set(numberOf(bytes), (taken.get(numberOf(bytes)) ?? 0) + 1);
  return taken;
}

async function killAgainAndAgain(seed: number, total: { sent: number; unknown: number }): Promise<void> {
  const dir = await mkdtemp(join(MEMORY, 'tmail-send-kill-'));
  const server = await startScriptedSmtp();
  const chance = random(seed);
  const notes: SentNote[] = [];
  const until = performance.now() + LONGEST_MS;
  try {
    const few = () => total.sent <= 5 || total.unknown === 0;
    for (let kill = 0; (kill < KILLS && performance.now() < until) || few(); kill++) {
      const at = STEPS[Math.floor(chance() * STEPS.length)] ?? 'dot';
      // A server that has kept a message and refuses it lies: nobody can tell.
      const actions = ['drop', 'silence', ...(at === 'kept' ? [] : ['451 4.3.0 later'])];
      const action = actions[Math.floor(chance() * actions.length)] ?? 'drop';
      const faults: SmtpFault[] = [{ at, action }];
      server.faults = chance() < 0.5 ? faults : [];
      // Killed between keeping a message and saying so, a life leaves one that nobody was promised: its number is used.
      const k = kill * 100_000;
      const args = [dir, String(seed + kill * 7), String(k), String(server.port)];
      notes.push(...(await liveAndDie(args, 1 + Math.floor(chance() * 40), Math.floor(chance() * 12))));
      // What was on its way when it died is taken or not by now.
      while (server.open() > 0) await new Promise(resolve => setTimeout(resolve, 1));
      const store = await openStore({ dir, mode: 'owner' });
      const said: string[] = [];
      store.subscribe(event => said.push(...troubles([event])));
      try {
        const { sent, unknown } = await checkSending(store, notes, takenBy(server));
        total.sent = Math.max(total.sent, sent);
        total.unknown = Math.max(total.unknown, unknown);
        assert.deepEqual(said, [], 'nothing was damaged');
      } catch (error) {
        throw new Error(`TMAIL_SEED=${seed} kill ${kill}: ${error}`, { cause: error });
      } finally {
        await store.close();
      }
    }
  } finally {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

test(`killed ${LANES * KILLS} times while it sent, it lost nothing and sent nothing twice`, async t => {
  const seed = Number(process.env.TMAIL_SEED ?? Date.now() % 1_000_000);
  const total = { sent: 0, unknown: 0 };
  await Promise.all(Array.from({ length: LANES }, (_, lane) => killAgainAndAgain(seed + lane * 1000, total)));
  t.diagnostic(JSON.stringify(total));
});
