// Builds the program and every test with esbuild, then runs the tests with node:test.
// Usage: npm test [-- PART_OF_A_FILE_NAME ...] [-- --test-name-pattern=...]
import { spawn } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildProgram } from './build.mjs';
import { ensureDovecot } from './ensure-dovecot.mjs';
import { shared } from './esbuild-options.mjs';

const words = process.argv.slice(2);
const wanted = words.filter(word => !word.startsWith('-'));
const flags = words.filter(word => word.startsWith('-'));

const all = (await readdir('test', { recursive: true })).map(name => join('test', name));
// *.child.ts are programs that tests start (and kill); they are built beside them.
const children = all.filter(name => /\.child\.tsx?$/.test(name));
const tests = all
  .filter(name => /\.test\.tsx?$/.test(name))
  .filter(name => wanted.length === 0 || wanted.some(part => name.includes(part)))
  .sort();
if (tests.length === 0) {
  console.error(`No test file matches ${wanted.join(' ')}.`);
  process.exit(1);
}

ensureDovecot();
await rm('.build/test', { recursive: true, force: true });
await Promise.all([
  buildProgram(),
  build({
    ...shared,
    entryPoints: [...tests, ...children],
    outbase: 'test',
    outdir: '.build/test',
    chunkNames: 'lib/[name]-[hash]',
    sourcemap: 'inline',
  }),
]);

const built = tests.map(name => name.replace(/^test/, '.build/test').replace(/\.tsx?$/, '.js'));
// Ink draws nothing while CI is set; the tests look at what it draws. What they start keeps no code in this home.
const { CI: _, CONTINUOUS_INTEGRATION: __, ...env } = process.env;
const run = spawn(
  process.execPath,
  ['--enable-source-maps', '--test', '--test-concurrency=2', '--test-timeout=120000', ...flags, ...built],
  { stdio: 'inherit', env: { ...env, NODE_ENV: 'production', NODE_DISABLE_COMPILE_CACHE: '1' } },
);
run.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
