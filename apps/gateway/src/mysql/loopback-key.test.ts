import { constants, publicEncrypt } from 'node:crypto'
import { expect, test } from 'vitest'
import { LoopbackKey } from './loopback-key.ts'

test('what a client encrypts under the key comes back, up to 2,000 bytes, and nothing else does', async () => {
  const key = await LoopbackKey.make()
  const under = { key: key.pem, padding: constants.RSA_PKCS1_OAEP_PADDING }
  for (const length of [0, 1, 2000]) {
    const message = Buffer.alloc(length, 'ab')
    expect(key.decrypt(publicEncrypt(under, message))).toEqual(message)
  }
  const cipher = publicEncrypt(under, Buffer.from('token'))
  cipher[100] = (cipher[100] ?? 0) ^ 1
  expect(key.decrypt(cipher)).toBeNull()
  expect(key.decrypt(Buffer.alloc(2048))).toBeNull()
  expect(key.decrypt(Buffer.alloc(2048, 0xff))).toBeNull()
  expect(key.decrypt(Buffer.alloc(7))).toBeNull()
})
