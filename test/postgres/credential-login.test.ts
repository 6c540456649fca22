import { openMemoryCoordination, MemoryHub, type Coordination } from '@gatehouse/coordination'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { issueCredential } from '../harness/issue-credential.ts'
import { ALLOW_ALL, listenerTls, scenePromises, VERSIONS } from './scene.ts'
import { WireClient } from './wire-client.ts'

const tlsFiles = listenerTls()
afterAll(() => tlsFiles.remove())

describe.each(VERSIONS)('a login with a session credential to $version', ({ shared }) => {
  const hub = new MemoryHub()
  let coordination: Coordination
  beforeAll(async () => {
    coordination = await openMemoryCoordination(hub)
  })
  afterAll(() => coordination.close())
  const promise = scenePromises(shared, {
    policy: ALLOW_ALL,
    listener: { allowClearTextPasswordOnLoopback: false, tls: tlsFiles.files },
    coordination: () => openMemoryCoordination(hub),
  })

  promise('is by SCRAM over TLS, for node-postgres as for anybody', async ({ gateway: { host, port } }) => {
    const { name: user, secret: password } = await issueCredential(coordination.credentials)
    const ssl = { ca: tlsFiles.ca }
    const client = new Client({ host, port, user, password, database: 'shop', ssl, enableChannelBinding: true })
    await client.connect()
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    await client.end()
    const wire = await WireClient.login(
      { host, port, tls: 'request', ca: tlsFiles.ca },
      { user, password, database: '' },
    )
    expect(wire.greeting[0]).toEqual({
      kind: 'AuthenticationSASL',
      mechanisms: ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'],
    })
    expect(await wire.rows('select 1')).toEqual([['1']])
    await wire.end()
  })
})
