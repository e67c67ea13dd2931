// Shapes: what may stand in the configuration, said once. A shape reads a node into a typed value, reports
// everything that is wrong with its place, and describes itself as JSON Schema. Knows no mail.
import { type ErrorFacts, TmailError } from '../util/errors.ts';
import { nearest } from '../util/nearest.ts';
import { type JsonNode, type JsonObject, lineAndColumn } from './json.ts';

export type JsonSchema = { readonly [key: string]: unknown };

/** Collects errors; one file may hold many. */
export class Findings {
  readonly errors: TmailError[] = [];
  readonly #file: string;
  readonly #text: string;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
  }

  add(code: string, path: string, at: number, facts: ErrorFacts): void {
    this.errors.push(this.error(code, path, at, facts));
  }

  error(code: string, path: string, at: number, facts: ErrorFacts): TmailError {
    const place = { file: this.#file, ...lineAndColumn(this.#text, at), path };
    return new TmailError('config', code, { facts: { ...place, ...facts } });
  }
}

export interface Shape<out T> {
  /** The kinds of node that can be this shape; `oneOf` chooses by it. */
  readonly kinds: readonly JsonNode['t'][];
  /** What was expected, in words. */
  readonly expects: string;
  readonly schema: JsonSchema;
  readonly optional?: true;
  /** Other words people use for this key. */
  readonly synonyms?: readonly string[];
  /** Undefined: it was wrong, and that was reported. */
  readonly read: (node: JsonNode, path: string, found: Findings) => T | undefined;
}

export type Read<S> = S extends Shape<infer T> ? T : never;
type Fields = { readonly [key: string]: Shape<unknown> };
/** The value of an object shape. */
export type Values<F extends Fields> = { readonly [K in keyof F]: Read<F[K]> };

const KINDS: Record<JsonNode['t'], string> = {
  object: 'an object',
  array: 'a list',
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  null: 'null',
};

