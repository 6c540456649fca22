import { isIP } from 'node:net'
import * as z from 'zod'
import { existingFile, keyPairFault } from './file-settings.ts'

/** Host and port to listen on; port 0 lets the system choose. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** The server certificate (PEM chain) and its private key, as files that were found to fit. */
export interface ListenerTlsConfig {
  readonly certificateFile: string
  readonly keyFile: string
  readonly minVersion: TlsMinVersion
}

/** The oldest version of TLS that is spoken. */
export type TlsMinVersion = 'TLSv1.2' | 'TLSv1.3'

/** The schema of such a version; TLSv1.2 by default. */
export function tlsMinVersion(): z.ZodDefault<z.ZodEnum<{ 'TLSv1.2': 'TLSv1.2'; 'TLSv1.3': 'TLSv1.3' }>> {
  return z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2').describe('The oldest version of TLS that is spoken.')
}

/** `host:port`, an IPv6 host in brackets. */
export function listenAddress(): z.ZodType<ListenAddress, string> {
  return z.string().transform(toAddress)
}

/** A server's certificate and key. Relative paths begin at `directory`. */
export function listenerTls(directory: string): z.ZodType<ListenerTlsConfig> {
  return z
    .strictObject({
      certificateFile: existingFile(directory).describe('The certificate and its chain, in PEM.'),
      keyFile: existingFile(directory).describe('Its private key, in PEM, not encrypted.'),
      minVersion: tlsMinVersion(),
    })
    .superRefine(({ certificateFile, keyFile }, context) => {
      const fault = keyPairFault(certificateFile, keyFile)
      if (fault !== null) context.addIssue({ code: 'custom', path: ['keyFile'], message: fault })
    })
}

/** Host and port as one text, an IPv6 address in brackets. */
export function addressText({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
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
