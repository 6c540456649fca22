import { createConnection } from 'mysql2/promise'
import { logins } from './logins.mjs'

await logins(async ({ way, host, port, target, user, secret, ca, cert, key }) => {
  // shown: begin
  const options = { host, port, database: target, user, password: secret, ssl: { ca, verifyIdentity: true } }
  // A client certificate, with any password.
  const certified = { ...options, ssl: { ca, cert, key, verifyIdentity: true } }
  const open = (given) => createConnection(given)
  // shown: end
  const unsaid = { ...options, ssl: undefined }
  const connection = await open({ bare: unsaid, off: unsaid, certificate: certified }[way] ?? options)
  try {
    if (way === 'change-user') await connection.changeUser({ user, password: secret, database: target })
  } catch (error) {
    await connection.end()
    throw error
  }
  return {
    value: async (sql) => (await connection.query(sql))[0][0]?.ssn,
    close: () => connection.end(),
  }
})
