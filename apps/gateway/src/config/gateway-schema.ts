import { hostname } from 'node:os'
import { logCollectorSettings, monitoringSettings } from '@gatehouse/monitoring'
import * as z from 'zod'
import {
  anyPath,
  coordinationSchema,
  existingFile,
  issuerListFaults,
  issuerSchema,
  otlpSettings,
  retentionSettings,
  shippingSettings,
  trailProofSettings,
} from '@gatehouse/configuration'
import type { GatewayConfig } from './gateway-config.ts'
import { mysqlListenerSchema, postgresListenerSchema } from './listener-schema.ts'
import { logCollectorFault } from './log-collector.ts'
import { loginSchema } from './login-schema.ts'
import { maskingKeyContradictions, maskingKeySchema, namedMaskingKeySchema } from './masking-keys-schema.ts'
import { recordingSchema } from './recording-schema.ts'
import { targetSchema } from './target-schema.ts'
import { workersFault, workersSchema } from './workers.ts'
import { tracingSettings } from '../tracing/tracing-settings.ts'

/** The one schema of the gateway's configuration. Relative paths begin at `directory`. */
export function gatewaySchema(directory: string): z.ZodType<GatewayConfig> {
  return z
    .strictObject({
      gatewayId: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, {
          error: 'may hold letters, digits, dots, dashes and underscores',
        })
        .optional()
        .transform((given) => given ?? hostname())
        .describe('Names this gateway in the audit trail. Default: the host name.'),
      workers: workersSchema
        .prefault(1)
        .describe(
          'Processes on this host that share the listeners; `auto`: as many as processors. More than one need `coordination` in Redis: docs/workers.md.',
        ),
      listeners: z
        .strictObject({
          postgres: postgresListenerSchema(directory)
            .nullable()
            .default(null)
            .describe('Where PostgreSQL clients connect. Null: nowhere. `{}`: as the defaults say.'),
          mysql: mysqlListenerSchema(directory)
            .nullable()
            .default(null)
            .describe('Where clients of MySQL and MariaDB connect. Null: nowhere. `{}`: as the defaults say.'),
        })
        .refine(({ postgres, mysql }) => postgres !== null || mysql !== null, {
          error: 'must hold at least one of postgres and mysql',
        })
        .prefault({ postgres: {} })
        .describe(
          'Where clients connect: one at least, and one for the engine of every target. Default: `postgres` alone.',
        ),
      issuers: z
        .array(issuerSchema(directory))
        .min(1)
        .superRefine((issuers, context) => {
          for (const fault of issuerListFaults(issuers)) context.addIssue({ code: 'custom', ...fault })
        })
        .describe('Whose tokens are accepted.'),
      targets: z
        .record(
          z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/, {
            error: 'a target name may hold up to 63 letters, digits, dots, dashes and underscores',
          }),
          targetSchema(directory),
        )
        .refine((targets) => Object.keys(targets).length > 0, { error: 'must hold at least one target' })
        .transform((targets) => new Map(Object.entries(targets)))
        .describe('The databases clients may ask for, by target name: the database name in a connection string.'),
      policyFile: existingFile(directory).describe('The policy that decides on every statement.'),
      maskingKey: maskingKeySchema
        .nullable()
        .default(null)
        .describe(
          'The only key of keyed masks, by reference: the same on every replica, at least 32 characters. Null: there are `maskingKeys`. One of the two is required.',
        ),
      maskingKeys: z
        .array(namedMaskingKeySchema)
        .default([])
        .describe('Several keys of keyed masks, with ids, so that they can be changed one after another.'),
      currentMaskingKey: z
        .string()
        .nullable()
        .default(null)
        .describe('The id of the key for masks that name none; required with `maskingKeys`.'),
      login: loginSchema.prefault({}).describe('What logins may fail before they have to wait.'),
      coordination: coordinationSchema(directory)
        .prefault({ kind: 'memory' })
        .describe('Where what gateways and admin services share is kept. `memory`: this process is alone.'),
      coordinationOutageGraceSeconds: z
        .int()
        .min(0)
        .max(86_400)
        .default(60)
        .describe(
          'So long sessions go on while what is shared cannot be reached, under the grants known last; then they end. No session begins meanwhile.',
        ),
      expiryWarningSeconds: z
        .int()
        .min(0)
        .max(86_400)
        .default(60)
        .describe(
          'So long before its token expires a PostgreSQL client is told by a notice, and the log says so for both engines. 0: they are not.',
        ),
      drainDelaySeconds: z
        .int()
        .min(0)
        .max(3600)
        .default(0)
        .describe(
          'So long after it was told to end its listeners still accept, for balancers that take their time to see that it is not ready. Within `drainSeconds`.',
        ),
      drainSeconds: z
        .int()
        .min(0)
        .max(86_400)
        .default(25)
        .describe(
          'So long after it was told to end its sessions may go on; then they are ended. Whatever ends the process should wait five seconds longer: Kubernetes waits for 30 unless it is told otherwise.',
        ),
      approvals: z
        .strictObject({
          adminUrl: z
            .url({ protocol: /^https?$/ })
            .transform((url) => url.replace(/\/+$/, ''))
            .nullable()
            .default(null)
            .describe('Where people reach the admin service, for the links that agents are shown. Null: no links.'),
          pendingPerPrincipal: z
            .int()
            .min(1)
            .max(1000)
            .default(20)
            .describe('Most requests of one principal that wait for a decision at the same time, over all gateways.'),
          holdInTransactionSeconds: z
            .int()
            .min(1)
            .max(86_400)
            .default(60)
            .describe(
              'In an open transaction, whose locks others may wait for, a statement is held for no longer than this.',
            ),
          coolDownSeconds: z
            .int()
            .min(0)
            .max(86_400)
            .default(60)
            .describe('After a refusal the same statement is not asked about again for so long.'),
        })
        .prefault({})
        .describe('How people are asked about statements that need approval.'),
      audit: z
        .strictObject({
          directory: anyPath(directory).describe('Where the audit trail is written.'),
          syncMilliseconds: z
            .int()
            .min(0)
            .max(1000)
            .default(20)
            .describe('The longest time between two syncs to disk. 0: each record.'),
          segmentBytes: z
            .int()
            .min(65_536)
            .max(4_294_967_296)
            .default(67_108_864)
            .describe('A segment is sealed at this size.'),
          segmentSeconds: z.int().min(1).max(86_400).default(3600).describe('A segment is sealed at this age.'),
          statementTextMaxBytes: z
            .int()
            .min(256)
            .max(16_777_216)
            .default(65_536)
            .describe('Of a longer statement, the record keeps this much text.'),
          literals: z
            .enum(['keep', 'redact'])
            .default('keep')
            .describe(
              '`redact`: records hold no literal and no bound value of any statement. Those that may be values of masked columns, passwords or keys they never hold.',
            ),
          redactSecrets: z
            .boolean()
            .default(true)
            .describe('Tokens and keys that are known by their form are replaced in the records of all statements.'),
          ...trailProofSettings(directory),
          shipping: shippingSettings(directory),
          retention: retentionSettings,
        })
        .describe('The audit trail on disk.'),
      recording: recordingSchema
        .prefault({})
        .describe('Sessions as their clients saw them, kept beside the audit trail.'),
      monitoring: monitoringSettings(directory),
      tracing: tracingSettings(directory),
      log: z
        .strictObject({
          level: z
            .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
            .default('info')
            .describe('How much the gateway tells its operators.'),
          collector: logCollectorSettings(
            otlpSettings(directory, 'lines', '/v1/logs')
              .nullable()
              .default(null)
              .describe(
                'A collector that takes OTLP over HTTP. Null: that of `tracing.otlp`, as it is said there, with `/v1/logs` in place of `/v1/traces`.',
              ),
          )
            .nullable()
            .default(null)
            .describe('Where its lines are sent besides, by OTLP. Null: nowhere. `{}`: to the collector of `tracing`.'),
        })
        .prefault({})
        .describe('Operational log, on standard output.'),
    })
    .superRefine((config, context) => {
      for (const contradiction of maskingKeyContradictions(config))
        context.addIssue({ code: 'custom', ...contradiction })
    }, whateverElseIsWrong)
    .superRefine((config, context) => {
      const message = workersFault(config)
      if (message !== null) context.addIssue({ code: 'custom', path: ['workers'], message })
    }, whereWorkersAreRead)
    .superRefine((config, context) => {
      const message = logCollectorFault(config)
      if (message !== null) context.addIssue({ code: 'custom', path: ['log', 'collector', 'otlp'], message })
    }, whereCollectorsAreRead)
    .superRefine(({ drainDelaySeconds, drainSeconds }, context) => {
      if (drainDelaySeconds <= drainSeconds) return
      context.addIssue({
        code: 'custom',
        path: ['drainDelaySeconds'],
        message: `is more than drainSeconds, which is ${String(drainSeconds)}, and is part of it`,
      })
    }, whereDrainIsRead)
    .superRefine(({ listeners, targets, recording }, context) => {
      for (const [index, target] of (recording?.for.targets ?? []).entries())
        if (!targets.has(target))
          context.addIssue({
            code: 'custom',
            path: ['recording', 'for', 'targets', index],
            message: `is ${target}, and there is no such target`,
          })
      for (const [name, { engine }] of targets) {
        if (listeners[engine] !== null) continue
        context.addIssue({
          code: 'custom',
          path: ['targets', name, 'engine'],
          message: `is ${engine}, and no client can ask for it: there is no listeners.${engine}`,
        })
      }
    }, whereTargetsAreRead)
}

