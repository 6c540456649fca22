import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSelfSigned } from '@gatehouse/identity/testing/certificates'
import { authoritiesFault, keyPairFault } from '@gatehouse/configuration'
import { parseGatewayConfig } from './load-gateway-config.ts'

let directory: string
const at = (name: string): string => join(directory, name)

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-files-'))
  const own = createSelfSigned()
  writeFileSync(at('own.crt'), own.certificate)
  writeFileSync(at('own.key'), own.key)
  writeFileSync(at('other.key'), createSelfSigned().key)
  writeFileSync(at('policy.yaml'), 'rules: []\n')
  writeFileSync(at('broken.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
})

afterAll(() => rmSync(directory, { recursive: true }))

test('a private key must belong to the certificate', () => {
  expect(keyPairFault(at('own.crt'), at('own.key'))).toBeNull()
  expect(keyPairFault(at('own.crt'), at('other.key'))).toBe('the private key does not belong to the certificate')
  expect(keyPairFault(at('own.crt'), at('policy.yaml'))).toContain('cannot be used')
})

test('a file of authorities must hold a certificate that can be read', () => {
  expect(authoritiesFault(at('own.crt'))).toBeNull()
  expect(authoritiesFault(at('own.key'))).toBe('holds no certificate in PEM')
  expect(authoritiesFault(at('broken.pem'))).not.toBeNull()
})

test('a listener on every address starts with a certificate and its key, and not with the key of another', () => {
  const load = (key: string): ReturnType<typeof parseGatewayConfig> =>
    parseGatewayConfig(
      `listeners: { postgres: { address: "0.0.0.0:15432", tls: { certificateFile: own.crt, keyFile: ${key} } } }
issuers: [{ issuer: "https://i.example", audience: gatehouse, caFile: own.crt }]
targets: { shop: { engine: postgres, host: db, database: shop, user: gatehouse, tls: { caFile: own.crt, clientCertificateFile: own.crt, clientKeyFile: ${key} } } }
policyFile: policy.yaml
maskingKey: "\${KEY}"
audit: { directory: audit }
`,
      directory,
      { KEY: 'k'.repeat(32) },
    )
  expect(load('own.key')).toMatchObject({
    kind: 'config',
    config: { listeners: { postgres: { address: { host: '0.0.0.0' }, tls: { keyFile: at('own.key') } } } },
  })
  expect(load('other.key')).toMatchObject({
    problems: [
      {
        line: 1,
        setting: 'listeners.postgres.tls.keyFile',
        message: 'the private key does not belong to the certificate',
      },
      {
        line: 3,
        setting: 'targets.shop.tls.clientKeyFile',
        message: 'the private key does not belong to the certificate',
      },
    ],
  })
})
