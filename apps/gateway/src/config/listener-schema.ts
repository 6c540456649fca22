import * as z from 'zod'
import { isLoopbackHost } from '@gatehouse/core'
import { listenAddress, listenerTls } from '@gatehouse/configuration'
import { addressRange } from './address-range-schema.ts'
import { clientCertificatesSchema } from './client-certificates-schema.ts'
import type { ListenerConfig, MysqlListenerConfig } from './gateway-config.ts'
import { keepAliveSeconds } from './keep-alive-schema.ts'

/** The largest message PostgreSQL itself takes is 1 GiB - 1 (PQ_LARGE_MESSAGE_LIMIT, MaxAllocSize); MySQL's max_allowed_packet goes up to 1 GiB. */
const MAX_MESSAGE_BYTES = 1_073_741_823

/** The schema of the PostgreSQL listener. Relative paths begin at `directory`. */
export function postgresListenerSchema(directory: string): z.ZodType<ListenerConfig> {
  return z.strictObject(settings(directory, '127.0.0.1:15432')).superRefine(findContradictions)
}

/** The schema of the MySQL listener. Relative paths begin at `directory`. */
export function mysqlListenerSchema(directory: string): z.ZodType<MysqlListenerConfig> {
  return z
    .strictObject({
      ...settings(directory, '127.0.0.1:13306'),
      advertisedVersion: z
        .string()
        .regex(/^\d{1,2}\.\d{1,2}\.\d{1,3}[\x21-\x7e]{0,48}$/, {
          error: 'must begin with a version such as 8.0.99, in ASCII without blanks, at most 58 characters',
        })
        .nullable()
        .default(null)
        .describe(
          "The server version that clients are greeted with. Null: the targets' own, where all are of one flavour and one of them was reached; else `8.0.99-gatehouse`.",
        ),
    })
    .superRefine(findContradictions)
}

/** The settings that the listeners of both engines have. */
// oxlint-disable-next-line typescript/explicit-module-boundary-types
function settings(directory: string, address: string) {
  return {
    address: listenAddress().prefault(address).describe('Host and port to listen on. Port 0: the system chooses.'),
    tls: listenerTls(directory)
      .nullable()
      .prefault(null)
      .describe("The listener's certificate. Null: no TLS, on a loopback address only."),
    clientCertificates: clientCertificatesSchema(directory)
      .nullable()
      .prefault(null)
      .describe('Certificates of clients that log them in. Null: none is asked for.'),
    allowClearTextPasswordOnLoopback: z
      .boolean()
      .default(false)
      .describe(
        'Weaker choice, for development: a token may come as a clear-text password without TLS, on a loopback address.',
      ),
    proxyProtocol: z
      .strictObject({
        trustedSenders: z
          .array(addressRange)
          .min(1)
          .describe(
            'Addresses and ranges of the balancers. Each of their connections must begin with a header of the PROXY protocol (version 1 or 2); a header from anybody else is refused.',
          ),
      })
      .nullable()
      .default(null)
      .describe(
        'Balancers that say on whose behalf they connect: the address they name is the client’s from then on. Null: no connection may begin with such a header.',
      ),
    handshakeTimeoutSeconds: z.int().min(1).max(300).default(10).describe('From accept to the end of the login.'),
    keepAliveSeconds: keepAliveSeconds.describe(
      'A client that sends nothing for so long is probed; one that does not answer within ten seconds more is gone.',
    ),
    maxConnections: z.int().min(1).max(1_000_000).default(10_000).describe('Of all clients together.'),
    maxUnauthenticatedConnections: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(1000)
      .describe('Of `maxConnections`, those that have not logged in yet.'),
    maxUnauthenticatedConnectionsPerAddress: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(500)
      .describe(
        'Of `maxUnauthenticatedConnections`, those of one client address (of IPv6: of one /64), so that none can take all places. Enough for many clients behind one address: a login takes a fraction of a second.',
      ),
    maxConnectionsPerAddress: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(1000)
      .describe('Of one client address (of IPv6: of one /64).'),
    maxConnectionsPerPrincipal: z.int().min(1).max(1_000_000).default(200).describe('Of one subject and actor.'),
    maxMessageBytes: z
      .int()
      .min(65_536)
      .max(MAX_MESSAGE_BYTES)
      .default(67_108_864)
      .describe('A longer message from a client is refused before it is buffered.'),
    maxStatementBytes: z
      .int()
      .min(1024)
      .max(MAX_MESSAGE_BYTES)
      .default(1_048_576)
      .describe('A longer statement text is refused unread.'),
  }
}

function findContradictions(listener: ListenerConfig, context: z.RefinementCtx): void {
  const { address, tls, allowClearTextPasswordOnLoopback, maxMessageBytes, maxStatementBytes } = listener
  const loopback = isLoopbackHost(address.host)
  if (!loopback && tls === null) {
    context.addIssue({
      code: 'custom',
      path: ['address'],
      message: 'is not a loopback address, so the listener needs tls',
    })
  }
  if (listener.clientCertificates !== null && tls === null) {
    context.addIssue({
      code: 'custom',
      path: ['clientCertificates'],
      message: 'are shown under TLS alone, and there is no tls',
    })
  }
  if (!loopback && allowClearTextPasswordOnLoopback) {
    context.addIssue({
      code: 'custom',
      path: ['allowClearTextPasswordOnLoopback'],
      message: 'contradicts an address that is not a loopback one',
    })
  }
  if (maxStatementBytes > maxMessageBytes) {
    context.addIssue({
      code: 'custom',
      path: ['maxStatementBytes'],
      message: 'is more than maxMessageBytes, and a statement travels in one message',
    })
  }
}
