import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MysqlVersion } from '../servers/mysql.ts'
import { findMariadbTests } from './mariadb-tests.ts'
import { compareTestOutputs, openTestRoads } from './mariadb-test-roads.ts'
import { readMysqlCorpus } from './mysql-corpus.ts'
import { replay } from './mysql-replay.ts'
import { openMysqlRoads } from './mysql-roads.ts'

/**
 * Runs what the servers' own tests consist of on both roads and reports what differs:
 *   node test/transparency/run-all-mysql.ts mysql-9|mariadb-10.11 statements [FROM TO]
 *   node test/transparency/run-all-mysql.ts mysql-9|mariadb-10.11 files FOLDER [FILE…]
 * `statements`: those of the corpus, all or a part by number. `files`: test files of `main` of Debian's mariadb-test; both outputs are left
 * in FOLDER. Exit status 1: a difference that no documented refusal explains.
 */
const [version, what, ...rest] = process.argv.slice(2)
if ((version !== 'mysql-9' && version !== 'mariadb-10.11') || (what !== 'statements' && what !== 'files')) {
  console.error('usage: run-all-mysql.ts mysql-9|mariadb-10.11 statements [FROM TO] | files FOLDER [FILE…]')
  process.exit(2)
}
process.exitCode = (await (what === 'statements' ? statements(version) : files(version))) > 0 ? 1 : 0

async function statements(server: MysqlVersion): Promise<number> {
  const corpus = readMysqlCorpus(server)
  if (typeof corpus === 'string') throw new Error(corpus)
  const [from = '0', to = String(corpus.length)] = rest
  const roads = await openMysqlRoads(server)
  try {
    const { refused, different, ...tally } = await replay(roads, corpus.slice(Number(from), Number(to)))
    for (const [code, texts] of refused) for (const text of texts) console.log(code, JSON.stringify(text))
    for (const difference of different) console.log('DIFFERENT', JSON.stringify(difference))
    const refusals = Object.fromEntries([...refused].map(([code, texts]) => [code, texts.length]))
    console.log(JSON.stringify({ ...tally, refusals, different: different.length }))
    return different.length
  } finally {
    await roads.close()
  }
}

async function files(server: MysqlVersion): Promise<number> {
  const tests = await findMariadbTests()
  if (tests.kind === 'absent') throw new Error(tests.reason)
  const [keep = '.', ...named] = rest
  if (!existsSync(keep)) mkdirSync(keep, { recursive: true })
  const every = readdirSync(join(tests.program.folder, 'main')).filter((name) => name.endsWith('.test'))
  const roads = await openTestRoads(server, tests.program, 120)
  const tally = { identical: 0, worded: 0, refused: 0, different: 0, failed: 0 }
  try {
    for (const name of named.length > 0 ? named : every.map((file) => file.replace(/\.test$/, ''))) {
      try {
        const { direct, through } = await roads.run(name)
        writeFileSync(join(keep, `${name}.direct`), direct)
        writeFileSync(join(keep, `${name}.through`), through)
        const { kind, codes } = compareTestOutputs(direct, through)
        tally[kind]++
        console.log(name.padEnd(30), kind.padEnd(10), codes.join(' '))
      } catch (error) {
        tally.failed++
        console.log(name.padEnd(30), String(error))
      }
    }
  } finally {
    await roads.close()
  }
  console.log(JSON.stringify(tally))
  return tally.different
}
