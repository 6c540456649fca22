/** A `Definition` while it is being read. */
import type { Definition } from '../../statement-tree.ts'

type Mutable<T> = T extends readonly (infer Element)[] ? Element[] : T

/** `Definition` with fields and lists that can still be filled. */
export type Draft = { -readonly [Field in keyof Definition]: Mutable<Definition[Field]> }

/** An empty definition of `action`: no objects, nothing said. */
export function draftDefinition(action: string): Draft {
  return {
    kind: 'definition',
    action,
    objects: [],
    others: [],
    temporary: false,
    orReplace: false,
    ifExists: false,
    ifNotExists: false,
    columns: [],
    expressions: [],
    query: null,
    columnNames: null,
    duplicates: null,
    body: null,
    trigger: null,
    parameters: [],
    security: null,
    definer: null,
    files: [],
    engine: null,
    options: [],
  }
}
