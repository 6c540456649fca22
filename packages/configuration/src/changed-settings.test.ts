import { Secret } from '@gatehouse/core'
import { expect, test } from 'vitest'
import { changedSettings } from './changed-settings.ts'
import { EnvironmentReference, FileReference } from './secret-reference.ts'

test.each([
  ['the same', { a: { b: [1, { c: null }] } }, { a: { b: [1, { c: null }] } }, []],
  ['a value', { log: { level: 'info' } }, { log: { level: 'warn' } }, ['log.level']],
  ['a group from null', { tls: null }, { tls: { certificateFile: 'a' } }, ['tls']],
  [
    'an entry of a map',
    { targets: new Map([['shop', { host: 'a' }]]) },
    { targets: new Map([['shop', { host: 'b' }]]) },
    ['targets.shop.host'],
  ],
  ['a member added', { targets: new Map() }, { targets: new Map([['shop', { host: 'b' }]]) }, ['targets.shop']],
  ['a member taken away', { a: 1, b: 2 }, { b: 2 }, ['a']],
  ['an entry of a list', { issuers: [{ audience: 'a' }] }, { issuers: [{ audience: 'b' }] }, ['issuers[0].audience']],
  ['a longer list', { issuers: [{ audience: 'a' }] }, { issuers: [{ audience: 'a' }, { audience: 'b' }] }, ['issuers']],
  ['a secret', { key: new Secret('one') }, { key: new Secret('two') }, ['key']],
  ['the same secret', { key: new Secret('one') }, { key: new Secret('one') }, []],
  ['a secret from null', { key: null }, { key: new Secret('one') }, ['key']],
  ['where a secret is', { p: new FileReference('/a') }, { p: new FileReference('/b') }, ['p']],
  ['another kind of place', { p: new FileReference('a') }, { p: new EnvironmentReference('a', {}) }, ['p']],
  [
    'the same place',
    { p: new EnvironmentReference('A', { A: '1' }) },
    { p: new EnvironmentReference('A', { A: '2' }) },
    [],
  ],
])('%s', (_, before, after, expected) => {
  expect(changedSettings(before, after)).toEqual(expected)
})
