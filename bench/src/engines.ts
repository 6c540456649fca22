import type { Engine, EngineName } from './engine.ts'
import { MYSQL } from './mysql/engine.ts'
import { POSTGRES } from './postgres/engine.ts'

/** Every engine that is measured, by its name on the command line. */
export const ENGINES: Readonly<Record<EngineName, Engine>> = { postgres: POSTGRES, mysql: MYSQL }
