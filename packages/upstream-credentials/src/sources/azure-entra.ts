import type { TokenCredential } from '@azure/identity'
import { isSafeUrl } from '@gatehouse/configuration'
import * as z from 'zod'
import type { CredentialSource } from '../credential-source.ts'
import type { SourceSchema } from '../source-schema.ts'
import { tokenSource } from '../token-source.ts'

const OPEN_SOURCE_DATABASES = 'https://ossrdbms-aad.database.windows.net/.default'

/** A token of Microsoft Entra ID for Azure Database for PostgreSQL or MySQL. */
export interface AzureEntraConfig {
  readonly source: 'azure-entra'
  readonly identity: 'default' | 'environment' | 'workload' | 'managed'
  readonly clientId: string | null
  readonly authority: string | null
  readonly scope: string
}

/** The settings of this source. */
export const azureEntraSchema: SourceSchema<AzureEntraConfig> = z
  .strictObject({
    source: z
      .literal('azure-entra')
      .describe('A token of Microsoft Entra ID for Azure Database for PostgreSQL or MySQL.'),
    identity: z
      .enum(['default', 'environment', 'workload', 'managed'])
      .default('default')
      .describe(
        "Whose token: `managed` identity of this machine, `workload` identity of a Kubernetes pod, a service principal in the `environment`, or what the library's `default` chain finds first (all of these, then a developer's own tools).",
      ),
    clientId: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('The client ID of a user-assigned identity. Null: the one that the machine or pod has.'),
    authority: z
      .string()
      .refine(isHttps, { error: 'must be an https address' })
      .nullable()
      .default(null)
      .describe(
        'The authority of a private cloud, which is then not looked up at the public one. Null: `AZURE_AUTHORITY_HOST`, or the public cloud.',
      ),
    scope: z
      .string()
      .min(1)
      .default(OPEN_SOURCE_DATABASES)
      .describe('What the token is for; another in a national cloud.'),
  })
  .refine(({ identity, clientId }) => clientId === null || identity !== 'environment', {
    path: ['clientId'],
    error: 'would not be looked at: with identity environment it is AZURE_CLIENT_ID',
  })

function isHttps(text: string): boolean {
  return URL.parse(text)?.protocol === 'https:' && isSafeUrl(text)
}

/** The source that is configured so. The library keeps a token until shortly before it expires. */
export function openAzureEntra(config: AzureEntraConfig): CredentialSource {
  return tokenSource('Microsoft Entra ID', {
    open: () => openCredential(config),
    async read(credential, _request, abortSignal) {
      const found = await credential.getToken(config.scope, { abortSignal })
      if (found === null) throw new Error('it answered with no token')
      if (found.expiresOnTimestamp <= Date.now()) throw new Error('it answered with a token that has expired')
      return { user: null, token: found.token }
    },
  })
}

async function openCredential({ identity, clientId, authority }: AzureEntraConfig): Promise<TokenCredential> {
  const azure = await import('@azure/identity')
  const where = authority === null ? {} : { authorityHost: authority, disableInstanceDiscovery: true }
  switch (identity) {
    case 'environment':
      return new azure.EnvironmentCredential(where)
    case 'workload':
      return new azure.WorkloadIdentityCredential({ ...where, ...(clientId === null ? {} : { clientId }) })
    case 'managed':
      return clientId === null
        ? new azure.ManagedIdentityCredential()
        : new azure.ManagedIdentityCredential({ clientId })
    case 'default':
      return new azure.DefaultAzureCredential({
        ...where,
        ...(clientId === null ? {} : { managedIdentityClientId: clientId, workloadIdentityClientId: clientId }),
      })
    default:
      throw identity satisfies never
  }
}
