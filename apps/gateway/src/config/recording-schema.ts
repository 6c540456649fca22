import * as z from 'zod'
import type { RecordingConfig } from './gateway-config.ts'

const names = z.array(z.string().min(1)).min(1).nullable().default(null)

/** Which sessions are recorded, and how much of each. */
export const recordingSchema: z.ZodType<RecordingConfig> = z.strictObject({
  mode: z
    .enum(['off', 'on'])
    .default('off')
    .describe('`on`: what goes to the client is kept, masked as it goes; docs/recording.md.'),
  for: z
    .strictObject({
      targets: names.describe('Only sessions on these targets. Null: on all.'),
      groups: names.describe('Only sessions of principals in one of these groups. Null: of everybody.'),
    })
    .prefault({})
    .describe('Which sessions. With both lists a session must be of both.'),
  maxBytesPerStatement: z
    .int()
    .min(1024)
    .max(1_073_741_824)
    .default(16_777_216)
    .describe('So much is kept of the answer to one statement; the recording says how much was left out.'),
  maxBytesPerSession: z
    .int()
    .min(65_536)
    .max(1_099_511_627_776)
    .default(1_073_741_824)
    .describe('So much is kept of a session, before it is compressed; the recording says how much was left out.'),
})
