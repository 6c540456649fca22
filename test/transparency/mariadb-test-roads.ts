import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MysqlVersion } from '../servers/mysql.ts'
import { type MariadbTests, runMariadbTest } from './mariadb-tests.ts'
import { DATABASE, openMysqlRoads } from './mysql-roads.ts'

/** Runs test files on both roads. */
export interface TestRoads {
  /** What `mariadb-test` wrote of one file of `main` on each road, each in a new database. */
  readonly run: (name: string) => Promise<{ readonly direct: string; readonly through: string }>
  readonly close: () => Promise<void>
}

/** `seconds`: when a file is given up. */
export async function openTestRoads(version: MysqlVersion, tests: MariadbTests, seconds: number): Promise<TestRoads> {
  // The program asks for latin1, which the gateway does not give: then neither server does.
  const settings = {
    'character-set-server': 'utf8mb4',
    ...(version === 'mariadb-10.11' ? { 'skip-character-set-client-handshake': null } : {}),
  }
  const roads = await openMysqlRoads(version, settings)
  const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-mariadb-test-'))
  const road = { user: 'root', database: DATABASE }
  return {
    run: async (name) => {
      await roads.renew()
      const source = readFileSync(join(tests.folder, 'main', `${name}.test`), 'latin1')
      const file = join(scratch, `${name}.test`)
      // Further connections log in as the first one does.
      writeFileSync(
        file,
        source.replaceAll(/^(.*\bconnect\s*\(?[^,\n]+,[^,\n]+,\s*root\s*),\s*,/gm, '$1,$$ROAD_PASSWORD,'),
        'latin1',
      )
      const ends = [
        { ...road, port: roads.direct.port, password: roads.direct.password, caFile: null },
        { ...road, port: roads.gateway.port, password: await roads.token(), caFile: roads.gateway.caFile },
      ] as const
      const folders = [join(scratch, 'left_'), join(scratch, 'right')] as const
      const outputs = await Promise.all(
        ends.map((end, side) => runMariadbTest(tests, end, file, folders[side === 0 ? 0 : 1], seconds)),
      )
      const [direct = '', through = ''] = outputs.map((output, side) =>
        output
          .toString('latin1')
          .replaceAll(folders[side === 0 ? 0 : 1], 'FOLDER')
          .replaceAll(String(ends[side === 0 ? 0 : 1].port), 'PORT')
          .replaceAll(ends[side === 0 ? 0 : 1].password, 'PASSWORD'),
      )
      return { direct, through }
    },
    close: async () => {
      await roads.close()
      rmSync(scratch, { recursive: true, force: true })
    },
  }
}

/** What two outputs of one file come to: as `compareOutputs` of PostgreSQL's; `codes`: of the gateway's refusals. */
export function compareTestOutputs(
  direct: string,
  through: string,
): { readonly kind: 'identical' | 'worded' | 'refused' | 'different'; readonly codes: readonly string[] } {
  const codes = [...new Set([...through.matchAll(/gatehouse: ([A-Z_]+):/g)].map(([, code = '']) => code))].sort()
  if (direct === through) return { kind: 'identical', codes }
  const left = direct.split('\n').map(withoutWords)
  const right = through.split('\n').map(withoutWords)
  if (left.join('\n') === right.join('\n')) return { kind: 'worded', codes }
  return { kind: codes.some((code) => code !== 'UNREADABLE') ? 'refused' : 'different', codes }
}

/** Of what is no SQL the gateway says the same by number, in its own words. */
function withoutWords(line: string): string {
  return line.replace(/^(ERROR \S+: ).*(?:error in your SQL syntax|gatehouse: UNREADABLE).*$/, '$1')
}
