import { openMemoryCoordination, MemoryHub, type Coordination } from '@gatehouse/coordination'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { issueCredential } from '../harness/issue-credential.ts'
import { ALLOW_ALL } from '../postgres/scene.ts'
import { scenePromises, VERSIONS } from './scene.ts'

describe.each(VERSIONS)('a login with a session credential to $version', ({ shared }) => {
  const hub = new MemoryHub()
  let coordination: Coordination
  beforeAll(async () => {
    coordination = await openMemoryCoordination(hub)
  })
  afterAll(() => coordination.close())
  const promise = scenePromises(shared, {
    policy: ALLOW_ALL,
    listener: { allowClearTextPasswordOnLoopback: false },
    coordination: () => openMemoryCoordination(hub),
  })

  promise('is by the scramble of caching_sha2_password, for mysql2', async ({ driver }) => {
    const { name: user, secret: password } = await issueCredential(coordination.credentials)
    const connection = await driver({ user, password })
    expect((await connection.query('select 1 as one'))[0]).toEqual([{ one: 1 }])
    await connection.end()
  })
})
