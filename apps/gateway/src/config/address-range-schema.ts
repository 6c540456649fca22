import * as z from 'zod'
import { parseAddressRange } from '@gatehouse/session-credentials'

/** An address, or a range of them. */
export const addressRange: z.ZodType<string> = z.string().refine((text) => parseAddressRange(text) !== null, {
  error: 'must be an address (10.1.2.3, fd00::1) or a range of them (10.1.2.0/24, fd00::/8)',
})
