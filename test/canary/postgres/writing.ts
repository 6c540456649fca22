import type * as any from '../writing.ts'
import type { Type } from './schema.ts'

// As `../writing.ts` has them, of PostgreSQL's types.
export type Writing = any.Writing<Type>
export type Scope = any.Scope<Type>
export type Item = any.Item<Type>
export type Query = any.Query<Type>
