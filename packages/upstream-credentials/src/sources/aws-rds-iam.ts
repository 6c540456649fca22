import * as z from 'zod'
import type { CredentialSource } from '../credential-source.ts'
import type { SourceSchema } from '../source-schema.ts'
import { tokenSource } from '../token-source.ts'

/** A token for IAM authentication of RDS or Aurora, signed for each login. */
export interface AwsRdsIamConfig {
  readonly source: 'aws-rds-iam'
  readonly region: string
  /** Null: the target's. */
  readonly host: string | null
  /** Null: the target's. */
  readonly port: number | null
}

/** The settings of this source. */
export const awsRdsIamSchema: SourceSchema<AwsRdsIamConfig> = z.strictObject({
  source: z
    .literal('aws-rds-iam')
    .describe(
      'A token for IAM authentication of RDS or Aurora, signed for each login with what AWS gives this machine.',
    ),
  region: z.string().min(1).describe('The region of the instance or cluster.'),
  host: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("The endpoint's own name, where the target's `host` is another name for it. Null: `host`."),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .nullable()
    .default(null)
    .describe("The endpoint's own port, where the target's `port` is another. Null: `port`."),
})

/**
 * The source that is configured so. The signing is this machine's own work; what is asked for is the key to sign with, by the library's
 * default chain, and only when the last one is about to expire. A token is taken for 15 minutes.
 */
export function openAwsRdsIam({ region, host, port }: AwsRdsIamConfig): CredentialSource {
  return tokenSource('AWS', {
    async open(request) {
      const { Signer } = await import('@aws-sdk/rds-signer')
      const { user } = request
      if (user === null) throw new Error('the target says no user, and a token is for one')
      return new Signer({ region, hostname: host ?? request.host, port: port ?? request.port, username: user })
    },
    read: async (signer) => ({ user: null, token: await signer.getAuthToken() }),
  })
}
