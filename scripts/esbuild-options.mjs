// The esbuild options that the program, its tests and its benchmarks share. No side effects.
import { builtinModules } from 'node:module';
import { inkPatches } from './ink-patches.mjs';

/** @type {import('esbuild').BuildOptions} */
export const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  splitting: true,
  jsx: 'automatic',
  jsxDev: false,
  // React's development build is three times slower.
  define: {
    'process.env.NODE_ENV': '"production"',
    'process.env.DEV': '"false"',
    performance: 'monotonic',
  },
  inject: ['src/util/monotonic.ts'],
  external: builtinModules.flatMap(name => [name, `node:${name}`]),
  // CommonJS packages inside an ES module bundle call require() for Node's own modules.
  banner: {
    js: "import{createRequire as __tmailRequire}from'node:module';const require=__tmailRequire(import.meta.url);",
  },
  plugins: [inkPatches],
  logLevel: 'warning',
};
