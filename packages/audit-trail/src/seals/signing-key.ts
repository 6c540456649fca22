import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'

/** What signs seals and checkpoints: an Ed25519 key (RFC 8032). The key itself cannot be had from it. */
export interface SigningKey {
  /** See `keyId`. */
  readonly id: string
  /** The signature of a text, in base64url. */
  readonly sign: (text: string) => string
}

/** Public keys by their id. */
export type VerifyingKeys = ReadonlyMap<string, KeyObject>

/** A key pair in PEM: PKCS #8 and SubjectPublicKeyInfo. */
export interface KeyPair {
  readonly id: string
  readonly privateKey: string
  readonly publicKey: string
}

/** Makes a new key pair. */
export function makeKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    id: keyId(publicKey),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}

/** The key in a PEM text (PKCS #8). Throws an Error that says what it is instead, and never what it holds. */
export function readSigningKey(pem: string): SigningKey {
  const key = read('a private key', () => createPrivateKey(pem))
  const id = keyId(createPublicKey(key))
  return { id, sign: (text) => sign(null, Buffer.from(text), key).toString('base64url') }
}

/** Public keys in PEM, by id; of a private key its public half. Throws an Error that says which one is wrong. */
export function readVerifyingKeys(pems: readonly string[]): VerifyingKeys {
  const keys = pems.map((pem) => read('a public key', () => createPublicKey(pem)))
  return new Map(keys.map((key) => [keyId(key), key]))
}

/** True when the signature (base64url) is that of the text by this key. */
export function isSignedBy(key: KeyObject, text: string, signature: string): boolean {
  const bytes = Buffer.from(signature, 'base64url')
  // Of the last character not every bit counts: only one way to write a signature is taken, so that no byte can change unseen.
  return bytes.toString('base64url') === signature && verify(null, Buffer.from(text), key, bytes)
}

/** The name of a key: the first 16 hexadecimal digits of the SHA-256 of its SubjectPublicKeyInfo. */
function keyId(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16)
}

function read(what: string, make: () => KeyObject): KeyObject {
  let key: KeyObject
  try {
    key = make()
  } catch {
    // What the library says may quote what it was given.
    throw new Error(`not ${what} in PEM`)
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`the key is of the kind ${key.asymmetricKeyType ?? 'unknown'}, and Ed25519 is wanted`)
  return key
}
