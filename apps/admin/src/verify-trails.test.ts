import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeKeyPair, readSigningKey, TrailWriter } from '@gatehouse/audit-trail'
import { NO_SHIPPING } from '@gatehouse/configuration'
import { Secret } from '@gatehouse/core'
import { expect, test } from 'vitest'
import { startAdminScene } from './testing/admin-scene.ts'

test('trails are verified by the keys they are sealed by: those of gateways by the keys that are named, its own by its own', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-admin-verify-'))
  const [own, gateways, nobodys] = [makeKeyPair(), makeKeyPair(), makeKeyPair()]
  const keyFile = join(folder, 'gateways.pub')
  writeFileSync(keyFile, gateways.publicKey)
  const trails = await Promise.all(
    [gateways, nobodys, null].map(async (pair, index) => {
      const directory = join(folder, `gateway-${String(index)}`)
      const signing = pair === null ? null : readSigningKey(pair.privateKey)
      const trail = await TrailWriter.open(directory, { gatewayId: `gateway-${String(index)}`, signing })
      trail.append('"kind":"session_start"')
      trail.commit()
      await trail.close()
      return directory
    }),
  )
  const scene = await startAdminScene({
    audit: {
      directory: join(folder, 'own'),
      syncMilliseconds: 0,
      signingKey: new Secret(own.privateKey),
      checkpoints: { everySeconds: 60, files: [], webhooks: [] },
      shipping: NO_SHIPPING,
      retention: { recordsDays: null, recordingsDays: null, databaseDays: null },
    },
    trails,
    verifyingKeyFiles: [keyFile],
  })
  try {
    const { body } = await scene.call('POST', '/v1/trail/verify', scene.tokens.auditor)
    expect(body['trails']).toMatchObject([
      { directory: trails[0], signed: true, proven: 3, firstBreak: null },
      { directory: trails[1], signed: true, proven: 0, firstBreak: { what: expect.stringContaining(nobodys.id) } },
      { directory: trails[2], signed: true, proven: 0, firstBreak: { what: expect.any(String) } },
      { directory: join(folder, 'own'), signed: true, firstBreak: null },
    ])
  } finally {
    await scene.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
