import pg from 'pg'
import { logins } from './logins.mjs'

await logins(async ({ way, host, port, target, user, secret, ca, cert, key }) => {
  // shown: begin
  const options = { host, port, database: target, user, password: secret, ssl: { ca } }
  // For a session credential, besides: SCRAM-SHA-256-PLUS.
  const bound = { ...options, enableChannelBinding: true }
  // A client certificate, with any password.
  const certified = { ...options, ssl: { ca, cert, key } }
  const open = (given) => new pg.Client(given)
  // shown: end
  const unsaid = { ...options, ssl: way === 'off' ? false : undefined }
  const client = open({ bare: unsaid, off: unsaid, 'scram-plus': bound, certificate: certified }[way] ?? options)
  client.on('error', () => undefined)
  const begin = client.connection.sendSASLInitialResponseMessage
  client.connection.sendSASLInitialResponseMessage = function (mechanism, ...more) {
    const wanted = way === 'scram-plus' ? 'SCRAM-SHA-256-PLUS' : 'SCRAM-SHA-256'
    if (mechanism !== wanted) throw new Error(`it chose ${mechanism}`)
    return begin.call(this, mechanism, ...more)
  }
  await client.connect()
  return {
    value: async (sql) => (await client.query(sql)).rows[0]?.ssn,
    close: () => client.end(),
  }
})
