import * as z from 'zod'

const ENVIRONMENT_REFERENCE = '^\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}$'

const SECRET_REFERENCE = `${ENVIRONMENT_REFERENCE}|^file:.+$`

/** A JSON Schema, as far as those of configurations go. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

/** What may stand in a configuration file, as JSON Schema draft-07, which editors know best. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (jsonSchema['secretReference'] === true) {
        delete jsonSchema['secretReference']
        jsonSchema.type = 'string'
        jsonSchema.pattern = SECRET_REFERENCE
      }
      if (jsonSchema.type === 'integer' || jsonSchema.type === 'boolean') {
        const { type, minimum, maximum } = jsonSchema
        delete jsonSchema.type
        delete jsonSchema.minimum
        delete jsonSchema.maximum
        const limits = { ...(minimum === undefined ? {} : { minimum }), ...(maximum === undefined ? {} : { maximum }) }
        jsonSchema.anyOf = [
          { type, ...limits },
          { type: 'string', pattern: ENVIRONMENT_REFERENCE },
        ]
      }
    },
  })
}

/** The names a file may use at `path`, for a reader who slipped; none when the schema leaves them open. */
export function knownNames(schema: JsonSchema, path: readonly PropertyKey[]): readonly string[] {
  return placesAt(schema, path).flatMap(({ properties }) => (isSchema(properties) ? Object.keys(properties) : []))
}

/** True where the file must refer to a secret. */
export function isSecretAt(schema: JsonSchema, path: readonly PropertyKey[]): boolean {
  return placesAt(schema, path).some(({ pattern }) => pattern === SECRET_REFERENCE)
}

function placesAt(schema: JsonSchema, path: readonly PropertyKey[]): readonly JsonSchema[] {
  let places: readonly unknown[] = [schema]
  for (const step of path) {
    places = places.flatMap(alternatives).flatMap((place) => {
      const { properties, additionalProperties, items } = place
      if (typeof step === 'number') return items === undefined ? [] : [items]
      const named = isSchema(properties) && typeof step === 'string' ? properties[step] : undefined
      return named ?? additionalProperties ?? []
    })
  }
  return places.flatMap(alternatives)
}

/** The schema itself and, where it offers a choice, each of the choices. */
export function alternatives(place: unknown): readonly JsonSchema[] {
  if (!isSchema(place)) return []
  const { anyOf, allOf, oneOf } = place
  const more: readonly unknown[] = [anyOf, allOf, oneOf].flatMap((choices): unknown[] =>
    Array.isArray(choices) ? choices : [],
  )
  return [place, ...more.flatMap(alternatives)]
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
