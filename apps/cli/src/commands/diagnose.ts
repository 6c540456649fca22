import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatProblems } from '@gatehouse/configuration'
import { parsePolicy } from '@gatehouse/core'
import { describeConfig, type GatewayConfig, loadGatewayConfig } from '@gatehouse/gateway'
import { Command } from 'commander'
import { logTail } from '../diagnose/log-tail.ts'
import { askGateway, certificateReport, clockReport, coordinationReport, reasonOf } from '../diagnose/outside.ts'
import { processReport } from '../diagnose/process-report.ts'
import { trailReport } from '../diagnose/trail-report.ts'
import { CommandFailed, ExitStatus } from '../exit-status.ts'

export function diagnoseCommand(): Command {
  return new Command('diagnose')
    .description('put what helps to find a fault of a gateway into a folder: no secret, no statement, no value')
    .requiredOption('--config <file>', 'the configuration of the gateway')
    .requiredOption('--out <folder>', 'where to; it must not be there yet')
    .option('--log <file>', 'the log of the gateway, of whose end the fields that name nobody are kept')
    .action(run)
}

async function run({ config: file, out, log }: { config: string; out: string; log?: string }): Promise<void> {
  try {
    mkdirSync(out, { mode: 0o700 })
  } catch (error) {
    throw new CommandFailed(`--out ${out}: ${reasonOf(error)}`, ExitStatus.Usage)
  }
  const put = (name: string, content: string | object): void => {
    const text = typeof content === 'string' ? content : JSON.stringify(content, null, 2)
    writeFileSync(join(out, name), `${text}\n`, { mode: 0o600 })
  }
  put('process.json', processReport())
  const loading = loadGatewayConfig(file, process.env)
  if (loading.kind === 'problems') put('configuration-problems.txt', formatProblems(file, loading.problems))
  else await putGateway(loading.config, put)
  if (log !== undefined)
    put(
      'log.jsonl',
      attempt(() => logTail(log)),
    )
  process.stdout.write(`${out}\n`)
}

async function putGateway(config: GatewayConfig, put: (name: string, content: string | object) => void): Promise<void> {
  put('configuration.yaml', describeConfig(config))
  put('policy.json', policyReport(config.policyFile))
  put('certificates.json', certificateReport(config))
  const [ready, metrics, trail, coordination, clocks] = await Promise.all([
    askGateway(config, '/readyz'),
    askGateway(config, '/metrics'),
    trailReport(config.audit.directory),
    coordinationReport(config),
    clockReport(config),
  ])
  put('readiness.txt', ready.join('\n'))
  put('metrics.txt', metrics.join('\n'))
  put('trail.json', trail)
  put('coordination.json', coordination)
  put('clocks.json', clocks)
}

/** Version and names of the policy, or what is wrong with it and where. Not its text: reasons and constants may say more than is meant for others. */
function policyReport(file: string): object {
  try {
    const parsed = parsePolicy(readFileSync(file, 'utf8'))
    if (!parsed.ok) return { problems: parsed.problems.map(({ line, column }) => ({ line, column })) }
    const { version, document } = parsed.policy
    const names = Object.entries(document).map(([kind, rules]: [string, readonly { readonly name?: string }[]]) => [
      kind,
      rules.map(({ name = '' }) => name),
    ])
    return { version, names: Object.fromEntries(names) as object }
  } catch (error) {
    return { fault: reasonOf(error) }
  }
}

function attempt(read: () => string): string {
  try {
    return read()
  } catch (error) {
    return JSON.stringify({ fault: reasonOf(error) })
  }
}
