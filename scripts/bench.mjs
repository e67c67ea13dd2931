// Builds the program and its benchmarks, then measures: npm run bench [-- SECTION ...]; no section means all of them.
import { spawn } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildProgram } from './build.mjs';
import { shared } from './esbuild-options.mjs';

const children = (await readdir('bench')).filter(name => /\.child\.tsx?$/.test(name));
await rm('.build/bench', { recursive: true, force: true });
await Promise.all([
  buildProgram(),
  build({
    ...shared,
    entryPoints: ['bench/main.ts', ...children.map(name => join('bench', name))],
    outdir: '.build/bench',
    chunkNames: 'lib/[name]-[hash]',
    sourcemap: 'inline',
  }),
]);

const { CI: _, CONTINUOUS_INTEGRATION: __, ...env } = process.env;
const run = spawn(
  process.execPath,
  ['--enable-source-maps', '.build/bench/main.js', ...process.argv.slice(2)],
  // As src/loader.ts has it: what is measured in the benchmark's own process is the program's work.
  { stdio: 'inherit', env: { ...env, NODE_ENV: 'production', UV_THREADPOOL_SIZE: '24' } },
);
run.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
