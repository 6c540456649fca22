import { expect, test } from 'vitest'
import { readAlternativeNames } from './alternative-names.ts'

test('names are read one by one; quoted ones whole, whatever they hold', () => {
  expect(readAlternativeNames(undefined)).toEqual([])
  expect(readAlternativeNames('DNS:a.example, email:alice@a.example, IP Address:127.0.0.1')).toEqual([
    { kind: 'DNS', value: 'a.example' },
    { kind: 'email', value: 'alice@a.example' },
    { kind: 'IP Address', value: '127.0.0.1' },
  ])
  expect(readAlternativeNames('URI:"spiffe://a/b, URI:spiffe://c/d", othername:<unsupported>')).toEqual([
    { kind: 'URI', value: 'spiffe://a/b, URI:spiffe://c/d' },
    { kind: 'othername', value: '<unsupported>' },
  ])
  expect(readAlternativeNames(String.raw`DNS:"quote\" and \u0000"`)).toEqual([{ kind: 'DNS', value: 'quote" and \0' }])
})

test.each(['DNS', 'DNS:"a', 'DNS:a,DNS:b', 'DNS:a"b', 'DNS:a, ', ', DNS:a', 'DNS:"a"b'])(
  'what is not a list of names is none: %s',
  (text) => {
    expect(readAlternativeNames(text)).toBeNull()
  },
)
