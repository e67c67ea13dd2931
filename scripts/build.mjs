// Builds dist/: the whole program as one set of ES modules with no dependencies left to install.
import { chmod, rm } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { shared } from './esbuild-options.mjs';

/** Writes the production bundle to `outdir`, replacing what was there. */
export async function buildProgram(outdir = 'dist') {
  await rm(outdir, { recursive: true, force: true });
  await build({
    ...shared,
    entryPoints: { tmail: 'src/main.ts', worker: 'src/worker/worker.ts' },
    outdir,
    chunkNames: 'lib/[name]-[hash]',
    minify: true,
    legalComments: 'linked',
  });
  await chmod(`${outdir}/tmail.js`, 0o755);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await buildProgram();
