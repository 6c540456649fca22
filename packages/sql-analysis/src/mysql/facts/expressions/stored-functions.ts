import type { CatalogRoutine } from '../../catalog.ts'
import type { Call } from '../../query-tree.ts'
import { type Lineage, derivedFrom, passedThrough } from '../lineage.ts'
import type { Reading } from '../reading.ts'

/** What a name can mean that is not built in: a stored function, or a loadable one (a UDF). */
export type Meaning =
  | { readonly kind: 'stored'; readonly routine: CatalogRoutine }
  | { readonly kind: 'loadable'; readonly name: string }

/** What a call can mean besides a built-in function; null when nothing of that name is there. */
export function meaningOf(reading: Reading, call: Call): Meaning | null {
  reading.spend(2)
  const { catalog } = reading.names
  // A loadable function comes before a stored one, and has no schema (MySQL manual, "Function Name Resolution").
  if (call.schema === null && catalog.isLoadableFunction(call.name) === true)
    return { kind: 'loadable', name: call.name }
  const schema = call.schema ?? reading.schema
  const routine = schema === null ? undefined : catalog.routine('function', schema, call.name)
  return routine === undefined ? null : { kind: 'stored', routine }
}

/** Records the call and says what comes of it: a stored function's body is read in its place. */
export function useMeaning(reading: Reading, meaning: Meaning, parts: readonly Lineage[]): Lineage {
  if (meaning.kind === 'stored') {
    const { routine } = meaning
    const value = reading.walk.storedFunction(reading, routine, parts)
    if (value !== null) {
      reading.useFunction(routine.schema, routine.name, 'expanded')
      return value
    }
    return opaque(reading, routine.schema, routine.name, parts)
  }
  return opaque(reading, 'mysql', meaning.name, parts)
}

/** A call of which nothing can be told but its arguments. */
function opaque(reading: Reading, schema: string, name: string, parts: readonly Lineage[]): Lineage {
  reading.useFunction(schema, name, 'user')
  for (const part of parts) reading.tell(part)
  reading.changesNames = true
  return passedThrough(derivedFrom(reading, parts), { schema, name })
}
