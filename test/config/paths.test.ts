import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configPath, dataPath, expandPath } from '../../src/config/paths.ts';

test('the XDG folders are used, and ignored where they are relative', () => {
  assert.equal(configPath({ HOME: '/h' }).path, '/h/.config/tmail/config.json');
  assert.equal(configPath({ HOME: '/h', XDG_CONFIG_HOME: '/c' }).path, '/c/tmail/config.json');
  assert.equal(configPath({ HOME: '/h', XDG_CONFIG_HOME: 'c' }).path, '/h/.config/tmail/config.json');
  assert.equal(dataPath({ HOME: '/h' }), '/h/.local/share/tmail');
  assert.equal(dataPath({ HOME: '/h', XDG_DATA_HOME: '/d' }), '/d/tmail');
});

test('a flag beats the variable, which beats the folders', () => {
  const env = { HOME: '/h', TMAIL_CONFIG: '/v.json', TMAIL_DATA: '/v' };
  assert.deepEqual(configPath(env), { path: '/v.json', named: true });
  assert.deepEqual(configPath(env, '/f.json'), { path: '/f.json', named: true });
  assert.equal(dataPath(env), '/v');
  assert.equal(dataPath(env, '/f'), '/f');
  assert.equal(dataPath({ HOME: '/h', TMAIL_DATA: '' }), '/h/.local/share/tmail');
});

test('paths in the file start at its folder; a tilde is the home folder', () => {
  const env = { HOME: '/h' };
  assert.equal(expandPath('a/b', '/etc', env), '/etc/a/b');
  assert.equal(expandPath('../b', '/etc/x', env), '/etc/b');
  assert.equal(expandPath('/a', '/etc', env), '/a');
  assert.equal(expandPath('~/a', '/etc', env), '/h/a');
  assert.equal(expandPath('~bob/a', '/etc', env), '/etc/~bob/a');
});
