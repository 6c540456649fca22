import { publishSettings } from '@gatehouse/configuration'
import { adminJsonSchema } from './published-schema.ts'

// Run by hand after a change of the schema: writes config.schema.json, and the table in docs/admin.md.
publishSettings(
  adminJsonSchema(),
  new URL('../../config.schema.json', import.meta.url),
  new URL('../../../../docs/admin.md', import.meta.url),
)
