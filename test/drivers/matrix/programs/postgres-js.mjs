import postgres from 'postgres'
import { logins } from './logins.mjs'

await logins(async ({ way, host, port, target, user, secret, ca }) => {
  // shown: begin
  const options = { host, port, database: target, user, password: secret, ssl: { ca } }
  const open = (given) => postgres(given)
  // shown: end
  const unsaid = { ...options, ssl: way === 'off' ? false : undefined }
  const sql = open({ ...(way === 'bare' || way === 'off' ? unsaid : options), max: 1, onnotice: () => undefined })
  // It connects with the first statement.
  await sql`SELECT 1`
  return {
    value: async (text) => (await sql.unsafe(text))[0]?.ssn,
    close: () => sql.end(),
  }
})
