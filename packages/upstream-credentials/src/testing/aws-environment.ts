import { vi } from 'vitest'
import type { SigningKeys } from './signature-v4.ts'

/** Keys that the environment gives in tests. */
export const AWS_KEYS: SigningKeys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret key of the tests' }

/** An environment in which AWS gives `keys`, or without them nothing: no file, no metadata service of this machine is looked at. */
export function stubAwsEnvironment(keys: SigningKeys | null = AWS_KEYS): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined)
  vi.stubEnv('AWS_CONFIG_FILE', '/dev/null')
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/dev/null')
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
  vi.stubEnv('AWS_ACCESS_KEY_ID', keys?.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', keys?.secretAccessKey)
}
