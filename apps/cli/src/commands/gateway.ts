import { formatProblems } from '@gatehouse/configuration'
import {
  checkGatewayConfig,
  describeConfig,
  type GatewayConfig,
  loadGatewayConfig,
  openGatewayLog,
  startGateway,
} from '@gatehouse/gateway'
import type { ServiceLog } from '@gatehouse/monitoring'
import { Command } from 'commander'
import { closeLog } from '../close-log.ts'
import { followConfig } from '../config-changes.ts'
import { CommandFailed, ExitStatus } from '../exit-status.ts'
import { type ToldToEnd, toldToEnd } from '../told-to-end.ts'
import { WORKER_VARIABLE } from '../workers/messages.ts'
import { runPrimary } from '../workers/run-primary.ts'
import { runWorker } from '../workers/run-worker.ts'

export function gatewayCommand(): Command {
  return new Command('gateway')
    .description('run a gateway')
    .requiredOption('--config <file>', 'its configuration (docs/configuration.md)')
    .option('--print-config', 'print the resolved configuration with secrets hidden, and end')
    .option('--check-config', 'say everything that is wrong with it, and end: with 0 when nothing is')
    .action(run)
}

interface GatewayWish {
  readonly config: string
  readonly printConfig?: true
  readonly checkConfig?: true
}

async function run({ config: file, printConfig, checkConfig }: GatewayWish): Promise<void> {
  const worker = Number(process.env[WORKER_VARIABLE] ?? 0)
  if (worker > 0 && process.connected) {
    // What a worker starts is none.
    delete process.env[WORKER_VARIABLE]
    return await runWorker(worker)
  }
  // What is printed need not be able to start here.
  const loading =
    printConfig === true
      ? loadGatewayConfig(file, process.env)
      : await checkGatewayConfig(file, process.env, { listening: checkConfig !== true })
  if (loading.kind === 'problems') throw new CommandFailed(formatProblems(file, loading.problems), ExitStatus.No)
  const { config } = loading
  if (printConfig === true) {
    process.stdout.write(describeConfig(config))
    return
  }
  if (checkConfig === true) {
    process.stdout.write(`${file} is valid.\n`)
    return
  }
  const told = toldToEnd()
  const serviceLog = await openGatewayLog(config)
  try {
    await serve(file, config, serviceLog, told)
  } finally {
    await closeLog(serviceLog)
  }
}

async function serve(file: string, config: GatewayConfig, { log, lines }: ServiceLog, told: ToldToEnd): Promise<void> {
  const load = (): ReturnType<typeof checkGatewayConfig> => checkGatewayConfig(file, process.env, { listening: false })
  if (config.workers > 1) return await runPrimary(config, { file, load, log }, told)
  const gateway = await startGateway(config, log, null, { logLines: lines })
  const stopFollowing = followConfig({
    file,
    load,
    log,
    take: async (changed) => {
      if (changed !== null) await gateway.reload(changed)
      gateway.reloadPolicy()
      gateway.reloadCertificates()
    },
  })
  await told.once
  stopFollowing()
  await Promise.race([gateway.drain(), told.again])
  await gateway.close()
}
