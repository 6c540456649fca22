import { formatProblems } from '@gatehouse/configuration'
import { describeConfig, loadGatewayConfig, startGateway } from '@gatehouse/gateway'
import { Command } from 'commander'
import { pino } from 'pino'
import { CommandFailed, ExitStatus } from '../exit-status.ts'
import { toldToEnd } from '../told-to-end.ts'

export function gatewayCommand(): Command {
  return new Command('gateway')
    .description('run a gateway')
    .requiredOption('--config <file>', 'its configuration (docs/configuration.md)')
    .option('--print-config', 'print the resolved configuration with secrets hidden, and end')
    .action(run)
}

async function run({ config: file, printConfig }: { config: string; printConfig?: true }): Promise<void> {
  const loading = loadGatewayConfig(file, process.env)
  if (loading.kind === 'problems') throw new CommandFailed(formatProblems(file, loading.problems), ExitStatus.No)
  if (printConfig === true) {
    process.stdout.write(describeConfig(loading.config))
    return
  }
  const log = pino({ level: loading.config.log.level, base: { gateway: loading.config.gatewayId } })
  const told = toldToEnd()
  const gateway = await startGateway(loading.config, log)
  process.on('SIGHUP', () => {
    gateway.reloadPolicy()
    gateway.reloadCertificates()
  })
  await told.once
  await Promise.race([gateway.drain(), told.again])
  await gateway.close()
}
