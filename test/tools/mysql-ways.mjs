// How Node's programs of checks reach MySQL and MariaDB, and all that the gateway gave them.
import { ok } from 'node:assert'
import { readFileSync } from 'node:fs'
import { TLSSocket } from 'node:tls'
import { handover, hides, sameBothWays as same } from './node-checks.mjs'

const { host, port, token, direct, caFile } = handover
const { database } = direct
const ssl = { ca: readFileSync(caFile) }

/** Through the gateway, over TLS that is verified. */
export const through = (password) => ({ host, port, user: 'agent', password, database, ssl })

/** What `look` finds through the gateway and without it must be the same. */
export const sameBothWays = (look) => same(look, through(token), direct)

export const REFUSED = /gatehouse: /
export const MASKED = ['[redacted]', '[redacted]', '[redacted]']

// Only ways through the gateway have TLS: this is all that it gave.
const received = []
const push = TLSSocket.prototype.push
TLSSocket.prototype.push = function (chunk, ...more) {
  if (chunk !== null) received.push(Buffer.from(chunk))
  return push.call(this, chunk, ...more)
}

/** Nothing hidden stands in any byte of it. */
export function receivedNothingHidden() {
  const all = Buffer.concat(received)
  ok(all.length > 10_000, `only ${all.length} bytes were seen`)
  ok(all.includes('Customer One'))
  hides(all.toString('latin1'))
}

/** Runs the body with what `open` gives, and closes that behind it. */
export async function using(open, close, body) {
  const opened = await open
  try {
    await body(opened)
  } finally {
    await close(opened)
  }
}
