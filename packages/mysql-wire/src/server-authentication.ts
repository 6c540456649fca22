import type { AuthMoreData, AuthSwitchRequest } from './authentication-packets.ts'
import { AuthenticationPlugin } from './authentication-plugin.ts'
import { decodeOpenIdConnect } from './openid-connect.ts'
import { checkCachingSha2, checkNative, type StoredPassword } from './password-scramble.ts'
import { ProtocolError } from './protocol-error.ts'

const FAST_AUTH_SUCCESS: AuthMoreData = { kind: 'AuthMoreData', data: Buffer.from([0x03]) }
const PERFORM_FULL_AUTHENTICATION: AuthMoreData = { kind: 'AuthMoreData', data: Buffer.from([0x04]) }
const NOTHING = Buffer.alloc(0)

/** What the client's side of a login is held against. */
export interface ServerAuthenticationOptions {
  /** The 20 bytes of the handshake, also for a COM_CHANGE_USER. */
  readonly scramble: Buffer
  /** A clear password may come: the connection is under TLS, or the operator allows it without. */
  readonly clearPassword: boolean
  /** The connection is under TLS: only then does a client's caching_sha2_password send the password itself. */
  readonly secure: boolean
  /** CLIENT_PLUGIN_AUTH was agreed: the client can be asked for another plugin. */
  readonly pluginAuth: boolean
  /** What checks scrambles, when the user name is that of a session credential. */
  readonly stored?: StoredPassword | undefined
}

/**
 * What comes next in a login:
 * - `send`: send the packet, and give the client's answer to `next`;
 * - `accepted`: the client proved the stored password; send the packet, if there is one, then OK;
 * - `password`: the client says this; whoever asked decides whether it is right, then sends OK or ERR. A copy; a secret;
 * - `refused`: it cannot log in this way.
 */
export type ServerAuthenticationStep =
  | { readonly kind: 'send'; readonly packet: AuthSwitchRequest | AuthMoreData }
  | { readonly kind: 'accepted'; readonly packet: AuthMoreData | undefined }
  | { readonly kind: 'password'; readonly password: Buffer }
  | { readonly kind: 'refused'; readonly reason: ServerAuthenticationRefusal }

/**
 * Why a login ends:
 * - `no-password`: the client has none;
 * - `needs-tls`: the password itself must come, and without TLS it may not;
 * - `wrong-password`: the proof is not of the stored password, and there is no other way with this client;
 * - `no-plugin`: the client cannot be asked for a plugin that would do.
 */
export type ServerAuthenticationRefusal = 'no-password' | 'needs-tls' | 'wrong-password' | 'no-plugin'

type State = 'start' | 'scramble' | 'native' | 'full' | 'clear' | 'openid' | 'done'

/**
 * The server's side of one login, or of one COM_CHANGE_USER: `start` with the client's plugin and response, then `next`
 * with each packet of the client, until a step that is not `send`. A user with a session credential and one without are
 * led the same way, so that the difference shows nobody which names exist. Malformed data throws ProtocolError.
 */
export class ServerAuthentication {
  readonly #options: ServerAuthenticationOptions
  #state: State = 'start'

  constructor(options: ServerAuthenticationOptions) {
    this.#options = options
  }

