import { settingsOutside } from '@gatehouse/configuration'

/** Settings that a running gateway takes over, and what stands below each; any other needs a restart, also one that is added one day. */
const TAKEN_OVER: readonly string[] = [
  'issuers',
  'targets',
  'policyFile',
  'maskingKey',
  'maskingKeys',
  'currentMaskingKey',
  'login',
  'expiryWarningSeconds',
  'approvals',
  'recording',
  'log.level',
  'audit.statementTextMaxBytes',
  'audit.literals',
  'audit.redactSecrets',
  ...['postgres', 'mysql'].flatMap((engine) =>
    [
      'tls',
      'clientCertificates',
      'allowClearTextPasswordOnLoopback',
      'handshakeTimeoutSeconds',
      'keepAliveSeconds',
      'proxyProtocol',
      'maxConnections',
      'maxUnauthenticatedConnections',
      'maxUnauthenticatedConnectionsPerAddress',
      'maxConnectionsPerAddress',
      'maxConnectionsPerPrincipal',
      'maxMessageBytes',
      'maxStatementBytes',
      'advertisedVersion',
    ].map((setting) => `listeners.${engine}.${setting}`),
  ),
]

/** Of settings that were changed (`changedSettings`), those that a running gateway cannot take over. */
export function needsRestart(changed: readonly string[]): readonly string[] {
  return settingsOutside(changed, TAKEN_OVER)
}
