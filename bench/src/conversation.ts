import { CommandClient, ServerRefused as MysqlRefused } from '@gatehouse/test/mysql/command-client.ts'
import { errorOf, ServerRefused as PostgresRefused, WireClient } from '@gatehouse/test/postgres/wire-client.ts'
import type { EngineName } from './engine.ts'

/** What one session says to its database, one statement after the other, in either protocol. */
export interface Conversation {
  /** Rejects with code and message where the answer is an error, and where the connection ends. */
  say(text: string): Promise<void>
  leave(): void
}

/** Logs in on 127.0.0.1. Rejects with what the server said. */
export async function converse(
  engine: EngineName,
  port: number,
  target: string,
  password: string,
): Promise<Conversation> {
  const at = { host: '127.0.0.1', port }
  if (engine === 'postgres') {
    const client = await WireClient.login(at, { database: target, password })
    return {
      say: async (text) => {
        const messages = await client.query(text)
        const error = errorOf(messages)
        if (error !== null) throw new Error(`${error.fields.get('C') ?? '?'}: ${error.fields.get('M') ?? '?'}`)
        if (messages.at(-1)?.kind !== 'ReadyForQuery') throw new Error('the connection ended without a word')
      },
      leave: () => client.destroy(),
    }
  }
  const client = await CommandClient.login(at, { database: target, password })
  return {
    say: async (text) => {
      const { error } = await client.query(text)
      if (error !== null) throw new Error(`${String(error.errorCode)}: ${error.errorMessage}`)
    },
    leave: () => client.socket.destroy(),
  }
}

/** Whether a login was refused in the protocol's own words; else its connection just ended, or nothing came. */
export function refusedInWords(error: unknown): boolean {
  return error instanceof PostgresRefused || error instanceof MysqlRefused
}
