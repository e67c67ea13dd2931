// Changes to Ink and what it loads, made while bundling: exact texts of exact versions (docs/decisions/0001). The
// build fails when a text is not found, so that an update of Ink can't lose one silently. Nothing here runs later.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

/** The first use of Intl loads the data of all locales (15 ms): not at start, and for plain text never. */
const lazySegmenter = name => `let ${name}Made;
const ${name} = { segment: text => (${name}Made ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })).segment(text) };`;

/** What each file has replaced: `[old, new]`, each `old` exactly once. */
const edits = {
  // The frame goes to our own canvas (src/ui/canvas.ts) as it is drawn, not as one long string.
  'ink/build/ink.js': [
    [
      "import render from './renderer.js';",
      "import render from './renderer.js';\nimport renderNodeToOutput from './render-node-to-output.js';",
    ],
    [
      '        const startTime = performance.now();\n        const { output,',
      `        if (this.options.canvas) {
            this.options.canvas.paint(target => {
                if (this.rootNode.yogaNode) renderNodeToOutput(this.rootNode, target, { skipStaticElements: true });
            }, this.cursorPosition);
            return;
        }
        const startTime = performance.now();
        const { output,`,
    ],
    // The canvas has its own frame rate; Ink's throttle would delay the answer to a key.
    [
      'const isUnthrottled = options.debug ||',
      'const isUnthrottled = options.debug || options.canvas !== undefined ||',
    ],
  ],
  // Every visible text is looked at again with every frame, and nearly all are as they were.
  'ink/build/squash-text-nodes.js': [
    [
      'const squashTextNodes = (node) => {',
      'const CACHED = 512;\nlet young = new Map();\nlet old = new Map();\nconst squashTextNodes = (node) => {',
    ],
    [
      "    text = sanitizeAnsi(text.replaceAll('\\r\\n', '\\n'));",
      `    const known = node.nodeName === 'ink-text' ? young.get(text) ?? old.get(text) : undefined;
    if (known !== undefined) return known;
    const raw = text;
    text = sanitizeAnsi(text.replaceAll('\\r\\n', '\\n'));`,
    ],
    [
      '    return text;\n};\nexport default squashTextNodes',
      `    if (node.nodeName === 'ink-text') {
        // Two generations bound the memory without counting uses.
        if (young.size >= CACHED) {
            old = young;
            young = new Map();
        }
        young.set(raw, text);
    }
    return text;
};
export default squashTextNodes`,
    ],
  ],
  // Sized for a screen or three, not for thousands of rows that were scrolled past.
  'ink/build/measure-text.js': [['maxSize: 4096', 'maxSize: 512']],
  'ink/build/wrap-text.js': [['maxSize: 4096', 'maxSize: 512']],
  'ink/build/render-node-to-output.js': [
    ["import widestLine from 'widest-line';", "import measureText from './measure-text.js';"],
    ['const currentWidth = widestLine(text);', 'const currentWidth = measureText(text).width;'],
  ],
  'ink/build/line-update.js': [
    [
      "const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });",
      lazySegmenter('segmenter'),
    ],
  ],
  'slice-ansi/tokenize-ansi.js': [
    [
      "const GRAPHEME_SEGMENTER = new Intl.Segmenter(undefined, {granularity: 'grapheme'});",
      lazySegmenter('GRAPHEME_SEGMENTER'),
    ],
  ],
  '@alcalzone/ansi-tokenize/build/tokenize.js': [
    [
      'const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });',
      lazySegmenter('segmenter'),
    ],
  ],
  'wrap-ansi/index.js': [['const segmenter = new Intl.Segmenter();', lazySegmenter('segmenter')]],
  // Development only; without them nothing in the bundle waits at its top level, which CommonJS can't.
  'ink/build/reconciler.js': [
    ["        await import('./devtools.js');\n", ''],
    ['        const loaded = await loadPackageJson();', '        const loaded = {};'],
  ],
  // Emscripten's loader fetch()es its own data: URL, which loads all of undici (35 ms), and compiles behind promises.
  // 88 KB of WebAssembly are there at once.
  'yoga-layout/dist/binaries/yoga-wasm-base64-esm.js': [
    [
      '(function(){return w||"function"!=typeof WebAssembly.instantiateStreaming||ua(H)||"function"!=typeof fetch?c(b):fetch(H,{credentials:"same-origin"}).then(function(e){return WebAssembly.instantiateStreaming(e,d).then(b,function(f){v("wasm streaming compile failed: "+f);v("falling back to ArrayBuffer instantiation");return c(b)})})})().catch(ca);return{}',
      'b({instance:new WebAssembly.Instance(new WebAssembly.Module(wa()),d)});return{}',
    ],
    [
      'var b=xa(a.slice(37)),c=new Uint8Array(b.length);for(a=0;a<b.length;++a)c[a]=b.charCodeAt(a);var d=c',
      'var d=Buffer.from(a.slice(37),"base64")',
    ],
    ['return loadYoga.ready', 'return loadYoga'],
  ],
  'yoga-layout/dist/src/index.js': [['await loadYoga()', 'loadYoga()']],
};

/** Packages that a full-screen program with its own terminal handling has no use for. */
const stubs = {
  'signal-exit': 'export default () => () => {};',
  'patch-console': 'export default () => () => {};',
  'is-in-ci': 'export default false;',
  'terminal-size': 'export default () => ({ columns: 80, rows: 24 });',
  'cli-cursor': 'export default { show() {}, hide() {}, toggle() {} };',
  'react-devtools-core': 'export default {};',
  'stack-utils':
    'export default class { static nodeInternals() { return []; } parseLine() { return undefined; } }',
  'code-excerpt': 'export default () => undefined;',
};

/** Packages replaced by a module of ours: name, file, what is their default export. */
const ours = [
  ['string-width', 'src/mail/width.ts', 'stringWidth'],
  ['chalk', 'src/ui/ink-chalk.ts', 'chalk'],
];

/** @type {import('esbuild').Plugin} */
export const inkPatches = {
  name: 'ink-patches',
  setup(build) {
    for (const [suffix, replacements] of Object.entries(edits)) {
      const filter = new RegExp(`/node_modules/${suffix.replace(/[.\\]/g, '\\$&')}$`);
      build.onLoad({ filter }, async ({ path }) => {
        let contents = await readFile(path, 'utf8');
        for (const [old, next] of replacements) {
          const found = contents.split(old).length - 1;
          if (found !== 1) {
            return { errors: [{ text: `${suffix}: a text to patch is there ${found} times: ${old}` }] };
          }
          contents = contents.replace(old, () => next);
        }
        return { contents, loader: 'js' };
      });
    }
    for (const name of Object.keys(stubs)) {
      build.onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: name, namespace: 'stub' }));
    }
    build.onLoad({ filter: /.*/, namespace: 'stub' }, ({ path }) => ({
      contents: stubs[path],
      loader: 'js',
    }));

    // Our own, checked against the originals by tests: string-width compiles a regular expression of all emoji
    // (50–80 ms), chalk looks at the process's own stdout.
    for (const [name, file, imported] of ours) {
      build.onResolve({ filter: new RegExp(`^${name}$`) }, ({ importer }) =>
        importer.includes('/node_modules/') ? { path: name, namespace: 'ours' } : null,
      );
      const contents = `export { ${imported} as default } from ${JSON.stringify(resolve(file))};
        export * from ${JSON.stringify(resolve(file))};`;
      build.onLoad({ filter: new RegExp(`^${name}$`), namespace: 'ours' }, () => ({
        contents,
        loader: 'js',
        resolveDir: resolve('.'),
      }));
    }
  },
};
