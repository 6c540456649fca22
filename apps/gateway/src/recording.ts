import { Recorder, type SessionRecording } from '@gatehouse/audit-trail'
import type { AuditTrail, GateSession } from '@gatehouse/core'
import type { Logger } from 'pino'
import type { RecordingConfig } from './config/index.ts'
import type { Connection } from './connection.ts'
import type { Session } from './session.ts'
import type { Turn } from './turn.ts'

/** Whether a session is recorded, and by whom. */
export class Recording {
  #recorder: Recorder | null = null
  #config: RecordingConfig
  readonly #open: (config: RecordingConfig) => Recorder

  /** Records beside the trail in `directory`, which has to be open. */
  constructor(directory: string, config: RecordingConfig, trail: AuditTrail, turn: Turn, log: Logger) {
    this.#open = ({ maxBytesPerStatement, maxBytesPerSession }) =>
      new Recorder(directory, {
        maxBytesPerStatement,
        maxBytesPerSession,
        trail,
        schedule: () => turn.schedule(),
        failed: (reason) => log.error({ reason }, 'sessions cannot be recorded: those that must be have ended'),
      })
    this.#config = config
    this.change(config)
  }

  /** From now on sessions that begin are recorded by these settings; those that are recorded go on as they began. */
  change(config: RecordingConfig): void {
    this.#config = config
    if (config.mode === 'on') this.#recorder ??= this.#open(config)
  }

  /** Begins to record a session; null: it is not recorded. `capabilities`: what is agreed with a MySQL client. Throws `TrailUnavailable`. */
  begin({ principal, target, encoded }: GateSession, capabilities = 0): SessionRecording | null {
    const { targets, groups } = this.#config.for
    if (this.#recorder === null || this.#config.mode === 'off') return null
    if (targets !== null && !targets.includes(target)) return null
    if (groups !== null && !principal.groups.some((group) => groups.includes(group))) return null
    return this.#recorder.begin(encoded, capabilities, this.#config)
  }

  /** Resolves when everything is on the disk, and named in the trail that has yet to be closed. */
  async close(): Promise<void> {
    await this.#recorder?.close()
  }
}

/** What the client gets from now on is recorded; the session ends when it cannot be any more. Null: it is not recorded. */
export function recordInto(client: Connection, recording: SessionRecording | null, session: Session): void {
  client.recording = recording
  if (recording !== null) recording.onLost = (reason) => session.end('recording_failed', reason)
}
