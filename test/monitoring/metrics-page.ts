import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openMemoryCoordination } from '@gatehouse/coordination'
import { metricsTable } from '@gatehouse/monitoring'
import { startTestAdmin } from '../harness/start-admin.ts'
import { startTestGateway } from '../harness/start-gateway.ts'

export const PAGE: string = join(import.meta.dirname, '../../docs/monitoring.md')

/** docs/monitoring.md with the tables of what a gateway and an admin service really have. */
export async function withTables(page: string): Promise<string> {
  // Nobody is there: a target that is down now may be up when somebody asks for it.
  const target = { host: '127.0.0.1', port: 1, database: 'd', user: 'u', password: 'p' }
  const rule = '{ name: all, allow: { actions: [select], relations: ["*"] } }'
  const gateway = await startTestGateway({
    targets: { shop: target },
    policy: `rules: [${rule}]`,
    shared: { monitoring: { address: '127.0.0.1:0' } },
  })
  try {
    const admin = await startTestAdmin(() => openMemoryCoordination())
    try {
      const tables = [gateway.gateway.metrics, admin.admin.metrics].map(({ registry }) => metricsTable(registry))
      return replaced(replaced(page, 'gateway', tables[0] ?? ''), 'admin', tables[1] ?? '')
    } finally {
      await admin.close()
    }
  } finally {
    await gateway.close()
  }
}

export function readPage(): string {
  return readFileSync(PAGE, 'utf8')
}

function replaced(page: string, name: string, table: string): string {
  const begin = `<!-- metrics of ${name}: written by test/monitoring/write-metrics-page.ts -->`
  const end = `<!-- end of the metrics of ${name} -->`
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new Error(`docs/monitoring.md has no place for the metrics of ${name}`)
  return `${page.slice(0, from + begin.length)}\n\n${table}\n\n${page.slice(to)}`
}
