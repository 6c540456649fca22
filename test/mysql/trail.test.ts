import { join } from 'node:path'
import { verifyTrail } from '@gatehouse/audit-trail'
import type { ErrPacket } from '@gatehouse/mysql-wire'
import type { Connection } from 'mysql2/promise'
import { describe, expect, test, type TestContext } from 'vitest'
import { SmallDisk } from '../harness/small-disk.ts'
import { eventually } from '../postgres/scene.ts'
import { openScene, VERSIONS } from './scene.ts'

/** The error that a statement ends in; null when it ran. */
async function errorOf(running: Promise<unknown>): Promise<Pick<ErrPacket, 'errorCode' | 'errorMessage'> | null> {
  try {
    await running
    return null
  } catch (error) {
    const { errno, sqlMessage } = error as { errno: number; sqlMessage: string }
    return { errorCode: errno, errorMessage: sqlMessage }
  }
}

const WAYS = [
  { way: 'in text', run: (connection: Connection, sql: string): Promise<unknown> => connection.query(sql) },
  { way: 'prepared', run: (connection: Connection, sql: string): Promise<unknown> => connection.execute(sql) },
]

describe.each(VERSIONS)('a full disk before $version', ({ shared }) => {
  describe.each(WAYS)('refuses with 1021, $way,', ({ run }) => {
    test('the first statement that hits it: nothing runs whose record was not written', (context) =>
      onSmallDisk(context, async (disk, { driver, admin, gateway }) => {
        const connection = await driver()
        await connection.query('BEGIN')
        disk.fill()
        // Records of a few kilobytes, until one does not fit: exactly the rows of those that were told to have run are there.
        let ran = 0
        let refused: Awaited<ReturnType<typeof errorOf>> = null
        for (let n = 0; n < 200 && refused === null; n++) {
          refused = await errorOf(run(connection, `INSERT INTO t VALUES (${n}) /* ${'y'.repeat(2000)} */`))
          if (refused === null) ran++
        }
        expect(refused).toMatchObject({
          errorCode: 1021,
          errorMessage: expect.stringMatching(/^gatehouse: TRAIL_UNAVAILABLE: .*(?:space|ENOSPC)/i),
        })
        disk.release()
        await eventually('statements run again', async () => (await errorOf(connection.query('SELECT 1'))) === null)
        // The transaction is the server's own: the refusal did not touch it.
        await connection.query('COMMIT')
        await connection.end()
        expect(await admin('SELECT n FROM t')).toHaveLength(ran)
        expect(await verifyTrail(gateway.trailDirectory)).toMatchObject({ firstBreak: null })
      }))
  })

  async function onSmallDisk(
    context: TestContext,
    body: (disk: SmallDisk, scene: Awaited<ReturnType<typeof openScene>>) => Promise<void>,
  ): Promise<void> {
    if ('absent' in shared) return context.skip(shared.absent)
    const disk = SmallDisk.mount()
    if (disk === null) return context.skip('a tmpfs cannot be mounted here')
    try {
      const audit = { directory: join(disk.directory, 'trail') }
      const scene = await openScene(shared.address, { audit, sql: 'CREATE TABLE t (n INT)' })
      try {
        await body(disk, scene)
      } finally {
        disk.release()
        await scene.close()
      }
    } finally {
      disk.unmount()
    }
  }
})