  /** The client's HandshakeResponse41 or COM_CHANGE_USER. An empty name: the client knows of no plugins. */
  start(pluginName: string, authResponse: Buffer): ServerAuthenticationStep {
    if (this.#state !== 'start') throw new ProtocolError('UNEXPECTED_PACKET', 'a second start of a login')
    switch (pluginName) {
      case AuthenticationPlugin.CACHING_SHA2:
        return this.#cachingSha2(authResponse)
      case AuthenticationPlugin.NATIVE:
      case '':
        return this.#native(authResponse)
      case AuthenticationPlugin.CLEAR:
        // Before a switch some clients leave the response empty, since the server's plugin was another.
        return authResponse.length > 1 ? this.#password(authResponse) : this.#switchTo('clear')
      case AuthenticationPlugin.OPENID_CONNECT:
        return authResponse.length > 1 ? this.#token(authResponse) : this.#switchTo('openid')
      default:
        return this.#switch()
    }
  }

  /** The client's next packet: its payload. */
  next(data: Buffer): ServerAuthenticationStep {
    switch (this.#state) {
      case 'scramble':
        return this.#cachingSha2(data)
      case 'native':
        return this.#native(data)
      case 'full':
      case 'clear':
        return this.#password(data)
      case 'openid':
        return this.#token(data)
      case 'start':
      case 'done':
        throw new ProtocolError('UNEXPECTED_PACKET', 'authentication data that answers nothing')
      default:
        return this.#state satisfies never
    }
  }

  #cachingSha2(proof: Buffer): ServerAuthenticationStep {
    const { scramble, secure, stored } = this.#options
    // MySQL's own client says by a NUL that it has no password.
    if (proof.length === 0 || (proof.length === 1 && proof[0] === 0)) return this.#refuse('no-password')
    if (proof.length !== 32)
      throw new ProtocolError('BAD_VALUE', `a caching_sha2_password proof of ${proof.length} bytes`)
    if (stored !== undefined && checkCachingSha2(proof, scramble, stored)) return this.#accept(FAST_AUTH_SUCCESS)
    // Who has a session credential has proved it by the scramble, or cannot.
    if (!secure) return stored === undefined ? this.#switchTo('clear') : this.#refuse('wrong-password')
    this.#state = 'full'
    return { kind: 'send', packet: PERFORM_FULL_AUTHENTICATION }
  }

  #native(proof: Buffer): ServerAuthenticationStep {
    const { scramble, stored } = this.#options
    if (stored !== undefined && checkNative(proof, scramble, stored)) return this.#accept(undefined)
    if (proof.length !== 0 && proof.length !== 20) {
      throw new ProtocolError('BAD_VALUE', `a mysql_native_password proof of ${proof.length} bytes`)
    }
    // Asked once: a client that was switched to this plugin, or that knows no other, has no other way.
    return this.#state === 'start' ? this.#switch() : this.#refuse('wrong-password')
  }

  /** Asks for a plugin that delivers the password itself, or the proof of a stored one. */
  #switch(): ServerAuthenticationStep {
    const { secure, stored } = this.#options
    return this.#switchTo(secure || stored !== undefined ? 'scramble' : 'clear')
  }

  #switchTo(state: 'scramble' | 'clear' | 'openid'): ServerAuthenticationStep {
    if (state !== 'scramble' && !this.#options.clearPassword) return this.#refuse('needs-tls')
    if (!this.#options.pluginAuth) return this.#refuse('no-plugin')
    this.#state = state
    return { kind: 'send', packet: switchRequest(state, this.#options.scramble) }
  }

  #password(data: Buffer): ServerAuthenticationStep {
    if (!this.#options.clearPassword) return this.#refuse('needs-tls')
    const end = data.indexOf(0)
    if (end !== -1 && end !== data.length - 1) throw new ProtocolError('BAD_TEXT', 'a password has a NUL inside')
    const password = Buffer.from(end === -1 ? data : data.subarray(0, end))
    return password.length === 0 ? this.#refuse('no-password') : this.#say(password)
  }

  #token(data: Buffer): ServerAuthenticationStep {
    if (!this.#options.clearPassword) return this.#refuse('needs-tls')
    return this.#say(Buffer.from(decodeOpenIdConnect(data)))
  }

  #say(password: Buffer): ServerAuthenticationStep {
    this.#state = 'done'
    return { kind: 'password', password }
  }

  #accept(packet: AuthMoreData | undefined): ServerAuthenticationStep {
    this.#state = 'done'
    return { kind: 'accepted', packet }
  }

  #refuse(reason: ServerAuthenticationRefusal): ServerAuthenticationStep {
    this.#state = 'done'
    return { kind: 'refused', reason }
  }
}

function switchRequest(state: 'scramble' | 'clear' | 'openid', scramble: Buffer): AuthSwitchRequest {
  switch (state) {
    case 'scramble': {
      const pluginData = Buffer.concat([scramble, Buffer.alloc(1)])
      return { kind: 'AuthSwitchRequest', pluginName: AuthenticationPlugin.CACHING_SHA2, pluginData }
    }
    case 'clear':
      return { kind: 'AuthSwitchRequest', pluginName: AuthenticationPlugin.CLEAR, pluginData: NOTHING }
    case 'openid':
      return { kind: 'AuthSwitchRequest', pluginName: AuthenticationPlugin.OPENID_CONNECT, pluginData: NOTHING }
    default:
      return state satisfies never
  }
}
