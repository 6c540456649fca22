import { type JsonSchema, jsonSchemaOf } from '@gatehouse/configuration'
import { gatewaySchema } from './gateway-schema.ts'

/** What may stand in the gateway's configuration file. */
export function gatewayJsonSchema(): JsonSchema {
  return { ...jsonSchemaOf(gatewaySchema('/')), title: 'Gatehouse gateway configuration' }
}
