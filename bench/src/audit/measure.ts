import { inspect } from 'node:util'
import { AUDIT_PARTS, type AuditPart, type Options } from '../options.ts'
import { measureRecording } from './recording.ts'
import { measureSearch } from './search/measure.ts'
import { measureTrail } from './trail.ts'
import { measureVerify } from './verify.ts'

const MEASURES: Readonly<Record<AuditPart, (options: Options, tell: (text: string) => void) => Promise<string>>> = {
  trail: measureTrail,
  recording: measureRecording,
  verify: measureVerify,
  search: measureSearch,
}

const TITLES: Readonly<Record<AuditPart, string>> = {
  trail: 'What the records of a statement cost',
  recording: 'What recording whole sessions costs',
  verify: 'How fast a sealed trail and its recordings are verified',
  search: 'How fast records in PostgreSQL are searched',
}

/** Everything about the trail, part by part, as Markdown; `failed`: one of them could not be measured. */
export async function measureAudit(
  options: Options,
  tell: (text: string) => void,
): Promise<{ readonly markdown: string; readonly failed: boolean }> {
  const told: string[] = []
  let failed = false
  for (const part of AUDIT_PARTS) {
    if (!options.wants(part)) continue
    tell(TITLES[part].toLowerCase())
    try {
      told.push(`**${TITLES[part]}**\n\n${await MEASURES[part](options, tell)}`)
    } catch (error) {
      failed = true
      tell(`${part} could not be measured: ${inspect(error)}`)
    }
  }
  return { markdown: told.join('\n\n'), failed }
}
