export type { Catalog } from './postgres/catalog.ts'
export { buildCatalog } from './postgres/catalog-rows.ts'
export type { CatalogRows } from './postgres/catalog-rows.ts'
export {
  CATALOG_QUERIES,
  CATALOG_QUERIES_BUILTIN,
  CATALOG_QUERIES_OWN,
  CATALOG_SESSION,
  CATALOG_VERSION_QUERY,
} from './postgres/catalog-queries.ts'
export type { CatalogPartQueries } from './postgres/catalog-queries.ts'
export { readFacts, readNamedStatement, Work } from './postgres/read-facts.ts'
export type { NameEnvironment } from './postgres/read-facts.ts'
export { PostgresReader } from './postgres/reader.ts'
export { LibpgParser } from './postgres/libpg-parser.ts'
