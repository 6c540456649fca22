export {
  describeConfig,
  formatProblems,
  type GatewayConfig,
  gatewayJsonSchema,
  loadGatewayConfig,
  parseGatewayConfig,
} from './config/index.ts'
export { type Gateway, startGateway } from './gateway.ts'
export { readCatalogRows } from './postgres/catalog-source.ts'
