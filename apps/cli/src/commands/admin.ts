import { formatProblems } from '@gatehouse/configuration'
import { Command } from 'commander'
import { pino } from 'pino'
import { explainForAdmin } from '../admin-explain.ts'
import { CommandFailed, ExitStatus } from '../exit-status.ts'
import { toldToEnd } from '../told-to-end.ts'

export function adminCommand(): Command {
  return new Command('admin')
    .description('run the admin service: the approval queue, its page and its API')
    .requiredOption('--config <file>', 'its configuration (docs/admin.md)')
    .option('--print-config', 'print the resolved configuration with secrets hidden, and end')
    .action(run)
}

async function run({ config: file, printConfig }: { config: string; printConfig?: true }): Promise<void> {
  // Only here: the other commands need not wait for a web server to be loaded.
  const { describeAdminConfig, loadAdminConfig, pageFolder, startAdmin } = await import('@gatehouse/admin')
  const loading = loadAdminConfig(file, process.env)
  if (loading.kind === 'problems') throw new CommandFailed(formatProblems(file, loading.problems), ExitStatus.No)
  const { config } = loading
  if (printConfig === true) {
    process.stdout.write(describeAdminConfig(config))
    return
  }
  const log = pino({ level: config.log.level, base: { service: config.serviceId } })
  const page = config.login === null ? null : await pageFolder()
  const told = toldToEnd()
  const admin = await startAdmin(config, log, { explain: explainForAdmin, page })
  process.on('SIGHUP', () => admin.reloadCertificates())
  await told.once
  await admin.close()
}
