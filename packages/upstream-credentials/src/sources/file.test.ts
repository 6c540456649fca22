import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { CredentialUnavailable } from '../credential-source.ts'
import { leaseRequest } from '../testing/lease-request.ts'
import { openFile } from './file.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-source-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const log = { info: (): void => undefined, warn: vi.fn<(details: object, message: string) => void>() }
const request = leaseRequest({ user: 'app' })
const never = new AbortController().signal

function written(name: string, text: string | Buffer, mode = 0o600): string {
  const path = join(folder, name)
  writeFileSync(path, text, { mode })
  chmodSync(path, mode)
  return path
}

test('a password is read again for each login, without the line break after it', async () => {
  const path = written('plain', 'one\n')
  const source = openFile({ source: 'file', path, format: 'plain' }, log)
  const first = await source.lease(request, never)
  expect([first.user, first.password?.expose().toString()]).toEqual(['app', 'one'])
  writeFileSync(path, 'two\r\n')
  expect((await source.lease(request, never)).password?.expose().toString()).toBe('two')
  await first.release()
  expect(first.password?.expose()).toEqual(Buffer.alloc(3))
})

test('JSON says the user too', async () => {
  const path = written('json', JSON.stringify({ user: 'dba', password: 'p"w\u00e9', host: 'ignored' }))
  const source = openFile({ source: 'file', path, format: 'json' }, log)
  const lease = await source.lease(leaseRequest(), never)
  expect([lease.user, lease.password?.expose().toString()]).toEqual(['dba', 'p"w\u00e9'])
  await expect(source.lease(request, never)).rejects.toThrow('of another user')
})

test.each([
  ['not there', null, 'plain'],
  ['empty', '', 'plain'],
  ['with a NUL inside', 'secret-in-it\0', 'plain'],
  ['too large', Buffer.alloc(70_000, 's'), 'plain'],
  ['of bytes that are no text', Buffer.from([0xff, 0xfe]), 'plain'],
  ['that is no JSON', 'secret-in-it', 'json'],
  ['without a password', '{"user":"secret-in-it"}', 'json'],
  ['with an empty password', '{"password":""}', 'json'],
  ['with two passwords', '{"password":"secret-in-it","password":"b"}', 'json'],
  ['of an expiry that is no time', '{"password":"secret-in-it","expiresAt":"soon"}', 'json'],
] as const)('a file %s is no credential, and nothing of it is told', async (_what, text, format) => {
  const path = text === null ? join(folder, 'nowhere') : written('bad', text)
  const refused = openFile({ source: 'file', path, format }, log).lease(request, never)
  const error = await refused.catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(CredentialUnavailable)
  const { message, detail } = error as CredentialUnavailable
  expect(message + detail).not.toMatch(/secret-in-it/)
  expect(message).not.toContain(folder)
})

test('a file that everybody may read is warned of', async () => {
  log.warn.mockClear()
  openFile({ source: 'file', path: written('open', 'x', 0o644), format: 'plain' }, log)
  await vi.waitFor(() => expect(log.warn).toHaveBeenCalledOnce(), 20_000)
})
