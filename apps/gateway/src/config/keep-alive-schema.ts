import * as z from 'zod'

/** So long nothing may come on a connection before its peer is probed. Probes go on for ten seconds more. */
export const keepAliveSeconds: z.ZodType<number> = z.int().min(1).max(7200).default(60)