function wrongType(
  shape: { readonly expects: string },
  node: JsonNode,
  path: string,
  found: Findings,
): undefined {
  // The kind only: the value may be a password.
  found.add('config.type', path, node.at, { expected: shape.expects, got: KINDS[node.t] });
  return undefined;
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** `parse` may reject the text by returning undefined; what it expects stands in `expects`. */
export function text<T = string>(
  options: {
    readonly expects?: string;
    readonly schema?: JsonSchema;
    readonly parse?: (value: string) => T | undefined;
  } = {},
): Shape<T> {
  const expects = options.expects ?? 'a string';
  return {
    kinds: ['string'],
    expects,
    schema: { type: 'string', ...options.schema },
    read(node, path, found) {
      if (node.t !== 'string') return wrongType({ expects }, node, path, found);
      // Without a parser T is its default, string.
      const value = options.parse ? options.parse(node.value) : (node.value as T);
      if (value === undefined) found.add('config.value', path, node.at, { expected: expects });
      return value;
    },
  };
}

export function number(min: number, max: number, whole = true): Shape<number> {
  const expects = `a ${whole ? 'whole ' : ''}number from ${min} to ${max}`;
  return {
    kinds: ['number'],
    expects,
    schema: { type: whole ? 'integer' : 'number', minimum: min, maximum: max },
    read(node, path, found) {
      if (node.t !== 'number') return wrongType({ expects }, node, path, found);
      const { value } = node;
      if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
      found.add('config.value', path, node.at, { expected: expects, got: String(value) });
      return undefined;
    },
  };
}

export function boolean(): Shape<boolean> {
  return {
    kinds: ['boolean'],
    expects: KINDS.boolean,
    schema: { type: 'boolean' },
    read: (node, path, found) =>
      node.t === 'boolean' ? node.value : wrongType({ expects: KINDS.boolean }, node, path, found),
  };
}

/** The word `true` and nothing else. */
export function yes(): Shape<true> {
  return {
    kinds: ['boolean'],
    expects: 'true',
    schema: { const: true },
    read(node, path, found) {
      if (node.t === 'boolean' && node.value) return true;
      return wrongType({ expects: 'true' }, node, path, found);
    },
  };
}

export function nothing(): Shape<null> {
  return {
    kinds: ['null'],
    expects: 'null',
    schema: { type: 'null' },
    read: (node, path, found) =>
      node.t === 'null' ? null : wrongType({ expects: 'null' }, node, path, found),
  };
}

/** Any object; nothing in it is looked at. */
export function anyObject(): Shape<true> {
  return {
    kinds: ['object'],
    expects: KINDS.object,
    schema: { type: 'object' },
    read: (node, path, found) =>
      node.t === 'object' ? true : wrongType({ expects: KINDS.object }, node, path, found),
  };
}

export function words<const W extends string>(...known: readonly W[]): Shape<W> {
  const expects = known.map(word => `"${word}"`).join(' or ');
  return {
    kinds: ['string'],
    expects,
    schema: { enum: known },
    read(node, path, found) {
      if (node.t !== 'string') return wrongType({ expects }, node, path, found);
      const word = known.find(word => word === node.value);
      if (word === undefined) {
        found.add('config.value', path, node.at, {
          expected: expects,
          suggestion: nearest(node.value, known),
        });
      }
      return word;
    },
  };
}

export function list<T>(items: Shape<T>, options: { readonly min?: number } = {}): Shape<readonly T[]> {
  const min = options.min ?? 0;
  const expects = min > 0 ? 'a list that is not empty' : 'a list';
  return {
    kinds: ['array'],
    expects,
    schema: { type: 'array', items: items.schema, ...(min > 0 ? { minItems: min } : {}) },
    read(node, path, found) {
      if (node.t !== 'array') return wrongType({ expects }, node, path, found);
      if (node.items.length < min) {
        found.add('config.value', path, node.at, { expected: expects });
        return undefined;
      }
      const values: T[] = [];
      for (const [n, item] of node.items.entries()) {
        const value = items.read(item, `${path}[${n}]`, found);
        if (value !== undefined) values.push(value);
      }
      return values.length === node.items.length ? values : undefined;
    },
  };
}

/** The first shape whose kind fits reads the node, so that its errors are exact. Kinds must not overlap. */
export function oneOf<S extends readonly Shape<unknown>[]>(...shapes: S): Shape<Read<S[number]>> {
  const expects = shapes.map(shape => shape.expects).join(' or ');
  return {
    kinds: shapes.flatMap(shape => shape.kinds),
    expects,
    schema: { anyOf: shapes.map(shape => shape.schema) },
    read(node, path, found) {
      const shape = shapes.find(shape => shape.kinds.includes(node.t));
      if (!shape) return wrongType({ expects }, node, path, found);
      // The shape that reads is one of S; the compiler can't follow that through find().
      return shape.read(node, path, found) as Read<S[number]> | undefined;
    },
  };
}

/** An object whose keys a person chooses. Keeps the file's order. */
export function map<T>(
  values: Shape<T>,
  options: { readonly keys?: RegExp; readonly keyExpects?: string } = {},
): Shape<readonly (readonly [string, T])[]> {
  return {
    kinds: ['object'],
    expects: KINDS.object,
    schema: {
      type: 'object',
      additionalProperties: values.schema,
      ...(options.keys ? { propertyNames: { pattern: options.keys.source } } : {}),
    },
    read(node, path, found) {
      if (node.t !== 'object') return wrongType({ expects: KINDS.object }, node, path, found);
      let good = noKeyTwice(node, path, found);
      const read: (readonly [string, T])[] = [];
      for (const entry of node.entries) {
        if (options.keys && !options.keys.test(entry.key)) {
          good = false;
          found.add('config.key', join(path, entry.key), entry.at, { expected: options.keyExpects });
        }
        const value = values.read(entry.value, join(path, entry.key), found);
        if (value === undefined) good = false;
        else read.push([entry.key, value]);
      }
      return good ? read : undefined;
    },
  };
}

/** Reports about a key of the object at hand, or about one further inside; `null` means the object itself. */
export type Report = (code: string, key: string | readonly string[] | null, facts?: ErrorFacts) => void;

/**
 * An object with known keys. `rule` sees the values when each of them is right by itself; what it reports makes
 * the object wrong.
 */
export function object<F extends Fields>(
  fields: F,
  options: { readonly expects?: string; readonly rule?: (values: Values<F>, report: Report) => void } = {},
): Shape<Values<F>> {
  const expects = options.expects ?? KINDS.object;
  const known = new Map(Object.entries(fields));
  return {
    kinds: ['object'],
    expects,
    schema: {
      type: 'object',
      properties: Object.fromEntries([...known].map(([key, shape]) => [key, shape.schema])),
      required: [...known].filter(([, shape]) => !shape.optional).map(([key]) => key),
      additionalProperties: false,
    },
    read(node, path, found) {
      if (node.t !== 'object') return wrongType({ expects }, node, path, found);
      const before = found.errors.length;
      noKeyTwice(node, path, found);
      for (const entry of node.entries) {
        if (known.has(entry.key)) continue;
        const suggestion = meant(entry.key, known);
        found.add('config.unknown-key', join(path, entry.key), entry.at, { key: entry.key, suggestion });
      }
      const values: [string, unknown][] = [];
      for (const [key, shape] of known) {
        const entry = node.entries.find(entry => entry.key === key);
        if (entry) values.push([key, shape.read(entry.value, join(path, key), found)]);
        else if (!shape.optional) {
          found.add('config.missing', join(path, key), node.at, { key, expected: shape.expects });
        }
      }
      if (found.errors.length > before) return undefined;
      // Every field was read by its own shape just now.
      const value = Object.fromEntries(values) as Values<F>;
      options.rule?.(value, (code, key, facts = {}) => {
        const keys = key === null ? [] : typeof key === 'string' ? [key] : key;
        const last = keys.at(-1);
        found.add(code, keys.reduce(join, path), placeOf(node, keys), {
          ...(last === undefined ? {} : { key: last }),
          ...facts,
        });
      });
      return found.errors.length > before ? undefined : value;
    },
  };
}

/** Of the value there, or of what there is on the way to it. */
function placeOf(node: JsonObject, keys: readonly string[]): JsonObject['at'] {
  const [key, ...rest] = keys;
  const value = node.entries.find(entry => entry.key === key)?.value;
  if (!value) return node.at;
  return value.t === 'object' && rest.length > 0 ? placeOf(value, rest) : value.at;
}

function meant(key: string, known: ReadonlyMap<string, Shape<unknown>>): string | undefined {
  for (const [name, shape] of known) if (shape.synonyms?.includes(key.toLowerCase())) return name;
  return nearest(key, known.keys());
}

function noKeyTwice(node: JsonObject, path: string, found: Findings): boolean {
  const seen = new Set<string>();
  let good = true;
  for (const { key, at } of node.entries) {
    if (seen.has(key)) {
      good = false;
      found.add('config.duplicate-key', join(path, key), at, { key });
    }
    seen.add(key);
  }
  return good;
}

export function optional<T>(shape: Shape<T>): Shape<T | undefined> & { readonly optional: true } {
  return { ...shape, optional: true };
}

/** Adds a sentence for editors that know JSON Schema, and other words for the key. */
export function about<S extends Shape<unknown>>(shape: S, description: string, ...synonyms: string[]): S {
  return { ...shape, synonyms, schema: { description, ...shape.schema } };
}
