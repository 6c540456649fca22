export {
  checkGatewayConfig,
  describeConfig,
  type GatewayConfig,
  gatewayJsonSchema,
  loadGatewayConfig,
  needsRestart,
  parseGatewayConfig,
  workerConfig,
  type WorkerPorts,
} from './config/index.ts'
export { type Gateway, type GatewayProcess, startGateway } from './gateway.ts'
export { openGatewayLog } from './gateway-log.ts'
export type { GatewayState, Readiness, UnreadyReason } from './readiness.ts'
export { readCatalogRows } from './postgres/catalog-source.ts'
export { valueType } from './postgres/value-types.ts'
export { openTargetQueries } from './postgres/target-queries.ts'
export { type MysqlTargetQueries, openMysqlTargetQueries, readMysqlTarget } from './mysql/target-queries.ts'
export { openTarget, type Target } from './target.ts'
export type { TargetQueries } from './target-queries.ts'
export { UpstreamUnavailable } from './upstream-dial.ts'
