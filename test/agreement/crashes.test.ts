import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeKeyPair, readVerifyingKeys, readRecords, verifyTrail } from '@gatehouse/audit-trail'
import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type Installation, startInstallation } from '../harness/installation.ts'
import { targetOf as mysqlTarget } from '../mysql/scene.ts'
import { targetOf } from '../postgres/scene.ts'
import {
  createDatabase as createMysqlDatabase,
  firstColumn,
  type MysqlServer,
  startMysql,
  whyAbsent as whyNoMysql,
} from '../servers/mysql.ts'
import { createDatabase, type PostgresServer, startPostgres, whyAbsent } from '../servers/postgres.ts'

/** How often the gateway is killed; `GATEHOUSE_CRASHES` may ask for more. */
const CRASHES = Number(process.env['GATEHOUSE_CRASHES'] ?? 3)
const CLIENTS = 4
const SQL = 'CREATE TABLE said (word varchar(40));'
const POLICY = `
rules:
  - { name: all, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
`
const { redis } = inject('servers')
const absent = (await whyAbsent(18)) ?? (await whyNoMysql('mysql-9')) ?? ('absent' in redis ? redis.absent : null)

/** A word that no other statement has. */
let words = 0
let lastFault = ''
const word = (): string => `word${String(++words)}x`
const wordsIn = (text: string): readonly string[] => text.match(/word\d+x/g) ?? []

/** Sends statements of all kinds, each with a word of its own, until the connection is gone. */
async function talkPostgres(port: number | undefined, password: string): Promise<void> {
  const client = new Client({ host: '127.0.0.1', port: Number(port), user: 'copilot', database: 'shop', password })
  client.on('error', () => undefined)
  try {
    await client.connect()
    for (;;) {
      await client.query(`SELECT '${word()}'`)
      await client.query('INSERT INTO said VALUES ($1)', [word()])
      await client.query({ name: 'kept', text: 'SELECT count(*) FROM said WHERE word = $1', values: [word()] })
      await client.query(`BEGIN; INSERT INTO said VALUES ('${word()}'); ROLLBACK`)
    }
  } catch (error) {
    // The gateway was killed, or the test is wrong.
    lastFault = String(error)
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function talkMysql(port: number | undefined, password: string): Promise<void> {
  try {
    const client = await createConnection({
      host: '127.0.0.1',
      port: Number(port),
      user: 'copilot',
      database: 'orders',
      password,
      enableCleartextPlugin: true,
    })
    client.on('error', () => undefined)
    try {
      for (;;) {
        await client.query(`SELECT '${word()}'`)
        await client.execute('INSERT INTO said VALUES (?)', [word()])
        await client.execute('SELECT count(*) FROM said WHERE word = ?', [word()])
        await client.query(`UPDATE said SET word = word WHERE word = '${word()}'`)
      }
    } finally {
      client.destroy()
    }
  } catch (error) {
    lastFault = String(error)
  }
}

describe.skipIf(absent !== null)(
  `A gateway that is killed at any moment${absent === null ? '' : ` (skipped: ${absent})`}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-crashes-'))
    const trail = join(folder, 'trail')
    const pair = makeKeyPair()
    const keyFile = join(folder, 'signing-key')
    let postgres: PostgresServer
    let mysql: MysqlServer
    let installation: Installation
    const name = `crashes_${String(Math.random()).slice(2, 12)}`

    beforeAll(async () => {
      if ('absent' in redis) return
      writeFileSync(keyFile, pair.privateKey)
      // The servers' own account of what they were sent.
      postgres = await startPostgres({
        version: 18,
        settings: { log_statement: 'all', log_min_duration_statement: -1 },
      })
      mysql = await startMysql({ version: 'mysql-9', settings: { 'general-log': 'ON', 'log-output': 'TABLE' } })
      await createDatabase(postgres, name, SQL)
      await createMysqlDatabase(mysql, name, SQL)
      installation = await startInstallation({
        redis: redis.address,
        targets: { shop: targetOf(postgres, name), orders: mysqlTarget(mysql, name) },
        policy: POLICY,
        gateways: 1,
        admins: 0,
        settings: { audit: { directory: trail, segmentBytes: 65_536, signingKey: `file:${keyFile}` } },
      })
    }, 120_000)
    afterAll(async () => {
      await installation.close()
      await postgres.stop()
      await mysql.stop()
      rmSync(folder, { recursive: true, force: true })
    })

    test(
      'has everything on record that the databases were sent, and the trail stays provable',
      async () => {
        const [gateway] = installation.gateways
        if (gateway === undefined) throw new Error('there is no gateway')
        const keys = readVerifyingKeys([pair.publicKey])
        for (let crash = 0; crash < CRASHES; crash++) {
          if (crash > 0) await gateway.start()
          const token = await installation.token()
          const talking = Array.from({ length: CLIENTS }, (_, at) =>
            at % 2 === 0 ? talkPostgres(gateway.ports['postgres'], token) : talkMysql(gateway.ports['mysql'], token),
          )
          const begun = words
          await expect.poll(() => words - begun, { message: `nothing is said: ${lastFault}` }).toBeGreaterThan(20)
          await sleep(Math.random() * 400)
          await gateway.kill()
          await Promise.all(talking)
          expect((await verifyTrail(trail, { keys })).firstBreak).toBe(null)
        }
        await gateway.start()
        await gateway.stop()
        const report = await verifyTrail(trail, { keys })
        expect(report).toMatchObject({ firstBreak: null, warnings: [] })
        expect(report.proven).toBe(report.records)

        const recorded = new Set<string>()
        await readRecords(trail, { kinds: ['intent'] }, (record) => {
          for (const one of wordsIn(JSON.stringify(record))) recorded.add(one)
          return true
        })
        const sent = [
          ...wordsIn(readFileSync(postgres.logFile ?? '', 'utf8')),
          ...(
            await firstColumn(`${mysql.url}mysql`, ['SELECT CONVERT(argument USING utf8mb4) FROM general_log'])
          ).flatMap(wordsIn),
        ]
        expect(sent.length).toBeGreaterThan(CRASHES * 20)
        expect(sent.filter((one) => !recorded.has(one))).toEqual([])
      },
      60_000 + CRASHES * 15_000,
    )
  },
)
