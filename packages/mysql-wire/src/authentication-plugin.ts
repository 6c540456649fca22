/** Names of authentication plugins, as they go over the wire. Manual: "Authentication Plugins". */
export const AuthenticationPlugin = {
  CACHING_SHA2: 'caching_sha2_password',
  NATIVE: 'mysql_native_password',
  SHA256: 'sha256_password',
  CLEAR: 'mysql_clear_password',
  OPENID_CONNECT: 'authentication_openid_connect_client',
  /** MariaDB. */
  ED25519: 'client_ed25519',
  /** MariaDB from 11.6 on. */
  PARSEC: 'parsec',
} as const

/** An authentication plugin that this package speaks. */
export type AuthenticationPluginName = (typeof AuthenticationPlugin)[keyof typeof AuthenticationPlugin]
