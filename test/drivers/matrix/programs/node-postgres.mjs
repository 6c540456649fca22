import pg from 'pg'
import { logins } from './logins.mjs'

await logins(async ({ way, host, port, target, user, secret, ca }) => {
  // shown: begin
  const options = { host, port, database: target, user, password: secret, ssl: { ca } }
  // For a session credential, besides: SCRAM-SHA-256-PLUS.
  const bound = { ...options, enableChannelBinding: true }
  // shown: end
  const bare = { ...options, ssl: undefined }
  const client = new pg.Client(way === 'bare' ? bare : way === 'scram-plus' ? bound : options)
  client.on('error', () => undefined)
  await client.connect()
  return {
    value: async (sql) => (await client.query(sql)).rows[0]?.ssn,
    close: () => client.end(),
  }
})
