import { AuthenticationPlugin, encodeAuthenticationPacket, ProtocolError } from '@gatehouse/mysql-wire'
import type { Identification } from './identification.ts'
import type { LoginPackets } from './login-packets.ts'
import { LoopbackKey } from './loopback-key.ts'

const PERFORM_FULL_AUTHENTICATION = Buffer.from([0x04])
const REQUEST_PUBLIC_KEY = 0x02

/** Clients (`_client_name`) that without TLS do better with a clear password: they need a setting, or a library, for the key. */
const CLEAR = /^(?:libmysql|libmariadb|pymysql)/i

/** True for a client that without TLS sends its password only under the server's key: all that are not known to do otherwise. */
export function wantsKey({ attributes }: Identification): boolean {
  return !CLEAR.test(attributes.get('_client_name') ?? '')
}

/**
 * True for a client that is asked for `mysql_clear_password` under TLS. MySQL's Connector/J takes MariaDB's greeting (`5.5.5-10.11…`)
 * for a MySQL before 5.5.16, from which it cannot read the packets of `caching_sha2_password`.
 */
export function wantsSwitch({ attributes }: Identification): boolean {
  return attributes.get('_client_name') === 'MySQL Connector/J'
}

let made: Promise<LoopbackKey> | null = null

/**
 * The password, from a client without TLS, by `caching_sha2_password` under the server's RSA key. Manual: "Caching SHA-2
 * Pluggable Authentication". Throws ProtocolError.
 */
export async function passwordUnderKey(
  packets: LoginPackets,
  scramble: Buffer,
  { authPluginName, authResponse }: Identification,
): Promise<Buffer> {
  if (authPluginName !== AuthenticationPlugin.CACHING_SHA2 || authResponse.length === 0) {
    const pluginData = Buffer.concat([scramble, Buffer.alloc(1)])
    const pluginName = AuthenticationPlugin.CACHING_SHA2
    packets.write((writer) => encodeAuthenticationPacket({ kind: 'AuthSwitchRequest', pluginName, pluginData }, writer))
    if ((await packets.next()).length === 0) return Buffer.alloc(0)
  }
  say(packets, PERFORM_FULL_AUTHENTICATION)
  const answer = await packets.next()
  // Who takes a connection within one machine for safe sends the password as it is.
  if (answer.length !== 1 || answer[0] !== REQUEST_PUBLIC_KEY) return withoutNul(answer)
  const key = await (made ??= LoopbackKey.make())
  say(packets, Buffer.from(key.pem))
  const password = key.decrypt(await packets.next())
  if (password === null)
    throw new ProtocolError('BAD_PROOF', 'the password is not encrypted under the key that was sent')
  for (let at = 0; at < password.length; at++)
    password[at] = (password[at] ?? 0) ^ (scramble[at % scramble.length] ?? 0)
  return withoutNul(password)
}

function say(packets: LoginPackets, data: Buffer): void {
  packets.write((writer) => encodeAuthenticationPacket({ kind: 'AuthMoreData', data }, writer))
}

function withoutNul(bytes: Buffer): Buffer {
  return bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes
}