/** Listeners and targets are compared where nothing is wrong with either. */
const whereTargetsAreRead = {
  when: ({ value, issues }: z.core.ParsePayload): boolean =>
    typeof value === 'object' &&
    value !== null &&
    'targets' in value &&
    value.targets instanceof Map &&
    !issues.some(({ path }) => path?.[0] === 'listeners'),
}

/** All problems of a file are reported at once: that of the keys too, though a setting beside them is not read. */
const whateverElseIsWrong = {
  when: ({ value }: { value: unknown }): boolean => keysAsRead.safeParse(value).success,
}

/** Workers and coordination are compared where nothing is wrong with either. */
const whereWorkersAreRead = {
  when: ({ value, issues }: z.core.ParsePayload): boolean =>
    typeof value === 'object' &&
    value !== null &&
    'coordination' in value &&
    !issues.some(({ path }) => path?.[0] === 'coordination' || path?.[0] === 'workers'),
}

/** The collectors of log and traces are compared where nothing is wrong with either. */
const whereCollectorsAreRead = {
  when: ({ value, issues }: z.core.ParsePayload): boolean =>
    typeof value === 'object' &&
    value !== null &&
    'log' in value &&
    'tracing' in value &&
    !issues.some(({ path }) => path?.[0] === 'log' || path?.[0] === 'tracing'),
}

/** The two are compared where both are numbers. */
const whereDrainIsRead = {
  when: ({ value }: { value: unknown }): boolean =>
    z.object({ drainDelaySeconds: z.number(), drainSeconds: z.number() }).safeParse(value).success,
}

const keysAsRead = z.object({
  maskingKeys: z.array(namedMaskingKeySchema),
  currentMaskingKey: z.string().nullable(),
})
