import { once } from 'node:events'
import {
  BadCursor,
  DirectoryIndex,
  MAX_PAGE_RECORDS,
  type PageWish,
  STATEMENT_OUTCOMES,
  trailDirectories,
  type TrailIndex,
  TrailMissing,
  type TrailQuery,
} from '@gatehouse/audit-trail'
import { RECORD_KINDS } from '@gatehouse/core'
import { Command, InvalidArgumentError } from 'commander'
import { readText } from '../explain-statement.ts'
import { CommandFailed, ExitStatus } from '../exit-status.ts'
import { summaryText } from '../summary-text.ts'

const ORDERS: readonly PageWish['order'][] = ['oldest', 'newest']

const UNIT_MILLISECONDS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const MOMENT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/

interface SearchWish extends TrailQuery {
  readonly limit?: number
  readonly cursor?: string
  readonly order?: PageWish['order']
  readonly summary?: true
  readonly json?: true
  readonly databaseUrlFile?: string
  readonly databaseCa?: string
}

/** `gatehouse audit search`. */
export function searchCommand(): Command {
  return new Command('search')
    .argument(
      '[directories...]',
      'one trail each, or the trails of all workers of a gateway; none: the database of --database-url-file or GATEHOUSE_AUDIT_DATABASE',
    )
    .description('print matching records, one JSON object a line, oldest first; or count them')
    .option('--gateway <id>', 'recorded by this gateway')
    .option('--session <id>', 'of this session')
    .option('--subject <subject>', 'on whose behalf')
    .option('--actor <actor>', 'which agent acted')
    .option('--target <target>', 'on this target')
    .option('--kind <kind>', `one of ${RECORD_KINDS.join(', ')}`, oneOf(RECORD_KINDS))
    .option('--action <action>', 'that does this: select, insert, …')
    .option('--relation <schema.name>', 'that touches this relation')
    .option('--masked <schema.relation.column>', 'in which this column was masked')
    .option('--rule <rule>', 'that this rule decided')
    .option('--outcome <outcome>', `statements that were ${STATEMENT_OUTCOMES.join(', ')}`, oneOf(STATEMENT_OUTCOMES))
    .option('--code <code>', "with this code of a refusal, or of the server's error")
    .option('--held', 'statements that people were asked about, or that ran under an approval or a grant')
    .option('--no-held', 'statements that they were not asked about')
    .option('--fingerprint <fingerprint>', 'statements of this shape')
    .option('--text <text>', "somewhere in the statement's text, upper and lower case alike")
    .option(
      '--since <time>',
      'from this time on: 2026-01-31, 2026-01-31T12:00Z, or so long ago: 90s, 5m, 2h, 7d',
      readTime,
    )
    .option('--until <time>', 'before this time, written alike', readTime)
    .option('--limit <records>', 'at most so many; where the next begin is told on standard error', readLimit)
    .option('--cursor <cursor>', 'go on where the same search with --limit ended')
    .option('--order <order>', 'oldest (default) or newest first', oneOf(ORDERS))
    .option('--summary', 'count what matches instead of printing it')
    .option('--json', 'with --summary: as JSON')
    .option('--database-url-file <file>', 'holds the postgres:// address of a database that trails are shipped to')
    .option('--database-ca <file>', 'authorities that its certificate must be of, in PEM')
    .action(search)
}

async function search(directories: readonly string[], wish: SearchWish): Promise<void> {
  const { limit, cursor, order, summary, json, databaseUrlFile, databaseCa, ...query } = wish
  if (json === true && summary !== true) throw usage('--json goes with --summary; records are printed as JSON anyway.')
  if (summary === true && (limit ?? cursor ?? order) !== undefined)
    throw usage('--summary counts all that matches: --limit, --cursor and --order do not go with it.')
  const index = await openIndex(directories, databaseUrlFile, databaseCa)
  try {
    if (summary === true) {
      const counted = await index.summarize(query)
      process.stdout.write(json === true ? `${JSON.stringify(counted)}\n` : summaryText(counted))
    } else
      await printRecords(index, query, { limit: limit ?? Infinity, order: order ?? 'oldest', cursor: cursor ?? null })
  } catch (error) {
    if (error instanceof BadCursor) throw usage(`--cursor: ${error.message}.`)
    if (error instanceof TrailMissing) throw usage(`${error.message}.`)
    throw error
  } finally {
    await index.close()
  }
}

