import { publishSettings } from '@gatehouse/configuration'
import { gatewayJsonSchema } from './published-schema.ts'

// Run by hand after a change of the schema: writes config.schema.json, and the table in docs/configuration.md.
publishSettings(
  gatewayJsonSchema(),
  new URL('../../config.schema.json', import.meta.url),
  new URL('../../../../docs/configuration.md', import.meta.url),
)
