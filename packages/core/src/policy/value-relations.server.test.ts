import { describe, expect, inject, it } from 'vitest'
import { createDatabase, openSession } from '../../../../test/servers/mysql.ts'
import { holdsValues } from './value-relations.ts'

type Session = Awaited<ReturnType<typeof openSession>>

// Puts values into tables, variables, locks and statements of some sessions, and looks for them in all that another one
// can read of the system schemas.

const canary = 'cnryzebra'
/** Where on each server a value shows at least; else the test looked at nothing. */
const seen = {
  mysql9: [
    'information_schema.processlist.info',
    'performance_schema.data_locks.lock_data',
    'performance_schema.events_statements_history.sql_text',
    'performance_schema.user_variables_by_thread.variable_value',
    'sys.x$session.current_statement',
    'sys.x$innodb_lock_waits.waiting_query',
  ],
  mariadb10: [
    'information_schema.processlist.info',
    'information_schema.innodb_locks.lock_data',
    'mysql.column_stats.min_value',
    'sys.x$innodb_lock_waits.waiting_query',
  ],
} as const

describe.each(['mysql9', 'mariadb10'] as const)('%s', (name) => {
  const server = inject('servers')[name]
  if (!('address' in server)) {
    it.skip(`there is none: ${server.absent}`, () => undefined)
    return
  }

  it('shows values of others in columns that are listed, and in no other', async () => {
    const open = (): Promise<Session> => openSession(server.address.url)
    const database = await createDatabase(server.address, `values_${process.pid}_${Date.now()}`)
    const sessions = await Promise.all([open(), open(), open()])
    const [writer, waiter, scanner] = sessions
    try {
      await writer.query(`USE ${database.database}`)
      await waiter.query(`USE ${database.database}; SET innodb_lock_wait_timeout = 30`)
      await writer.query('CREATE TABLE t (id int PRIMARY KEY, v varchar(60), body text, KEY (v), FULLTEXT (body))')
      await writer.query(`INSERT INTO t VALUES (1, '${canary}v1', '${canary}word here'), (2, '${canary}v2', 'x')`)
      await writer.query(
        name === 'mysql9' ? 'ANALYZE TABLE t UPDATE HISTOGRAM ON v' : 'ANALYZE TABLE t PERSISTENT FOR ALL',
      )
      await writer.query(`SET GLOBAL innodb_ft_aux_table = '${database.database}/t'`)
      await writer.query(`SET @v = '${canary}variable'; PREPARE p FROM 'SELECT ''${canary}prepared'''; EXECUTE p`)
      await expect(writer.query(`SELECT extractvalue('<a/>', concat('~', '${canary}error'))`)).rejects.toThrow(canary)
      await writer.query(`BEGIN; UPDATE t SET body = '${canary}lock' WHERE v = '${canary}v1'`)
      const waiting = waiter.query(`SELECT * FROM t WHERE v = '${canary}v1' FOR UPDATE`)
      // It ends with the session where a promise before it is broken.
      waiting.catch(() => undefined)
      await untilSeen(scanner, name)

      const found = await columnsWithCanary(scanner)
      for (const column of seen[name]) expect(found).toContain(column)
      const unlisted = found.filter((column) => {
        const [schema = '', relation = '', columnName = ''] = column.split('.')
        return !holdsValues({ schema, relation, column: columnName })
      })
      expect(unlisted).toEqual([])
      await writer.query('ROLLBACK')
      await waiting
    } finally {
      await scanner.query('SET GLOBAL innodb_ft_aux_table = DEFAULT')
      for (const session of sessions) session.destroy()
      await database.drop()
    }
  })
})

/** Waits until the server shows that one session waits for another. MariaDB shows what it saw before to who asks again within 100 ms. */
async function untilSeen(scanner: Session, name: 'mysql9' | 'mariadb10'): Promise<void> {
  const table = name === 'mysql9' ? 'performance_schema.data_lock_waits' : 'information_schema.innodb_lock_waits'
  for (;;) {
    if ((await rowsOf(scanner, `SELECT 1 FROM ${table}`)).length > 0) return
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

/** `schema.relation.column`, in lower case, of every one that holds the canary. */
async function columnsWithCanary(scanner: Session): Promise<readonly string[]> {
  await scanner.query('SET lock_wait_timeout = 1')
  const tables = await rowsOf(
    scanner,
    `SELECT concat('\`', table_schema, '\`.\`', table_name, '\`') AS t FROM information_schema.tables
    WHERE table_schema IN ('information_schema', 'performance_schema', 'sys', 'mysql')`,
  )
  const found = new Set<string>()
  for (const { t } of tables) {
    const path = String(t)
    for (const row of await rowsOf(scanner, `SELECT * FROM ${path} LIMIT 5000`))
      for (const [column, value] of Object.entries(row))
        if (value?.includes(canary) === true) found.add(`${path.replaceAll('`', '')}.${column}`.toLowerCase())
  }
  return [...found].toSorted()
}

/** None where the relation cannot be read: it is being made or changed by another test, or is of a part that is not there. */
async function rowsOf(scanner: Session, sql: string): Promise<readonly Readonly<Record<string, Buffer | null>>[]> {
  try {
    const [rows] = await scanner.query({ sql, typeCast: (field) => field.buffer() })
    return rows as Record<string, Buffer | null>[]
  } catch {
    return []
  }
}
