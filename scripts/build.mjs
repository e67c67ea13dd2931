// Builds dist/: the whole program as one set of ES modules with no dependencies left to install.
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { shared } from './esbuild-options.mjs';

/** Writes the production bundle to `outdir`, replacing what was there. */
export async function buildProgram(outdir = 'dist') {
  await rm(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    ...shared,
    entryPoints: { tmail: 'src/main.ts', worker: 'src/worker/worker.ts' },
    outdir,
    chunkNames: 'lib/[name]-[hash]',
    minify: true,
    legalComments: 'none',
    metafile: true,
  });
  await chmod(`${outdir}/tmail.js`, 0o755);
  await writeFile(`${outdir}/THIRD-PARTY.txt`, await notices(metafile));
}

/** The licence of every package that has code in the bundle: their terms ask for it, minified or not. */
async function notices(metafile) {
  const folders = new Set(
    Object.values(metafile.outputs)
      .flatMap(output => Object.entries(output.inputs))
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([file]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0])
      .filter(folder => folder !== undefined),
  );
  const texts = [...folders].sort().map(async folder => {
    const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const file = (await readdir(folder)).find(entry => /^(licen[sc]e|copying)/i.test(entry));
    const text =
      file === undefined ? `${license ?? 'licence not stated'}` : await readFile(join(folder, file), 'utf8');
    return `${name} ${version}\n\n${text.trim()}\n`;
  });
  const head = 'tmail contains parts of the following packages.\n';
  return [head, ...(await Promise.all(texts))].join(`\n${'-'.repeat(78)}\n\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await buildProgram();
