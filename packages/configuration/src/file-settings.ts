import { X509Certificate } from 'node:crypto'
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import * as z from 'zod'

/** A file that must be there and be readable; relative to `directory`, absolute in the result. */
export function existingFile(directory: string): z.ZodType<string> {
  return z
    .string()
    .min(1)
    .transform((name) => resolve(directory, name))
    .refine(isReadableFile, { error: 'is not a file that can be read' })
}

/** A file of certificate authorities in PEM, each of which can be read. */
export function authoritiesFile(directory: string): z.ZodType<string> {
  return existingFile(directory).refine((file) => authoritiesFault(file) === null, {
    error: 'holds no usable certificate in PEM',
  })
}

/** A file of certificate revocation lists in PEM, each of which can be read. */
export function crlFile(directory: string): z.ZodType<string> {
  return existingFile(directory).refine((file) => revocationListFault(file) === null, {
    error: 'holds no usable certificate revocation list in PEM',
  })
}

/** A path that need not be there yet; relative to `directory`, absolute in the result. */
export function anyPath(directory: string): z.ZodType<string> {
  return z
    .string()
    .min(1)
    .transform((name) => resolve(directory, name))
}

/** Why a certificate and a private key cannot be used together; null: they can. */
export function keyPairFault(certificateFile: string, keyFile: string): string | null {
  try {
    createSecureContext({ cert: readFileSync(certificateFile), key: readFileSync(keyFile) })
    return null
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'unreadable'
    return code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
      ? 'the private key does not belong to the certificate'
      : `the certificate and the private key cannot be used (${code})`
  }
}

/** Why a file of certificate authorities cannot be used; null: it can. */
export function authoritiesFault(caFile: string): string | null {
  try {
    // Node passes over what it cannot read in such a file without a word, and then trusts fewer than were listed.
    const certificates = readFileSync(caFile, 'utf8').match(
      /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g,
    )
    if (certificates === null) return 'holds no certificate in PEM'
    const empty = certificates.some((certificate) => new X509Certificate(certificate).raw.length === 0)
    return empty ? 'holds an empty certificate' : null
  } catch {
    return 'holds a certificate that cannot be read'
  }
}

/** The certificate revocation lists in a text, each in PEM. */
export function revocationLists(text: string): readonly string[] {
  return text.match(/-----BEGIN X509 CRL-----[^-]*-----END X509 CRL-----/g) ?? []
}

/** Why a file of certificate revocation lists cannot be used; null: it can. */
export function revocationListFault(crlFile: string): string | null {
  try {
    const lists = revocationLists(readFileSync(crlFile, 'utf8'))
    if (lists.length === 0) return 'holds no certificate revocation list in PEM'
    createSecureContext({ crl: [...lists] })
    return null
  } catch {
    return 'holds a certificate revocation list that cannot be read'
  }
}

/** Whether a file is there that this process may run. */
export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

function isReadableFile(file: string): boolean {
  try {
    accessSync(file, constants.R_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
