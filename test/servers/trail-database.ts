import { randomUUID } from 'node:crypto'
import { afterAll } from 'vitest'
import { Client } from 'pg'
import { createDatabase, type PostgresAddress } from './postgres.ts'

/** Makes databases of one's own, and drops them when the tests of the file are over. */
export function databases(server: { readonly address: PostgresAddress } | { readonly absent: string }): {
  /** The address of a new one. */
  readonly make: () => Promise<string>
} {
  const drops: (() => Promise<void>)[] = []
  afterAll(async () => {
    for (const drop of drops) await drop()
  })
  return {
    make: async () => {
      if ('absent' in server) throw new Error(server.absent)
      const { url, drop } = await createDatabase(server.address, `trail_${randomUUID()}`)
      drops.push(drop)
      return url
    },
  }
}

/** Rows of a statement, each value as text. */
export async function rowsOf(url: string, text: string): Promise<readonly (readonly (string | null)[])[]> {
  const client = new Client({ connectionString: url, types: { getTypeParser: () => String } })
  await client.connect()
  try {
    await client.query("SET timezone = 'UTC'")
    return (await client.query<(string | null)[]>({ text, rowMode: 'array' })).rows
  } finally {
    await client.end()
  }
}
