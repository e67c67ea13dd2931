// Writes the key tables of README.md from the command registry, between the markers. With --check it writes nothing
// and fails when the tables are stale.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { shared } from './esbuild-options.mjs';

const START = '<!-- keys:start -->';
const END = '<!-- keys:end -->';
const README = 'README.md';

/** The tables as the registry has them now. */
async function keyTables() {
  const outdir = await mkdtemp(join(tmpdir(), 'tmail-docs-'));
  try {
    await build({
      ...shared,
      entryPoints: ['src/app/key-tables.ts'],
      outdir,
      splitting: false,
      outExtension: { '.js': '.mjs' },
    });
    const { keyTables } = await import(pathToFileURL(join(outdir, 'key-tables.mjs')).href);
    return keyTables();
  } finally {
    await rm(outdir, { recursive: true, force: true });
  }
}

const text = await readFile(README, 'utf8');
const from = text.indexOf(START);
const to = text.indexOf(END);
if (from < 0 || to < from) {
  console.error(`${README} has no ${START} … ${END} to write the key tables into.`);
  process.exit(1);
}
const wanted = `${text.slice(0, from + START.length)}\n\n${await keyTables()}\n${text.slice(to)}`;
if (wanted === text) process.exit(0);
if (process.argv.includes('--check')) {
  console.error(`The key tables of ${README} are stale; npm run docs writes them.`);
  process.exit(1);
}
await writeFile(README, wanted);
