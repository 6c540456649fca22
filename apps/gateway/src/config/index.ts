export { checkGatewayConfig } from './check-config.ts'
export { describeConfig, weakerChoices } from './describe-config.ts'
export { gatewayJsonSchema } from './published-schema.ts'
export type { MaskingKeySettings } from './masking-keys-schema.ts'
export { loadGatewayConfig, parseGatewayConfig } from './load-gateway-config.ts'
export { needsRestart } from './needs-restart.ts'
export { workerConfig, type WorkerPorts } from './workers.ts'
export type {
  SessionRoleConfig,
  AuditConfig,
  ClientCertificatesConfig,
  GatewayConfig,
  ListenerConfig,
  LoginConfig,
  RecordingConfig,
  LogLevel,
  MaskingKeyConfig,
  MysqlListenerConfig,
  TargetConfig,
  UpstreamTlsConfig,
  UpstreamTlsMode,
} from './gateway-config.ts'
