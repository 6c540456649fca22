import type { AuthMoreData, AuthNextFactor, AuthSwitchRequest } from './authentication-packets.ts'
import { AuthenticationPlugin, type AuthenticationPluginName } from './authentication-plugin.ts'
import { SCRAMBLE_BYTES } from './handshake.ts'
import { ed25519Proof } from './mariadb-ed25519.ts'
import { PARSEC_RANDOM_BYTES, parsecProof } from './mariadb-parsec.ts'
import { encodeOpenIdConnect } from './openid-connect.ts'
import { cachingSha2Scramble, nativeScramble } from './password-scramble.ts'
import { ProtocolError } from './protocol-error.ts'
import { encryptPassword } from './rsa-password.ts'

const FAST_AUTH_SUCCESS = 0x03
const PERFORM_FULL_AUTHENTICATION = 0x04
/** What asks for the server's RSA key, by plugin. */
const CACHING_SHA2_KEY_REQUEST = Buffer.from([0x02])
const SHA256_KEY_REQUEST = Buffer.from([0x01])
const ED25519_SCRAMBLE_BYTES = 32
const PARSEC_SCRAMBLE_BYTES = 32
const NUL = Buffer.alloc(1)
const NOTHING = Buffer.alloc(0)
/** Plugins asked for in one login: each factor and each switch counts. */
const MOST_PLUGINS = 6

/** With what, and how carefully, to log in. */
export interface ClientAuthenticationOptions {
  /** The password's bytes, without a NUL; for authentication_openid_connect_client the token. */
  readonly password: Buffer
  /** The connection is under TLS with the server verified, or a socket of the same machine: a clear password may go. */
  readonly secure: boolean
  /** The server's RSA public key, PEM, when it is known beforehand. */
  readonly publicKey?: string | undefined
  /** Take the RSA key that the server sends without TLS: whoever can answer in its place learns the password. */
  readonly trustSentPublicKey?: boolean | undefined
  /** Plugins that may be used; by default all but mysql_clear_password and authentication_openid_connect_client. */
  readonly plugins?: readonly AuthenticationPluginName[] | undefined
  /** 32 random bytes, new for each login. */
  readonly random: Buffer
}

/** Without `plugins`: no clear password to a server that only asks for one, and no token in a password's place. */
const DEFAULT_PLUGINS: readonly AuthenticationPluginName[] = [
  AuthenticationPlugin.CACHING_SHA2,
  AuthenticationPlugin.NATIVE,
  AuthenticationPlugin.SHA256,
  AuthenticationPlugin.ED25519,
  AuthenticationPlugin.PARSEC,
]

type State = 'start' | 'sent' | 'full' | 'key' | 'salt' | 'done'

/**
 * The client's side of one login, or of one COM_CHANGE_USER: `begin` makes the response of the handshake; `next` answers
 * each packet until the server says OK or ERR. What a server may not ask throws ProtocolError, and nothing was sent.
 */
export class ClientAuthentication {
  readonly #options: ClientAuthenticationOptions
  #plugin: AuthenticationPluginName | undefined
  #scramble: Buffer = NOTHING
  #state: State = 'start'
  #plugins = 0

  constructor(options: ClientAuthenticationOptions) {
    if (options.password.includes(0)) throw new ProtocolError('BAD_TEXT', 'a password has a NUL inside')
    this.#options = options
  }

