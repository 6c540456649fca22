import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeErr, PayloadReader } from '@gatehouse/mysql-wire'
import { expect, test } from 'vitest'
import { farewell } from '../farewell.ts'
import { encodeFarewell, encodeRefusal, ERRORS } from './refusal.ts'

const page = readFileSync(join(import.meta.dirname, '../../../../docs/errors.md'), 'utf8')

test('every refusal is on the page of errors with its MySQL error number', () => {
  const [refusals = ''] = page.split('## Farewells')
  const rows = [...refusals.matchAll(/^\| `([A-Z_]+)` \| [0-9A-Z]{5} \| (\d+) \(([0-9A-Z]{5})\) \|/gm)]
  const listed = rows.map(([, code, number, sqlState]) => [code, { number: Number(number), sqlState }])
  expect(Object.fromEntries(listed)).toEqual(ERRORS)
})

test('a refusal has the sequence id it is given, its code first, then reason, rule, object and the way on', () => {
  const packet = encodeRefusal(refusal('no rule allows it'), 3)
  expect(packet[3]).toBe(3)
  expect(decodeErr(new PayloadReader(packet, 4))).toEqual({
    kind: 'ERR',
    errorCode: 1227,
    sqlState: '42000',
    errorMessage: 'gatehouse: NOT_ALLOWED: no rule allows it (rule default, shop.users). Ask for something else.',
  })
})

test('a long reason is cut so that the way on is still said, in 511 bytes of whole characters', () => {
  const { errorMessage } = decodeErr(new PayloadReader(encodeRefusal(refusal('ä'.repeat(900)), 1), 4))
  expect(Buffer.byteLength(errorMessage)).toBeLessThanOrEqual(511)
  expect(errorMessage).toContain('ä… (rule default, shop.users). Ask for something else.')
  expect(errorMessage).not.toContain('\uFFFD')
})

test('a farewell says why a login is refused with the error that drivers know for it', () => {
  const packet = encodeFarewell(farewell('token refused', 'TOKEN_EXPIRED', 'it has expired', 'Get a new one.'), 4)
  expect(decodeErr(new PayloadReader(packet, 4))).toMatchObject({ errorCode: 1045, sqlState: '28000' })
})

function refusal(message: string): Parameters<typeof encodeRefusal>[0] {
  const way = { hint: 'Ask for something else.', retryAfterSeconds: null, position: null, approval: null }
  return { code: 'NOT_ALLOWED', rule: 'default', object: 'shop.users', message, ...way }
}
