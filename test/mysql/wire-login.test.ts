import {
  AuthenticationPlugin,
  Capability,
  decodeErr,
  decodePrepareOk,
  encodePrepare,
  ResponseHeader,
} from '@gatehouse/mysql-wire'
import { describe, expect, inject, test } from 'vitest'
import { LOGINS, type MysqlAddress } from '../servers/mysql.ts'
import { WireClient, type WireLogin } from './wire-client.ts'

const servers = inject('servers')
const all = Object.values(AuthenticationPlugin)

/** The outcome of a login: `in`, the server's error number, or why this side would not go on; then the road there. */
async function tryLogin(login: WireLogin): Promise<string> {
  const client = new WireClient(login.port)
  try {
    const said = await client.login(login)
    const outcome = said.kind === 'ERR' ? String(said.errorCode) : 'in'
    return [outcome, ...client.path].join(' ')
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  } finally {
    client.close()
  }
}

function of(kind: keyof typeof LOGINS, address: MysqlAddress, tls: boolean): WireLogin {
  const { user, password } = LOGINS[kind]
  const ca = tls ? (address.tls?.ca ?? null) : null
  return { port: address.port, user, password: Buffer.from(password), ca }
}

describe('logging in to MySQL 9', () => {
  const shared = servers.mysql9
  const needs =
    (body: (address: MysqlAddress) => Promise<void>) => async (context: { skip: (why: string) => void }) => {
      if ('absent' in shared) context.skip(shared.absent)
      else await body(shared.address)
    }

  test(
    'by caching_sha2_password sends the password under TLS once, and then only a scramble',
    needs(async (address) => {
      expect(await tryLogin(of('caching', address, true))).toMatch(/^in AuthMoreData$/)
      expect(await tryLogin(of('caching', address, false))).toBe('in AuthMoreData')
      expect(await tryLogin({ ...of('caching', address, true), password: Buffer.from('wrong') })).toBe(
        '1045 AuthMoreData',
      )
      expect(await tryLogin(of('empty', address, false))).toBe('in')
    }),
  )

  test(
    'by sha256_password goes under TLS or by the RSA key, and not otherwise',
    needs(async (address) => {
      const [clear, tls] = [of('sha256', address, false), of('sha256', address, true)]
      expect(await tryLogin(tls)).toBe('in sha256_password')
      expect(await tryLogin(clear)).toBe('UNSUPPORTED')
      expect(await tryLogin({ ...clear, trustSentPublicKey: true })).toBe('in sha256_password AuthMoreData')
      expect(await tryLogin({ ...tls, plugins: [AuthenticationPlugin.CACHING_SHA2] })).toBe('UNSUPPORTED')
    }),
  )

  test(
    'reads the count of parameters as this package does, with the flag or without',
    needs(async (address) => {
      for (const [afterId, ok] of [
        ['08 01000000 01 00 01 0300 00 2a000000', true],
        ['00 01000000 01 00 01 0300 00 2a000000', true],
        ['00 01000000 00 01 0300 00 2a000000', false],
        ['08 01000000 00', false],
        ['08 01000000 01 00 01 0600 00', false],
      ] as const) {
        const client = new WireClient(address.port)
        await client.login({ ...of('caching', address, true), capabilities: Capability.QUERY_ATTRIBUTES })
        encodePrepare('select ?', client.writer)
        client.send()
        const { statementId, parameters, columns } = decodePrepareOk(await client.read(), false)
        for (let left = parameters + columns; left > 0; left--) await client.read()
        client.writer.begin(0).int1(0x17).int4(statementId)
        client.writer.bytes(Buffer.from(afterId.replaceAll(' ', ''), 'hex')).end()
        client.send()
        const answer = await client.read()
        const refused = answer.peek() === ResponseHeader.ERR ? decodeErr(answer).errorMessage : ''
        expect(refused === '').toBe(ok)
        client.close()
      }
    }),
  )
})

describe('logging in to MariaDB 10.11', () => {
  const shared = servers.mariadb10

  test('by mysql_native_password and client_ed25519 proves the password, and no other', async (context) => {
    if ('absent' in shared) context.skip(shared.absent)
    else await proveBoth(shared.address)
  })
})

async function proveBoth(address: MysqlAddress): Promise<void> {
  for (const tls of [false, true]) {
    expect(await tryLogin(of('native', address, tls))).toBe('in')
    expect(await tryLogin(of('ed25519', address, tls))).toBe('in client_ed25519')
    for (const kind of ['native', 'ed25519'] as const) {
      const wrong = { ...of(kind, address, tls), password: Buffer.from('wrong'), plugins: all }
      expect(await tryLogin(wrong)).toMatch(/^1045/)
    }
  }
}
