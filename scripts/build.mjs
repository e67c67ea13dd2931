// Builds dist/: the whole program as CommonJS files with no dependencies left to install (docs/decisions/0001).
import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, transform } from 'esbuild';
import { shared } from './esbuild-options.mjs';

/** Writes the production bundle to `outdir`, replacing what was there. */
export async function buildProgram(outdir = 'dist') {
  // As ES modules first: esbuild splits only those, and what speaks to servers must not load with the first frame.
  const { outputFiles, metafile } = await build({
    ...shared,
    banner: {},
    entryPoints: {
      main: 'src/main.ts',
      worker: 'src/worker/worker.ts',
      files: 'src/store/file-batch.thread.ts',
      transfer: 'src/transfer/transfer.thread.ts',
    },
    outdir,
    chunkNames: 'lib/[name]-[hash]',
    minify: true,
    legalComments: 'none',
    metafile: true,
    write: false,
  });
  const files = await Promise.all(
    outputFiles.map(async ({ path, text }) => ({
      path: relative(process.cwd(), path),
      text: await toCommonJs(text),
    })),
  );
  files.push(...packs(files, metafile, outdir));
  const hash = createHash('sha256');
  for (const { path, text } of files) hash.update(path).update(text);
  files.push({
    path: join(outdir, 'tmail.js'),
    text: await loader(hash.digest('hex').slice(0, 16), entryOf(metafile, outdir, 'src/cli/tui.ts')),
  });
  files.push({ path: join(outdir, 'package.json'), text: '{"type":"commonjs"}\n' });
  files.push({ path: join(outdir, 'THIRD-PARTY.txt'), text: await notices(metafile) });

  await rm(outdir, { recursive: true, force: true });
  for (const { path, text } of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  await chmod(`${outdir}/tmail.js`, 0o755);
}

/** What a start needs, in the order in which it is asked for: every command, then the screen. */
const STARTS = {
  'main.pack.js': ['src/main.ts'],
  'screen.pack.js': ['src/cli/tui.ts', 'src/cli/screen.tsx', 'src/cli/engines.ts', 'src/cli/door.ts'],
};

/**
 * Seventy files are read and compiled before the first frame, most of them small: here they are once more, many
 * functions in one file, by their paths. Whoever is not the loader (threads) reads the files themselves.
 */
function packs(files, metafile, outdir) {
  const { outputs } = metafile;
  const taken = new Set();
  const text = new Map(files.map(file => [file.path, file.text]));
  const namesOf = sources => {
    const names = new Set(Object.keys(outputs).filter(name => sources.includes(outputs[name].entryPoint)));
    for (const name of names)
      for (const { path, kind } of outputs[name].imports)
        if (kind === 'import-statement' && path in outputs) names.add(path);
    return [...names].filter(name => text.has(name) && !taken.has(name));
  };
  return Object.entries(STARTS).map(([pack, sources]) => {
    const names = namesOf(sources);
    for (const name of names) taken.add(name);
    // In brackets: V8 compiles such functions at once instead of reading them twice.
    const functions = names.map(
      name => `${JSON.stringify(relative(outdir, name))}:(${WRAPPER}${text.get(name)}\n})`,
    );
    return { path: join(outdir, pack), text: `({${functions.join(',\n')}})` };
  });
}

/** As the loader calls it. */
const WRAPPER = 'function(exports,require,module,__filename,__dirname){';

/** The loader compiles these itself; only ASCII, so that a byte is a character. */
async function toCommonJs(text) {
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    charset: 'ascii',
    minify: true,
    legalComments: 'none',
    // Into require(), which is the loader's own.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__tmailUrl' },
  });
  if (!code.includes('__tmailUrl')) return code;
  return `const __tmailUrl=require("node:url").pathToFileURL(__filename).href;${code}`;
}

/** The path, from the program's folder, of the file that begins with this source. */
function entryOf({ outputs }, outdir, source) {
  const name = Object.keys(outputs).find(name => outputs[name].entryPoint === source);
  if (name === undefined) throw new Error(`nothing begins with ${source}`);
  return relative(outdir, name);
}

async function loader(buildId, screen) {
  const { outputFiles } = await build({
    entryPoints: ['src/loader.ts'],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minify: true,
    write: false,
    define: { BUILD: JSON.stringify(buildId), SCREEN: JSON.stringify(screen) },
    banner: { js: '#!/usr/bin/env node' },
  });
  return outputFiles[0].text;
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
