import { Secret } from '@gatehouse/core'
import {
  AuthenticationPlugin,
  Capability,
  encodeAuthenticationPacket,
  ServerAuthentication,
  type ServerAuthenticationRefusal,
} from '@gatehouse/mysql-wire'
import type { CredentialLogin, Proved } from '../credential-login.ts'
import { insistOnTls, type LoginOptions } from '../login-policy.ts'
import { LoginInterrupted, type LoginRefused } from '../login-refused.ts'
import type { Identification } from './identification.ts'
import { wantsSwitch } from './key-exchange.ts'
import type { LoginPackets } from './login-packets.ts'

/** How a client logs in: what it said of itself, and what it was greeted with. */
export interface Exchange {
  readonly packets: LoginPackets
  /** What both sides agreed on. */
  readonly capabilities: number
  readonly scramble: Buffer
  readonly said: Identification
}

/**
 * Has the client prove that it has the credential's secret: by the scramble of its plugin, or, where it cannot, by the secret
 * itself under TLS. Throws `LoginRefused` and `ProtocolError`.
 */
export async function proveCredential(
  { packets, capabilities, scramble, said }: Exchange,
  login: CredentialLogin,
  options: LoginOptions,
): Promise<Proved> {
  const { encrypted } = packets.connection
  const { authPluginName, authResponse } = beginning(said, encrypted && (capabilities & Capability.PLUGIN_AUTH) !== 0)
  const authentication = new ServerAuthentication({
    scramble,
    clearPassword: encrypted || options.allowClearTextPassword,
    secure: encrypted,
    pluginAuth: (capabilities & Capability.PLUGIN_AUTH) !== 0,
    stored: login.stored,
  })
  let guessed = authResponse.length > 0 && PROVING.has(authPluginName)
  let step = authentication.start(authPluginName, authResponse)
  for (;;) {
    switch (step.kind) {
      case 'send': {
        const { packet } = step
        // To be asked for the secret, or for another plugin's proof, is to be told that this proof does not fit.
        guessed ||= packet.kind === 'AuthMoreData'
        packets.write((writer) => encodeAuthenticationPacket(packet, writer))
        step = authentication.next(await answer(packets, login, guessed))
        break
      }
      case 'accepted': {
        const proved = await login.admit()
        const { packet } = step
        // Not before: it tells that the secret was right.
        if (packet !== undefined) packets.write((writer) => encodeAuthenticationPacket(packet, writer))
        return proved
      }
      case 'password':
        if (!login.fits(new Secret(step.password.toString('utf8')))) throw login.refusal('the secret is wrong')
        return await login.admit()
      case 'refused':
        throw cannotProve(step.reason, packets, login, options)
      default:
        throw step satisfies never
    }
  }
}

/** The client's next packet. One that leaves, and knows by now that its proof does not fit, has tried as one that stays. */
async function answer(packets: LoginPackets, login: CredentialLogin, guessed: boolean): Promise<Buffer> {
  try {
    return await packets.next()
  } catch (error) {
    if (guessed && error instanceof LoginInterrupted) throw login.refusal('the proof does not fit, and the client left')
    throw error
  }
}

/** Plugins that begin with a proof. */
const PROVING: ReadonlySet<string> = new Set([AuthenticationPlugin.CACHING_SHA2, AuthenticationPlugin.NATIVE, ''])

/** The plugin that the client begins with, and its response. */
function beginning(
  said: Identification,
  canSwitch: boolean,
): { readonly authPluginName: string; readonly authResponse: Buffer } {
  if (canSwitch && wantsSwitch(said))
    return { authPluginName: AuthenticationPlugin.CLEAR, authResponse: Buffer.alloc(0) }
  const { authPluginName, authResponse } = said
  // A change of user may leave the response empty and wait to be asked, which at the start means no password.
  if (said.kind === 'COM_CHANGE_USER' && authResponse.length === 0) return { authPluginName: '', authResponse }
  return { authPluginName, authResponse }
}

function cannotProve(
  reason: ServerAuthenticationRefusal,
  { connection }: LoginPackets,
  login: CredentialLogin,
  options: LoginOptions,
): LoginRefused {
  switch (reason) {
    case 'needs-tls':
      insistOnTls(connection, options, 'Connect with --ssl-mode=REQUIRED (or VERIFY_IDENTITY).', 'secret')
      return login.refusal('its plugin sends the secret itself')
    case 'no-password':
      return login.refusal('the client has no password')
    case 'no-plugin':
      return login.refusal('the client cannot be asked for a plugin that would do')
    case 'wrong-password':
      return login.refusal('the secret is wrong')
    default:
      return reason satisfies never
  }
}
