import postgres from 'postgres'
import { logins } from './logins.mjs'

await logins(async ({ way, host, port, target, user, secret, ca, cert, key }) => {
  // shown: begin
  const options = { host, port, database: target, user, password: secret, ssl: { ca } }
  // A client certificate, with any password.
  const certified = { ...options, ssl: { ca, cert, key } }
  const open = (given) => postgres(given)
  // shown: end
  const unsaid = { ...options, ssl: way === 'off' ? false : undefined }
  const chosen = { bare: unsaid, off: unsaid, certificate: certified }[way] ?? options
  const sql = open({ ...chosen, max: 1, onnotice: () => undefined })
  // It connects with the first statement.
  await sql`SELECT 1`
  return {
    value: async (text) => (await sql.unsafe(text))[0]?.ssn,
    close: () => sql.end(),
  }
})
