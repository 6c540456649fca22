import * as z from 'zod'
import type { CredentialSource, SourceLog } from '../credential-source.ts'
import { type AwsRdsIamConfig, awsRdsIamSchema, openAwsRdsIam } from './aws-rds-iam.ts'
import { type AwsSecretsManagerConfig, awsSecretsManagerSchema, openAwsSecretsManager } from './aws-secrets-manager.ts'
import { type AzureEntraConfig, azureEntraSchema, openAzureEntra } from './azure-entra.ts'
import { type CommandConfig, commandSchema, openCommand } from './command.ts'
import { type EnvironmentConfig, environmentSchema, openEnvironment } from './environment.ts'
import { type FileConfig, fileSchema, openFile } from './file.ts'
import { type GoogleCloudSqlIamConfig, googleCloudSqlIamSchema, openGoogleCloudSqlIam } from './google-cloud-sql-iam.ts'
import { openVault, type VaultConfig, vaultSchema } from './vault.ts'

/** Where the credential of a target comes from, by `source`. */
export type CredentialConfig =
  | EnvironmentConfig
  | FileConfig
  | CommandConfig
  | VaultConfig
  | AwsSecretsManagerConfig
  | AwsRdsIamConfig
  | GoogleCloudSqlIamConfig
  | AzureEntraConfig

/** The schema of all of them. Relative paths begin at `directory`. */
export function credentialSchema(directory: string): z.ZodType<CredentialConfig> {
  return z.discriminatedUnion('source', [
    environmentSchema,
    fileSchema(directory),
    commandSchema(directory),
    vaultSchema(directory),
    awsSecretsManagerSchema,
    awsRdsIamSchema,
    googleCloudSqlIamSchema,
    azureEntraSchema,
  ])
}

/** Opens the source that is configured. Asks for nothing yet. */
export function openSource(config: CredentialConfig, log: SourceLog): CredentialSource {
  switch (config.source) {
    case 'environment':
      return openEnvironment(config)
    case 'file':
      return openFile(config, log)
    case 'command':
      return openCommand(config)
    case 'vault':
      return openVault(config, log)
    case 'aws-secrets-manager':
      return openAwsSecretsManager(config)
    case 'aws-rds-iam':
      return openAwsRdsIam(config)
    case 'google-cloud-sql-iam':
      return openGoogleCloudSqlIam()
    case 'azure-entra':
      return openAzureEntra(config)
    default:
      throw config satisfies never
  }
}