  /**
   * The name and the response to put in the HandshakeResponse41. A default plugin that may not be used is passed over:
   * the server asks for the user's own by a switch.
   */
  begin(pluginName: string, pluginData: Buffer): { readonly pluginName: string; readonly authResponse: Buffer } {
    if (this.#state !== 'start') throw new ProtocolError('UNEXPECTED_PACKET', 'a second handshake')
    const wanted = this.#allowed(pluginName === '' ? AuthenticationPlugin.NATIVE : pluginName)
    // These two need data of their own, which only a switch brings; a handshake's clear password could be any server's.
    const usable = wanted === AuthenticationPlugin.NATIVE || wanted === AuthenticationPlugin.CACHING_SHA2
    const plugin = usable ? wanted : AuthenticationPlugin.CACHING_SHA2
    this.#state = 'sent'
    if (!usable && this.#allowed(plugin) === undefined) return { pluginName: plugin, authResponse: NOTHING }
    return { pluginName: plugin, authResponse: this.#start(plugin, pluginData) }
  }

  /** What to send in answer to the server's packet; undefined when nothing is (its OK comes next). */
  next(packet: AuthSwitchRequest | AuthMoreData | AuthNextFactor): Buffer | undefined {
    if (this.#state === 'start') throw new ProtocolError('UNEXPECTED_PACKET', 'authentication before a handshake')
    switch (packet.kind) {
      case 'AuthMoreData':
        return this.#more(packet.data)
      case 'AuthNextFactor':
      case 'AuthSwitchRequest': {
        const plugin = this.#allowed(packet.pluginName)
        if (plugin === undefined) {
          throw new ProtocolError('UNSUPPORTED', 'the server asks for an authentication plugin that may not be used')
        }
        return this.#start(plugin, packet.pluginData)
      }
      default:
        return packet satisfies never
    }
  }

  #allowed(name: string): AuthenticationPluginName | undefined {
    return (this.#options.plugins ?? DEFAULT_PLUGINS).find((plugin) => plugin === name)
  }

  /** A plugin's first response. */
  #start(plugin: AuthenticationPluginName, pluginData: Buffer): Buffer {
    if (++this.#plugins > MOST_PLUGINS) throw new ProtocolError('TOO_MANY', 'authentication plugins asked for')
    const { password } = this.#options
    this.#plugin = plugin
    this.#state = 'sent'
    switch (plugin) {
      case AuthenticationPlugin.NATIVE:
        return nativeScramble(password, this.#takeScramble(pluginData, SCRAMBLE_BYTES))
      case AuthenticationPlugin.CACHING_SHA2:
        return cachingSha2Scramble(password, this.#takeScramble(pluginData, SCRAMBLE_BYTES))
      case AuthenticationPlugin.SHA256:
        this.#takeScramble(pluginData, SCRAMBLE_BYTES)
        return password.length === 0 ? NUL : this.#full(SHA256_KEY_REQUEST)
      case AuthenticationPlugin.ED25519:
        return ed25519Proof(password, this.#takeScramble(pluginData, ED25519_SCRAMBLE_BYTES))
      case AuthenticationPlugin.PARSEC:
        this.#takeScramble(pluginData, PARSEC_SCRAMBLE_BYTES)
        this.#state = 'salt'
        return NOTHING
      case AuthenticationPlugin.CLEAR:
        this.#mustBeSecure()
        return Buffer.concat([password, NUL])
      case AuthenticationPlugin.OPENID_CONNECT:
        this.#mustBeSecure()
        return encodeOpenIdConnect(password)
      default:
        return plugin satisfies never
    }
  }

  #more(data: Buffer): Buffer | undefined {
    switch (this.#state) {
      case 'sent':
        if (this.#plugin === AuthenticationPlugin.CACHING_SHA2 && data.length === 1) {
          if (data[0] === FAST_AUTH_SUCCESS) {
            this.#state = 'done'
            return undefined
          }
          if (data[0] === PERFORM_FULL_AUTHENTICATION) return this.#full(CACHING_SHA2_KEY_REQUEST)
        }
        break
      case 'key':
        this.#state = 'done'
        return encryptPassword(this.#options.password, this.#scramble, data.toString('latin1'))
      case 'salt':
        this.#state = 'done'
        return parsecProof(this.#options.password, this.#scramble, data, this.#options.random)
      case 'start':
      case 'full':
      case 'done':
        break
      default:
        return this.#state satisfies never
    }
    throw new ProtocolError('UNEXPECTED_PACKET', 'authentication data that answers nothing')
  }

  /** The password itself: in clear where that is safe, else under the server's RSA key. */
  #full(keyRequest: Buffer): Buffer {
    const { password, secure, publicKey, trustSentPublicKey } = this.#options
    this.#state = 'full'
    if (secure) return Buffer.concat([password, NUL])
    if (publicKey !== undefined) return encryptPassword(password, this.#scramble, publicKey)
    if (trustSentPublicKey !== true) {
      throw new ProtocolError('UNSUPPORTED', 'the server wants the password itself, which needs TLS or its public key')
    }
    this.#state = 'key'
    return keyRequest
  }

  /** Keeps a scramble, which may have a NUL behind it. */
  #takeScramble(pluginData: Buffer, size: number): Buffer {
    const ended = pluginData.length === size + 1 && pluginData[size] === 0
    if (pluginData.length !== size && !ended) {
      throw new ProtocolError('BAD_VALUE', `a scramble of ${pluginData.length} bytes; ${size} are needed`)
    }
    this.#scramble = Buffer.from(pluginData.subarray(0, size))
    return this.#scramble
  }

  #mustBeSecure(): void {
    if (!this.#options.secure) {
      throw new ProtocolError('UNSUPPORTED', 'the server wants the password itself, which needs TLS')
    }
  }
}

/** Random bytes that a login needs. */
export const CLIENT_RANDOM_BYTES: number = PARSEC_RANDOM_BYTES
