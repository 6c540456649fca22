export { FIRST_NORMAL_OID } from './postgres/catalog.ts'
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
export { runsOtherCode } from './postgres/names-in-text.ts'
export type { NameEnvironment } from './postgres/read-facts.ts'
export { PostgresReader } from './postgres/reader.ts'
export { LibpgParser } from './postgres/libpg-parser.ts'
export { dialectOf } from './mysql/dialect.ts'
export type { Dialect, ServerVersion } from './mysql/dialect.ts'
export { MysqlCatalog, catalogTable } from './mysql/catalog.ts'
export type {
  CatalogEvent,
  CatalogForeignKey,
  CatalogRoutine,
  CatalogTable,
  CatalogTrigger,
  CatalogView,
  MysqlCatalogParts,
  Stored,
  TableDescription,
} from './mysql/catalog.ts'
export { namesKey, sameNames } from './mysql/names.ts'
export type { MysqlNames } from './mysql/names.ts'
export { MYSQL_CATALOG_SESSION } from './mysql/catalog-queries.ts'
export type { CatalogRow } from './mysql/catalog-queries.ts'
export { readMysqlCatalogRows, readMysqlCatalogVersion } from './mysql/catalog-reading.ts'
export type { OwnQuery } from './mysql/catalog-reading.ts'
export { buildMysqlCatalog } from './mysql/catalog-rows.ts'
export type { MysqlCatalogRows, StoredTexts } from './mysql/catalog-rows.ts'
export { readFacts as readMysqlFacts, readPreparedStatement as readPreparedMysqlStatement } from './mysql/read-facts.ts'
export { withTemporary } from './mysql/names.ts'
export { mysqlStoredTexts } from './mysql/stored-texts.ts'
export { parseText as parseMysqlText } from './mysql/parser/parse-text.ts'
export { MysqlReader } from './mysql/reader.ts'
export type { MysqlReaderOptions } from './mysql/reader.ts'
export { quotedStatements } from './mysql/quoted-statements.ts'
export type { ParsedStatement, ParsedText, Unparsed } from './mysql/parser/parse-text.ts'
