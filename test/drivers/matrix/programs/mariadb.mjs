import { createConnection } from 'mariadb'
import { logins } from './logins.mjs'

await logins(async ({ way, host, port, target, user, secret, ca }) => {
  // shown: begin
  const options = { host, port, database: target, user, password: secret, ssl: { ca } }
  const open = (given) => createConnection(given)
  // shown: end
  const connection = await open(
    way === 'bare' || way === 'off' ? { ...options, ssl: way !== 'off' && undefined } : options,
  )
  try {
    if (way === 'change-user') await connection.changeUser({ user, password: secret, database: target })
  } catch (error) {
    await connection.end()
    throw error
  }
  return {
    value: async (sql) => (await connection.query(sql))[0]?.ssn,
    close: () => connection.end(),
  }
})
