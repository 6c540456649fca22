import * as z from 'zod'
import { addressRange } from './address-range-schema.ts'
import type { LoginConfig } from './gateway-config.ts'

const failures = z.int().min(1).max(1_000_000)

/** The schema of what logins may fail. */
export const loginSchema: z.ZodType<LoginConfig> = z.strictObject({
  failuresPerAddress: failures
    .default(10)
    .describe(
      'So many logins of one client address (of IPv6: of one /64) may fail in a minute, over all gateways; then it waits for the next.',
    ),
  failuresPerName: failures
    .default(10)
    .describe(
      "So many logins with one session credential's name from one neighbourhood (IPv4: /24, IPv6: /48) may fail in a minute; then those of its addresses that have failed wait for the next.",
    ),
  sharedAddresses: z
    .array(addressRange)
    .default(['127.0.0.0/8', '::1'])
    .describe(
      'Addresses and ranges that many clients share, as those of balancers and tunnels: `failuresPerAddress` does not count there, or one client could keep all others waiting. Default: loopback.',
    ),
})
