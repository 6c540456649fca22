import { encodePrepare, encodeStatementClose, PayloadReader, ResponseKind } from '@gatehouse/mysql-wire'
import type { CommandClient } from '../../mysql/command-client.ts'

/** What the server itself tells of a statement. */
export interface Account {
  /** Names of the columns of its result, in order: what COM_STMT_PREPARE is answered with. */
  readonly columns: readonly string[]
  /** Tables and views that were locked for it, sorted; null where the server does not tell (MariaDB as it starts). */
  readonly locked: readonly string[] | null
}

/** Null: the server does not take the statement. */
export async function accountOf(
  client: CommandClient,
  onlooker: (sql: string) => Promise<readonly (readonly (string | null)[])[]>,
  sql: string,
): Promise<Account | null> {
  await client.query('BEGIN')
  try {
    const { prepared, packets } = await client.command(ResponseKind.Prepare, (writer) => encodePrepare(sql, writer))
    if (prepared === null) return null
    const columns = packets.slice(1 + prepared.parameters).map(({ payload }) => columnName(payload))
    client.write((writer) => encodeStatementClose(prepared.statementId, writer))
    // Locks of a transaction stay until it ends; those of a statement that was only prepared do not.
    if (prepared.parameters === 0 && (await client.query(sql)).error !== null) return { columns, locked: null }
    if (prepared.parameters > 0) return { columns, locked: null }
    const id = String(client.handshake?.threadId)
    const rows = await onlooker(
      `SELECT object_schema, object_name FROM performance_schema.metadata_locks l JOIN performance_schema.threads t ON t.thread_id = l.owner_thread_id
        WHERE t.processlist_id = ${id} AND object_type = 'TABLE' ORDER BY 1, 2`,
    ).catch(() => null)
    if (rows === null || rows.length === 0) return { columns, locked: null }
    return { columns, locked: [...new Set(rows.map((cells) => cells.join('.')))].toSorted() }
  } finally {
    await client.query('ROLLBACK')
  }
}

/** The sixth field of a column definition: behind catalog, schema, table and org_table. */
function columnName(payload: Buffer): string {
  const reader = new PayloadReader(payload)
  for (let field = 0; field < 4; field++) reader.lenencBytesOrNull()
  return reader.lenencBytesOrNull()?.toString('utf8') ?? ''
}
