import { isIP } from 'node:net'
import * as z from 'zod'
import { isLoopbackHost } from '../identity/index.ts'
import { existingFile, keyPairFault } from './file-settings.ts'
import type { ListenAddress, PostgresListenerConfig } from './gateway-config.ts'

/** The largest message PostgreSQL itself takes is 1 GiB - 1 (PQ_LARGE_MESSAGE_LIMIT, MaxAllocSize). */
const MAX_MESSAGE_BYTES = 1_073_741_823

/** The schema of the PostgreSQL listener. Relative paths begin at `directory`. */
export function postgresListenerSchema(directory: string): z.ZodType<PostgresListenerConfig> {
  return z
    .strictObject({
      address: z
        .string()
        .transform(toAddress)
        .prefault('127.0.0.1:15432')
        .describe('Host and port to listen on. Port 0: the system chooses.'),
      tls: listenerTls(directory)
        .nullable()
        .prefault(null)
        .describe("The listener's certificate. Null: no TLS, on a loopback address only."),
      allowClearTextPasswordOnLoopback: z
        .boolean()
        .default(false)
        .describe(
          'Weaker choice, for development: a token may come as a clear-text password without TLS, on a loopback address.',
        ),
      handshakeTimeoutSeconds: z.int().min(1).max(300).default(10).describe('From accept to the end of the login.'),
      maxConnections: z.int().min(1).max(1_000_000).default(10_000).describe('Of all clients together.'),
      maxConnectionsPerAddress: z.int().min(1).max(1_000_000).default(1000).describe('Of one client address.'),
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
    })
    .superRefine((listener, context) => {
      const { address, tls, allowClearTextPasswordOnLoopback, maxMessageBytes, maxStatementBytes } = listener
      const loopback = isLoopbackHost(address.host)
      if (!loopback && tls === null) {
        context.addIssue({
          code: 'custom',
          path: ['address'],
          message: 'is not a loopback address, so the listener needs tls',
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
    })
}

function listenerTls(directory: string): z.ZodType<PostgresListenerConfig['tls']> {
  return z
    .strictObject({
      certificateFile: existingFile(directory).describe('The certificate and its chain, in PEM.'),
      keyFile: existingFile(directory).describe('Its private key, in PEM, not encrypted.'),
    })
    .superRefine(({ certificateFile, keyFile }, context) => {
      const fault = keyPairFault(certificateFile, keyFile)
      if (fault !== null) context.addIssue({ code: 'custom', path: ['keyFile'], message: fault })
    })
}

function toAddress(text: string, context: z.RefinementCtx): ListenAddress {
  const [, bracketed, plain, digits = ''] = /^(?:\[([^\]]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain ?? ''
  const port = Number(digits)
  if (host === '' || port > 65_535 || (bracketed !== undefined && isIP(bracketed) !== 6)) {
    context.addIssue({ code: 'custom', message: 'must be host:port, with an IPv6 host in brackets' })
    return z.NEVER
  }
  return { host, port }
}