async function openIndex(
  directories: readonly string[],
  urlFile: string | undefined,
  caFile: string | undefined,
): Promise<TrailIndex> {
  if (directories.length > 0) {
    if (urlFile !== undefined || caFile !== undefined)
      throw usage('Search directories or a database: --database-url-file and --database-ca do not go with directories.')
    return new DirectoryIndex(directories.flatMap(trailDirectories))
  }
  const url = urlFile === undefined ? (process.env['GATEHOUSE_AUDIT_DATABASE'] ?? '') : readText(urlFile).trim()
  if (url === '')
    throw usage('Name the directories of the trails, or a database by --database-url-file or GATEHOUSE_AUDIT_DATABASE.')
  const ca = caFile === undefined ? null : readText(caFile)
  // Searching directories needs no database client.
  const { BadDatabaseAddress, PostgresIndex } = await import('@gatehouse/audit-trail/postgres')
  try {
    return new PostgresIndex({ url, ca })
  } catch (error) {
    if (error instanceof BadDatabaseAddress) throw usage(error.message)
    throw error
  }
}

async function printRecords(index: TrailIndex, query: TrailQuery, { limit, order, cursor }: PageWish): Promise<void> {
  let unreadableLines = 0
  let left = limit
  let next = cursor
  do {
    const page = await index.search(query, { limit: Math.min(left, MAX_PAGE_RECORDS), order, cursor: next })
    for (const { gateway, record, outcome } of page.records)
      await print({ ...record, recordedBy: gateway, ...(outcome === null ? {} : { outcomeRecord: outcome }) })
    left -= page.records.length
    unreadableLines += page.unreadableLines
    next = page.next
  } while (next !== null && left > 0)
  if (next !== null) process.stderr.write(`next: --cursor ${next}\n`)
  if (unreadableLines > 0)
    process.stderr.write(`note: ${unreadableLines} lines could not be read; \`gatehouse audit verify\` says where\n`)
}

/** Waits for a reader that is slow, so that what it has not read is not kept in memory. */
async function print(value: object): Promise<void> {
  if (!process.stdout.write(`${JSON.stringify(value)}\n`)) await once(process.stdout, 'drain')
}

function oneOf<Value extends string>(values: readonly Value[]): (given: string) => Value {
  return (given) => {
    const found = values.find((value) => value === given)
    if (found === undefined) throw new InvalidArgumentError(`one of ${values.join(', ')}`)
    return found
  }
}

/** A moment as records have it: UTC, with milliseconds. */
function readTime(given: string): string {
  const ago = /^(\d{1,6})([smhd])$/.exec(given)
  const moment =
    ago === null
      ? MOMENT.test(given)
        ? Date.parse(given)
        : NaN
      : Date.now() - Number(ago[1]) * (UNIT_MILLISECONDS[ago[2] ?? ''] ?? NaN)
  if (!Number.isNaN(moment)) return new Date(moment).toISOString()
  throw new InvalidArgumentError('a time: 2026-01-31, 2026-01-31T12:00:00Z, or so long ago: 90s, 5m, 2h, 7d')
}

function readLimit(given: string): number {
  if (/^[1-9]\d{0,8}$/.test(given)) return Number(given)
  throw new InvalidArgumentError('a number of records, from 1 on')
}

function usage(message: string): CommandFailed {
  return new CommandFailed(message, ExitStatus.Usage)
}
