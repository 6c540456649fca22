import {
  buildCatalog,
  type Catalog,
  CATALOG_QUERIES_BUILTIN,
  CATALOG_QUERIES_OWN,
  CATALOG_SESSION,
  CATALOG_VERSION_QUERY,
  type CatalogPartQueries,
  type CatalogRows,
} from '@gatehouse/sql-analysis'
import type { BackendMessage } from '@gatehouse/postgres-wire'
import { Client } from 'pg'
import type { TappedSession } from './tapped-session.ts'

const SCHEMAS_QUERY = 'SELECT pg_catalog.to_json(pg_catalog.current_schemas(true))::pg_catalog.text'

/** What names mean to a session at this moment, uncommitted and temporary objects included. */
export interface SessionNames {
  readonly catalog: Catalog
  readonly searchPath: readonly string[]
}

/**
 * Catalogs as one session after another sees them; what has not changed is not read again. What is committed is read on a connection
 * of one's own, to which no temporary schema is visible: so the stored texts of views name their temporary tables in full.
 */
export class SessionCatalogs {
  readonly #url: string
  #own: Client | null = null
  #builtin: CatalogRows | null = null
  #known: Catalog | null = null

  /** `url`: the database that the sessions are in. */
  constructor(url: string) {
    this.#url = url
  }

  /** Null: the session cannot be asked now (it is in a failed transaction). */
  async namesOf(session: TappedSession): Promise<SessionNames | null> {
    if (session.status === 'E') return null
    const [[version = ''] = [], [schemas = '[]'] = []] = results(
      await session.ask(`${CATALOG_VERSION_QUERY}; ${SCHEMAS_QUERY}`),
    )
    if (this.#known === null || this.#known.version !== version) {
      const idle = session.status === 'I'
      const read = (queries: CatalogPartQueries): Promise<CatalogRows> =>
        idle ? this.#readCommitted(queries) : readRows(session, queries)
      this.#builtin ??= await read(CATALOG_QUERIES_BUILTIN)
      this.#known = buildCatalog(version, this.#builtin, await read(CATALOG_QUERIES_OWN))
    }
    return { catalog: this.#known, searchPath: JSON.parse(schemas) as readonly string[] }
  }

  async close(): Promise<void> {
    await this.#own?.end()
  }

  async #readCommitted(queries: CatalogPartQueries): Promise<CatalogRows> {
    const client = (this.#own ??= await this.#connect())
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    try {
      return await rowsOf(queries, async (texts) => {
        const found: string[][] = []
        for (const text of texts) {
          const { rows } = await client.query<string[]>({ text, rowMode: 'array' })
          found.push(rows.map(([cell]) => cell ?? ''))
        }
        return found
      })
    } finally {
      await client.query('ROLLBACK')
    }
  }

  async #connect(): Promise<Client> {
    const client = new Client({ connectionString: this.#url })
    // The database may be dropped under it: then the next read opens another.
    const lose = (): void => {
      if (this.#own === client) this.#own = null
    }
    client.on('error', lose)
    client.on('end', lose)
    await client.connect()
    await client.query(CATALOG_SESSION)
    return client
  }
}

/** Asks within a transaction, or a savepoint of the one that is open, and leaves nothing behind. */
export async function aside<T>(session: TappedSession, work: () => Promise<T>): Promise<T> {
  const within = session.status === 'T'
  await session.ask(within ? 'SAVEPOINT aside' : 'BEGIN')
  try {
    return await work()
  } finally {
    await session.ask(within ? 'ROLLBACK TO aside; RELEASE aside' : 'ROLLBACK')
  }
}

const KINDS = ['relations', 'functions', 'types', 'operators', 'builtinOperators'] as const

function readRows(session: TappedSession, queries: CatalogPartQueries): Promise<CatalogRows> {
  return aside(session, () =>
    rowsOf(queries, async (texts) =>
      results(await session.ask([CATALOG_SESSION.replace('SET', 'SET LOCAL'), ...texts].join(';\n'))),
    ),
  )
}

async function rowsOf(
  queries: CatalogPartQueries,
  read: (texts: readonly string[]) => Promise<readonly (readonly string[])[]>,
): Promise<CatalogRows> {
  const wanted = KINDS.flatMap((kind) => {
    const text = queries[kind]
    return text === null ? [] : [{ kind, text }]
  })
  const found = await read(wanted.map(({ text }) => text))
  const of = (kind: keyof CatalogRows): readonly string[] => found[wanted.findIndex((one) => one.kind === kind)] ?? []
  return {
    relations: of('relations'),
    functions: of('functions'),
    types: of('types'),
    operators: of('operators'),
    builtinOperators: of('builtinOperators'),
  }
}

/** The first column of each result with rows. Throws what the server refused. */
export function results(messages: readonly BackendMessage[]): string[][] {
  return tables(messages).map((rows) => rows.map(([cell]) => cell ?? ''))
}

/** The rows of each result with rows. Throws what the server refused. */
export function tables(messages: readonly BackendMessage[]): (string | null)[][][] {
  const all: (string | null)[][][] = []
  for (const message of messages) {
    if (message.kind === 'ErrorResponse') throw new ServerRefused(message.fields.get('M') ?? '')
    if (message.kind === 'RowDescription') all.push([])
    if (message.kind === 'DataRow') all.at(-1)?.push(message.cells.map((cell) => cell?.toString('utf8') ?? null))
  }
  return all
}

/** The server did not take a text. */
export class ServerRefused extends Error {}
