import {
  BinaryRowWalker,
  Capability,
  Command,
  encodeBareCommand,
  encodePrepare,
  encodeStatementClose,
  ResponseKind,
} from '@gatehouse/mysql-wire'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import type { Answer, CommandClient } from '../mysql/command-client.ts'
import { corpusText } from './cases.ts'
import { mysqlToken, splitStatements } from './split-statements.ts'

const casesText = corpusText('mysql.jsonl')

/** How a text is sent: whole in COM_QUERY, or its statements one by one, prepared, with rows in binary. */
export type Form = 'text' | 'prepared'

/** What came back, whatever the form. */
export interface Came {
  readonly errors: readonly string[]
  readonly messages: readonly string[]
  readonly rows: readonly (readonly (string | null)[])[]
}

/** Sends a text and takes what comes. Throws when the connection ends before the answer. */
export async function send(client: CommandClient, sql: string, form: Form): Promise<Came> {
  const answers: Answer[] = []
  if (form === 'text') answers.push(await client.query(sql))
  else for (const statement of splitStatements(sql, mysqlToken)) answers.push(await execute(client, statement))
  return {
    errors: answers.flatMap(({ error }) => (error === null ? [] : [error.sqlState])),
    messages: answers.flatMap(({ error }) => (error === null ? [] : [error.errorMessage])),
    rows: answers.flatMap((answer) => [...answer.rows, ...binaryCells(answer)]),
  }
}

async function execute(client: CommandClient, statement: string): Promise<Answer> {
  const prepared = await client.command(ResponseKind.Prepare, (writer) => encodePrepare(statement, writer))
  if (prepared.prepared === null) return prepared
  const id = prepared.prepared.statementId
  const attributes = (client.capabilities & Capability.QUERY_ATTRIBUTES) !== 0
  const answer = await client.command(ResponseKind.Binary, (writer) => {
    writer.begin(0).int1(Command.STMT_EXECUTE).int4(id).int1(0).int4(1)
    if (attributes) writer.lenencInt(0)
    writer.end()
  })
  client.write((writer) => encodeStatementClose(id, writer))
  return answer
}

/** Cells of rows in binary: null, or their bytes in hexadecimal. Rows of several results are left out. */
function binaryCells({ binaryRows, columns, results }: Answer): (string | null)[][] {
  if (results !== 1) return binaryRows.map((row) => [row.toString('hex')])
  const walker = new BinaryRowWalker(columns.map(({ type }) => type))
  return binaryRows.map((row) => {
    const cells: (string | null)[] = []
    walker.reset(row, 0, row.length)
    while (walker.next()) cells.push(walker.isNull ? null : row.toString('hex', walker.start, walker.end))
    return cells
  })
}

/** The session as it was after the login; false when the connection is not usable. */
export async function backToTheStart(client: CommandClient): Promise<boolean> {
  try {
    await client.query('ROLLBACK')
    const alive = await client.query('SELECT 1')
    if (alive.rows.join() !== '1') return false
    const reset = await client.command(ResponseKind.Status, (writer) => encodeBareCommand('RESET_CONNECTION', writer))
    return reset.error === null
  } catch {
    return false
  }
}

/** Two texts: what differs whenever a statement left a trace in the definitions of these schemas or among the accounts, and in rows. */
export interface State {
  readonly definitions: string
  readonly rows: string
}

export async function stateOf(admin: Connection, schemas: readonly string[]): Promise<State> {
  const [all] = await admin.query<RowDataPacket[]>(DEFINITIONS, [schemas, schemas, schemas, schemas, schemas])
  // Accounts are the server's: those that the cases do not name, such as another test's, are not theirs.
  const definitions = all.filter(({ kind, name }) => kind !== 'account' || casesText.includes(String(name)))
  const queries = definitions
    .filter(({ kind }) => kind === 'BASE TABLE')
    .map(({ name }) => `SELECT * FROM ${String(name)} ORDER BY 1`)
  const [rows] = queries.length === 0 ? [[]] : await admin.query(queries.join('; '))
  return { definitions: JSON.stringify(definitions), rows: JSON.stringify(rows) }
}

const DEFINITIONS = `
SELECT table_type AS kind, CONCAT('\`', table_schema, '\`.\`', table_name, '\`') AS name, '' AS more FROM information_schema.tables WHERE table_schema IN (?)
UNION ALL SELECT 'column', CONCAT_WS('.', table_schema, table_name, column_name), column_type FROM information_schema.columns WHERE table_schema IN (?)
UNION ALL SELECT 'routine', CONCAT_WS('.', routine_schema, routine_name), routine_definition FROM information_schema.routines WHERE routine_schema IN (?)
UNION ALL SELECT 'trigger', CONCAT_WS('.', trigger_schema, trigger_name), action_statement FROM information_schema.triggers WHERE trigger_schema IN (?)
UNION ALL SELECT 'event', CONCAT_WS('.', event_schema, event_name), event_definition FROM information_schema.events WHERE event_schema IN (?)
UNION ALL SELECT 'account', user, host FROM mysql.user
ORDER BY 1, 2`

/** Everything in columns without a mask, as one text: where a masked value must not have been copied to. */
export async function unmasked(admin: Connection, schemas: readonly string[]): Promise<string> {
  const [columns] = await admin.query<RowDataPacket[]>(STORED_COLUMNS, [schemas])
  const texts: string[] = []
  for (const { name, relation } of columns) {
    const [rows] = await admin.query(`SELECT ${String(name)} AS v FROM ${String(relation)}`)
    texts.push(JSON.stringify(rows))
  }
  return texts.join('\n')
}

const STORED_COLUMNS = `
SELECT CONCAT('\`', c.column_name, '\`') AS name, CONCAT('\`', c.table_schema, '\`.\`', c.table_name, '\`') AS relation
FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE t.table_type = 'BASE TABLE' AND c.table_schema IN (?)
  AND NOT (c.table_name = 'users' AND c.column_name IN ('ssn', 'salary', 'dob', 'photo', 'doc', 'email'))`
