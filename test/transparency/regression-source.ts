import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { NO_SANDBOX, putInPlace, systemSource } from '../servers/debian-packages.ts'
import type { Had } from '../servers/found.ts'
import { KEPT_SERVERS } from '../servers/private-folder.ts'

const run = promisify(execFile)
const PACKAGE = 'postgresql-15'

/**
 * The folder with PostgreSQL 15's own regression tests (`sql`, `data`, `expected`, `parallel_schedule`), from Debian's
 * source package; kept between runs. Absent where there is no apt, no network or no bzip2.
 */
export async function findRegressionSource(): Promise<Had<string>> {
  const folder = join(KEPT_SERVERS, 'postgres-15-regress')
  if (existsSync(folder)) return { kind: 'program', program: folder }
  if (!existsSync('/usr/bin/apt-get'))
    return { kind: 'absent', reason: 'no apt-get here to fetch PostgreSQL’s regression tests with' }
  const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-source-'))
  try {
    const options = await privateSourceLists(scratch)
    await run('apt-get', [...options, '-q', 'source', '--download-only', '--tar-only', PACKAGE], {
      cwd: scratch,
      timeout: 300_000,
    })
    mkdirSync(KEPT_SERVERS, { recursive: true })
    // Unpacked beside and renamed: a folder that was cut off is never taken for a whole one.
    const beside = mkdtempSync(`${folder}.`)
    chmodSync(beside, 0o755)
    const wanted = ['sql', 'data', 'expected', 'parallel_schedule'].map((name) => `*/src/test/regress/${name}`)
    await run(
      'sh',
      ['-c', 'exec tar -xf *.orig.tar.* "$@"', 'sh', '-C', beside, '--strip-components=4', '--wildcards', ...wanted],
      {
        cwd: scratch,
        timeout: 120_000,
      },
    )
    putInPlace(beside, folder)
    return { kind: 'program', program: folder }
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error)
    return { kind: 'absent', reason: `PostgreSQL’s regression tests could not be fetched (${words.slice(0, 300)})` }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** apt options for source lists of our own: the system's mirror and keyring; the system's lists are not touched. */
async function privateSourceLists(scratch: string): Promise<readonly string[]> {
  const source = systemSource()
  mkdirSync(join(scratch, 'state', 'lists', 'partial'), { recursive: true })
  mkdirSync(join(scratch, 'cache', 'archives', 'partial'), { recursive: true })
  writeFileSync(join(scratch, 'sources.list'), `deb-src ${source.options}${source.uri} bookworm main\n`)
  writeFileSync(join(scratch, 'status'), '')
  const options = [
    ['Dir::Etc::SourceList', join(scratch, 'sources.list')],
    ['Dir::Etc::SourceParts', '-'],
    ['Dir::State', join(scratch, 'state')],
    ['Dir::State::status', join(scratch, 'status')],
    ['Dir::Cache', join(scratch, 'cache')],
    ['Acquire::Languages', 'none'],
  ].flatMap(([name, value]) => ['-o', `${String(name)}=${String(value)}`])
  const all = [...options, ...NO_SANDBOX]
  await run('apt-get', [...all, '-q', 'update'], { timeout: 300_000 })
  return all
}
