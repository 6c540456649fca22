import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { formatProblems } from '@gatehouse/configuration'
import { describeConfig, loadGatewayConfig, startGateway } from '@gatehouse/gateway'
import { Command } from 'commander'
import { pino } from 'pino'
import { CommandFailed, ExitStatus } from '../exit-status.ts'
import { toldToEnd } from '../told-to-end.ts'
import { WORKER_VARIABLE } from '../workers/messages.ts'
import { endPrimary, startPrimary } from '../workers/run-primary.ts'
import { runWorker } from '../workers/run-worker.ts'

export function gatewayCommand(): Command {
  return new Command('gateway')
    .description('run a gateway')
    .requiredOption('--config <file>', 'its configuration (docs/configuration.md)')
    .option('--print-config', 'print the resolved configuration with secrets hidden, and end')
    .action(run)
}

async function run({ config: file, printConfig }: { config: string; printConfig?: true }): Promise<void> {
  const worker = Number(process.env[WORKER_VARIABLE] ?? 0)
  if (worker > 0 && process.connected) {
    // What a worker starts is none.
    delete process.env[WORKER_VARIABLE]
    return await runWorker(worker)
  }
  const loading = loadGatewayConfig(file, process.env)
  if (loading.kind === 'problems') throw new CommandFailed(formatProblems(file, loading.problems), ExitStatus.No)
  const { config } = loading
  if (printConfig === true) {
    process.stdout.write(describeConfig(config))
    return
  }
  const log = pino({ level: config.log.level, base: { gateway: config.gatewayId } })
  const told = toldToEnd()
  if (config.workers > 1) {
    const text = { text: readFileSync(file, 'utf8'), directory: dirname(resolve(file)) }
    const pool = await startPrimary(config, text, log)
    process.on('SIGHUP', () => pool.reload(null))
    return await endPrimary(pool, told)
  }
  const gateway = await startGateway(config, log)
  process.on('SIGHUP', () => {
    gateway.reloadPolicy()
    gateway.reloadCertificates()
  })
  await told.once
  await Promise.race([gateway.drain(), told.again])
  await gateway.close()
}
