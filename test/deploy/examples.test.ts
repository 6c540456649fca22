import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parsePolicy } from '@gatehouse/core'
import { loadGatewayConfig } from '@gatehouse/gateway'
import { expect, test } from 'vitest'
import { makeAuthority } from '../servers/certificates.ts'

const examples = join(import.meta.dirname, '../../deploy/examples')

test('the example configuration is valid once its files and its variable are there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-example-'))
  try {
    cpSync(examples, folder, { recursive: true })
    const authority = makeAuthority()
    const server = authority.forServer(['localhost'])
    mkdirSync(join(folder, 'tls'))
    mkdirSync(join(folder, 'secrets'))
    writeFileSync(join(folder, 'tls/server.crt'), server.certificate)
    writeFileSync(join(folder, 'tls/server.key'), server.key)
    writeFileSync(join(folder, 'tls/database-ca.crt'), authority.certificate)
    for (const target of ['shop', 'orders']) writeFileSync(join(folder, `secrets/${target}-password`), 'a password')
    const loading = loadGatewayConfig(join(folder, 'gateway.yaml'), { GATEHOUSE_MASKING_KEY: 'x'.repeat(32) })
    expect(loading).toMatchObject({ kind: 'config' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('the example policy is valid', () => {
  expect(parsePolicy(readFileSync(join(examples, 'policy.yaml'), 'utf8'))).toMatchObject({ ok: true })
})
