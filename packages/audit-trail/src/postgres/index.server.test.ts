import { randomUUID } from 'node:crypto'
import { afterAll, describe, inject } from 'vitest'
import { createDatabase } from '../../../../test/servers/postgres.ts'
import { promiseTrailIndex } from '../search/testing/index-contract.ts'
import { PostgresDestination } from './postgres-destination.ts'
import { PostgresIndex } from './postgres-index.ts'

const { servers } = { servers: inject('servers') }

describe.each(['postgres18', 'postgres15'] as const)('the index over %s', (version) => {
  const server = servers[version]
  if ('absent' in server) {
    describe.skip(server.absent)
    return
  }
  const drops: (() => Promise<void>)[] = []
  afterAll(async () => {
    for (const drop of drops) await drop()
  })

  promiseTrailIndex(async (trails) => {
    const { url, drop } = await createDatabase(server.address, `trail_${randomUUID()}`)
    drops.push(drop)
    const destination = new PostgresDestination({ url, ca: null })
    try {
      for (const { identity, shipped } of trails)
        for (let at = 0; at < shipped.length; at += 37) await destination.deliver(identity, shipped.slice(at, at + 37))
    } finally {
      await destination.close()
    }
    return new PostgresIndex({ url, ca: null })
  })
})
