export { changedSettings } from './changed-settings.ts'
export { formatProblems } from './config-problem.ts'
export type { ConfigProblem, SettingPath } from './config-problem.ts'
export { certificateFault, directoryFault, listenFaults, type PlacedFault, placed, withFaults } from './start-faults.ts'
export { coordinationSchema, openCoordination } from './coordination-settings.ts'
export type { CoordinationConfig, RedisConfig } from './coordination-settings.ts'
export { describeValues } from './describe-values.ts'
export {
  anyPath,
  authoritiesFault,
  authoritiesFile,
  crlFile,
  existingFile,
  isProgram,
  keyPairFault,
  revocationListFault,
  revocationLists,
} from './file-settings.ts'
export { issuerListFaults } from './issuer-list.ts'
export { issuerSchema } from './issuer-schema.ts'
export { jsonSchemaOf } from './json-schema.ts'
export type { JsonSchema } from './json-schema.ts'
export { loadConfig, parseConfig, readConfig } from './load-config.ts'
export type { ConfigLoading, ConfigReading, Environment, SchemaAt } from './load-config.ts'
export { addressText, listenAddress, listenerTls, tlsMinVersion } from './listen-settings.ts'
export type { ListenAddress, ListenerTlsConfig, TlsMinVersion } from './listen-settings.ts'
export { type Reloaded, type ReloadLog, sayReloaded, settingsOutside } from './reloaded.ts'
export { type OtlpConfig, otlpSettings } from './otlp-settings.ts'
export { publishSettings } from './publish-settings.ts'
export { nearestName } from './nearest-name.ts'
export { EnvironmentReference, FileReference, MAX_SECRET_FILE_BYTES, readSmallFile } from './secret-reference.ts'
export type { SecretReference } from './secret-reference.ts'
export { isSafeUrl } from './safe-url.ts'
export { secret, secretReference } from './secret-setting.ts'
export { openTrailProof, trailProofSettings } from './trail-settings.ts'
export type { TrailProof } from './trail-settings.ts'
export { trailShipping } from './trail-shipping.ts'
export type { TrailShipping } from './trail-shipping.ts'
export { NO_SHIPPING, shippingSettings, trailDatabase } from './shipping-settings.ts'
export type { S3Config, ShippingConfig, SyslogConfig } from './shipping-settings.ts'
export { adminRetentionSettings, retentionSettings } from './retention-settings.ts'
export type { AdminRetentionConfig, RetentionConfig } from './retention-settings.ts'
export { startRetention } from './trail-retention.ts'
export type { RetentionLog, TrailRetentionPorts } from './trail-retention.ts'
export { settingsTable } from './settings-table.ts'
