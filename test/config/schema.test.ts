import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { checkConfig } from '../../src/config/load.ts';
import { jsonSchema } from '../../src/config/schema.ts';

/** Forms that are accepted but can't be used yet; an example must not lead anybody to them. */
const NOT_SHOWN = ['keyring', 'oauth2'];

function namedProperties(schema: unknown, into = new Set<string>()): Set<string> {
  if (typeof schema !== 'object' || schema === null) return into;
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties') for (const name of Object.keys(value)) into.add(name);
    namedProperties(value, into);
  }
  return into;
}

function keysOf(value: unknown, into = new Set<string>()): Set<string> {
  if (typeof value !== 'object' || value === null) return into;
  for (const [key, inner] of Object.entries(value)) keysOf(inner, into.add(key));
  return into;
}

test('the example is plain JSON, is accepted, and shows every setting', async () => {
  const text = await readFile('config.example.json', 'utf8');
  const plain: unknown = JSON.parse(text);
  const { config, warnings } = checkConfig(text, '/x/config.example.json', { HOME: '/home/ada' });
  assert.deepEqual(
    config.accounts.map(({ id }) => id),
    ['work', 'home', 'old', 'club', 'lab'],
  );
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['config.plain-password'],
  );
  const shown = keysOf(plain);
  const missing = [...namedProperties(jsonSchema())].filter(
    key => !shown.has(key) && !NOT_SHOWN.includes(key),
  );
  assert.deepEqual(missing, []);
});

test('the JSON Schema says what is required, which words are known and that unknown keys are wrong', () => {
  const schema = JSON.parse(JSON.stringify(jsonSchema()));
  assert.deepEqual(schema.required, ['accounts']);
  const account = schema.properties.accounts.additionalProperties;
  assert.deepEqual(account.required, ['email', 'protocol', 'incoming', 'auth']);
  assert.equal(account.additionalProperties, false);
  assert.deepEqual(account.properties.incoming.properties.security.enum, ['tls', 'starttls', 'none']);
  assert.equal(account.properties.incoming.properties.port.maximum, 65535);
});
