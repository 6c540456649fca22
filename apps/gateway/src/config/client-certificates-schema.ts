import * as z from 'zod'
import { NAME_SOURCES } from '@gatehouse/certificates'
import { authoritiesFile, crlFile } from '@gatehouse/configuration'
import type { ClientCertificatesConfig } from './gateway-config.ts'

const MAX_SECONDS = 31_536_000

/** The schema of the certificates that clients may log in with. Relative paths begin at `directory`. */
export function clientCertificatesSchema(directory: string): z.ZodType<ClientCertificatesConfig> {
  return z
    .strictObject({
      authoritiesFile: authoritiesFile(directory).describe(
        'Certificate authorities (PEM) whose certificates count; none but these.',
      ),
      crlFile: crlFile(directory)
        .nullable()
        .prefault(null)
        .describe(
          'Certificate revocation lists (PEM), one in date of each authority of a chain; without it the chain does not count. Null: none is looked at.',
        ),
      issuerName: z
        .string()
        .regex(/^x509:[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, { error: 'must be x509: and a name, such as x509:agents' })
        .describe(
          'What policies, records and revocations know these certificates by in place of the issuer of a token: `x509:` and a name.',
        ),
      subject: z
        .enum(NAME_SOURCES)
        .default('common-name')
        .describe(
          'Where the subject stands: in the common name, or in the subject alternative name of that kind. It must be the only one; `spiffe-id`: a URI of `trustDomain`.',
        ),
      actor: z
        .enum(NAME_SOURCES)
        .nullable()
        .default(null)
        .describe('Likewise the agent. Null: certificates name none.'),
      groups: z
        .enum(['none', 'organizational-units'])
        .default('none')
        .describe('`organizational-units`: each OU of the subject is a group.'),
      trustDomain: z
        .string()
        .regex(/^[a-z0-9._-]{1,255}$/, { error: 'must be a trust domain such as example.org' })
        .nullable()
        .default(null)
        .describe('The trust domain of SPIFFE IDs that count; needed where one is read.'),
      userName: z
        .string()
        .min(1)
        .max(255)
        .nullable()
        .default(null)
        .describe(
          'A user name under which every such certificate logs in, such as `certificate`. Null: only with the subject as the user name.',
        ),
      maxLifetimeSeconds: z
        .int()
        .min(1)
        .max(MAX_SECONDS)
        .nullable()
        .default(null)
        .describe('A certificate that was issued for longer does not count. Null: no limit.'),
      required: z
        .boolean()
        .default(false)
        .describe('Nobody gets in without such a certificate, also not with a token.'),
    })
    .superRefine(({ subject, actor, trustDomain }, context) => {
      const reads = subject === 'spiffe-id' || actor === 'spiffe-id'
      if (reads === (trustDomain !== null)) return
      const message = reads ? 'is needed: a SPIFFE ID is read' : 'would not be looked at: no SPIFFE ID is read'
      context.addIssue({ code: 'custom', path: ['trustDomain'], message })
    })
}
