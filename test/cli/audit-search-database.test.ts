import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readTrailId, TrailWriter } from '@gatehouse/audit-trail'
import { PostgresDestination } from '@gatehouse/audit-trail/postgres'
import type { AuditRecord } from '@gatehouse/core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { databases } from '../servers/trail-database.ts'

const MAIN = join(import.meta.dirname, '../../apps/cli/src/main.ts')
const { postgres18 } = inject('servers')
const { make } = databases(postgres18)

describe.skipIf('absent' in postgres18)('gatehouse audit search in a database', () => {
  let folder: string
  let trail: string
  let url: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-search-'))
    trail = join(folder, 'trail')
    const writer = await TrailWriter.open(trail, { gatewayId: 'gateway-a' })
    for (let at = 0; at < 20; at++) {
      const statement = {
        text: `select ${String(at)} from orders`,
        parameters: [],
        fingerprint: `shape-${String(at % 3)}`,
      }
      const principal = { subject: at % 4 === 0 ? 'eve' : 'ada', actor: 'copilot', groups: [], issuer: 'i' }
      const effect = at % 5 === 0 ? 'deny' : 'allow'
      const decision = {
        effect,
        rule: 'r',
        approval: null,
        code: effect === 'deny' ? 'DENIED_BY_RULE' : null,
        object: '',
      }
      writer.append(JSON.stringify({ kind: 'intent', session: 's1', principal, statement, decision }).slice(1, -1))
    }
    writer.commit()
    await writer.close()
    url = await make()
    const destination = new PostgresDestination({ url, ca: null })
    const lines = readdirSync(trail)
      .filter((name) => name.endsWith('.jsonl'))
      .flatMap((name) => readFileSync(join(trail, name), 'utf8').trimEnd().split('\n'))
    const id = readTrailId(trail)
    if (id === null) throw new Error('the trail has no id')
    const records = lines.map((line) => ({ record: JSON.parse(line) as AuditRecord, segment: 1, line }))
    await destination.deliver({ gateway: 'gateway-a', trail: id }, records)
    await destination.close()
    writeFileSync(join(folder, 'url'), `${url}\n`)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  async function search(words: readonly string[], environment: Record<string, string> = {}): Promise<string> {
    const env = { ...process.env, ...environment }
    return (await promisify(execFile)(process.execPath, [MAIN, 'audit', 'search', ...words], { env })).stdout
  }

  test.each([[[]], [['--subject', 'eve', '--outcome', 'refused']], [['--text', 'SELECT 7', '--order', 'newest']]])(
    'prints what it prints of the directory: %j',
    async (words) => {
      const [inFolder, inDatabase, byEnvironment] = await Promise.all([
        search([trail, ...words]),
        search(['--database-url-file', join(folder, 'url'), ...words]),
        search(words, { GATEHOUSE_AUDIT_DATABASE: url }),
      ])
      expect(inFolder).not.toBe('')
      expect(inDatabase).toBe(inFolder)
      expect(byEnvironment).toBe(inFolder)
    },
  )

  test('counts alike', async () => {
    const words = ['--summary', '--json', '--subject', 'ada']
    const inFolder = JSON.parse(await search([trail, ...words])) as { readonly statements: number }
    const inDatabase = JSON.parse(await search(['--database-url-file', join(folder, 'url'), ...words])) as object
    expect(inFolder.statements).toBe(15)
    expect(inDatabase).toEqual(inFolder)
  })

  test('of a database that is not there says so, and repeats no password', async () => {
    const nowhere = url.replace(/:\d+\//, ':1/')
    const failed = search([], { GATEHOUSE_AUDIT_DATABASE: nowhere })
    await expect(failed).rejects.toMatchObject({ stderr: expect.stringMatching(/cannot be reached|ECONNREFUSED/) })
    await failed.catch((error: unknown) => {
      const { password } = new URL(nowhere)
      expect((error as { readonly stderr: string }).stderr).not.toContain(decodeURIComponent(password))
    })
  })
})
