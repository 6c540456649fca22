import { type JsonSchema, jsonSchemaOf } from '@gatehouse/configuration'
import { adminSchema } from './admin-schema.ts'

/** What may stand in the admin service's configuration file. */
export function adminJsonSchema(): JsonSchema {
  return { ...jsonSchemaOf(adminSchema('/')), title: 'Gatehouse admin configuration' }
}
